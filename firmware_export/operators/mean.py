"""MEAN over height and width."""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter, plain
from edgedigits.firmware_export.graph.arithmetic import mean_rescaling
from edgedigits.firmware_export.graph.formulas import rescaled
from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Rescaling, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared.lookup import check_ratio
from edgedigits.firmware_export.operators.shared.spatial import lower_rows, reduced_shape
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

_MEAN = Kernel("mean")


@dataclass(frozen=True)
class Mean(Node):
    """MEAN over height and width.

    Attributes:
        rescaling: of the plain sums of ``x``, one entry: ``q = clamp(zero_point + MBQM(sum + bias, multiplier,
            exponent))`` with ``bias = -height * width * input zero point``. The multiplier has ``1 / (height * width)``
            folded in and is in [2**29, 2**31).
    """

    rescaling: Rescaling

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """Sums, brought to the output."""
        return rescaled(given[0].sum((0, 1), keepdims=True), self.rescaling)

    def lower(self, lowering: Lowering) -> None:
        """One stage that adds row by row."""
        lower_rows(self, _MEAN, 4, lowering)


def _read(layer: Layer, output: Value) -> OperatorNodes:
    source = layer.value(0)
    check_ratio(layer, source.scale / output.scale)
    count = source.shape[0] * source.shape[1]
    rescaling = mean_rescaling(source, output, count)
    layer.check_sums(256 * count, int(rescaling.exponents[0]))
    return layer.made(Mean, output, rescaling)


def _emit(writer: StageWriter, node: Mean) -> StageText:
    height, width, channels = writer.source.shape
    arrays, to = writer.rescaling(node.rescaling, plain(node.rescaling.bias))
    return StageText(arrays + writer.struct("mean_t", (to, width, height, channels)))


_CALL = "mean_row(stage->layer, rows[0], y, (int32_t *)(void *)scratch, out)"

OPERATOR = Operator(
    names=("MEAN",),
    shape=reduced_shape("a mean"),
    read=_read,
    options="ReducerOptions",
    kernels=(KernelSource(_MEAN, ("mean.c",), _CALL, _emit),),
)
