"""The formulas on arrays against what they are in exact fractions, at ties and beside them."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgedigits.firmware_export.graph import arithmetic, formulas
from edgedigits.firmware_export.graph.model import Operand, Rescaling, Window

HALF = Fraction(1, 2)
int32 = st.integers(-(2**31) + 1, 2**31 - 1)
multipliers = st.integers(2**30, 2**31 - 1)


def at_ties(products: list[int]) -> list[int]:
    """Whole numbers just below, at and just above half of ``2**31`` past these."""
    return [
        product * 2**31 + sign * 2**30 + beside for product in products for sign in (-1, 1) for beside in (-1, 0, 1)
    ]


@pytest.mark.parametrize("product", at_ties([-3, -2, -1, 0, 1, 2, 3]))
def test_the_high_half_of_a_product_is_rounded_ties_upwards(product: int) -> None:
    expected = math.floor(Fraction(product, 2**31) + HALF)
    assert formulas.high_mul(product, 1) == formulas.high_mul(1, product) == expected
    assert formulas.high_mul([[product, 0]], 1).tolist() == [[expected, 0]]


@given(int32, int32)
def test_the_high_half_is_that_of_whole_numbers(a: int, b: int) -> None:
    assert formulas.high_mul(a, b) == arithmetic.high_mul(a, b)


@pytest.mark.parametrize(
    ("exponent", "expected"),
    [
        (0, [-7, -6, -5, 0, 5, 6, 7]),
        (1, [-4, -3, -3, 0, 3, 3, 4]),
        (2, [-2, -2, -1, 0, 1, 2, 2]),
        (3, [-1, -1, -1, 0, 1, 1, 1]),
        (4, [0] * 7),
        (31, [0] * 7),
    ],
)
def test_a_shift_to_the_right_takes_ties_away_from_zero(exponent: int, expected: list[int]) -> None:
    assert formulas.rounding_shift(np.array([-7, -6, -5, 0, 5, 6, 7]), exponent).tolist() == expected


def test_each_channel_has_its_own_exponent() -> None:
    assert formulas.rounding_shift(np.array([12, 12, -12]), np.array([0, 3, 3])).tolist() == [12, 2, -2]
    made = formulas.multiply([3, 3, 3], [2**30, 2**30, 2**30], [1, 0, -1])
    assert made.tolist() == [3, 2, 1]


@given(st.integers(-(2**24), 2**24), multipliers, st.integers(-31, 6))
def test_a_multiplication_rounds_twice_as_that_of_whole_numbers(x: int, multiplier: int, exponent: int) -> None:
    assert formulas.multiply(x, multiplier, exponent) == arithmetic.multiply(x, multiplier, exponent)


@given(st.integers(-(2**24), 2**24), multipliers, st.integers(-31, 6))
def test_a_multiplication_that_rounds_once_is_exact(x: int, multiplier: int, exponent: int) -> None:
    exact = Fraction(x * multiplier) * Fraction(2) ** (exponent - 31)
    assert formulas.multiply_once(x, multiplier, exponent) == math.floor(exact + HALF)


@pytest.mark.parametrize(("x", "expected"), [(1, 1), (-1, 0), (3, 2), (-3, -1), (2, 1), (-2, -1)])
def test_rounding_once_takes_halves_upwards(x: int, expected: int) -> None:
    assert formulas.multiply_once(x, 2**30, 0) == expected


def test_sums_become_outputs_channel_by_channel() -> None:
    how = Rescaling(np.int32([10, -10]), np.int32([2**30, 2**30]), np.int32([1, 0]), -5, -20, 30)
    assert formulas.rescaled(np.array([[7, 30], [90, -100]]), how).tolist() == [[12, 5], [30, -20]]
    half = Rescaling(np.int32([0]), np.int32([2**30]), np.int32([0]), 0, -20, 30)
    assert formulas.rescaled(np.array([-3]), half).tolist() == [-1]
    assert formulas.rescaled(np.array([3]), half, lambda x, *_: x * 2).tolist() == [6]


def test_sides_of_a_sum() -> None:
    assert formulas.scaled(np.array([5, 3]), Operand(1, 2**30, -2), 4).tolist() == [8, 4]
    assert formulas.output_of(np.array([9, 900, -900]), Operand(3, 2**30, 0), -128, 127).tolist() == [8, 127, -128]


@pytest.mark.parametrize("stride", [(1, 1), (2, 1), (1, 3), (2, 3)])
@pytest.mark.parametrize("dilation", [(1, 1), (2, 1), (1, 2)])
def test_what_a_window_sees(stride: tuple[int, int], dilation: tuple[int, int]) -> None:
    dice = np.random.default_rng(0)
    x = dice.integers(-9, 9, (6, 7, 2))
    window = Window((3, 2), stride, dilation, (1, 2), (2, 1))
    reach = [(taps - 1) * apart + 1 for taps, apart in zip(window.size, dilation, strict=True)]
    made = tuple((extent + 3 - length) // step + 1 for extent, length, step in zip((6, 7), reach, stride, strict=True))
    seen = formulas.taps(x, window, (made[0], made[1]), 77)
    assert seen.shape == (*made, 3, 2, 2)
    for place in np.ndindex(*seen.shape):
        row, column, tap, beside, channel = place
        y, z = row * stride[0] - 1 + tap * dilation[0], column * stride[1] - 2 + beside * dilation[1]
        inside = 0 <= y < 6 and 0 <= z < 7
        assert seen[place] == (x[y, z, channel] if inside else 77)
