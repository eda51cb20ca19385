"""What a classifier got right, class by class, and how two classifiers differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import CLASSES
from edgedigits.core.statistics.proportions import Z95


@dataclass(frozen=True)
class ClassMetrics:
    """Figures of one digit between 0 and 1, and how often it occurs."""

    digit: int
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Confusion:
    """A true digit that was read as another one, and how often."""

    truth: int
    read: int
    count: int


@dataclass(frozen=True)
class Metrics:
    """What a classifier got right.

    Attributes:
        count: digits judged.
        accuracy: top-1, percent.
        confusion: counts, 10 rows of truth by 10 columns of what was read.
        classes: figures of each digit.
        worst: the most frequent confusions, at most ten, most frequent first.
    """

    count: int
    accuracy: float
    confusion: tuple[tuple[int, ...], ...]
    classes: tuple[ClassMetrics, ...]
    worst: tuple[Confusion, ...]


def confusion_table(labels: NDArray[np.uint8], read: NDArray[np.intp]) -> NDArray[np.int64]:
    """How often each digit was read as each: counts of shape (10 of truth, 10 of what was read).

    Args:
        labels: the truth, of shape (count,).
        read: what was read, of the same shape.
    """
    table = np.zeros((CLASSES, CLASSES), np.int64)
    np.add.at(table, (labels, read), 1)
    return table


def evaluate_scores(scores: NDArray[Any], labels: NDArray[np.uint8]) -> Metrics:
    """Judge scores against the truth.

    Args:
        scores: of shape (count, 10), higher is likelier; of equal scores the smallest digit wins.
        labels: uint8 of shape (count,).
    """
    table = confusion_table(labels, scores.argmax(axis=1))
    hits = table.diagonal()
    per_class = tuple(
        _class_metrics(digit, int(hits[digit]), int(table[:, digit].sum()), int(table[digit].sum()))
        for digit in range(CLASSES)
    )
    errors = table.copy()
    np.fill_diagonal(errors, 0)
    order = np.argsort(-errors, axis=None, kind="stable")[:10]
    worst = tuple(
        Confusion(*divmod(int(place), CLASSES), int(errors.flat[place])) for place in order if errors.flat[place]
    )
    rows = tuple(tuple(int(value) for value in row) for row in table)
    return Metrics(len(labels), 100.0 * float(hits.sum()) / len(labels), rows, per_class, worst)


@dataclass(frozen=True)
class WrongDigit:
    """A digit that was read wrongly.

    Attributes:
        index: of the digit among those that were judged, from 0.
        truth: what it is.
        read: what it was read as.
        confidence: the score of what was read.
    """

    index: int
    truth: int
    read: int
    confidence: float


def wrong_digits(scores: NDArray[Any], labels: NDArray[np.uint8]) -> tuple[WrongDigit, ...]:
    """The digits that were read wrongly, in their order; arguments as of :func:`evaluate_scores`."""
    read = scores.argmax(axis=1)
    return tuple(
        WrongDigit(int(index), int(labels[index]), int(read[index]), float(scores[index, read[index]]))
        for index in np.flatnonzero(read != labels)
    )


def _class_metrics(digit: int, hits: int, read: int, truth: int) -> ClassMetrics:
    if not hits:
        return ClassMetrics(digit, 0.0, 0.0, 0.0, truth)
    return ClassMetrics(digit, hits / read, hits / truth, 2 * hits / (read + truth), truth)


@dataclass(frozen=True)
class Comparison:
    """How a second classifier differs from a first one on the same digits.

    Attributes:
        count: digits judged by both.
        before: accuracy of the first, percent.
        after: accuracy of the second, percent.
        drop: ``before - after`` in percentage points.
        drop_low: lower end of the drop's 95 % interval.
        drop_high: upper end.
        p_value: of McNemar's exact test that both err equally often.
        agreement: share of digits on which both read the same, percent.
        lost: digits that only the first read right.
        won: digits that only the second read right.
        flipped: indices of the digits on which they differ.
    """

    count: int
    before: float
    after: float
    drop: float
    drop_low: float
    drop_high: float
    p_value: float
    agreement: float
    lost: int
    won: int
    flipped: tuple[int, ...]


def compare(before: NDArray[np.intp], after: NDArray[np.intp], labels: NDArray[np.uint8]) -> Comparison:
    """Compare what two classifiers read.

    The interval of the drop is that of a difference of paired proportions with Agresti and Min's adjustment
    (Statistics in Medicine 24, 2005, 729-740: half a digit added to each of the four cells), which holds where few
    digits or none differ. McNemar's test is the exact binomial one.

    Args:
        before: digits read by the first classifier, of shape (count,).
        after: by the second.
        labels: the truth, uint8 of shape (count,).
    """
    return compare_right(before == labels, after == labels, before != after)


def compare_right(
    right_before: NDArray[np.bool_], right_after: NDArray[np.bool_], flipped: NDArray[np.bool_]
) -> Comparison:
    """The same by what each of the two got right, be it digits or whole lines.

    Args:
        right_before: whether the first got each right, bool of shape (count,).
        right_after: the second.
        flipped: whether the two differ on it; they may where both are wrong.
    """
    lost = int((right_before & ~right_after).sum())
    won = int((~right_before & right_after).sum())
    differing = tuple(int(index) for index in np.flatnonzero(flipped))
    return _compared(len(right_before), int(right_before.sum()), lost, won, differing)


def pool(comparisons: Sequence[Comparison]) -> Comparison:
    """One comparison over the digits of several, as of the folds of a cross-validation.

    Every digit counts once. Where the models differ from part to part the interval is that of the way they are made,
    and approximate: it takes the digits for independent, which those judged by one model are not quite.

    Args:
        comparisons: at least one, on digits that no two share; flipped digits are numbered on from part to part.
    """
    starts = [sum(one.count for one in comparisons[:place]) for place in range(len(comparisons))]
    return _compared(
        sum(one.count for one in comparisons),
        sum(round(one.before * one.count / 100) for one in comparisons),
        sum(one.lost for one in comparisons),
        sum(one.won for one in comparisons),
        tuple(start + index for start, one in zip(starts, comparisons, strict=True) for index in one.flipped),
    )


def _compared(count: int, right: int, lost: int, won: int, flipped: tuple[int, ...]) -> Comparison:
    """A comparison by its counts, ``right`` being what the first classifier read right."""
    low, high = paired_interval(lost, won, count)
    return Comparison(
        count,
        100.0 * right / count,
        100.0 * (right - lost + won) / count,
        100.0 * (lost - won) / count,
        100.0 * low,
        100.0 * high,
        mcnemar_p(lost, won),
        100.0 * (count - len(flipped)) / count,
        lost,
        won,
        flipped,
    )


def paired_interval(lost: float, won: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a drop, as shares between -1 and 1: see :func:`compare`.

    Args:
        lost: digits that only the first classifier reads right; an expected number need not be whole.
        won: digits that only the second reads right.
        count: digits judged by both.
    """
    total = count + 2
    share_lost, share_won = (lost + 0.5) / total, (won + 0.5) / total
    difference = share_lost - share_won
    deviation = math.sqrt((share_lost + share_won - difference**2) / total)
    return max(difference - Z95 * deviation, -1.0), min(difference + Z95 * deviation, 1.0)


def mcnemar_p(lost: int, won: int) -> float:
    """Two-sided p-value of McNemar's exact test: ``lost`` out of ``lost + won`` under a fair coin, 0 to 1."""
    total = lost + won
    tail = sum(math.comb(total, k) for k in range(min(lost, won) + 1))
    return float(min(1.0, 2 * tail / 2**total))
