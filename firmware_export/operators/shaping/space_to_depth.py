"""SPACE_TO_DEPTH: squares of pixels become channels."""

from __future__ import annotations

from collections.abc import Sequence

from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import rearranging
from edgedigits.firmware_export.operators.shared.depth import block_of


def _shape(layer: Layer) -> Sequence[int]:
    size = block_of(layer)
    batch, height, width, depth = layer.tensor(0).shape
    if height % size or width % size:
        raise layer.error(f"has {height}x{width} pixels, which are no whole squares of {size}x{size}")
    return batch, height // size, width // size, depth * size * size


def _read(layer: Layer, output: Value) -> OperatorNodes:
    size = block_of(layer)
    height, width, depth = layer.value(0).shape
    lengths = (height // size, width // size, size, size * depth)
    steps = (size * width * depth, size * depth, width * depth, 1)
    return rearranging.rearrange(layer, output, lengths, steps)


OPERATOR = Operator(
    names=("SPACE_TO_DEPTH",),
    shape=_shape,
    read=_read,
    options="SpaceToDepthOptions",
    kernels=(rearranging.KERNEL,),
)
