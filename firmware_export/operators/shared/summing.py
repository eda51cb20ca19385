"""Sums over any axes, brought to the output: what MEAN becomes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter, plain
from edgedigits.firmware_export.graph.arithmetic import mean_rescaling
from edgedigits.firmware_export.graph.formulas import rescaled
from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Rescaling, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource
from edgedigits.firmware_export.operators.shared.lookup import check_ratio
from edgedigits.firmware_export.operators.shared.spatial import (
    lower_reduction,
    lower_rows,
    reduced,
    reduced_axes,
    reduction_fields,
)
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

MEAN = Kernel("mean")
SUM = Kernel("sum")
SUM_OF_ROWS = Kernel("sum_of_rows")


@dataclass(frozen=True)
class Mean(Node):
    """A sum over height and width, one for each channel.

    Attributes:
        rescaling: of the plain sums of ``x``, one entry: ``q = clamp(zero_point + MBQM(sum + bias, multiplier,
            exponent))`` with ``bias = -count * input zero point``. The multiplier has ``1 / count`` folded in and is
            in [2**29, 2**31).
    """

    rescaling: Rescaling

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """Sums, brought to the output."""
        return rescaled(given[0].sum((0, 1), keepdims=True), self.rescaling)

    def lower(self, lowering: Lowering) -> None:
        """One stage that adds row by row."""
        lower_rows(self, MEAN, 4, lowering)


@dataclass(frozen=True)
class Sum(Node):
    """A sum over other axes.

    Attributes:
        rescaling: as that of Mean.
        axes: of height, width and channels (0 to 2); in the output they are of length 1.
    """

    rescaling: Rescaling
    axes: tuple[int, ...]

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """Sums, brought to the output."""
        return rescaled(given[0].sum(self.axes, keepdims=True), self.rescaling)

    def lower(self, lowering: Lowering) -> None:
        """One stage: of rows that are added, or of rows that make one each."""
        lower_reduction(self, self.axes, (SUM, SUM_OF_ROWS), 4, lowering)


def mean_over(layer: Layer, output: Value, most: int) -> tuple[list[int], Rescaling]:
    """Axes of a mean that are longer than 1, and what brings its sums to the output.

    Args:
        layer: the operator.
        output: its value.
        most: no input less its zero point is further from 0.

    Raises:
        EdgedigitsError: a ratio of scales or sums beyond what TFLite's integers hold.
    """
    source = layer.value(0)
    check_ratio(layer, source.scale / output.scale)
    axes = [axis for axis in reduced_axes(layer) if source.shape[axis] > 1]
    count = math.prod(source.shape[axis] for axis in axes)
    how = mean_rescaling(source, output, count)
    layer.check_sums(most * count, int(how.exponents[0]))
    return axes, how


def read(layer: Layer, output: Value) -> OperatorNodes:
    """The node of a mean."""
    source = layer.value(0)
    axes, how = mean_over(layer, output, 256)
    if {0, 1} >= set(axes) >= {axis for axis in (0, 1) if source.shape[axis] > 1}:
        return layer.made(Mean, output, how)
    return reduced(layer, output, axes, Sum, how, tuple(axes))


def _emit_mean(writer: StageWriter, node: Mean) -> StageText:
    height, width, channels = writer.source.shape
    arrays, to = writer.rescaling(node.rescaling, plain(node.rescaling.bias))
    return StageText(arrays + writer.struct("mean_t", (to, width, height, channels)))


def _emit(writer: StageWriter, node: Sum) -> StageText:
    arrays, to = writer.rescaling(node.rescaling, plain(node.rescaling.bias))
    return StageText(arrays + writer.struct("sum_t", (to, *reduction_fields(writer.source.shape, node.axes))))


_CALL = "{}_row(stage->layer, rows[0], y, (int32_t *)(void *)scratch, out)"

KERNELS = (
    KernelSource(MEAN, ("mean.c",), _CALL.format("mean"), _emit_mean),
    KernelSource(SUM, ("sum.c",), _CALL.format("sum"), _emit),
    KernelSource(SUM_OF_ROWS, ("sum.c",), _CALL.format("sum"), _emit),
)
