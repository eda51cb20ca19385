"""Operators that put elements in the order of other axes, however many: transpositions, tiles, depth to space."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter, plain
from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource
from edgedigits.firmware_export.operators.shared.reshaping import Reshape
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel, Stage, shape_text

_REARRANGE = Kernel("rearrange")
_REARRANGE16 = Kernel("rearrange16")

Axis = tuple[int, int]
"""How long, and how many elements from one to the next in the input."""


@dataclass(frozen=True)
class Rearrange(Node):
    """Each row of the output is made of the same row of the input, in the order of some axes.

    Attributes:
        rows: of both; their elements lie together.
        first: place of the first element in the input's row.
        axes: of a row of the output, from the outermost one; steps count elements of the input's row.
    """

    rows: int
    first: int
    axes: tuple[Axis, ...]

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """The same elements elsewhere."""
        lengths = [length for length, _ in self.axes]
        places = np.tensordot([step for _, step in self.axes], np.indices(lengths), 1).ravel() + self.first
        found: Whole = given[0].reshape(self.rows, -1)[:, places].reshape(graph.values[self.output].shape)
        return found

    def lower(self, lowering: Lowering) -> None:
        """One stage."""
        given, shape = lowering.shape(self.inputs[0]), lowering.shape(self.output)
        title = f"{self.name} {shape_text(given)} -> {shape_text(shape)}"
        kernel = _REARRANGE16 if lowering.is_wide(self.output) else _REARRANGE
        lowering.append(Stage(title, kernel, self, self.inputs, self.output, steps=self.rows))


def rearrange(
    layer: Layer, output: Value, lengths: Sequence[int], steps: Sequence[int], first: int = 0, position: int = 0
) -> OperatorNodes:
    """The nodes that put elements of one of an operator's inputs in the order of other axes.

    Rows of the input stay rows where they are taken one by one, so that few of them have to be there at a time.

    Args:
        layer: the operator.
        output: what it makes.
        lengths: of axes that make its elements, from the outermost one.
        steps: along each of them, in elements of the input.
        first: place of the first element.
        position: of the input.
    """
    source = layer.value(position)
    layer.check_same_scale(source, output)
    merged = _merged(lengths, steps)
    rows, axes = (1, merged) if first else _by_rows(source, output, merged)
    number, made = layer.number(position), layer.output
    values, before, behind = {layer.output: output}, [], []
    if source.shape[0] != rows:
        number = layer.spare
        before.append(Reshape(f"{layer.name} rows", (layer.number(position),), number))
        values[number] = replace(source, shape=(rows, 1, math.prod(source.shape) // rows))
    if output.shape[0] != rows:
        made = layer.spares(2)[1]
        behind.append(Reshape(f"{layer.name} shape", (made,), layer.output))
        values[made] = replace(output, shape=(rows, 1, math.prod(output.shape) // rows))
    node = Rearrange(layer.name, (number,), made, rows, first, tuple(axes))
    return OperatorNodes((*before, node, *behind), values)


def _merged(lengths: Sequence[int], steps: Sequence[int]) -> list[Axis]:
    """Axes without those of length 1, and one for two that lie within one another."""
    axes: list[Axis] = []
    for length, step in zip(lengths, steps, strict=True):
        if length == 1:
            continue
        if axes and axes[-1][1] == length * step:
            axes[-1] = (axes[-1][0] * length, step)
        else:
            axes.append((length, step))
    return axes or [(1, 0)]


def _by_rows(source: Value, output: Value, axes: list[Axis]) -> tuple[int, list[Axis]]:
    """How many rows both can be cut into, and the axes of one: those of the input, of the output, or a single one."""
    size = math.prod(source.shape)
    length, step = axes[0]
    if length * step != size:
        return 1, axes
    for rows in (source.shape[0], output.shape[0], length):
        if length % rows == 0:
            rest = [(length // rows, step)] if rows < length else []
            return rows, rest + axes[1:] or [(1, 0)]
    return 1, axes


def _emit(writer: StageWriter, node: Rearrange) -> StageText:
    *outer, (runs, beside), (count, deeper) = ((1, 0), (1, 0), *node.axes)
    outer = [axis for axis in outer if axis[0] > 1]
    inner = outer[::-1] or [(1, 0)]
    array = writer.array("int32_t", "axes", plain(np.array(inner)))
    blocks = math.prod(length for length, _ in outer)
    fields = (writer.symbol("axes"), blocks, node.first, beside, deeper, runs, count, len(inner))
    kind = "rearrange16_t" if writer.target.wide else "rearrange_t"
    return StageText(array + writer.struct(kind, fields))


KERNEL = KernelSource(_REARRANGE, ("rearrange.c",), "rearrange_row(stage->layer, rows[0], out)", _emit)
KERNEL16 = KernelSource(_REARRANGE16, ("rearrange16.c",), "rearrange16_row(stage->layer, rows[0], out)", _emit)
