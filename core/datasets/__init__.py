"""Labelled handwritten digits from many sources, in one form, divided by named rules."""

from edgedigits.core.datasets.digits import Dataset, Digits, Split
from edgedigits.core.datasets.kind import DatasetKind
from edgedigits.core.datasets.mnist import MnistUnavailable
from edgedigits.core.datasets.registry import KINDS, check_dataset, load_dataset
from edgedigits.core.datasets.splits import (
    FOLDS_ABOUT,
    SPLITS,
    SplitRule,
    check_folds,
    check_split,
    fold_name,
    split_dataset,
    stratified_sample,
)
from edgedigits.core.datasets.unseen import (
    Unseen,
    check_own_dataset,
    continued_split,
    split_of,
    trainings,
    unseen_by_all,
    unseen_digits,
    unseen_part,
)

__all__ = [
    "FOLDS_ABOUT",
    "KINDS",
    "SPLITS",
    "Dataset",
    "DatasetKind",
    "Digits",
    "MnistUnavailable",
    "Split",
    "SplitRule",
    "Unseen",
    "check_dataset",
    "check_folds",
    "check_own_dataset",
    "check_split",
    "continued_split",
    "fold_name",
    "load_dataset",
    "split_dataset",
    "split_of",
    "stratified_sample",
    "trainings",
    "unseen_by_all",
    "unseen_digits",
    "unseen_part",
]
