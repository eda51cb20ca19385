"""Intervals of a share of right digits, and of the difference of two shares."""

from __future__ import annotations

import math

Z95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


def wilson_interval(right: float, count: float) -> tuple[float, float]:
    """The 95 % score interval of a proportion (Wilson, Journal of the American Statistical Association 22, 1927).

    It holds where few digits or none are read wrongly, and never leaves 0 to 1.

    Args:
        right: digits read right; an effective number need not be whole.
        count: digits read, at least 1.

    Returns:
        Lower and upper end, shares between 0 and 1.
    """
    share, square = right / count, Z95**2 / count
    middle = share + square / 2
    deviation = Z95 * math.sqrt(share * (1 - share) / count + square / (4 * count))
    low, high = (middle - deviation) / (1 + square), (middle + deviation) / (1 + square)
    return (0.0 if right == 0 else low), (1.0 if right == count else high)


def difference_interval(first: tuple[int, int], second: tuple[int, int]) -> tuple[float, float]:
    """The 95 % interval of a difference of two independent proportions, first minus second.

    Newcombe's hybrid of two score intervals (Statistics in Medicine 17, 1998, 873-890, method 10). Of two classifiers
    that read the same digits it is too wide, as both find the same digits hard: what it tells apart differs indeed,
    and a paired test, which needs to know who read which digit, may tell more apart.

    Args:
        first: digits read right, and digits read.
        second: the same of the other.
    """
    (low1, high1), (low2, high2) = wilson_interval(*first), wilson_interval(*second)
    share1, share2 = first[0] / first[1], second[0] / second[1]
    difference = share1 - share2
    return (
        difference - math.hypot(share1 - low1, high2 - share2),
        difference + math.hypot(high1 - share1, share2 - low2),
    )
