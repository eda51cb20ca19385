"""What to prove a firmware on: the model's own test digits where they can be had, else drawn ones; drawn lines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.cards import card_of
from edgedigits.core.datasets import unseen_part
from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.input_contract import line_in_file
from edgedigits.firmware_export.proof.drawn import drawn_digits
from edgedigits.firmware_export.proof.lines import drawn_lines


@dataclass(frozen=True)
class ProofImages:
    """Digits or lines, and where they are from.

    Attributes:
        digits: uint8 of shape (count, 28, 28), for a line network strips of shape (count, 32, width).
        source: for people.
        warning: why they are not the data set's; empty where they are, and of lines.
    """

    digits: NDArray[np.uint8]
    source: str
    warning: str = ""


def proof_images(model: Path, count: int, dataset: str | None = None, width: int | None = None) -> ProofImages:
    """The first ``count`` digits that a model was not trained on: of its card's data set, without a card of MNIST.

    Drawn digits where that data set cannot be had; fewer where it has fewer. For a line network drawn lines.

    Args:
        model: a ``.tflite`` file.
        count: how many.
        dataset: spec of another data set, or of where the model's own lies now; nothing stands in for it.
        width: of a line network's strips; None takes those of the file.

    Raises:
        EdgedigitsError: the model is missing or damaged, its card does not match, or ``dataset`` cannot be had or is
            named for a line network.
    """
    card = card_of(model)
    line = line_in_file(model)
    if line:
        if dataset:
            raise EdgedigitsError(
                f"{model} is a line network, which is proved on lines drawn by code and not on {dataset}",
                "leave --dataset out",
            )
        return ProofImages(drawn_lines(count, width or line.width), f"{count:,} lines drawn by code")
    try:
        part = unseen_part(card, dataset)
    except EdgedigitsError as error:
        if dataset:
            raise
        return ProofImages(drawn_digits(count), "digits drawn by code", f"{error}. Taking digits drawn by code instead")
    digits = part.digits.images[:count]
    which = "digits" if part.are_all else "test digits"
    return ProofImages(digits, f"the first {len(digits):,} {which} of {part.spec}")
