"""Digits to prove a firmware on: of the model's own test digits where they can be had, else drawn ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.cards import card_of
from edgedigits.core.datasets import unseen_digits
from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.drawn import drawn_digits


@dataclass(frozen=True)
class ProofImages:
    """Digits, and where they are from.

    Attributes:
        digits: uint8 of shape (count, 28, 28).
        source: for people.
        warning: why they are not the data set's; empty where they are.
    """

    digits: NDArray[np.uint8]
    source: str
    warning: str = ""


def proof_images(model: Path, count: int) -> ProofImages:
    """The first ``count`` test digits of the data set that a model's card names, without a card MNIST's.

    Drawn digits where the data set cannot be had; fewer where it has fewer.

    Raises:
        EdgedigitsError: the model is missing, or its card does not match.
    """
    card = card_of(model)
    spec = card.dataset["spec"] if card else "mnist"
    try:
        test = unseen_digits(card, spec)
    except EdgedigitsError as error:
        return ProofImages(drawn_digits(count), "digits drawn by code", f"{error}. Taking digits drawn by code instead")
    digits = test.images[:count]
    return ProofImages(digits, f"the first {len(digits):,} test digits of {spec}")
