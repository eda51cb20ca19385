"""Constants that stand where values flow: a side of a sum, a part that is joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter, plain
from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Whole
from edgedigits.firmware_export.operators.contract import KernelSource
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel, Stage

CONSTANT = Kernel("constant")


@dataclass(frozen=True)
class Constant(Node):
    """A value that is always the same.

    Attributes:
        constant: int8 or int16 of the value's shape.
    """

    constant: NDArray[Any]

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """Itself."""
        return self.constant.astype(np.int64)

    def lower(self, lowering: Lowering) -> None:
        """One stage."""
        stage = Stage(self.name, CONSTANT, self, (), self.output, steps=lowering.shape(self.output)[0], rows=0)
        lowering.append(stage)


def flowing(layer: Layer, position: int, spare: int) -> tuple[int, OperatorNodes]:
    """An input's number, and what makes a value of it where it is a constant.

    Args:
        layer: the operator.
        position: of the input.
        spare: number for the value that a constant becomes.
    """
    if not layer.is_constant(position):
        return layer.number(position), OperatorNodes((), {})
    value = layer.as_value(layer.tensor(position))
    data = layer.constant(position, ("INT16" if value.wide else "INT8",)).reshape(value.shape)
    return spare, OperatorNodes((Constant(f"{layer.name} constant", (), spare, data),), {spare: value})


def _emit(writer: StageWriter, node: Any) -> StageText:
    height, width, depth = writer.target.shape
    values = np.broadcast_to(node.constant, (node.constant.shape[0], width, depth))
    size = width * depth * writer.target.item_bytes
    if writer.target.wide:  # their bytes, the low ones first
        values = np.ascontiguousarray(values, "<i2").view(np.int8)
    fields = (writer.symbol("constant"), size, size if len(values) == height > 1 else 0)
    array = writer.array("int8_t", "constant", plain(values))
    return StageText(array + writer.struct("constant_t", fields), values.size)


KERNEL = KernelSource(CONSTANT, ("constant.c",), "constant_row(stage->layer, y, out)", _emit)
