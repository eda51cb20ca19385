"""A dense layer over a picture that takes row by row in, so that the picture is never whole in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter, lines, plain
from edgedigits.firmware_export.operators.contract import KernelSource
from edgedigits.firmware_export.operators.shared.packing import conv_weights, dsp_fits, weight_macros
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel, Stage, shape_text

if TYPE_CHECKING:
    from edgedigits.firmware_export.operators.shared.convolution import Conv

DENSE_ROWS = Kernel("dense_rows")

SHORTEST = 32
"""Bytes of a row, below which what it costs to begin a row would be felt."""

_HELIUM_READS = 32


def lower_by_rows(node: Conv, lowering: Lowering) -> bool:
    """Append the stage, where the input is a picture under another shape that nobody else reads.

    Args:
        node: of weights (channels, 1, 1, length).
        lowering: that it becomes part of.
    """
    picture = lowering.picture(node.inputs[0])
    if picture is None:
        return False
    height, width, depth = lowering.shape(picture)
    if width * depth < SHORTEST:
        return False
    title = f"{node.name} {shape_text((height, width, depth))} -> {len(node.weights)}"
    kept = 4 * -(-len(node.weights) // 4) * 4
    macs = node.macs(lowering.graph)
    lowering.append(Stage(title, DENSE_ROWS, node, (picture,), node.output, steps=height, kept=kept, macs=macs))
    return True


def _rows(weights: NDArray[np.int8], height: int) -> NDArray[np.int8]:
    """Weights as the kernel reads them: int8 of shape (rows, channel pairs, taps, 2)."""
    rows = np.split(weights.reshape(len(weights), 1, height, -1), height, axis=2)
    return np.stack([conv_weights(row, 1) for row in rows])


def _emit(writer: StageWriter, node: Conv) -> StageText:
    height, width, depth = writer.source.shape
    channels = len(node.weights)
    flat = node.weights.reshape(channels, -1)
    writer.check_sums(flat, node.rescaling)
    arrays, to = writer.rescaling(
        node.rescaling, plain(node.rescaling.bias - writer.source.zero * flat.astype(np.int64).sum(axis=1))
    )
    packed = _rows(node.weights, height)
    taps = packed.shape[2]
    numbers = (text for row in packed for text in weight_macros(row, width * depth))
    tail = f"#if defined(WITH_HELIUM)\n{lines(['0'] * _HELIUM_READS)}#endif\n" if taps % 16 else ""
    weights = writer.array("weight_t", "weights", numbers, tail)
    padded = f"TAPS({taps}, {-(-taps // 4) * 4})" if taps % 4 else taps
    fields = (to, writer.symbol("weights"), height, width * depth, padded, channels)
    return StageText(arrays + weights + writer.struct("dense_rows_t", fields), packed.size)


KERNEL = KernelSource(
    DENSE_ROWS,
    ("dense_rows.c",),
    "dense_rows_row(stage->layer, rows[0], y, (int32_t *)(void *)scratch, out)",
    _emit,
    fits_dsp=lambda node: dsp_fits(conv_weights(node.weights, 1)),
)
