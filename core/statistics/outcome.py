"""The verdict of a proof: passed, failed, or cannot tell.

A drop that was measured on a number of test digits is known only up to its interval
(:mod:`edgedigits.core.statistics.metrics`), so the verdict follows the interval and not the drop itself: one digit of
60 that flips by chance decides nothing.
"""

from __future__ import annotations

from typing import Literal

from edgedigits.core.statistics.metrics import paired_interval

Outcome = Literal["passed", "failed", "cannot tell"]

PASSED: Outcome = "passed"
FAILED: Outcome = "failed"
CANNOT_TELL: Outcome = "cannot tell"
OUTCOMES: tuple[Outcome, ...] = (PASSED, FAILED, CANNOT_TELL)

CHANCE_MARGIN = 3.0
"""Percentage points above the share of the most frequent digit up to which a model does no better than guessing."""

MOST_DIGITS = 100_000
"""More test digits than any set of handwritten digits of today holds: EMNIST's 40,000, QMNIST's 60,000."""


def outcome_of(low: float, high: float, limit: float) -> Outcome:
    """The verdict on a drop whose 95 % interval is known.

    Passed where the whole interval lies below the limit, failed where all of it lies above, else the digits cannot
    tell. An end that equals the limit decides nothing. A limit of 0 is therefore passed only by a model that reads
    more digits right than the float network does, beyond chance: of two that read all digits alike no finite number
    of digits shows that neither loses any.

    Args:
        low: lower end of the interval, percentage points.
        high: upper end.
        limit: percentage points that may be lost.
    """
    if high < limit:
        return PASSED
    if low > limit:
        return FAILED
    return CANNOT_TELL


def required_digits(lost: int, won: int, count: int, limit: float) -> int | None:
    """How many test digits would tell, if digits flip as often among them as among those that were measured.

    The least number, at least ``count``, for which the interval of
    :func:`edgedigits.core.statistics.metrics.compare` leaves the limit on one side: more digits make it narrower around
    the drop.

    Args:
        lost: digits that only the float network read right.
        won: digits that only the other model read right.
        count: digits measured, at least 1.
        limit: percentage points that may be lost.

    Returns:
        The number; None where :data:`MOST_DIGITS` would not tell either, as where the drop equals the limit.
    """

    def tells(digits: int) -> bool:
        low, high = paired_interval(lost * digits / count, won * digits / count, digits)
        return outcome_of(100 * low, 100 * high, limit) != CANNOT_TELL

    if tells(count):
        return count
    too_few, enough = count, MOST_DIGITS
    if enough <= count or not tells(enough):
        return None
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if tells(middle):
            enough = middle
        else:
            too_few = middle
    return enough
