"""Dividing a data set by named rules, the same way every time, with each digit class in its share."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.datasets.digits import Dataset, Digits, Split
from edgedigits.core.digit import CLASSES
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.naming import no_entry


@dataclass(frozen=True)
class SplitRule:
    """Shares of the pool; a ``test`` of 0 stands for the data set's own test digits.

    Attributes:
        train: share of the digits to fit on.
        validation: share of the digits to choose by.
        test: share of the digits to report on.
        about: what the rule is, for people.
    """

    train: float
    validation: float
    test: float
    about: str


SPLITS = {
    "default": SplitRule(11 / 12, 1 / 12, 0.0, "the set's own test digits; 1/12 of the rest validates (MNIST: 5,000)"),
    "nf264": SplitRule(0.8, 0.1, 0.1, "80/10/10 as the NF264 report divides its CSV pair"),
    "vit": SplitRule(
        0.72, 0.08, 0.2, "80/20 as VIT's and Endsley Park's networks have Kaggle's CSV; a tenth of the 80 validates"
    ),
    "vit-70-30": SplitRule(0.63, 0.07, 0.3, "70/30 as VIT's forest and SVM have it; a tenth of the 70 validates"),
    "inf283": SplitRule(0.56, 0.24, 0.2, "56/24/20 as the INF283 report divides its CSV pair"),
}
FOLDS_ABOUT = "part I of N equal ones of the pool tests (never the set's own test digits); 1/12 of the rest validates"
_WITHOUT_TEST = SPLITS["nf264"]
_FOLD = re.compile(r"fold-(\d{1,4})-of-(\d{1,4})")


def fold_name(fold: int, folds: int) -> str:
    """The split whose test digits are part ``fold`` (from 1) of ``folds`` equal ones, such as ``fold-2-of-5``."""
    return f"fold-{fold}-of-{folds}"


def is_split(name: str) -> bool:
    """Whether :func:`split_dataset` knows a rule of that name."""
    return name in SPLITS or _FOLD.fullmatch(name) is not None


def check_split(name: str) -> None:
    """Raise where :func:`split_dataset` knows no rule of that name.

    Raises:
        EdgedigitsError: it does not; the message names the nearest ones and all.
    """
    if not is_split(name):
        raise no_entry(SPLITS, name, "split", ", or fold-1-of-5")


def split_dataset(dataset: Dataset, name: str = "default", seed: int = 0) -> Split:
    """Divide a data set into training, validation and test digits.

    The draw is stratified (each class has the same share of each part, to a digit) and depends on nothing but
    the labels and ``seed``. Test digits that a data set brings itself, such as MNIST's 10,000, are never drawn
    from: ``default`` reports on them, the other rules leave them alone. A set that brings none is divided 80/10/10
    by ``default``; one that brings validation digits, but none to test on, gives a tenth of the others for that.

    ``fold-I-of-N`` is a step of a cross-validation: the pool is cut into N parts of equal size with the same share of
    each class, part I tests, and of the rest 1/12 validates. Over all I every digit of the pool tests once.

    Args:
        dataset: what to divide.
        name: a key of :data:`SPLITS`, or ``fold-I-of-N`` with I from 1 to N and N from 2 to the count of the rarest
            digit.
        seed: of the draw.

    Raises:
        EdgedigitsError: unknown rule, a fold that there is not, or so few digits that a part would be empty.
    """
    if fold := _FOLD.fullmatch(name):
        return _fold_split(dataset, name, int(fold[1]), int(fold[2]), seed)
    check_split(name)
    rule = SPLITS[name]
    if rule.test == 0 and dataset.validation is not None:
        return _whole_split(dataset, name, seed, _own_parts(dataset, dataset.validation, seed))
    if rule.test == 0 and dataset.test is None:
        rule = _WITHOUT_TEST
    shares = [rule.train, rule.validation, rule.test] if rule.test else [rule.train, rule.validation]
    divided = dataset.divisible
    parts = [divided.take(indices) for indices in _stratified_parts(divided.labels, shares, seed)]
    if not rule.test and dataset.test is not None:
        parts.append(dataset.test)
    return _whole_split(dataset, name, seed, parts)


def _own_parts(dataset: Dataset, validation: Digits, seed: int) -> list[Digits]:
    """Training, validation and test digits of a set that brings validation digits of its own."""
    if dataset.test is not None:
        return [dataset.pool, validation, dataset.test]
    shares = [1 - _WITHOUT_TEST.test, _WITHOUT_TEST.test]
    train, test = (dataset.pool.take(indices) for indices in _stratified_parts(dataset.pool.labels, shares, seed))
    return [train, validation, test]


def _fold_split(dataset: Dataset, name: str, fold: int, folds: int, seed: int) -> Split:
    labels = dataset.divisible.labels
    check_folds(labels, folds)
    if not 1 <= fold <= folds:
        raise EdgedigitsError(f"there is no fold {fold} of {folds}", f"number the folds from 1 to {folds}")
    parts = _fold_parts(labels, fold, folds, seed)
    divided = dataset.divisible
    return _whole_split(dataset, name, seed, [divided.take(indices) for indices in parts])


def _fold_parts(labels: NDArray[np.uint8], fold: int, folds: int, seed: int) -> list[NDArray[np.intp]]:
    """Indices of training, validation and test digits of a fold."""
    generator = np.random.default_rng(seed)
    by_class = [generator.permutation(np.flatnonzero(labels == digit)) for digit in range(CLASSES)]
    dealt = np.concatenate(by_class)  # one to each fold in turn: neither folds nor classes differ by more than a digit
    held = np.sort(dealt[fold - 1 :: folds])
    rest = np.setdiff1d(dealt, held)
    rule = SPLITS["default"]
    train, validation = _stratified_parts(labels[rest], [rule.train, rule.validation], seed)
    return [rest[train], rest[validation], held]


def check_folds(labels: NDArray[np.uint8], folds: int) -> None:
    """Raise where digits cannot be cut into that many folds.

    Raises:
        EdgedigitsError: fewer than two folds, or more than the rarest digit has members.
    """
    if folds < 2:
        raise EdgedigitsError(f"a cross-validation over {folds} folds has nothing to train on", "take at least 2 folds")
    rarest, count = _rarest(labels)
    if folds > count:
        fewer = f"take {'2 folds' if count == 2 else f'2 to {count} folds'}"
        raise EdgedigitsError(
            f"{folds} folds are more than there are digits {rarest}, the rarest ({count})",
            fewer if count > 1 else f"add at least one more {rarest}, or train without folds",
        )


def most_folds(labels: NDArray[np.uint8], at_most: int) -> int:
    """The most folds, up to ``at_most``, into which :func:`split_dataset` cuts digits; 0 where not even into two."""
    folds = min(at_most, _rarest(labels)[1])
    if folds < 2:
        return 0
    parts = (part for fold in range(1, folds + 1) for part in _fold_parts(labels, fold, folds, 0))
    return folds if all(len(part) for part in parts) else 0


def _rarest(labels: NDArray[np.uint8]) -> tuple[int, int]:
    """The digit of which there are fewest, and how many there are; digits that are not there at all do not count."""
    counts = np.bincount(labels, minlength=CLASSES)
    rarest = int(np.where(counts > 0, counts, len(labels) + 1).argmin())
    return rarest, int(counts[rarest])


def _whole_split(dataset: Dataset, name: str, seed: int, parts: list[Digits]) -> Split:
    if any(len(part) == 0 for part in parts):
        raise EdgedigitsError(
            f"{dataset.spec} has {len(dataset.divisible)} digits, too few to divide", "give at least ten of each digit"
        )
    found = np.unique(parts[0].labels)
    if len(found) == 1:
        raise EdgedigitsError(
            f"{dataset.spec} has one class only to train on, the digit {found[0]}: a network would read all of it and "
            "know nothing",
            "give digits of other kinds, or look whether the labels are where they should be",
        )
    return Split(dataset, name, seed, *parts)


def _stratified_parts(labels: NDArray[np.uint8], shares: list[float], seed: int) -> list[NDArray[np.intp]]:
    """Indices of each part in ascending order; every class is cut at the same shares of its shuffled members."""
    generator = np.random.default_rng(seed)
    bounds = np.cumsum(shares[:-1])
    pieces: list[list[NDArray[np.intp]]] = [[] for _ in shares]
    carried = np.zeros(len(bounds))
    for digit in range(CLASSES):
        members = generator.permutation(np.flatnonzero(labels == digit))
        exact = bounds * len(members) + carried
        cuts = np.round(exact).astype(int)
        carried = exact - cuts
        for part, indices in zip(pieces, np.split(members, cuts), strict=True):
            part.append(indices)
    return [np.sort(np.concatenate(part)) for part in pieces]


def stratified_sample(labels: NDArray[np.uint8], count: int, seed: int) -> NDArray[np.intp]:
    """Indices of ``count`` digits, the classes as evenly as they go, in an order that mixes them.

    Args:
        labels: uint8 of shape (total,).
        count: how many to draw, 1 to total.
        seed: of the draw.

    Raises:
        EdgedigitsError: ``count`` is less than 1 or more than there are.
    """
    if not 1 <= count <= len(labels):
        raise EdgedigitsError(f"{count} digits cannot be drawn from {len(labels)}", f"ask for 1 to {len(labels)}")
    generator = np.random.default_rng(seed)
    shuffled = generator.permutation(len(labels))
    rank = np.empty(len(labels), np.intp)
    for digit in range(CLASSES):
        positions = np.flatnonzero(labels[shuffled] == digit)
        rank[positions] = np.arange(len(positions))
    drawn: NDArray[np.intp] = shuffled[np.argsort(rank, kind="stable")[:count]]
    return drawn
