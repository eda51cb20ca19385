"""RSQRT of what is never below 0, as the variance in a normalization.

Source: ``RsqrtEvalQuantizedInt8`` (tensorflow/lite/kernels/elementwise.cc) and ``GetInvSqrtQuantizedMultiplierExp``
(internal/common.h): five of Newton's steps in gemmlowp's fixed point with three integer bits. TFLite fails at inputs
below the zero point.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph.arithmetic import high_mul, multiply, quantize_multiplier, rounding_shift, table
from edgedigits.firmware_export.graph.layers import LARGEST_MULTIPLIER, LEAVE_OUT, QUANTIZE_FIRST, Layer
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import lookup

_SHIFT = 20
_ONE = 1 << 28
_HALF_SQRT_2 = 1518500250


def _outputs(layer: Layer, source: Value, output: Value) -> NDArray[np.int8]:
    if source.zero_point != -128:
        raise layer.error("takes inputs below 0, of which TFLite computes nothing", LEAVE_OUT)
    ratio = 1.0 / (math.sqrt(source.scale) * output.scale)
    if not ratio < LARGEST_MULTIPLIER:
        raise layer.error("has an output scale far too small for its input", QUANTIZE_FIRST)
    multiplier, exponent = quantize_multiplier(ratio)

    def root(q: int) -> int:
        if q == source.zero_point:
            return 127
        inverse, shift = inverse_root(q - source.zero_point)
        fine = multiply(1, inverse, _SHIFT - shift)
        return multiply(fine, multiplier, exponent - _SHIFT) + output.zero_point

    return table(root)


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
    half = rounding_shift(real, 1)
    x = _ONE
    for _ in range(5):
        # A product of three and of six integer bits are brought back to three.
        cube = _saturated(high_mul(high_mul(x, x), x) << 6)
        x = _saturated((high_mul((1 << 28) + (1 << 27), x) - high_mul(half, cube)) << 3)
    inverse = high_mul(x, _HALF_SQRT_2)
    return (inverse << -shift, 0) if shift < 0 else (inverse, shift)


def _saturated(value: int) -> int:
    return min(max(value, -(1 << 31)), (1 << 31) - 1)


OPERATOR = Operator(
    names=("RSQRT",), shape=lookup.same_shape, read=lookup.read_table(_outputs), kernels=(lookup.KERNEL,)
)
