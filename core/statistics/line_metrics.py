"""How well lines are read: whole ones, their digits one by one, and two readers of the same lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgedigits.core.statistics.edits import edit_distance
from edgedigits.core.statistics.metrics import Comparison, compare_right
from edgedigits.core.statistics.proportions import wilson_interval


@dataclass(frozen=True)
class LengthMetrics:
    """How the lines of one length are read.

    Attributes:
        digits: of each of the lines.
        count: lines of that length.
        exact: share of them that is read without a mistake, percent.
    """

    digits: int
    count: int
    exact: float


@dataclass(frozen=True)
class LineMetrics:
    """How well lines are read.

    Attributes:
        count: lines judged.
        exact: share of lines that are read without a mistake, percent.
        exact_low: lower end of its 95 % interval (Wilson's).
        exact_high: upper end.
        digits: digits that the lines have in truth.
        edits: digits that were missed, made up or taken for others, by the fewest edits of each line.
        character_error_rate: ``edits`` per true digit, percent; above 100 where more is made up than there is.
        error_low: lower end of its 95 % interval.
        error_high: upper end.
        by_length: the lines of each true length, the shortest first.
    """

    count: int
    exact: float
    exact_low: float
    exact_high: float
    digits: int
    edits: int
    character_error_rate: float
    error_low: float
    error_high: float
    by_length: tuple[LengthMetrics, ...]


def line_metrics(truths: Sequence[str], texts: Sequence[str]) -> LineMetrics:
    """Judge what was read of lines.

    The interval of the character error rate is Wilson's with the effective number of digits, for the mistakes of one
    line go together: as many independent digits as would make the rate vary as it does from line to line, but no more
    than there are (Korn and Graubard, Survey Methodology 24, 1998, 193-201, do so with another interval). Where no
    digit is read wrongly, nothing is known of that, and each digit counts.

    Args:
        truths: what the lines say, at least one of them not empty.
        texts: what was read of each.

    Raises:
        ValueError: no digit in all the truths, or not as many texts as truths.
    """
    edits = np.array([edit_distance(truth, text) for truth, text in zip(truths, texts, strict=True)])
    lengths = np.array([len(truth) for truth in truths])
    if not lengths.sum():
        raise ValueError("the lines have no digits")
    count, digits, wrong = len(truths), int(lengths.sum()), int(edits.sum())
    right = int((edits == 0).sum())
    low, high = wilson_interval(right, count)
    rate = wrong / digits
    spread = float(((edits - rate * lengths) ** 2).sum()) * count / max(count - 1, 1) / digits**2
    share = min(rate, 1.0)
    effective = min(max(share * (1 - share) / spread, 1.0), digits) if spread else digits
    error_low, error_high = wilson_interval(share * effective, effective)
    by_length = tuple(
        LengthMetrics(int(length), int(some.sum()), 100.0 * float((edits[some] == 0).mean()))
        for length in np.unique(lengths)
        for some in [lengths == length]
    )
    return LineMetrics(
        count,
        100.0 * right / count,
        100.0 * low,
        100.0 * high,
        digits,
        wrong,
        100.0 * rate,
        100.0 * error_low,
        100.0 * max(error_high, rate),
        by_length,
    )


def compare_lines(before: Sequence[str], after: Sequence[str], truths: Sequence[str]) -> Comparison:
    """How two readers of the same lines differ: the figures of a :class:`Comparison` count whole lines.

    Args:
        before: what the first read of each line, at least one.
        after: what the second read.
        truths: what the lines say.
    """
    pairs = list(zip(before, after, truths, strict=True))
    return compare_right(
        np.array([one == truth for one, _, truth in pairs]),
        np.array([other == truth for _, other, truth in pairs]),
        np.array([one != other for one, other, _ in pairs]),
    )
