"""TFLite's integer formulas on arrays of 64-bit integers: what nodes compute by.

They share no arithmetic with the rest of the package: a wrong constant of the graph shows as a difference from TFLite.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgedigits.firmware_export.graph.model import Operand, Rescaling, Whole, Window


def high_mul(a: Any, b: Any) -> Whole:
    """gemmlowp's ``SaturatingRoundingDoublingHighMul``, without the one product that saturates."""
    a, b = np.asarray(a, np.int64), np.asarray(b, np.int64)
    product = a * b
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    whole: Whole = np.sign(nudged) * (np.abs(nudged) >> 31)
    return whole


def rounding_shift(x: Whole, exponent: Any) -> Whole:
    """Round half away from zero."""
    exponent = np.asarray(exponent, np.int64)
    half = (np.int64(1) << exponent) >> 1
    whole: Whole = np.sign(x) * ((np.abs(x) + half) >> exponent)
    return whole


def multiply(x: Any, multiplier: Any, exponent: Any) -> Whole:
    """TFLite's ``MultiplyByQuantizedMultiplier``, which rounds twice."""
    left = np.maximum(exponent, 0)
    return rounding_shift(high_mul(np.asarray(x, np.int64) << left, multiplier), np.maximum(-np.asarray(exponent), 0))


def multiply_once(x: Any, multiplier: Any, exponent: Any) -> Whole:
    """The same with one rounding, half upwards: what TFLite calls single rounding."""
    shift = 31 - np.asarray(exponent, np.int64)
    whole: Whole = (np.asarray(x, np.int64) * np.asarray(multiplier, np.int64) + (np.int64(1) << (shift - 1))) >> shift
    return whole


def multiply_reduced(x: Any, multiplier: Any, exponent: Any) -> Whole:
    """TFLite's ``MultiplyByQuantizedMultiplier`` of 64-bit numbers: a multiplier of 16 bits, one rounding."""
    reduced = np.minimum((np.asarray(multiplier, np.int64) + (1 << 15)) >> 16, 0x7FFF)
    shift = 15 - np.asarray(exponent, np.int64)
    whole: Whole = (np.asarray(x, np.int64) * reduced + (np.int64(1) << (shift - 1))) >> shift
    return whole


def rescaled(sums: Whole, how: Rescaling, times: Callable[[Any, Any, Any], Whole] = multiply) -> Whole:
    """What sums become, with a multiplication of its own rounding."""
    return np.clip(times(sums + how.bias, how.multipliers, how.exponents) + how.zero_point, how.low, how.high)


def scaled(x: Whole, side: Operand, left_shift: int) -> Whole:
    """One side of an addition in the common scale."""
    return multiply((x - side.zero_point) << left_shift, side.multiplier, side.exponent)


def output_of(x: Whole, to: Operand, low: int, high: int) -> Whole:
    """A sum or product in the output's scale, clamped."""
    return np.clip(multiply(x, to.multiplier, to.exponent) + to.zero_point, low, high)


def taps(x: Whole, window: Window, made: tuple[int, int], outside: int) -> Whole:
    """Everything under the window: shape (rows made, columns made, window rows, window columns, channels)."""
    padding = [*zip(window.before, window.after, strict=True), (0, 0)]
    padded = np.pad(x, padding, constant_values=outside)
    found = np.empty((*made, *window.size, x.shape[2]), np.int64)
    for row in range(window.size[0]):
        for column in range(window.size[1]):
            top, left = row * window.dilation[0], column * window.dilation[1]
            found[:, :, row, column] = padded[
                top : top + (made[0] - 1) * window.stride[0] + 1 : window.stride[0],
                left : left + (made[1] - 1) * window.stride[1] + 1 : window.stride[1],
            ]
    return found
