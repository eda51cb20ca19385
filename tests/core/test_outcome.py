"""The verdict of a proof: known values of the Agresti-Min interval, and what must hold for every drop and limit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgedigits.core.statistics.metrics import compare, paired_interval
from edgedigits.core.statistics.outcome import (
    CANNOT_TELL,
    FAILED,
    MOST_DIGITS,
    OUTCOMES,
    PASSED,
    outcome_of,
    required_digits,
)

LIMITS = st.floats(0, 100)


@st.composite
def counts(draw) -> tuple[int, int, int]:
    """Digits that were lost and won, of how many."""
    count = draw(st.integers(1, 20_000))
    lost = draw(st.integers(0, count))
    return lost, draw(st.integers(0, count - lost)), count


def verdict(lost: int, won: int, count: int, limit: float) -> str:
    low, high = paired_interval(lost, won, count)
    return outcome_of(100 * low, 100 * high, limit)


@pytest.mark.parametrize(
    ("lost", "won", "count", "low", "high"),
    [
        # 600 pictures, 60 test digits, one lost: shares 1.5/62 and 0.5/62, difference 1/62, deviation
        # sqrt((2/62 - 1/62**2) / 62) = 0.02271773; 1.612903 - 1.959964 * 2.271773 and + of it
        (1, 0, 60, -2.839691, 6.065497),
        # none differs: the difference is 0, the deviation sqrt((1/62) / 62) = 1/62
        (0, 0, 60, -100 * 1.959963984540054 / 62, 100 * 1.959963984540054 / 62),
        # README, nano int8: 17 of 10,000 lost, 3 won: shares 17.5 and 3.5 of 10,002, difference 14/10,002,
        # deviation 0.00045795
        (17, 3, 10_000, 0.050215, 0.229729),
    ],
)
def test_interval_is_that_of_agresti_and_min(lost: int, won: int, count: int, low: float, high: float) -> None:
    assert [100 * end for end in paired_interval(lost, won, count)] == pytest.approx([low, high], abs=2e-6)


@pytest.mark.parametrize(
    ("low", "high", "limit", "says"),
    [
        (-0.02, 0.02, 0.5, PASSED),
        (-2.84, 6.07, 0.5, CANNOT_TELL),
        (0.26, 0.60, 0.5, CANNOT_TELL),
        (0.51, 0.90, 0.5, FAILED),
        (0.1, 0.5, 0.5, CANNOT_TELL),
        (0.5, 0.9, 0.5, CANNOT_TELL),
        (-0.02, 0.02, 0.0, CANNOT_TELL),
        (-0.9, -0.1, 0.0, PASSED),
        (0.1, 0.9, 0.0, FAILED),
        (math.nan, math.nan, 0.5, CANNOT_TELL),
    ],
)
def test_verdict_follows_the_interval_and_an_end_that_equals_the_limit_decides_nothing(
    low: float, high: float, limit: float, says: str
) -> None:
    assert outcome_of(low, high, limit) == says


def test_one_digit_of_sixty_decides_nothing() -> None:
    """One lost is 1.67 points; that alone must not fail a model, nor pass it where none is lost."""
    assert {verdict(lost, won, 60, 0.5) for lost, won in ((0, 0), (1, 0), (0, 1), (2, 1))} == {CANNOT_TELL}


def test_no_loss_at_all_is_never_shown_by_digits_that_are_all_read_alike() -> None:
    assert verdict(0, 0, 10_000, 0.0) == CANNOT_TELL
    assert required_digits(0, 0, 10_000, 0.0) is None
    assert verdict(3, 30, 10_000, 0.0) == PASSED


@given(counts(), LIMITS)
def test_passed_never_has_an_interval_that_reaches_the_limit(digits: tuple[int, int, int], limit: float) -> None:
    low, high = (100 * end for end in paired_interval(*digits))
    says = verdict(*digits, limit)
    assert says in OUTCOMES
    assert (says == PASSED) == (high < limit)
    assert (says == FAILED) == (low > limit)


@given(counts(), LIMITS, LIMITS)
def test_a_higher_limit_never_gives_a_worse_verdict(digits: tuple[int, int, int], one: float, two: float) -> None:
    rank = {FAILED: 0, CANNOT_TELL: 1, PASSED: 2}
    assert rank[verdict(*digits, min(one, two))] <= rank[verdict(*digits, max(one, two))]


@given(counts(), st.floats(-100, 100))
def test_models_that_change_places_change_verdicts(digits: tuple[int, int, int], limit: float) -> None:
    lost, won, count = digits
    swapped = {PASSED: FAILED, FAILED: PASSED, CANNOT_TELL: CANNOT_TELL}
    assert verdict(won, lost, count, -limit) == swapped[verdict(lost, won, count, limit)]


@given(st.integers(1, 500), st.integers(0, 2**32 - 1), LIMITS)
def test_verdict_on_what_two_classifiers_read_is_that_on_the_counts(count: int, seed: int, limit: float) -> None:
    before, after = np.random.default_rng(seed).integers(0, 10, (2, count))
    found = compare(before, after, np.zeros(count, np.uint8))
    assert outcome_of(found.drop_low, found.drop_high, limit) == verdict(found.lost, found.won, count, limit)


@pytest.mark.parametrize(
    ("lost", "won", "count", "limit", "needed"),
    [
        # none differs: 1.959964 / (n + 2) < 0.005 from n = 390 on
        (0, 0, 60, 0.5, 390),
        (0, 0, 390, 0.5, 390),
        (0, 0, 391, 0.5, 391),
        # 2 of 600 lost: (n/300) / (n+2) + 1.959964 * sqrt(((n/300 + 1) / (n+2) - (n/300 / (n+2))**2) / (n+2)) < 0.005
        (2, 0, 600, 0.5, 4_867),
        # 1 of 60 lost goes on to fail: the lower end passes 0.005 there, 0.5004 points
        (1, 0, 60, 0.5, 519),
        # 1 of 200 lost is the limit itself
        (1, 0, 200, 0.5, None),
        # 0.51 points against 0.5: 1,950,000 digits
        (51, 0, 10_000, 0.5, None),
    ],
)
def test_digits_that_would_tell(lost: int, won: int, count: int, limit: float, needed: int | None) -> None:
    assert required_digits(lost, won, count, limit) == needed


@given(counts(), st.floats(0.01, 5))
def test_digits_that_would_tell_do_and_one_fewer_does_not(digits: tuple[int, int, int], limit: float) -> None:
    lost, won, count = digits
    needed = required_digits(lost, won, count, limit)

    def tells(total: int) -> bool:
        low, high = paired_interval(lost * total / count, won * total / count, total)
        return outcome_of(100 * low, 100 * high, limit) != CANNOT_TELL

    if needed is None:
        assert not tells(MOST_DIGITS)
    else:
        assert tells(needed)
        assert needed == count or not tells(needed - 1)
