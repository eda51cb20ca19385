"""Intervals of a share of right digits, and of the difference of two shares."""

from __future__ import annotations

import math

import numpy as np

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


def binomial_tail(wrong: int, count: int, share: float) -> float:
    """How likely at most ``wrong`` of ``count`` independent digits or lines are wrong if each is with a probability.

    Args:
        wrong: 0 to ``count``.
        count: 0 or more.
        share: the probability, above 0 and below 1.
    """
    if wrong >= count:
        return 1.0
    these = np.arange(1, wrong + 1)
    ratios = np.log((count - these + 1) / these) + math.log(share) - math.log1p(-share)
    logarithms = count * math.log1p(-share) + np.concatenate([[0.0], np.cumsum(ratios)])
    return min(float(np.exp(logarithms).sum()), 1.0)


def upper_bound(wrong: int, count: int, level: float = 0.95) -> float:
    """The exact upper bound of a share: it lies below with probability ``level`` at least.

    One-sided; Clopper and Pearson, Biometrika 26, 1934, 404-413. The share at which so few wrong ones, or fewer, would
    be as unlikely as ``1 - level``, found by bisection.

    Args:
        wrong: digits or lines read wrongly.
        count: those read; of none the bound is 1.
        level: above 0 and below 1.
    """
    if wrong >= count:
        return 1.0
    low, high = wrong / count, 1.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        if binomial_tail(wrong, count, middle) > 1 - level:
            low = middle
        else:
            high = middle
    return high


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
