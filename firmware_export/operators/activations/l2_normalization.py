"""L2_NORMALIZATION over the channels of each pixel.

Source: ``L2Normalization`` (tensorflow/lite/kernels/internal/reference/integer_ops/l2normalization.h).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.formulas import multiply
from edgedigits.firmware_export.graph.layers import LEAVE_OUT, QUANTIZE_FIRST, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared.fixed_point import inverse_root
from edgedigits.firmware_export.operators.shared.lookup import same_shape
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

LARGEST = 1 << 15
"""Channels; the sum of their squares stays within 31 bits."""
OUTPUT = (1 / 128, 0)
"""Scale and zero point."""

_L2_NORMALIZATION = Kernel("l2_normalization")


@dataclass(frozen=True)
class L2Normalization(Node):
    """``q = clamp(MBQM(x - zp, multiplier, 7 - shift))``, where both make 1 / sqrt of the sum of ``(x - zp)**2``.

    Attributes:
        zero_point: of the input.
    """

    zero_point: int

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """By the inverse root of each pixel."""
        real = given[0] - self.zero_point
        sums = (real * real).sum(2)
        roots = np.array([inverse_root(int(one)) for one in sums.ravel()], np.int64).reshape(*sums.shape, 1, 2)
        found: Whole = np.clip(multiply(real, roots[..., 0], 7 - roots[..., 1]), -128, 127)
        return found

    def lower(self, lowering: Lowering) -> None:
        """One stage."""
        lowering.append_rows(self, _L2_NORMALIZATION)


def _read(layer: Layer, output: Value) -> OperatorNodes:
    source = layer.value(0)
    if (output.scale, output.zero_point) != OUTPUT:
        raise layer.error("has another output than scale 1/128 and zero point 0", QUANTIZE_FIRST)
    if layer.activation() != "NONE":
        raise layer.error("has a fused activation", LEAVE_OUT)
    if source.shape[2] > LARGEST:
        raise layer.error(f"has more than {LARGEST} channels", LEAVE_OUT)
    return layer.made(L2Normalization, output, source.zero_point)


def _emit(writer: StageWriter, node: L2Normalization) -> StageText:
    return StageText(writer.struct("l2_normalization_t", (*writer.target.shape[1:], node.zero_point)))


_CALL = "l2_normalization_row(stage->layer, rows[0], out)"

OPERATOR = Operator(
    names=("L2_NORMALIZATION",),
    shape=same_shape,
    read=_read,
    options="L2NormOptions",
    kernels=(KernelSource(_L2_NORMALIZATION, ("l2_normalization.c",), _CALL, _emit),),
)
