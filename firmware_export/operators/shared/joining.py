"""Operators that put values of one scale behind one another."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.layers import LEAVE_OUT, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource
from edgedigits.firmware_export.operators.shared import constants
from edgedigits.firmware_export.operators.shared.reshaping import Reshape
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel, Stage, shape_text

_CONCAT = Kernel("concat")


@dataclass(frozen=True)
class Concatenation(Node):
    """CONCATENATION of values of one scale and zero point.

    Attributes:
        axis: 0 rows, 1 columns, 2 channels.
    """

    axis: int

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """One behind the other."""
        return np.concatenate(given, self.axis)

    def lower(self, lowering: Lowering) -> None:
        """Of several values one stage of two values, and one for each more."""
        left = self.inputs[0]
        for place, right in enumerate(self.inputs[1:], start=2):
            first, second = list(lowering.shape(left)), lowering.shape(right)
            height = first[0]
            first[self.axis] += second[self.axis]
            shape = (first[0], first[1], first[2])
            output = self.output
            if place < len(self.inputs):
                output = lowering.new_value(shape, lowering.zero(self.output), self.output)
            title = f"{self.name} -> {shape_text(shape)}"
            lag = height if self.axis == 0 else 0
            lowering.append(Stage(title, _CONCAT, self, (left, right), output, steps=shape[0], lag=lag))
            left = output


def check_parts(layer: Layer) -> list[tuple[int, ...]]:
    """Shapes of all inputs.

    Raises:
        EdgedigitsError: one is no int8 value or constant, or all are constants.
    """
    positions = range(len(layer.operator.inputs))
    for position in positions:
        layer.as_value(layer.tensor(position))
    if all(layer.is_constant(position) for position in positions):
        raise layer.error("has a constant as its input 0", LEAVE_OUT)
    return [layer.tensor(position).shape for position in positions]


def joined_parts(layer: Layer) -> tuple[list[int], OperatorNodes]:
    """Numbers of all inputs, and what makes values of those that are constants."""
    spares = layer.spares(len(layer.operator.inputs))
    made = [constants.flowing(layer, position, spare) for position, spare in enumerate(spares)]
    nodes = tuple(node for _, one in made for node in one.nodes)
    return [number for number, _ in made], OperatorNodes(
        nodes, {number: value for _, one in made for number, value in one.values.items()}
    )


def joined_flat(layer: Layer, output: Value, outer: int) -> OperatorNodes:
    """The nodes that join all inputs of an operator, each seen as so many pixels.

    Args:
        layer: the operator; its inputs have the output's scale.
        output: what it makes.
        outer: the product of the lengths before the axis along which it joins.
    """
    numbers, parts = joined_parts(layer)
    made, *flat = layer.spares(2 * len(numbers) + 1)[len(numbers) :]
    values = {**parts.values, layer.output: output}
    values[made] = replace(output, shape=(1, outer, math.prod(output.shape) // outer))
    nodes = list(parts.nodes)
    for position, (number, seen) in enumerate(zip(numbers, flat, strict=True)):
        source = layer.as_value(layer.tensor(position))
        values[seen] = replace(source, shape=(1, outer, math.prod(source.shape) // outer))
        nodes.append(Reshape(f"{layer.name} flat", (number,), seen))
    nodes.append(Concatenation(layer.name, tuple(flat), made, 2))
    return OperatorNodes((*nodes, Reshape(f"{layer.name} shape", (made,), layer.output)), values)


def _emit(writer: StageWriter, node: Concatenation) -> StageText:
    first, second = (writer.program.values[number].shape for number in writer.stage.inputs)
    size = writer.target.item_bytes
    if node.axis == 0:
        fields = (first[1] * first[2] * size, 0, 0, first[0])
    elif node.axis == 1:
        fields = (1, first[1] * first[2] * size, second[1] * second[2] * size, 0)
    else:
        fields = (first[1], first[2] * size, second[2] * size, 0)
    return StageText(writer.struct("concat_t", fields))


_CALL = "concat_row(stage->layer, y, rows[0], SECOND, out)"

KERNELS = (KernelSource(_CONCAT, ("concat.c",), _CALL, _emit), constants.KERNEL)
