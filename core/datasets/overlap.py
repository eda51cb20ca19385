"""Digits that a model was trained on under another name: they judge it no more."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.counting import counted
from edgedigits.core.dataset_spec import split_spec
from edgedigits.core.datasets.digits import Dataset, Digits, Split
from edgedigits.core.datasets.registry import load_dataset
from edgedigits.core.datasets.splits import split_dataset
from edgedigits.core.digit import SIDE
from edgedigits.core.errors import EdgedigitsError, EdgedigitsWarning

DRAWN = "samples"
"""A data set that is drawn by code, whose digits are in no other one."""

Training = dict[str, Any]
"""What a card says of the data of a training: ``spec``, ``split``, ``seed``, counts, sha256 of the training digits."""


def unseen_split(split: Split, earlier: Sequence[Training]) -> Split:
    """A split whose validation and test digits are none that earlier trainings of the model learned from or chose by.

    Digits are the same where all their pixels are. What an earlier training learned from can only be compared where
    its data set is at hand.

    Args:
        split: to validate and test on.
        earlier: trainings on other data sets.

    Raises:
        EdgedigitsError: no digit to validate or to test on would be left.
    """
    spec = split.dataset.spec
    seen = _seen([split.validation, split.test], spec, earlier)
    return replace(
        split,
        validation=_without(split.validation, spec, seen),
        test=_without(split.test, spec, seen),
    )


def without_seen(digits: Digits, spec: str, earlier: Sequence[Training]) -> Digits:
    """Those of ``digits`` that no earlier training learned from or chose by; a warning tells how many are left out.

    Args:
        digits: that shall judge a model.
        spec: of the data set that they are of.
        earlier: trainings on other data sets.

    Raises:
        EdgedigitsError: none would be left.
    """
    return _without(digits, spec, _seen([digits], spec, earlier))


def _seen(parts: Sequence[Digits], spec: str, earlier: Sequence[Training]) -> set[bytes]:
    """Pixels of those digits that trainings learned from or chose by, as far as their data sets are at hand."""
    if spec == DRAWN:
        return set()
    asked = {image.tobytes() for part in parts for image in part.images}
    return asked.intersection(image.tobytes() for trained in earlier for image in _learned(trained, spec))


def _without(digits: Digits, spec: str, seen: set[bytes]) -> Digits:
    kept = np.array([place for place, image in enumerate(digits.images) if image.tobytes() not in seen], np.intp)
    if len(kept) == len(digits):
        return digits
    if not len(kept):
        raise EdgedigitsError(
            f"the model was trained on all {len(digits):,} digits of {spec} that would judge it",
            "give digits that it has not seen",
        )
    left_out = counted(len(digits) - len(kept), "digit")
    warnings.warn(
        EdgedigitsWarning(
            f"the model was trained on {left_out} of the {len(digits):,} of {spec} that would judge it",
            f"the other {len(kept):,} do",
        ),
        stacklevel=4,
    )
    return digits.take(kept)


def _learned(trained: Training, spec: str) -> NDArray[np.uint8]:
    """The digits of a training and those that it chose by; none where its data set is not at hand."""
    from edgedigits.core.datasets.mnist import find_mnist

    name = str(trained.get("spec", "mnist"))
    nothing = np.empty((0, SIDE, SIDE), np.uint8)
    if split_spec(name)[0] == "mnist" and find_mnist() is None:
        return nothing
    try:
        dataset = load_dataset(name)
    except EdgedigitsError as error:
        if ":" in name:  # files of somebody, which may come back
            warnings.warn(
                EdgedigitsWarning(
                    f"the model was trained on {name}, and {error.what}: whether it has seen digits of {spec} cannot "
                    "be told",
                    "put the data back where they lay to have them compared",
                ),
                stacklevel=4,
            )
        return nothing
    return _learned_part(dataset, trained)


def _learned_part(dataset: Dataset, trained: Training) -> NDArray[np.uint8]:
    """Training and validation digits, or all where the data set is no longer what it was."""
    try:
        split = split_dataset(dataset, str(trained["split"]), int(trained["seed"]))
    except EdgedigitsError:  # too few digits of a kind are left of it
        return dataset.divisible.images
    if split.train.sha256() != trained["train_sha256"]:
        return dataset.divisible.images
    return np.concatenate([split.train.images, split.validation.images])
