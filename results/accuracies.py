"""Accuracies as rows have them, under the names that every room gives the same digits."""

from __future__ import annotations

from edgedigits.core.datasets import Split
from edgedigits.results.row import Accuracy


def part_name(split: Split, part: str) -> str:
    """What the ``test`` or ``validation`` part of a split is called in a table."""
    return f"{split.dataset.spec}, {part} part of split {split.name}"


def own_name(split: Split) -> str:
    """What a data set's own test digits are called; those of the split where it brings none."""
    return part_name(split, "test") if split.dataset.test is None else f"{split.dataset.spec}, its own test digits"


def validation_accuracy(split: Split, percent: float, runtime: str) -> Accuracy:
    """An accuracy on the validation digits of a split.

    Args:
        split: that the model was made with.
        percent: of its validation digits that the model reads right.
        runtime: name and version of what computed.
    """
    held = split.validation
    return Accuracy(part_name(split, "validation"), held.sha256(), len(held), percent, runtime)
