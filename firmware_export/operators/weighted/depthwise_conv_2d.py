"""DEPTHWISE_CONV_2D: weights (1, rows, columns, output channels), scales along axis 3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter, has_one_scale, is_rectified, plain
from edgedigits.firmware_export.graph.arithmetic import convolution_ratios
from edgedigits.firmware_export.graph.formulas import rescaled, taps
from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Value, Whole, Window
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared import convolution
from edgedigits.firmware_export.operators.shared.dsp_scaling import plane_words
from edgedigits.firmware_export.operators.wide import convolution as wide
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel, Program, Stage
from edgedigits.firmware_export.variants import bytes_by_variant

_DEPTHWISE = Kernel("depthwise")
_REPEAT = Kernel("repeat")


@dataclass(frozen=True)
class Depthwise(convolution.Weighted):
    """DEPTHWISE_CONV_2D.

    Its weights are of shape (window rows, window columns, output channels); output channel ``o`` reads input channel
    ``o // multiplier``, where ``multiplier = output channels // input channels``.
    """

    def plain_biases(self, zero: int) -> NDArray[np.int64]:
        """They read inputs as they are."""
        return self.biases(zero)

    def biases(self, zero: int) -> NDArray[np.int64]:
        """Biases, int64 of shape (channels,), for inputs of this zero point as they are."""
        totals = self.weights.reshape(-1, self.weights.shape[2]).astype(np.int64).sum(axis=0)
        biases: NDArray[np.int64] = self.rescaling.bias - zero * totals
        return biases

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """Sums, brought to the output."""
        multiplier = self.weights.shape[2] // given[0].shape[2]
        spread = np.repeat(given[0] - graph.values[self.inputs[0]].zero_point, multiplier, axis=2)
        seen = taps(spread, self.window, graph.values[self.output].shape[:2], 0)
        return rescaled(np.einsum("hwrco,rco->hwo", seen, self.weights.astype(np.int64)), self.rescaling)

    def lower(self, lowering: Lowering) -> None:
        """Of one channel a convolution; else one stage, which with a multiplier reads repeated channels."""
        depth = lowering.shape(self.inputs[0])[2]
        rows, columns, channels = self.weights.shape
        if depth == 1:
            weights = self.weights.transpose(2, 0, 1).reshape(channels, rows, columns, 1)
            convolution.Conv(self.name, self.inputs, self.output, self.window, weights, self.rescaling).lower(lowering)
            return
        number, window = lowering.merged(self, self.window)
        if channels != depth:
            number = self._repeated(number, lowering)
        # The kernels read four columns at once, which may be one more than a window has.
        width = lowering.shape(self.output)[1]
        more = int(window.stride[1] > 1 or width % 2 == 1)
        number = lowering.in_planes(number, window.before[1], window.after[1] + more)
        node = replace(self, inputs=(number,), window=window)
        stage = convolution.window_stage(node, _DEPTHWISE, window, lowering, self.macs(lowering.graph))
        scratch = bytes_by_variant(helium=_standing(window), dsp=0, plain=4 * width, avr=0)
        lowering.append(replace(stage, scratch=scratch))

    def _repeated(self, number: int, lowering: Lowering) -> int:
        height, width, _ = lowering.shape(number)
        wide = lowering.new_value((height, width, self.weights.shape[2]), lowering.zero(number), number)
        lowering.append(Stage(f"{self.name} repeats channels", _REPEAT, None, (number,), wide, height))
        return wide


def _standing(window: Window) -> int:
    """Bytes of 16 columns of three rows of four planes, which the Helium kernel puts on end."""
    return 16 * 4 * 4 if window.size == (3, 3) and window.stride[1] <= 2 else 0


def _shape(layer: Layer) -> Sequence[int]:
    layer.arity(2, 3)
    source = layer.value(0)
    shape = layer.tensor(1).shape
    if len(shape) != 4 or shape[0] != 1 or len(layer.tensor(0).shape) != 4:
        raise layer.error("has weights or an input without four axes")
    if source.shape[2] * layer.option("DepthMultiplier") != shape[3]:
        raise layer.error(f"has {shape[3]} channels of weights for an input of {source.shape[2]}")
    return (1, *convolution.window(layer)[1], shape[3])


def _read(layer: Layer, output: Value) -> OperatorNodes:
    channels = output.shape[2]
    (weights,), scales = layer.weights(1, 3, channels)
    ratios = convolution_ratios(layer.value(0), scales, output)
    rescaling = convolution.rescaling(layer, ratios, output, weights.reshape(-1, channels).T)
    return layer.made(Depthwise, output, convolution.window(layer)[0], weights, rescaling)


def _read_wide(layer: Layer, output: Value) -> OperatorNodes:
    channels = output.shape[2]
    (weights,), scales = layer.weights(1, 3, channels)
    ratios = convolution_ratios(layer.value(0), scales, output)
    rescaling = wide.rescaling(layer, ratios, output, weights.reshape(-1, channels).T, once=True)
    return layer.made(wide.WideDepthwise, output, convolution.window(layer)[0], weights, rescaling)


def _emit(writer: StageWriter, node: Depthwise) -> StageText:
    arrays, fields = constants(writer, node, whole_weights(writer, node), writer.symbol("weights"))
    return StageText(arrays + writer.struct("depthwise_t", fields), node.weights.size)


def whole_weights(writer: StageWriter, node: Depthwise) -> str:
    """The array of weights, one byte each, and one byte more: the kernels read four at once."""
    return writer.array("int8_t", "weights", (*plain(node.weights.reshape(-1, node.weights.shape[2]).T), "0"))


def constants(writer: StageWriter, node: Depthwise, weights: str, place: str) -> tuple[str, tuple[object, ...]]:
    """Weights, biases and multipliers as arrays, and the fields of the struct ``depthwise_t``.

    Args:
        writer: of the stage.
        node: of the stage.
        weights: definition of the array of weights.
        place: a C expression of it.
    """
    rows, columns, channels = node.weights.shape
    flat = node.weights.reshape(-1, channels)
    writer.check_sums(flat.T, node.rescaling)
    biases, raised = node.biases(writer.source.zero), node.plain_biases(writer.source.zero)
    numbers = plain(biases)
    if np.any(biases != raised):
        numbers = (f"BIAS({a}, {b})" for a, b in zip(biases, raised, strict=True))
    planes = plane_words(flat, node.rescaling, biases) if _takes_planes(node, writer.target.shape[1]) else None
    once = "defined(PLAIN)" if writer.program.short_constants and has_one_scale(node.rescaling) else None
    arrays, to = writer.rescaling(node.rescaling, numbers, planes, weights, raised=raised, once=once)
    return arrays, (
        to,
        f"WEIGHTS_APART({place})" if planes else place,
        writer.target.shape[1],
        channels,
        writer.source.plane,
        node.window.stride[1],
        node.window.dilation[1],
        columns,
        rows,
    )


def _takes_planes(node: Depthwise, width: int) -> bool:
    """Whether the DSP kernel makes two windows of a channel at a time: of 3x3, through a rectifier."""
    return _is_simple(node) and node.window.stride[1] <= 2 and width > 1


def _is_simple(node: Depthwise) -> bool:
    return node.weights.shape[:2] == (3, 3) and node.window.dilation == (1, 1) and is_rectified(node.rescaling)


def _emit_repeat(writer: StageWriter, _node: Any) -> StageText:
    _, width, depth = writer.source.shape
    return StageText(writer.struct("repeat_t", (depth, width, writer.target.shape[2] // depth)))


def _macros(program: Program) -> tuple[str, ...]:
    stages = [(stage.node, stage.output) for stage in program.stages if isinstance(stage.node, Depthwise)]
    nodes = [node for node, _ in stages]
    planes = [node for node, output in stages if _takes_planes(node, program.values[output].shape[1])]
    steps = sum({node.window.stride[1] for node in planes})
    lines = {
        "#define ONLY_3X3 1 /* depthwise convolutions */": all(_is_simple(node) for node in nodes),
        "#define ONLY_RECTIFIED_PLANES 1": len(planes) == len(nodes),
        f"#define PLANE_STEPS {steps} /* between windows of the DSP kernel */": bool(nodes),
    }
    return tuple(line for line, wanted in lines.items() if wanted)


OPERATOR = Operator(
    names=("DEPTHWISE_CONV_2D",),
    shape=_shape,
    read=_read,
    options="DepthwiseConv2DOptions",
    kernels=(
        KernelSource(
            _DEPTHWISE,
            ("depthwise_plain.c", "depthwise_dsp.c", "depthwise_helium.c"),
            "depthwise_row(stage->layer, rows, out, scratch)",
            _emit,
            _macros,
        ),
        KernelSource(_REPEAT, ("repeat.c",), "repeat_row(stage->layer, rows[0], out)", _emit_repeat),
        convolution.KERNEL,
        wide.DEPTHWISE_KERNEL,
    ),
    wide=_read_wide,
)
