"""Labelled handwritten digits from many sources, in one form, divided by named rules."""

from edgedigits.core.datasets.digits import Dataset, Digits, Split
from edgedigits.core.datasets.mnist import MnistUnavailable
from edgedigits.core.datasets.registry import KINDS, Kind, load_dataset
from edgedigits.core.datasets.splits import SPLITS, SplitRule, split_dataset, stratified_sample
from edgedigits.core.datasets.unseen import split_of, unseen_digits

__all__ = [
    "KINDS",
    "SPLITS",
    "Dataset",
    "Digits",
    "Kind",
    "MnistUnavailable",
    "Split",
    "SplitRule",
    "load_dataset",
    "split_dataset",
    "split_of",
    "stratified_sample",
    "unseen_digits",
]
