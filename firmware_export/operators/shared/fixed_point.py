"""gemmlowp's fixed point: what several functions of 31 bits behind the point are made of."""

from __future__ import annotations

import numpy as np

from edgedigits.firmware_export.graph import arithmetic
from edgedigits.firmware_export.graph.formulas import high_mul
from edgedigits.firmware_export.graph.model import Whole

_INT32 = np.iinfo(np.int32)
_ONE = 1 << 28
_HALF_SQRT_2 = 1518500250


def saturated(x: Whole) -> Whole:
    """What 32 bits hold of it."""
    return np.clip(x, _INT32.min, _INT32.max)


def reciprocal(x: Whole) -> Whole:
    """``1 / (1 + x)`` of x in [0, 1), both with 31 bits behind the point (``one_over_one_plus_x_for_x_in_0_1``)."""
    half = (x + (1 << 31)) >> 1
    r = 1515870810 + high_mul(half, -1010580540)
    for _ in range(3):
        r = r + saturated(high_mul(r, (1 << 29) - high_mul(half, r)) * 4)
    return saturated(r * 2)


def inverse_root(value: int) -> tuple[int, int]:
    """The multiplier of 31 bits and the shift to the right that make ``1 / sqrt(value)``.

    Args:
        value: 1 or more, within 31 bits.
    """
    if value <= 1:
        return (1 << 31) - 1, 0
    shift = 11
    while value >= 1 << 29:
        value //= 4
        shift += 1
    pairs = (31 - value.bit_length()) // 2 - 1
    shift -= pairs
    value <<= 2 * pairs
    real = value >> 1
    half = arithmetic.rounding_shift(real, 1)
    x = _ONE
    for _ in range(5):
        # A product of three and of six integer bits are brought back to three.
        cube = _held(arithmetic.high_mul(arithmetic.high_mul(x, x), x) << 6)
        x = _held((arithmetic.high_mul((1 << 28) + (1 << 27), x) - arithmetic.high_mul(half, cube)) << 3)
    inverse = arithmetic.high_mul(x, _HALF_SQRT_2)
    return (inverse << -shift, 0) if shift < 0 else (inverse, shift)


def _held(value: int) -> int:
    return min(max(value, -(1 << 31)), (1 << 31) - 1)
