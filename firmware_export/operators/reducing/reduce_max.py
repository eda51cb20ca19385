"""REDUCE_MAX over height and width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared.spatial import lower_rows, reduced_shape
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

_REDUCE_MAX = Kernel("reduce_max")


@dataclass(frozen=True)
class ReduceMax(Node):
    """The greatest of each channel; input and output have one scale and zero point."""

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """Maxima."""
        greatest: Whole = given[0].max((0, 1), keepdims=True)
        return greatest

    def lower(self, lowering: Lowering) -> None:
        """One stage that compares row by row."""
        lower_rows(self, _REDUCE_MAX, 1, lowering)


def _read(layer: Layer, output: Value) -> OperatorNodes:
    layer.check_same_scale(layer.value(0), output)
    return layer.made(ReduceMax, output)


def _emit(writer: StageWriter, _node: Any) -> StageText:
    height, width, channels = writer.source.shape
    return StageText(writer.struct("reduce_max_t", (width, height, channels)))


OPERATOR = Operator(
    names=("REDUCE_MAX",),
    shape=reduced_shape("a maximum"),
    read=_read,
    options="ReducerOptions",
    kernels=(
        KernelSource(_REDUCE_MAX, ("reduce_max.c",), "reduce_max_row(stage->layer, rows[0], y, scratch, out)", _emit),
    ),
)
