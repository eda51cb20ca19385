"""Operators whose every pixel is one of the input, of a row and a column from two lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter, plain
from edgedigits.firmware_export.graph.layers import LEAVE_OUT, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel, Stage, shape_text

_PICK = Kernel("pick")
TALLEST = 255
"""Rows that a step may read; they are numbered by bytes in C."""


@dataclass(frozen=True)
class Pick(Node):
    """Each output is one input; both have one scale and zero point.

    Attributes:
        rows: of each output row the input row, uint8 of shape (height,).
        columns: of each output column the input column, uint16 of shape (width,).
    """

    rows: NDArray[np.uint8]
    columns: NDArray[np.uint16]

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """What is taken."""
        return given[0][self.rows][:, self.columns]

    def lower(self, lowering: Lowering) -> None:
        """One stage, each step of which may read every row."""
        given, shape = lowering.shape(self.inputs[0]), lowering.shape(self.output)
        title = f"{self.name} {shape_text(given)} -> {shape_text(shape)}"
        lowering.append(
            Stage(title, _PICK, self, self.inputs, self.output, steps=shape[0], rows=given[0], step=0),
        )


def resized_shape(layer: Layer) -> Sequence[int]:
    """Rows and columns from the second input, the rest from the first."""
    layer.arity(2, 2)
    layer.value(0)
    given, size = layer.tensor(0).shape, layer.integers(1)
    if len(given) != 4 or len(size) != 2 or min(size) < 1:
        raise layer.error("has an input without four axes, or another size than rows and columns")
    return (given[0], *size, given[3])


def pick(layer: Layer, output: Value, rows: Sequence[int], columns: Sequence[int]) -> OperatorNodes:
    """The node that takes these rows and columns of an operator's first input.

    Args:
        layer: the operator.
        output: of as many rows and columns, with the input's channels.
        rows: of the input, each of :data:`TALLEST` at most.
        columns: of the input.

    Raises:
        EdgedigitsError: the input has more rows than C can number.
    """
    source = layer.value(0)
    layer.check_same_scale(source, output)
    if source.shape[0] > TALLEST:
        raise layer.error(f"has an input of more than {TALLEST} rows", LEAVE_OUT)
    node = picked(layer.name, layer.number(0), layer.output, rows, columns)
    return OperatorNodes((node,), {layer.output: output})


def picked(name: str, number: int, output: int, rows: Sequence[int], columns: Sequence[int]) -> Pick:
    """The same of a value, by its number."""
    return Pick(name, (number,), output, np.array(rows, np.uint8), np.array(columns, np.uint16))


def _emit(writer: StageWriter, node: Pick) -> StageText:
    arrays = writer.array("uint8_t", "rows", plain(node.rows))
    arrays += writer.array("uint16_t", "columns", plain(node.columns))
    _, width, depth = writer.target.shape
    fields = (writer.symbol("rows"), writer.symbol("columns"), width, depth * writer.target.item_bytes)
    return StageText(arrays + writer.struct("pick_t", fields))


KERNEL = KernelSource(_PICK, ("pick.c",), "pick_row(stage->layer, y, rows, out)", _emit)
