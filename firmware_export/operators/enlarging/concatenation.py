"""CONCATENATION along rows, columns or channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.layers import LEAVE_OUT, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared import reshaping
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


def _axis(layer: Layer) -> int:
    """The axis, from 0; -1 and less count from the last one."""
    rank, axis = len(layer.tensor(0).shape), int(layer.option("Axis"))
    if not -rank <= axis < rank:
        raise layer.error("joins along an axis that its inputs lack")
    return axis % rank


def _shape(layer: Layer) -> Sequence[int]:
    layer.arity(1, len(layer.operator.inputs))
    positions = range(len(layer.operator.inputs))
    for position in positions:
        layer.value(position)
    shapes = [layer.tensor(position).shape for position in positions]
    rank, axis = len(shapes[0]), _axis(layer)
    rest = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes if len(shape) == rank}
    if len(rest) != 1 or not all(len(shape) == rank for shape in shapes):
        raise layer.error("joins inputs whose shapes do not fit")
    if axis - rank < -3:
        raise layer.error("joins along the batch", LEAVE_OUT)
    return (*shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :])


def _read(layer: Layer, output: Value) -> OperatorNodes:
    if layer.activation() != "NONE":
        raise layer.error("has a fused activation", LEAVE_OUT)
    for position in range(len(layer.operator.inputs)):
        layer.check_same_scale(layer.value(position), output)
    if len(layer.operator.inputs) == 1:
        return reshaping.read(layer, output)
    axis = _axis(layer) - len(layer.tensor(0).shape) + 3
    node = Concatenation(layer.name, tuple(layer.operator.inputs), layer.output, axis)
    return OperatorNodes((node,), {layer.output: output})


def _emit(writer: StageWriter, node: Concatenation) -> StageText:
    first, second = (writer.program.values[number].shape for number in writer.stage.inputs)
    if node.axis == 0:
        fields = (first[1] * first[2], 0, 0, first[0])
    elif node.axis == 1:
        fields = (1, first[1] * first[2], second[1] * second[2], 0)
    else:
        fields = (first[1], first[2], second[2], 0)
    return StageText(writer.struct("concat_t", fields))


OPERATOR = Operator(
    names=("CONCATENATION",),
    shape=_shape,
    read=_read,
    options="ConcatenationOptions",
    kernels=(KernelSource(_CONCAT, ("concat.c",), "concat_row(stage->layer, y, rows[0], SECOND, out)", _emit),),
)
