"""Sums of int16 inputs with int8 weights: CONV_2D, FULLY_CONNECTED and DEPTHWISE_CONV_2D of 16x8 models.

With an int64 bias TFLite 2.14's reference kernels sum in 64 bits and scale by a multiplier of 16 bits with one
rounding; with an int32 bias or none CONV_2D and FULLY_CONNECTED sum in 32 bits and scale as int8 does. Sources, below
tensorflow/lite/kernels: conv.cc, depthwise_conv.cc, fully_connected.cc and internal/common.cc.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.counting import counted
from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter, plain
from edgedigits.firmware_export.graph.arithmetic import activation_range, quantize_multiplier, reduced_multiplier
from edgedigits.firmware_export.graph.formulas import multiply, multiply_reduced, taps
from edgedigits.firmware_export.graph.layers import LARGEST_MULTIPLIER, QUANTIZE_FIRST, Layer, sizes
from edgedigits.firmware_export.graph.model import Graph, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource
from edgedigits.firmware_export.operators.shared.convolution import Windowed, window_stage
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel, aligned
from edgedigits.firmware_export.variants import bytes_by_variant

_CONV = Kernel("conv16")
_DEPTHWISE = Kernel("depthwise16")
_LARGEST_SUM = 1 << 47
"""Of 64-bit sums, as TFLite asks for."""
_GREATEST_EXPONENT = 7
"""Of their multipliers, likewise."""
_ANOTHER = "choose a smaller layer, or quantize the model again"
_BIASED = "give the layer a bias that is not zero, or convert the model for full int8"


@dataclass(frozen=True)
class WideRescaling:
    """From sums to int16, one entry for each output channel: ``clamp(scaled(sum + bias), low, high)``.

    Attributes:
        bias: int64 of shape (channels,).
        multipliers: int32 of shape (channels,), in [2**30, 2**31) or 0.
        exponents: int32 of shape (channels,): powers of two, positive to the left.
        low: least output, from the fused activation.
        high: greatest output.
        once: scaled by ``multiply_reduced``, which rounds once; else by ``multiply``.
    """

    bias: NDArray[np.int64]
    multipliers: NDArray[np.int32]
    exponents: NDArray[np.int32]
    low: int
    high: int
    once: bool

    def of(self, sums: Whole) -> Whole:
        """What sums of shape (..., channels) become."""
        scale = multiply_reduced if self.once else multiply
        found: Whole = np.clip(scale(sums + self.bias, self.multipliers, self.exponents), self.low, self.high)
        return found


@dataclass(frozen=True)
class WideWeighted(Windowed):
    """Sums of weighted inputs under a window, brought to int16.

    Attributes:
        rescaling: of the sums.
    """

    rescaling: WideRescaling

    def lower_with(self, lowering: Lowering, kernel: Kernel, scratch: int) -> None:
        """One stage, with the padding before it and so many bytes of working memory."""
        number, window = lowering.merged(self, self.window)
        number = lowering.padded(number, window.before[1], window.after[1])
        node = replace(self, inputs=(number,), window=window)
        stage = window_stage(node, kernel, window, lowering, self.macs(lowering.graph))
        lowering.append(
            replace(stage, scratch=bytes_by_variant(helium=scratch, dsp=scratch, plain=scratch, avr=scratch))
        )


@dataclass(frozen=True)
class WideConv(WideWeighted):
    """CONV_2D, and FULLY_CONNECTED as a window of size 1; weights (output channels, rows, columns, input channels)."""

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """Sums, brought to the output."""
        seen = taps(given[0], self.window, graph.values[self.output].shape[:2], 0)
        weights = self.weights.reshape(len(self.weights), -1).astype(np.float64)
        # Exact: doubles hold whole numbers below 2**53.
        return self.rescaling.of((seen.reshape(*seen.shape[:2], -1).astype(np.float64) @ weights.T).astype(np.int64))

    def lower(self, lowering: Lowering) -> None:
        """One stage."""
        _, rows, columns, depth = self.weights.shape
        lies_together = rows == 1 and (columns == 1 or self.window.dilation[1] == 1)
        self.lower_with(lowering, _CONV, 0 if lies_together else aligned(2 * rows * columns * depth))


@dataclass(frozen=True)
class WideDenseOfRows(WideConv):
    """FULLY_CONNECTED with a scale for each channel over an input of more than two axes: see that of int8."""

    @property
    def reference_computes(self) -> bool:
        """Not of more than two axes."""
        return False


@dataclass(frozen=True)
class WideDepthwise(WideWeighted):
    """DEPTHWISE_CONV_2D; weights (rows, columns, output channels).

    Output channel ``o`` reads input channel ``o // multiplier``.
    """

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """Sums, brought to the output."""
        spread = np.repeat(given[0], self.weights.shape[2] // given[0].shape[2], axis=2)
        seen = taps(spread, self.window, graph.values[self.output].shape[:2], 0)
        return self.rescaling.of(np.einsum("hwrco,rco->hwo", seen, self.weights.astype(np.int64)))

    def lower(self, lowering: Lowering) -> None:
        """One stage."""
        self.lower_with(lowering, _DEPTHWISE, 0)


def rescaling(
    layer: Layer, ratios: Sequence[float], output: Value, weights: NDArray[np.int8], once: bool | None = None
) -> WideRescaling:
    """From sums of weighted inputs to the output.

    Args:
        layer: the operator; its third input is the bias.
        ratios: one, or one for each output channel.
        output: the output.
        weights: int8 of shape (channels, taps).
        once: see :class:`WideRescaling`; None where the type of the bias decides.

    Raises:
        EdgedigitsError: ratios or sums beyond what TFLite's integers hold.
    """
    if not max(ratios) < LARGEST_MULTIPLIER:
        raise layer.error("has an output scale far too small for its input and weights", QUANTIZE_FIRST)
    channels = len(weights)
    bias, is_long = _bias(layer, channels, ("INT64",) if once else ("INT64", "INT32"))
    pairs = [quantize_multiplier(ratio) for ratio in ratios] * (1 if len(ratios) == channels else channels)
    multipliers, exponents = (np.array(numbers, np.int32) for numbers in zip(*pairs, strict=True))
    made = WideRescaling(bias, multipliers, exponents, *activation_range(layer.activation(), output), once or is_long)
    largest = np.abs(weights.astype(np.int64)).sum(axis=1) * 32768
    for total, number, multiplier, exponent in zip(
        largest.tolist(), bias.tolist(), multipliers.tolist(), exponents.tolist(), strict=True
    ):
        _check(layer, total + abs(number), multiplier, exponent, made.once)
    return made


def _check(layer: Layer, largest: int, multiplier: int, exponent: int, once: bool) -> None:
    """Raise where sums up to this size, or what they are scaled to, leave the integers that TFLite has them in."""
    if not once:
        if exponent <= _GREATEST_EXPONENT and largest << max(exponent, 0) >= 1 << 31:
            what = "can make sums beyond 32 bits, and lacks a bias of 64 bits, with which TFLite sums in 64"
            raise layer.error(what, _BIASED)
        layer.check_sums(largest, exponent)
        return
    if exponent > _GREATEST_EXPONENT:
        raise layer.error("has an output scale far too small for its input and weights", QUANTIZE_FIRST)
    if largest >= _LARGEST_SUM or largest * reduced_multiplier(multiplier) >> (15 - exponent) >= (1 << 31) - 1:
        raise layer.error("can make sums beyond 47 bits, or outputs beyond 32", _ANOTHER)


def _bias(layer: Layer, channels: int, kinds: tuple[str, ...]) -> tuple[NDArray[np.int64], bool]:
    """The bias, zeros where the operator has none, and whether it is one of 64 bits."""
    if not layer.has(2):
        return np.zeros(channels, np.int64), False
    data = layer.constant(2, kinds)
    if data.shape != (channels,):
        raise layer.error(f"has a bias that is {sizes(data.shape)} for {counted(channels, 'channel')}")
    return data.astype(np.int64), layer.tensor(2).type == "INT64"


def _rescaling_text(writer: StageWriter, to: WideRescaling) -> tuple[str, str]:
    """Arrays of a rescaling, and its initializer inside a struct; biases of more than 32 bits are two words each."""
    words = 1 if np.all(np.abs(to.bias) < 1 << 31) else 2
    halves = np.stack([(to.bias & 0xFFFFFFFF).astype(np.uint32).view(np.int32), (to.bias >> 32).astype(np.int32)], 1)
    multipliers = [reduced_multiplier(number) if to.once else number for number in to.multipliers.tolist()]
    arrays = (
        writer.array("int32_t", "bias", plain(halves[:, :words]))
        + writer.array("int32_t", "multiplier", map(str, multipliers))
        + writer.array("int8_t", "exponent", plain(to.exponents))
    )
    names = ", ".join(writer.symbol(what) for what in ("bias", "multiplier", "exponent"))
    return arrays, f"{{{names}, {to.low}, {to.high}, {words}, {int(to.once)}}}"


def _in_fours(weights: NDArray[np.int8]) -> Iterator[str]:
    """Weights of each channel, as many as there are in fours, whose order the kernel decides."""
    for channel in weights.tolist():
        whole = len(channel) // 4 * 4
        for place in range(0, whole, 4):
            yield f"Q4({', '.join(map(str, channel[place : place + 4]))})"
        yield from map(str, channel[whole:])


def _emit(writer: StageWriter, node: WideConv) -> StageText:
    channels, rows, columns, depth = node.weights.shape
    stride, dilation = node.window.stride[1], node.window.dilation[1]
    arrays, to = _rescaling_text(writer, node.rescaling)
    runs, length = (1, columns * depth) if dilation == 1 or columns == 1 else (columns, depth)
    weights = writer.array("int8_t", "weights", _in_fours(node.weights.reshape(channels, -1)))
    fields = (
        to,
        writer.symbol("weights"),
        writer.target.shape[1],
        channels,
        rows * columns * depth,
        stride * depth,
        length,
        dilation * depth,
        runs,
        rows,
    )
    return StageText(arrays + weights + writer.struct("conv16_t", fields), node.weights.size)


def _emit_depthwise(writer: StageWriter, node: WideDepthwise) -> StageText:
    rows, columns, channels = node.weights.shape
    depth = writer.source.shape[2]
    arrays, to = _rescaling_text(writer, node.rescaling)
    weights = writer.array("int8_t", "weights", plain(node.weights))
    fields = (
        to,
        writer.symbol("weights"),
        writer.target.shape[1],
        depth,
        channels // depth,
        node.window.stride[1] * depth,
        node.window.dilation[1] * depth,
        columns,
        rows,
    )
    return StageText(arrays + weights + writer.struct("depthwise16_t", fields), node.weights.size)


KERNEL = KernelSource(_CONV, ("conv16.c",), "conv16_row(stage->layer, rows, out, scratch)", _emit)
DEPTHWISE_KERNEL = KernelSource(
    _DEPTHWISE, ("depthwise16.c",), "depthwise16_row(stage->layer, rows, out)", _emit_depthwise
)
