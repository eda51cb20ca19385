"""The float model that recipes start from, with the digits that it is calibrated, tuned and judged on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgedigits.core.cards import Card, card_of, refuse_line_network
from edgedigits.core.contract.card_contract import card_contract
from edgedigits.core.contract.contract import LOGITS, PROBABILITIES, InputContract
from edgedigits.core.contract.finding import ASSUMED, NOTHING_TOLD, FoundContract, Told, TrialDigits, find_contract
from edgedigits.core.datasets import Digits, Split, split_of, trainings
from edgedigits.core.datasets.sample_digits import SAMPLES, load_samples
from edgedigits.core.files import sha256_of
from edgedigits.core.keras.models import load_keras, raw_scores, with_softmax
from edgedigits.core.keras.preprocessing import likely_ranges

CALIBRATION = 500


@dataclass(frozen=True)
class FloatSource:
    """A float model and its data.

    Attributes:
        path: of the ``.keras`` file.
        card: of that file; None where it has none.
        split: training digits to calibrate and tune with, validation digits to choose by, test digits to report on.
        found: what the model in the file is fed and gives, and how that is known.
        trust: run code that the file holds.
    """

    path: Path
    card: Card | None
    split: Split
    found: FoundContract
    trust: bool = False

    @property
    def contract(self) -> InputContract:
        """What the network that :meth:`load` gives is fed; it gives probabilities."""
        return replace(self.found.contract, output=PROBABILITIES)

    @property
    def network(self) -> str:
        """Name in the zoo, or of the file."""
        return self.card.network if self.card else self.path.stem

    @property
    def parent(self) -> dict[str, str]:
        """What the cards of its descendants say of it."""
        return {"file": self.path.name, "sha256": sha256_of(self.path)}

    @property
    def trained_elsewhere(self) -> list[dict[str, Any]]:
        """What the model was trained on beside the digits of its split, as cards say it, the latest first."""
        return [one for one in trainings(self.card) if one != self.split.describe()]

    def load(self) -> Any:
        """The tf_keras model, read anew; where that in the file gives logits, a softmax layer follows."""
        model = load_keras(self.path, trust=self.trust)
        return with_softmax(model) if self.found.contract.output == LOGITS else model

    def calibration(self, wanted: int | None) -> int:
        """Digits in the representative dataset: ``wanted``, else 500, or all training digits where there are fewer."""
        return min(CALIBRATION, len(self.split.train)) if wanted is None else wanted


def open_source(
    path: Path,
    dataset: str | None = None,
    split: str | None = None,
    told: Told = NOTHING_TOLD,
    trust: bool = False,
) -> FloatSource:
    """Find a float model's card and data, and what it is fed: its card says that, or the validation digits do.

    Args:
        path: of the ``.keras`` file.
        dataset: spec of a data set; None takes the one of the model's card, or MNIST.
        split: name of its split; None takes the card's.
        told: what is known of the input beside that.
        trust: run code that the file holds.

    Raises:
        EdgedigitsError: no such model, a card of another file, data that cannot be loaded or divided so.
    """
    card = card_of(path)
    refuse_line_network(path, card)
    divided = split_of(card, dataset, split)
    return FloatSource(path, card, divided, _found(path, card, divided, told, trust), trust)


def _found(path: Path, card: Card | None, split: Split, told: Told, trust: bool) -> FoundContract:
    if card and not _is_assumed(card):
        return card_contract(card, told)
    return _tried(load_keras(path, trust=trust), *_trial_digits(split), told)


ENOUGH_TO_TRY = 100
"""Digits that tell contracts apart: of three a network reads all under any of them."""


def _trial_digits(split: Split) -> TrialDigits:
    """The validation digits; with the training digits where they are few; those that ship where all are."""
    if len(split.validation) >= ENOUGH_TO_TRY:
        return split.validation, "validation digits"
    both = split.validation.joined(split.train)
    return (both, "training and validation digits") if len(both) >= ENOUGH_TO_TRY else (load_samples().pool, SAMPLES)


def trial_contract(path: Path, model: Any, told: Told, tried_on: TrialDigits | None = None) -> FoundContract:
    """What a network is fed: its card says that, or digits do on which it is tried.

    Args:
        path: of the ``.keras`` file.
        model: that was loaded from it.
        told: what is known of the input beside the card.
        tried_on: None: the digits that ship.
    """
    card = card_of(path)
    if card and not _is_assumed(card):
        return card_contract(card, told)
    return _tried(model, *(tried_on or (load_samples().pool, SAMPLES)), told)


def _is_assumed(card: Card) -> bool:
    """Whether a card says a contract that nothing has shown: it is looked for again, on better digits."""
    return bool(card.contract.get("known_by") == ASSUMED)


def _tried(model: Any, digits: Digits, source: str, told: Told) -> FoundContract:
    shape = tuple(int(length) for length in model.input_shape[1:])
    return find_contract(raw_scores(model), shape, digits, source, told=told, likely=likely_ranges(model))
