"""PAD with the zero point and PADV2 with a constant, of rows, columns and channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.layers import LEAVE_OUT, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared.reshaping import Reshape
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel, Stage, shape_text

Amounts = tuple[int, int]
"""Before and behind."""

_PAD = Kernel("pad")
_MOST_AXES = 4
_MOST_PIXELS = 1024
"""Of a value whose channels are padded: each pixel is a step of its own."""


@dataclass(frozen=True)
class Pad(Node):
    """PAD and PADV2 of rows and columns with one value.

    Attributes:
        before: rows above, columns left.
        after: rows below, columns right.
        value: int8 that fills them.
    """

    before: tuple[int, int]
    after: tuple[int, int]
    value: int

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """The input with a border."""
        padding = [*zip(self.before, self.after, strict=True), (0, 0)]
        return np.pad(given[0], padding, constant_values=self.value)

    def lower(self, lowering: Lowering) -> None:
        """No stage where the only reader takes the padding into its window, else one."""
        readers = lowering.readers(self.output)
        if (
            len(readers) == 1
            and readers[0].takes_padding
            and self.value == lowering.zero(self.inputs[0])
            and not lowering.is_output(self.output)
        ):
            lowering.leave_to_windows(self, self.before, self.after)
            return
        shape = lowering.shape(self.output)
        title = f"{self.name} -> {shape_text(shape)}"
        lowering.append(Stage(title, _PAD, self, self.inputs, self.output, steps=shape[0], above=self.before[0]))


def _amounts(layer: Layer) -> list[tuple[int, int]]:
    """Padding before and behind each axis of the input."""
    given = layer.tensor(0).shape
    amounts = layer.constant(1, ("INT32", "INT64"))
    if amounts.shape != (len(given), 2) or len(given) > _MOST_AXES or amounts.min() < 0:
        raise layer.error("has amounts of padding that do not fit its input")
    return [(int(before), int(after)) for before, after in amounts]


def _shape(layer: Layer) -> Sequence[int]:
    layer.arity(2, 3)
    layer.value(0)
    pairs = _amounts(layer)
    *batch, _, _, _ = [(0, 0)] * 3 + pairs
    if any(map(any, batch)):
        raise layer.error("pads the batch", LEAVE_OUT)
    return [size + sum(pair) for size, pair in zip(layer.tensor(0).shape, pairs, strict=True)]


def _read(layer: Layer, output: Value) -> OperatorNodes:
    source = layer.value(0)
    layer.check_same_scale(source, output)
    value = source.zero_point
    if layer.has(2):
        filler = layer.constant(2, ("INT8",))
        layer.check_same_scale(layer.as_value(layer.tensor(2)), output)
        if filler.size != 1:
            raise layer.error("pads with more than one number", LEAVE_OUT)
        value = int(filler.ravel()[0])
    rows, columns, channels = ([(0, 0)] * 3 + _amounts(layer))[-3:]
    if any(channels):
        return _of_channels(layer, output, (rows, columns), channels, value)
    before, after = zip(rows, columns, strict=True)
    return layer.made(Pad, output, before, after, value)


def _read_wide(layer: Layer, output: Value) -> OperatorNodes:
    if layer.has(2):
        raise layer.error("pads int16 with a constant", LEAVE_OUT)
    return _read(layer, output)


def _of_channels(
    layer: Layer, output: Value, sides: tuple[Amounts, Amounts], channels: Amounts, value: int
) -> OperatorNodes:
    """A border of rows and columns, and one of columns where each pixel is a row and each channel a column."""
    height, width, depth = output.shape
    if height * width > _MOST_PIXELS:
        raise layer.error(f"pads channels of more than {_MOST_PIXELS} pixels", LEAVE_OUT)
    number, (bordered, flat, made) = layer.number(0), layer.spares(3)
    given = depth - sum(channels)
    nodes: list[Node] = []
    values = {
        flat: replace(output, shape=(height * width, given, 1)),
        made: replace(output, shape=(height * width, depth, 1)),
        layer.output: output,
    }
    if any(map(any, sides)):
        before, after = zip(*sides, strict=True)
        nodes.append(Pad(f"{layer.name} pixels", (number,), bordered, before, after, value))
        values[bordered] = replace(output, shape=(height, width, given))
        number = bordered
    nodes.append(Reshape(f"{layer.name} flat", (number,), flat))
    nodes.append(Pad(layer.name, (flat,), made, (0, channels[0]), (0, channels[1]), value))
    nodes.append(Reshape(f"{layer.name} shape", (made,), layer.output))
    return OperatorNodes(tuple(nodes), values)


def _emit(writer: StageWriter, node: Pad) -> StageText:
    height, width, depth = writer.source.shape
    pixel = depth * writer.source.item_bytes
    fields = (node.before[1] * pixel, width * pixel, node.after[1] * pixel, node.before[0], height, node.value)
    return StageText(writer.struct("pad_t", fields))


OPERATOR = Operator(
    names=("PAD", "PADV2"),
    shape=_shape,
    read=_read,
    wide=_read_wide,
    kernels=(KernelSource(_PAD, ("pad.c",), "pad_row(stage->layer, y, rows[0], out)", _emit),),
)
