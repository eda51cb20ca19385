"""SOFTMAX over the channels of each pixel."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter, plain
from edgedigits.firmware_export.graph.arithmetic import softmax_exponentials
from edgedigits.firmware_export.graph.formulas import high_mul
from edgedigits.firmware_export.graph.layers import LEAVE_OUT, QUANTIZE_FIRST, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared.fixed_point import reciprocal
from edgedigits.firmware_export.operators.shared.lookup import same_shape
from edgedigits.firmware_export.operators.wide import softmax as wide
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

LARGEST = 511
"""Channels; beyond it gemmlowp's sums leave their 12 integer bits after the last shift of 31."""
OUTPUT = (1 / 256, -128)
"""Scale and zero point."""

_LEAST_SCALE = 2.0**-26
_SOFTMAX = Kernel("softmax")


@dataclass(frozen=True)
class Softmax(Node):
    """SOFTMAX over the channels of each pixel, int8 to int8 with scale 1/256 and zero point -128.

    BUILTIN_REF computes it in gemmlowp's fixed point. With E for ``exponentials``, n for its length,
    ``d = max(x) - x``, ``high_mul`` for SaturatingRoundingDoublingHighMul::

        sum      = sum of (E[d] + 2048) >> 12 over the channels with d < n      (2**19 <= sum < 2**28)
        headroom = leading zeros of sum                                         (4..12)
        half     = (sum << headroom) >> 1                                       (2**30 <= half < 2**31)
        r        = 1515870810 + high_mul(half, -1010580540)
        3 times:   r = r + clamp32(high_mul(r, 2**29 - high_mul(half, r)) * 4)
        r        = clamp32(r * 2)
        p        = high_mul(r, E[d])                                            (0 or more)
        q        = min(127, ((p + (1 << (34 - headroom))) >> (35 - headroom)) - 128)    where d < n
        q        = -128                                                                 elsewhere

    Attributes:
        exponentials: int32 of shape (n,), 1 <= n <= 256: ``exp(-d * scale * beta)`` for d = 0, 1, ... as Q0.31, as
            gemmlowp's ``exp_on_negative_values`` gives it; differences beyond the table contribute nothing.
    """

    exponentials: NDArray[np.int32]

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """In gemmlowp's fixed point."""
        table = np.zeros(256, np.int64)
        table[: len(self.exponentials)] = self.exponentials
        powers = table[given[0].max(2, keepdims=True) - given[0]]
        total = ((powers + 2048) >> 12).sum(2, keepdims=True)
        headroom = 32 - np.frexp(total.astype(np.float64))[1].astype(np.int64)
        p = high_mul(reciprocal((total << headroom) - (1 << 31)), powers)
        found: Whole = np.minimum(127, ((p + (np.int64(1) << (34 - headroom))) >> (35 - headroom)) - 128)
        return found

    def lower(self, lowering: Lowering) -> None:
        """One stage."""
        lowering.append_rows(self, _SOFTMAX)


def _read(layer: Layer, output: Value) -> OperatorNodes:
    source, beta = layer.value(0), layer.option("Beta")
    if (output.scale, output.zero_point) != OUTPUT:
        raise layer.error("has another output than scale 1/256 and zero point -128", QUANTIZE_FIRST)
    if not (math.isfinite(beta) and source.scale * beta > _LEAST_SCALE):
        raise layer.error("has a beta or an input scale that makes all its outputs equal")
    if source.shape[2] > LARGEST:
        raise layer.error(f"has more than {LARGEST} channels", LEAVE_OUT)
    return layer.made(Softmax, output, softmax_exponentials(source.scale, beta))


def _emit(writer: StageWriter, node: Softmax) -> StageText:
    table = np.trim_zeros((node.exponentials.astype(np.int64) + 0x800) >> 12, "b")
    array = writer.array("int32_t", "exponentials", plain(node.exponentials[: len(table)]))
    fields = (writer.symbol("exponentials"), len(table), *writer.target.shape[1:])
    return StageText(array + writer.struct("softmax_t", fields))


OPERATOR = Operator(
    names=("SOFTMAX",),
    shape=same_shape,
    read=_read,
    options="SoftmaxOptions",
    kernels=(KernelSource(_SOFTMAX, ("softmax.c",), "softmax_row(stage->layer, rows[0], out)", _emit), wide.KERNEL),
    wide=wide.read,
)
