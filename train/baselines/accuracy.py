"""Accuracy of a baseline on the digits that rows are compared by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.datasets import Digits, Split
from edgedigits.results import Accuracy
from edgedigits.results.accuracies import own_name, part_name

Read = Callable[[NDArray[np.uint8]], NDArray[np.intp]]
"""Digits of shape (count,) from uint8 of shape (count, 28, 28)."""


def accuracies(split: Split, reading: Read, runtime: str) -> tuple[Accuracy, Accuracy | None]:
    """Accuracy on the data set's own test digits, and on the split's where these are others.

    Where a data set has no test digits of its own, the first one is that on the split's, and there is no second.

    Args:
        split: that the model was made with.
        reading: uint8 of shape (count, 28, 28) to digits of shape (count,).
        runtime: name and version of what computes.
    """
    part = part_name(split, "test")
    own = split.dataset.test
    if own is None:
        return _accuracy(part, split.test, reading, runtime), None
    common = _accuracy(own_name(split), own, reading, runtime)
    return common, None if split.test is own else _accuracy(part, split.test, reading, runtime)


def _accuracy(name: str, digits: Digits, reading: Read, runtime: str) -> Accuracy:
    percent = 100.0 * float((reading(digits.images) == digits.labels).mean())
    return Accuracy(name, digits.sha256(), len(digits), percent, runtime)
