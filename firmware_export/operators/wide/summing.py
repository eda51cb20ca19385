"""MEAN of int16 over any axes, as of int8 (``QuantizedMeanOrSum``, internal/reference/reduce.h)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.formulas import multiply
from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource
from edgedigits.firmware_export.operators.shared.spatial import (
    lower_reduction,
    reduced,
    reduction_fields,
)
from edgedigits.firmware_export.operators.shared.summing import mean_over
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

_SUM = Kernel("sum16")
_SUM_OF_ROWS = Kernel("sum16_of_rows")


@dataclass(frozen=True)
class WideSum(Node):
    """``q = clamp16(MBQM(sum, multiplier, exponent))``.

    Attributes:
        multiplier: in [2**29, 2**31), ``1 / count`` folded in.
        exponent: of two.
        axes: of height, width and channels (0 to 2); in the output they are of length 1.
    """

    multiplier: int
    exponent: int
    axes: tuple[int, ...]

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """Sums, brought to the output."""
        found: Whole = multiply(given[0].sum(self.axes, keepdims=True), self.multiplier, self.exponent)
        return np.clip(found, -32768, 32767)

    def lower(self, lowering: Lowering) -> None:
        """One stage: of rows that are added, or of rows that make one each."""
        lower_reduction(self, self.axes, (_SUM, _SUM_OF_ROWS), 4, lowering)


def read(layer: Layer, output: Value) -> OperatorNodes:
    """The node of a mean."""
    axes, how = mean_over(layer, output, 32768)
    return reduced(layer, output, axes, WideSum, int(how.multipliers[0]), int(how.exponents[0]), tuple(axes))


def _emit(writer: StageWriter, node: WideSum) -> StageText:
    fields = (node.multiplier, node.exponent, *reduction_fields(writer.source.shape, node.axes))
    return StageText(writer.struct("sum16_t", fields))


_CALL = "sum16_row(stage->layer, rows[0], y, (int32_t *)(void *)scratch, out)"

KERNELS = tuple(KernelSource(kernel, ("sum16.c",), _CALL, _emit) for kernel in (_SUM, _SUM_OF_ROWS))
