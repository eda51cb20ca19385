"""HARD_SWISH.

Source: ``HardSwishPrepare`` and ``HardSwish`` (tensorflow/lite/kernels/activations.cc,
internal/reference/hard_swish.h): 16-bit fixed point, of quotients of scales in float32.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph.arithmetic import quantize_multiplier, rounding_shift, table
from edgedigits.firmware_export.graph.layers import QUANTIZE_FIRST, Layer
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import lookup

_HIGHEST = (1 << 15) - 1


def _outputs(layer: Layer, source: Value, output: Value) -> NDArray[np.int8]:
    with np.errstate(over="ignore", under="ignore"):
        fine = np.float32(1 / 128) * np.float32(source.scale)
        to_output = _short_multiplier(float(fine / np.float32(output.scale)))
        to_share = _short_multiplier(float(fine / np.float32(np.float32(3.0) / np.float32(32768.0))))
    if to_output[1] > 0 or to_share[1] > 15:
        raise layer.error("has an output scale far too small for its input, or far too large an input", QUANTIZE_FIRST)

    def swish(q: int) -> int:
        real = (q - source.zero_point) * 128
        share = (_share(real, *to_share) + (1 << 15)) >> 1
        product = share * _high_mul(real, to_output[0])
        # C divides towards zero.
        halved = abs(product) // (1 << 15) * (1 if product >= 0 else -1)
        return output.zero_point + rounding_shift(halved, -to_output[1])

    return table(swish)


def _short_multiplier(real: float) -> tuple[int, int]:
    """A multiplier of 16 bits and its exponent (``DownScaleInt32ToInt16Multiplier``)."""
    multiplier, exponent = quantize_multiplier(real)
    return min((multiplier + (1 << 15)) >> 16, _HIGHEST), exponent


def _share(real: int, multiplier: int, exponent: int) -> int:
    """From -3 to 3 in steps of 3 / 32768, and no further; the shift to the left saturates in two goes."""
    if exponent > 0:
        return _clamp16(2 * _high_mul(_clamp16(real << (exponent - 1)), multiplier))
    return rounding_shift(_high_mul(real, multiplier), -exponent)


def _high_mul(a: int, b: int) -> int:
    """gemmlowp's ``SaturatingRoundingDoublingHighMul`` of 16 bits: ``a * b / 2**15``, ties away from zero."""
    product = a * b
    size = (abs(product) + (1 << 14) - (product < 0)) >> 15
    return size if product >= 0 else -size


def _clamp16(value: int) -> int:
    return min(max(value, -_HIGHEST - 1), _HIGHEST)


OPERATOR = Operator(
    names=("HARD_SWISH",),
    shape=lookup.same_shape,
    read=lookup.read_table(_outputs),
    kernels=(lookup.KERNEL,),
    any_axes=True,
)
