"""Why a network reads hardly any digits: what usually is the matter is tried, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.contract.contract import BRIGHT, DARK, RANGES, InputContract
from edgedigits.core.contract.finding import MOST_DIGITS, Scores
from edgedigits.core.datasets import Digits, stratified_sample
from edgedigits.core.datasets.orientation import turned
from edgedigits.core.digit import CLASSES
from edgedigits.core.keras.models import raw_scores
from edgedigits.core.statistics.metrics import confusion_table

LEAST_GAIN = 20.0
"""Percentage points that a cause has to explain."""

_TURNED = {
    "transposed": "transposed (rows and columns changed places, as in EMNIST's files)",
    "rot90": "turned left by 90 degrees",
    "rot270": "turned right by 90 degrees",
    "rot180": "turned upside down",
    "mirrored": "mirrored",
}
"""Orientations that are tried, and what digits are that lie so, for people."""


@dataclass(frozen=True)
class Cause:
    """What is probably the matter with a network that reads few digits.

    Attributes:
        accuracy: percent of validation digits that it reads where that is put right.
        what: for people, as the rest of a sentence.
        remedy: for people.
    """

    accuracy: float
    what: str
    remedy: str


def likely_cause(model: Any, contract: InputContract, digits: Digits) -> Cause | None:
    """The change by which a network reads most digits more; None where no change makes up for twenty points.

    Args:
        model: the tf_keras model.
        contract: that it reads few digits by.
        digits: validation digits; a thousand of them at most are looked at.
    """
    return cause_of(raw_scores(model), contract, digits)


def cause_of(scores: Scores, contract: InputContract, digits: Digits) -> Cause | None:
    """The same of any model, by what it gives for what it is fed."""
    if len(digits) > MOST_DIGITS:
        digits = digits.take(stratified_sample(digits.labels, MOST_DIGITS, 0))
    now = _accuracy(scores, contract, digits.images, digits.labels)
    found = [*_other_inputs(scores, contract, digits), *_other_labels(scores, contract, digits)]
    best = max(found, key=lambda cause: cause.accuracy, default=None)
    return best if best and best.accuracy >= now + LEAST_GAIN else None


def _accuracy(scores: Scores, contract: InputContract, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> float:
    return 100 * float((scores(contract.values(images)).argmax(axis=1) == labels).mean())


def _other_inputs(scores: Scores, contract: InputContract, digits: Digits) -> Iterator[Cause]:
    """Other ranges, the other polarity, and digits that lie otherwise."""
    for name, polarity in product(RANGES, (BRIGHT, DARK)):
        other = replace(contract, range=name, polarity=polarity)
        if other != contract:
            options = f"--input-range {name} --polarity {polarity}"
            accuracy = _accuracy(scores, other, digits.images, digits.labels)
            yield Cause(accuracy, f"fed {other}", f"give {options}")
    for orientation, what in _TURNED.items():
        accuracy = _accuracy(scores, contract, turned(digits.images, orientation), digits.labels)
        yield Cause(
            accuracy, f"shown digits that are {what}", "train it on upright digits, or prove it on those that it knows"
        )


def _other_labels(scores: Scores, contract: InputContract, digits: Digits) -> Iterator[Cause]:
    """Outputs that stand for other digits than their places."""
    read = scores(contract.values(digits.images)).argmax(axis=1)
    meant = confusion_table(digits.labels, read).argmax(axis=0)
    if len(set(meant.tolist())) == CLASSES and not np.array_equal(meant, np.arange(CLASSES)):
        shift = int(meant[0])
        shifted = np.array_equal(meant, (np.arange(CLASSES) + shift) % CLASSES)
        order = f"shifted by {shift}" if shifted else f"in the order {', '.join(map(str, meant))}"
        accuracy = 100 * float((meant[read] == digits.labels).mean())
        yield Cause(accuracy, f"with its outputs {order}", "train it with the labels 0 to 9 in their order")
