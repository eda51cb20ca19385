"""Intervals of proportions against the published values of their sources."""

from __future__ import annotations

import pytest

from edgedigits.core.statistics.proportions import difference_interval, wilson_interval
from edgedigits.results import Accuracy
from edgedigits.results.telling import tells_apart


# Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson(right: int, count: int, low: float, high: float):
    assert wilson_interval(right, count) == pytest.approx((low, high), abs=5e-5)


def test_wilson_stays_between_0_and_1():
    assert wilson_interval(20, 20) == pytest.approx((1 - 0.1611, 1.0), abs=5e-5)
    for count in range(1, 60):  # rounding errors would lead out of them
        assert wilson_interval(0, count)[0] == 0.0 and wilson_interval(count, count)[1] == 1.0


# Newcombe, Statistics in Medicine 17 (1998) 873-890, table II, method 10.
@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_difference(first: tuple[int, int], second: tuple[int, int], low: float, high: float):
    assert difference_interval(first, second) == pytest.approx((low, high), abs=5e-5)


def test_few_digits_tell_nothing_apart_that_many_do():
    def accuracy(percent: float, count: int) -> Accuracy:
        return Accuracy("digits", "a" * 64, count, percent, "runtime")

    assert not tells_apart(accuracy(98.0, 600), accuracy(99.0, 600))
    assert tells_apart(accuracy(98.0, 10_000), accuracy(99.0, 10_000))
    assert tells_apart(accuracy(99.0, 10_000), accuracy(98.0, 10_000))
