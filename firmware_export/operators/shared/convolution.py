"""Sums of weighted inputs: what CONV_2D, FULLY_CONNECTED and DEPTHWISE_CONV_2D of one channel become."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.c_source.stage_writer import is_rectified
from edgedigits.firmware_export.graph import arithmetic
from edgedigits.firmware_export.graph.formulas import multiply, rescaled, taps
from edgedigits.firmware_export.graph.large_sums import LargeSumsError
from edgedigits.firmware_export.graph.layers import LARGEST_MULTIPLIER, QUANTIZE_FIRST, Layer
from edgedigits.firmware_export.graph.model import Graph, Node, Rescaling, Value, Whole, Window
from edgedigits.firmware_export.operators.contract import KernelSource
from edgedigits.firmware_export.operators.shared.convolution_scratch import conv_scratch, groups_at_a_time, row_taps
from edgedigits.firmware_export.operators.shared.convolution_text import emit
from edgedigits.firmware_export.operators.shared.dsp_scaling import takes_tiles
from edgedigits.firmware_export.operators.shared.packing import conv_weights, dsp_fits
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel, Program, Stage, shape_text

CONV = Kernel("conv", writes_planes=True)

_LONG, _POOLED_FOURS, _TWOS, _HALVES = 1, 2, 4, 8
"""Ways of the Helium kernel."""

_MOST_POOLED = 384
"""Taps whose sum, whatever the weights are, leaves 24 bits room for a bias."""


@dataclass(frozen=True)
class Windowed(Node):
    """Sums of weighted inputs under a window, whatever they are brought to.

    Attributes:
        window: its steps.
        weights: int8.
    """

    window: Window
    weights: NDArray[np.int8]

    @property
    def takes_padding(self) -> bool:
        """Its window may reach further."""
        return True

    def macs(self, graph: Graph) -> int:
        """One for each weight and pixel."""
        height, width, _ = graph.values[self.output].shape
        return height * width * int(self.weights.size)


@dataclass(frozen=True)
class Weighted(Windowed):
    """The same, brought to int8.

    Attributes:
        rescaling: of the sums ``sum(weight * (x - input zero point))``.
    """

    rescaling: Rescaling

    @abstractmethod
    def plain_biases(self, zero: int) -> NDArray[np.int64]:
        """Biases, int64 of shape (channels,), that take in what the plain kernels add to inputs of this zero point."""


@dataclass(frozen=True)
class Conv(Weighted):
    """CONV_2D, and FULLY_CONNECTED as a window of size 1 over an input of shape (1, 1, length).

    Its weights are of shape (output channels, window rows, window columns, input channels).
    """

    def plain_biases(self, zero: int) -> NDArray[np.int64]:
        """They raise weights and inputs by 128."""
        totals = self.weights.reshape(len(self.weights), -1).astype(np.int64).sum(axis=1)
        biases: NDArray[np.int64] = self.rescaling.bias - (zero + 128) * totals
        return biases

    def compute(self, given: list[Whole], graph: Graph, times: Callable[[Any, Any, Any], Whole] = multiply) -> Whole:
        """Sums, brought to the output."""
        zero = graph.values[self.inputs[0]].zero_point
        seen = taps(given[0] - zero, self.window, graph.values[self.output].shape[:2], 0)
        weights = self.weights.reshape(len(self.weights), -1).astype(np.float64)
        # Exact: doubles hold whole numbers below 2**53, and multiply them far faster than 64-bit integers.
        sums = (seen.reshape(*seen.shape[:2], -1).astype(np.float64) @ weights.T).astype(np.int64)
        return rescaled(sums, self.rescaling, times)

    def lower(self, lowering: Lowering) -> None:
        """One stage, with the padding before it."""
        number, window = lowering.merged(self, self.window)
        weights = self.weights
        if weights.shape[2:] == (3, 1) and window.dilation[1] == 1 and window.before[1] + window.after[1] > 0:
            # A column of zeros more: four bytes are read faster than three, and the padding makes room for them.
            weights = np.pad(weights, ((0, 0), (0, 0), (0, 1), (0, 0)))
            window = replace(window, after=(window.after[0], window.after[1] + 1))
        number = lowering.padded(number, window.before[1], window.after[1])
        node = replace(self, inputs=(number,), window=window, weights=weights)
        _, rows, columns, depth = weights.shape
        taken = rows * row_taps(columns, depth, window.dilation[1])
        width = lowering.shape(self.output)[1]
        in_place = rows == 1 and (columns == 1 or window.dilation[1] == 1) and columns * depth % 16 == 0
        in_place &= window.stride[1] * depth == 16 or taken > 32
        stage = window_stage(node, CONV, window, lowering, self.macs(lowering.graph))
        scratch = _scratch(node, lowering, taken, width, in_place)
        lowering.append(replace(stage, scratch=scratch, groups=groups_at_a_time(taken, width, False)))


def window_stage(node: Node, kernel: Kernel, window: Window, lowering: Lowering, macs: int) -> Stage:
    """The stage of a window that takes padding in."""
    shape = lowering.shape(node.output)
    return Stage(
        f"{node.name} {shape_text(lowering.shape(node.inputs[0]))} -> {shape_text(shape)}",
        kernel,
        node,
        node.inputs,
        node.output,
        steps=shape[0],
        rows=window.size[0],
        step=window.stride[0],
        apart=window.dilation[0],
        above=window.before[0],
        left=window.before[1],
        padded=window.before[0] > 0 or window.after[0] > 0,
        macs=macs,
    )


def pooled(maker: Stage, pool: Node, lowering: Lowering) -> Stage | None:
    """A stage that stores the greatest of each 2x2 neighbours that a convolution makes; None where it cannot.

    The greatest sum gives the greatest output, since every multiplier is positive.
    """
    conv = maker.node
    if not isinstance(conv, Conv) or maker.pooled or conv.window.stride != (1, 1) or conv.window.dilation != (1, 1):
        return None
    shape = lowering.shape(pool.output)
    _, rows, columns, depth = conv.weights.shape
    small = _sums_are_small(conv, lowering.zero(conv.inputs[0]))
    if lowering.by_structure and rows * columns * depth <= _MOST_POOLED and not small:
        raise LargeSumsError(conv.name, ", or export it with --weights plain")
    if not small or (lowering.by_structure and rows * columns * depth > _MOST_POOLED):
        return None
    taken = rows * row_taps(columns, depth, 1)
    return replace(
        maker,
        title=f"{maker.title}, {pool.name} -> {shape_text(shape)}",
        output=pool.output,
        steps=shape[0],
        rows=maker.rows + 1,
        step=2,
        pooled=True,
        scratch=_scratch(conv, lowering, taken, shape[1], pooled=True),
        groups=groups_at_a_time(taken, shape[1], True),
    )


def _scratch(
    node: Conv, lowering: Lowering, taken: int, width: int, in_place: bool = False, pooled: bool = False
) -> dict[str, int]:
    """Bytes by variant; where stages follow the structure alone, enough with tiles and without."""
    channels = (0, len(node.weights)) if lowering.by_structure else (_tile_channels(node, lowering, width, pooled),)
    rows = node.weights.shape[1]
    made = [conv_scratch(taken, rows, width, in_place, pooled, count) for count in channels]
    return {variant: max(one[variant] for one in made) for variant in made[0]}


def _tile_channels(node: Conv, lowering: Lowering, width: int, pooled: bool) -> int:
    """How many channels the DSP kernel sums in tiles: all or none."""
    zero = lowering.zero(node.inputs[0])
    tiled = takes_tiles(node.weights, node.window.dilation[1], node.rescaling, zero, width, pooled)
    return len(node.weights) if tiled else 0


def _sums_are_small(node: Conv, zero: int) -> bool:
    """True where every sum stays within 24 bits: the DSP kernel makes two in one register, and pools only those."""
    flat = node.weights.reshape(len(node.weights), -1).astype(np.int64)
    bias = np.abs(node.rescaling.bias - zero * flat.sum(axis=1))
    return bool(np.all(np.abs(flat).sum(axis=1) * 128 + bias < 2**23))


def rescaling(layer: Layer, ratios: list[float], output: Value, weights: NDArray[np.int8], bias: int = 2) -> Rescaling:
    """From sums of weighted inputs to the output.

    The check covers a kernel that subtracts the input's zero point and one that folds it into the bias.

    Args:
        layer: the operator.
        ratios: one, or one for each output channel.
        output: the output.
        weights: int8 of shape (channels, taps).
        bias: which one of the inputs it is.

    Raises:
        EdgedigitsError: ratios or sums beyond what TFLite's integers hold.
    """
    if not max(ratios) < LARGEST_MULTIPLIER:
        raise layer.error("has an output scale far too small for its input and weights", QUANTIZE_FIRST)
    sums = np.abs(weights.astype(np.int64)).sum(axis=1)
    made = arithmetic.rescaling(ratios, output, layer.bias(bias, len(weights)), layer.activation())
    made = arithmetic.of_empty_channels(made, sums == 0)
    largest = sums * 256 + np.abs(made.bias.astype(np.int64))
    for total, exponent in zip(largest.tolist(), made.exponents.tolist(), strict=True):
        layer.check_sums(total, exponent)
    return made


def window(layer: Layer) -> tuple[Window, tuple[int, int]]:
    """The window of weights (_, rows, columns, _) over the first input, and how many rows and columns it makes."""
    _, rows, columns, _ = layer.tensor(1).shape
    dilation = (layer.option("DilationHFactor"), layer.option("DilationWFactor"))
    return layer.window(layer.value(0), (rows, columns), dilation)


def _macros(program: Program) -> tuple[str, ...]:
    stages = [stage for stage in program.stages if isinstance(stage.node, Conv)]
    nodes = [cast(Conv, stage.node) for stage in stages]
    wide = [node for node, stage in zip(nodes, stages, strict=True) if program.values[stage.output].shape[1] > 1]
    made = []
    if all(is_rectified(node.rescaling) for node in wide):
        made.append("#define ONLY_RECTIFIED 1 /* rows of convolutions */")
    if not any(stage.pooled for stage in stages):
        made.append("#define NEVER_POOLED 1 /* convolutions */")
    if all(node.window.dilation[1] == 1 for node in nodes):
        made.append("#define NEVER_DILATED 1 /* rows of convolutions */")
    if all(len(node.weights) % 2 == 0 for node in wide):
        made.append("#define ONLY_EVEN 1 /* channels of rows of convolutions */")
    if stages:
        ways = set[int]().union(*(_helium_ways(stage, program.values[stage.output].shape[1]) for stage in stages))
        made.append(f"#define HELIUM_WAYS {sum(ways)} /* of convolutions */")
    return tuple(made)


def _helium_ways(stage: Stage, width: int) -> set[int]:
    """How the Helium kernel computes a stage of this width: ``way_of`` in its file ``conv_helium_spread.c``.

    It takes compact weights some channels at a time, a multiple of four until the last ones.
    """
    node = cast(Conv, stage.node)
    channels, rows, columns, depth = node.weights.shape
    taken = rows * row_taps(columns, depth, node.window.dilation[1])
    if not is_rectified(node.rescaling) or taken > 32:
        return {_LONG}
    at_a_time = {channels} if stage.kernel is CONV else {min(channels, 4), channels % 4 or 4}
    return {_helium_way(taken <= 16, count, width, stage.pooled) for count in at_a_time}


def _helium_way(one_vector: bool, channels: int, width: int, pooled: bool) -> int:
    if channels % (4 if one_vector else 2) or (not one_vector and width == 1):
        return _LONG
    if pooled:
        return _POOLED_FOURS if one_vector else _TWOS
    return _TWOS if channels % 4 else _HALVES


def _fits_dsp(node: Conv) -> bool:
    return dsp_fits(conv_weights(node.weights, node.window.dilation[1]))


KERNEL = KernelSource(
    CONV,
    ("conv_plain.c", "conv_dsp.c", "conv_helium.c"),
    "conv_row(stage->layer, rows, out, scratch)",
    emit,
    _macros,
    _fits_dsp,
)
