"""A convolution's constants as C."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter, has_one_scale, lines
from edgedigits.firmware_export.graph.model import Rescaling
from edgedigits.firmware_export.operators.shared.dsp_scaling import one_scale_words, pair_words, takes_tiles
from edgedigits.firmware_export.operators.shared.packing import conv_weights, dsp_block, weight_macros

if TYPE_CHECKING:
    from edgedigits.firmware_export.operators.shared.convolution import Conv

_HELIUM_READS = 32


def emit(writer: StageWriter, node: Conv) -> StageText:
    """Weights in the order in which the kernels read them, biases, multipliers and the struct of a convolution."""
    packed = conv_weights(node.weights, node.window.dilation[1])
    arrays, fields = constants(writer, node, packed, writer.symbol("weights"))
    return StageText(arrays + whole_weights(writer, node, packed) + writer.struct("conv_t", fields), packed.size)


def whole_weights(writer: StageWriter, node: Conv, packed: NDArray[np.int8]) -> str:
    """The array of weights, one byte each."""
    _, _, columns, depth = node.weights.shape
    length = columns * depth if node.window.dilation[1] == 1 else depth
    taps = packed.shape[1]
    spare = spare_bytes(taps)
    tail = f"#if defined(WITH_HELIUM)\n{lines(['0'] * spare)}#endif\n" if spare else ""
    return writer.array("weight_t", "weights", weight_macros(packed, length), tail)


def spare_bytes(taps: int) -> int:
    """What the Helium kernels read behind the weights of the last pair of channels."""
    return -(-taps // 16) * _HELIUM_READS - 2 * taps


def constants(
    writer: StageWriter, node: Conv, packed: NDArray[np.int8], weights: str
) -> tuple[str, tuple[object, ...]]:
    """Biases and multipliers as arrays, and the fields of the struct ``conv_t``, with a C expression of its weights.

    What all channels have in common stands there once in a network of short constants.
    """
    channels, rows, columns, depth = node.weights.shape
    dilation = node.window.dilation[1]
    zero = writer.source.zero
    writer.check_sums(node.weights.reshape(channels, -1), node.rescaling)
    even = channels % 2
    totals = node.weights.reshape(channels, -1).astype(np.int64).sum(axis=1)
    signed = np.pad(node.rescaling.bias - zero * totals, (0, even))
    raised = np.pad(node.plain_biases(zero), (0, even))
    biases = (f"BIAS({a}, {b})" for a, b in zip(signed, raised, strict=True))
    rescaling = Rescaling(
        node.rescaling.bias,
        np.pad(node.rescaling.multipliers, (0, even)),
        np.pad(node.rescaling.exponents, (0, even)),
        node.rescaling.zero_point,
        node.rescaling.low,
        node.rescaling.high,
    )
    one_scale = writer.program.short_constants and has_one_scale(node.rescaling)
    block = dsp_block(packed, signed)
    width, pooled = writer.target.shape[1], writer.stage.pooled
    tiled = takes_tiles(node.weights, dilation, node.rescaling, zero, width, pooled)
    words = (one_scale_words if one_scale else pair_words)(rescaling, signed) if tiled else None
    arrays, to = writer.rescaling(rescaling, biases, words, raised=raised, once="" if one_scale else None)
    taps = packed.shape[1]
    runs, length = (1, columns * depth) if dilation == 1 else (columns, depth)
    fields = (
        to,
        weights,
        writer.target.shape[1],
        channels + even,
        channels,
        writer.target.beside,
        writer.target.deeper,
        f"TAPS({taps}, {-(-taps // 4) * 4})" if taps % 4 else taps,
        block,
        node.window.stride[1] * depth,
        length,
        0 if dilation == 1 else dilation * depth,
        runs,
        rows,
        int(writer.stage.pooled),
        (writer.stage.groups, int(tiled), writer.stage.groups, writer.stage.groups),
    )
    return arrays, fields
