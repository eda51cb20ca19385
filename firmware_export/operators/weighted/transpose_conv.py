"""TRANSPOSE_CONV: weights (output channels, rows, columns, input channels), scales along axis 0.

Source: ``TransposeConv`` (tensorflow/lite/kernels/internal/reference/integer_ops/transpose_conv.h). What it adds up
is a convolution, with the weights turned round, of the input with zeros between its pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.arithmetic import convolution_ratios
from edgedigits.firmware_export.graph.layers import LARGEST_STEP, LEAVE_OUT, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value, Whole, Window
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared import convolution
from edgedigits.firmware_export.operators.shared.picking import TALLEST
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel, Stage, shape_text

_UPSAMPLE = Kernel("upsample")
_WEIGHTS, _INPUT, _BIAS = 1, 2, 3


@dataclass(frozen=True)
class Upsample(Node):
    """The input with zeros between its pixels.

    Attributes:
        stride: rows and columns from one pixel to the next.
        zero_point: of both, what stands for 0.
    """

    stride: tuple[int, int]
    zero_point: int

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """Pixels apart."""
        made: Whole = np.full(graph.values[self.output].shape, self.zero_point, np.int64)
        made[:: self.stride[0], :: self.stride[1]] = given[0]
        return made

    def lower(self, lowering: Lowering) -> None:
        """One stage, each step of which may read every row."""
        given, shape = lowering.shape(self.inputs[0]), lowering.shape(self.output)
        title = f"{self.name} {shape_text(given)} -> {shape_text(shape)}"
        stage = Stage(title, _UPSAMPLE, self, self.inputs, self.output, steps=shape[0], rows=given[0], step=0)
        lowering.append(stage)


def _shape(layer: Layer) -> Sequence[int]:
    """What the first input says, where a convolution of that would make the input's rows and columns."""
    layer.arity(3, 4)
    source, weights = layer.value(_INPUT), layer.tensor(_WEIGHTS).shape
    made = layer.integers(0)
    if len(made) != 4 or len(weights) != 4 or len(layer.tensor(_INPUT).shape) != 4:
        raise layer.error("has weights, an input or an output without four axes")
    if weights[3] != source.shape[2] or made[0] != 1 or made[3] != weights[0] or min(made) < 1:
        raise layer.error("makes another shape than its weights and its input give")
    if _stepped(layer)[1] != source.shape[:2]:
        raise layer.error("makes another size than its window and its steps give")
    if source.shape[0] > TALLEST:
        raise layer.error(f"has an input of more than {TALLEST} rows", LEAVE_OUT)
    return made


def _stepped(layer: Layer) -> tuple[Window, tuple[int, int]]:
    """The window over the output, and how many rows and columns of the input it meets."""
    _, rows, columns, _ = layer.tensor(_WEIGHTS).shape
    _, height, width, channels = layer.integers(0)
    over = Value((height, width, channels), 1.0, 0)
    return layer.window(over, (rows, columns), (1, 1))


def _read(layer: Layer, output: Value) -> OperatorNodes:
    source, (window, (height, width)) = layer.value(_INPUT), _stepped(layer)
    channels = output.shape[2]
    weights, scales = layer.weights(_WEIGHTS, 0, channels)
    ratios = convolution_ratios(source, scales, output)
    how = convolution.rescaling(layer, ratios, output, weights.reshape(channels, -1), bias=_BIAS)
    spread = ((height - 1) * window.stride[0] + 1, (width - 1) * window.stride[1] + 1, source.shape[2])
    if max(spread[:2]) > LARGEST_STEP * 4:
        raise layer.error("has steps that make its input too large", LEAVE_OUT)
    before = [taps - 1 - less for taps, less in zip(window.size, window.before, strict=True)]
    after = [
        max(size - 1 + less - (length - 1), 0)
        for size, less, length in zip(output.shape[:2], window.before, spread[:2], strict=True)
    ]
    if min(before) < 0:
        raise layer.error("has more padding than its window reaches", LEAVE_OUT)
    turned = np.ascontiguousarray(weights[:, ::-1, ::-1])
    over = Window(window.size, before=(before[0], before[1]), after=(after[0], after[1]))
    upsampled = Upsample(f"{layer.name} zeros", (layer.number(_INPUT),), layer.spare, window.stride, source.zero_point)
    conv = convolution.Conv(layer.name, (layer.spare,), layer.output, over, turned, how)
    return OperatorNodes((upsampled, conv), {layer.spare: replace(source, shape=spread), layer.output: output})


def _emit(writer: StageWriter, node: Upsample) -> StageText:
    _, pixels, channels = writer.source.shape
    fields = (pixels, channels, channels * node.stride[1], writer.row_numbers, node.stride[0], node.zero_point)
    return StageText(writer.struct("upsample_t", fields))


OPERATOR = Operator(
    names=("TRANSPOSE_CONV",),
    shape=_shape,
    read=_read,
    options="TransposeConvOptions",
    kernels=(
        KernelSource(_UPSAMPLE, ("upsample.c",), "upsample_row(stage->layer, y, rows, out)", _emit),
        convolution.KERNEL,
    ),
)
