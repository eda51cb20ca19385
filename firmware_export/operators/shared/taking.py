"""Operators whose every output is one of the inputs, in equal steps along rows, columns and channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Shape, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource
from edgedigits.firmware_export.operators.shared import rearranging
from edgedigits.firmware_export.operators.shared.reshaping import Reshape
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel, Stage, shape_text

TAKE = Kernel("take")
TAKE16 = Kernel("take16")

Steps = tuple[int, int, int]


@dataclass(frozen=True)
class Take(Node):
    """``out[y, x, c] = in.ravel()[first + y * steps[0] + x * steps[1] + c * steps[2]]``; both have one scale.

    Attributes:
        first: place of the first output among the inputs.
        steps: between neighbours below, beside and behind one another; below 0 backwards, 0 for one input many times.
    """

    first: int
    steps: Steps

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """What is taken."""
        places = np.tensordot(self.steps, np.indices(graph.values[self.output].shape), 1) + self.first
        found: Whole = given[0].ravel()[places]
        return found

    def lower(self, lowering: Lowering) -> None:
        """One stage, each step of which reads one row."""
        given, shape = lowering.shape(self.inputs[0]), lowering.shape(self.output)
        row = _row(given)
        title = f"{self.name} {shape_text(given)} -> {shape_text(shape)}"
        kernel = TAKE16 if lowering.is_wide(self.output) else TAKE
        stage = Stage(title, kernel, self, self.inputs, self.output, steps=shape[0])
        if given[0] == 1:
            lowering.append(replace(stage, step=0))
        else:
            lowering.append(replace(stage, step=self.steps[0] // row, above=-(self.first // row)))


def take(layer: Layer, output: Value, first: int, by_axis: Sequence[int], position: int = 0) -> OperatorNodes:
    """The node that takes from one of an operator's inputs.

    Args:
        layer: the operator.
        output: what it makes; no place that it takes lies outside the input.
        first: place of the first output.
        by_axis: steps along each axis of the output's tensor.
        position: of the input.
    """
    lengths = layer.output_tensor.shape
    if max((len(lengths) - axis for axis, size in enumerate(lengths) if size > 1), default=0) > len(output.shape):
        return rearranging.rearrange(layer, output, lengths, by_axis, first, position)
    source = layer.value(position)
    layer.check_same_scale(source, output)
    padded = (0, 0, 0, *by_axis)[-3:]
    down, beside, deeper = (step if length > 1 else 0 for step, length in zip(padded, output.shape, strict=True))
    steps = (down, beside, deeper)
    number = layer.number(position)
    values, nodes = {layer.output: output}, []
    if not _by_rows(source.shape, output.shape, first, steps):
        nodes.append(Reshape(f"{layer.name} flat", (number,), layer.spare))
        number, values[layer.spare] = layer.spare, replace(source, shape=(1, 1, source.shape[0] * _row(source.shape)))
    return OperatorNodes((*nodes, Take(layer.name, (number,), layer.output, first, steps)), values)


def spread(lowering: Lowering, node: Node, number: int, shape: Shape) -> int:
    """The value with its only row, column or channel repeated as often as the shape asks for: a stage before others."""
    given = lowering.shape(number)
    if given == shape:
        return number
    made = lowering.new_value(shape, lowering.zero(number), number)
    lengths = (_row(given), given[2], 1)
    down, beside, deeper = (step if length > 1 else 0 for step, length in zip(lengths, given, strict=True))
    Take(f"{node.name} spread", (number,), made, 0, (down, beside, deeper)).lower(lowering)
    return made


def strides(shape: Sequence[int]) -> list[int]:
    """Numbers from one to the next along each axis."""
    return [int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))]


def _row(shape: Shape) -> int:
    return shape[1] * shape[2]


def _by_rows(given: Shape, made: Shape, first: int, steps: Steps) -> bool:
    """True where each row is made of one row, and in their order."""
    row = _row(given)
    ends = [step * (length - 1) for step, length in zip(steps[1:], made[1:], strict=True)]
    least, greatest = sum(min(end, 0) for end in ends), sum(max(end, 0) for end in ends)
    return steps[0] >= 0 and steps[0] % row == 0 and first % row + least >= 0 and first % row + greatest < row


def _emit(writer: StageWriter, node: Take) -> StageText:
    height, width, depth = writer.source.shape
    first, jump = (node.first, node.steps[0]) if height == 1 else (node.first % (width * depth), 0)
    _, pixels, channels = writer.target.shape
    beside, deeper = node.steps[1:]
    if channels == 1 or pixels == 1 or (deeper == 1 and beside == channels):
        deeper = beside if channels == 1 else deeper
        pixels, channels = 1, pixels * channels
    kind = "take16_t" if writer.target.wide else "take_t"
    return StageText(writer.struct(kind, (first, jump, beside, deeper, pixels, channels)))


_TAKE = KernelSource(TAKE, ("take.c",), "take_row(stage->layer, y, rows[0], out)", _emit)

_TAKE16 = KernelSource(TAKE16, ("take16.c",), "take16_row(stage->layer, y, rows[0], out)", _emit)

KERNELS = (_TAKE, _TAKE16, rearranging.KERNEL, rearranging.KERNEL16)
"""That take elements along three axes, and along more."""
