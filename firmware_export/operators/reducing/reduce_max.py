"""REDUCE_MAX and REDUCE_MIN over any axes."""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared import spatial
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

_REDUCE = Kernel("reduce")
_REDUCE_ROWS = Kernel("reduce_rows")


@dataclass(frozen=True)
class ReduceExtreme(Node):
    """The greatest or the least along some axes; input and output have one scale and zero point.

    Attributes:
        axes: of height, width and channels (0 to 2); in the output they are of length 1.
        greater: which of both.
    """

    axes: tuple[int, ...]
    greater: bool

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """Extremes."""
        choose = given[0].max if self.greater else given[0].min
        found: Whole = choose(self.axes, keepdims=True)
        return found

    def lower(self, lowering: Lowering) -> None:
        """One stage: of rows that are compared, or of rows that make one each."""
        spatial.lower_reduction(self, self.axes, (_REDUCE, _REDUCE_ROWS), 1, lowering)


def _read(layer: Layer, output: Value) -> OperatorNodes:
    source = layer.value(0)
    layer.check_same_scale(source, output)
    axes = tuple(axis for axis in spatial.reduced_axes(layer) if source.shape[axis] > 1)
    return spatial.reduced(layer, output, axes, ReduceExtreme, axes, layer.operator.name == "REDUCE_MAX")


def _emit(writer: StageWriter, node: ReduceExtreme) -> StageText:
    fields = (*spatial.reduction_fields(writer.source.shape, node.axes), int(node.greater))
    return StageText(writer.struct("reduce_t", fields))


_CALL = "reduce_row(stage->layer, rows[0], y, scratch, out)"

OPERATOR = Operator(
    names=("REDUCE_MAX", "REDUCE_MIN"),
    shape=spatial.any_reduced_shape,
    read=_read,
    options="ReducerOptions",
    kernels=(
        KernelSource(_REDUCE, ("reduce.c",), _CALL, _emit),
        KernelSource(_REDUCE_ROWS, ("reduce.c",), _CALL, _emit),
    ),
)
