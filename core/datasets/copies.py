"""Digits that stand in a data set more than once: they make what is measured look surer, and better, than it is."""

from __future__ import annotations

import warnings
from collections import defaultdict

from edgedigits.core.counting import counted
from edgedigits.core.datasets.digits import Dataset, Digits
from edgedigits.core.errors import EdgedigitsWarning

FEW = 0.01
"""Share of copies that is not worth a word."""


def warn_of_copies(dataset: Dataset) -> None:
    """Warn where more than a hundredth of the digits are copies of others, or of test digits in the training ones.

    Digits are the same where all their pixels are.
    """
    whole = dataset.divisible
    labels: defaultdict[bytes, set[int]] = defaultdict(set)
    for image, label in zip(whole.images, whole.labels.tolist(), strict=True):
        labels[image.tobytes()].add(label)
    copies = len(whole) - len(labels)
    if copies > FEW * len(whole):
        torn = sum(len(one) > 1 for one in labels.values())
        with_two = f", {counted(torn, 'picture')} under several labels" if torn else ""
        _warn(
            f"{copies:,} of the {len(whole):,} digits of {dataset.spec} are copies of others{with_two}: where one "
            "teaches and its copy tests, a model looks better than it is, and intervals look narrower",
            "take the copies out",
        )
    if dataset.test is not None and (shared := _known(dataset.test, labels)) > FEW * len(dataset.test):
        _warn(
            f"{shared:,} of the {len(dataset.test):,} test digits of {dataset.spec} are among its training digits, "
            "too: a model looks better on them than it is",
            "take them out of one of the two",
        )


def _known(digits: Digits, images: defaultdict[bytes, set[int]]) -> int:
    return sum(image.tobytes() in images for image in digits.images)


def _warn(what: str, remedy: str) -> None:
    warnings.warn(EdgedigitsWarning(what, remedy), stacklevel=4)
