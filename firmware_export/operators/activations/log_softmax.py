"""LOG_SOFTMAX over the channels of each pixel.

Source: ``LogSoftmax`` for int8 (tensorflow/lite/kernels/internal/reference/integer_ops/log_softmax.h), with
``log_x_for_x_greater_than_or_equal_to_1`` (internal/common.h) and ``PreprocessLogSoftmaxScalingExp``
(internal/quantization_util.cc).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter, plain
from edgedigits.firmware_export.graph.arithmetic import (
    SOFTMAX_INTEGER_BITS,
    quantize_multiplier,
    softmax_exponentials,
)
from edgedigits.firmware_export.graph.formulas import high_mul, multiply, rounding_shift
from edgedigits.firmware_export.graph.layers import LEAVE_OUT, QUANTIZE_FIRST, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared.fixed_point import reciprocal, saturated
from edgedigits.firmware_export.operators.shared.lookup import same_shape
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

LARGEST = 4095
"""Channels; the sum of their exponentials, each of at most 2**19, stays within 31 bits."""
OUTPUT = (16 / 256, 127)
"""Scale and zero point."""

_LOG_SOFTMAX = Kernel("log_softmax")
_BITS = 31 - SOFTMAX_INTEGER_BITS
_LEAST_SCALE, _GREATEST_SCALE = 2.0**-26, 31.0
_LOG_2 = 1488522236
_ROOT_HALF = 1518500250
_ROOT_ROOT_HALF = 1805811301
_OVER_Q = (117049297, 1057819769, 127690142, 638450708)


@dataclass(frozen=True)
class LogSoftmax(Node):
    """LOG_SOFTMAX over the channels of each pixel, to scale 1/16 and zero point 127.

    With E for ``exponentials``, d for the difference to the greatest of the pixel, and L for the logarithm of the sum
    of ``(E[d] + 2048) >> 12``, both with 26 bits behind the point: ``q = clamp(127 + (-d - L) / 2**22)``, rounded; -128
    for differences that ``reach`` or the logarithm puts beyond what these bits hold.

    Attributes:
        exponentials: int32 of shape (n,), 1 <= n <= 256: see ``softmax_exponentials``.
        multiplier: brings a difference to 26 bits behind the point, with ``exponent``.
        exponent: 0 or more.
        reverse: brings it back, with ``back`` bits to the right.
        back: 0 or more.
        reach: the greatest difference that 5 integer bits hold.
    """

    exponentials: NDArray[np.int32]
    multiplier: int
    exponent: int
    reverse: int
    back: int
    reach: int

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """In gemmlowp's fixed point."""
        table = np.zeros(256, np.int64)
        table[: len(self.exponentials)] = self.exponentials
        under = given[0].max(2, keepdims=True) - given[0]
        logarithm = _log(((table[under] + 2048) >> 12).sum(2, keepdims=True))
        furthest = rounding_shift(high_mul(logarithm - (1 << 31), self.reverse), self.back)
        real = multiply(-np.minimum(under, self.reach), self.multiplier, self.exponent) - logarithm
        made = np.clip(rounding_shift(real, 22) + 127, -128, 127)
        found: Whole = np.where((under <= self.reach) & (-under > furthest), made, -128)
        return found

    def lower(self, lowering: Lowering) -> None:
        """One stage."""
        lowering.append_rows(self, _LOG_SOFTMAX)


def _log(x: Whole) -> Whole:
    """The natural logarithm of 1 or more, from 19 to 26 bits behind the point."""
    zeros, below = _zeros(x), _zeros(high_mul(x, _ROOT_HALF)) - 1
    r = np.minimum(saturated(high_mul(x << (zeros - 1), _ROOT_HALF) * 2), saturated(x << below))
    power = np.maximum(((12 - zeros) << 25) + (1 << 23), ((12 - below) << 25) - (1 << 23))
    p = (r + _ROOT_ROOT_HALF + 1) >> 1
    q = (r - _ROOT_ROOT_HALF) * 2
    square = high_mul(q, q)
    cubic, one, quadratic, linear = _OVER_Q
    above = high_mul(q, r) + high_mul(high_mul(q, square), cubic)
    under = high_mul(p, one + q + high_mul(quadratic, square)) + high_mul(linear, q)
    return saturated((high_mul(power, _LOG_2) + high_mul(rounding_shift(above, 6), reciprocal(under))) * 2)


def _zeros(x: Whole) -> Whole:
    """Zero bits above the highest one, of 32."""
    found: Whole = 32 - np.frexp(x.astype(np.float64))[1].astype(np.int64)
    return found


def _read(layer: Layer, output: Value) -> OperatorNodes:
    source = layer.value(0)
    if (output.scale, output.zero_point) != OUTPUT:
        raise layer.error("has another output than scale 1/16 and zero point 127", QUANTIZE_FIRST)
    if not _LEAST_SCALE < source.scale < _GREATEST_SCALE:
        raise layer.error("has an input scale that makes all its outputs equal or none like another")
    if source.shape[2] > LARGEST:
        raise layer.error(f"has more than {LARGEST} channels", LEAVE_OUT)
    multiplier, exponent = quantize_multiplier(source.scale * (1 << _BITS))
    reverse, left = quantize_multiplier((1 << (31 - exponent)) / multiplier)
    reach = min((((1 << SOFTMAX_INTEGER_BITS) - 1) << _BITS) >> exponent, 255)
    powers = softmax_exponentials(source.scale, 1.0)
    return layer.made(LogSoftmax, output, powers, multiplier, exponent, reverse, -left, reach)


def _emit(writer: StageWriter, node: LogSoftmax) -> StageText:
    table = np.trim_zeros((node.exponentials.astype(np.int64) + 0x800) >> 12, "b")
    array = writer.array("int32_t", "exponentials", plain(node.exponentials[: len(table)]))
    scales = (node.multiplier, node.reverse, len(table), node.reach)
    fields = (writer.symbol("exponentials"), *scales, *writer.target.shape[1:], node.exponent, node.back)
    return StageText(array + writer.struct("log_softmax_t", fields))


OPERATOR = Operator(
    names=("LOG_SOFTMAX",),
    shape=same_shape,
    read=_read,
    options="LogSoftmaxOptions",
    kernels=(KernelSource(_LOG_SOFTMAX, ("log_softmax.c",), "log_softmax_row(stage->layer, rows[0], out)", _emit),),
)
