"""DEPTH_TO_SPACE: channels become squares of pixels, as the last layer of a super-resolution has it."""

from __future__ import annotations

from collections.abc import Sequence

from edgedigits.core.counting import counted
from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import rearranging
from edgedigits.firmware_export.operators.shared.depth import block_of


def _shape(layer: Layer) -> Sequence[int]:
    size = block_of(layer)
    batch, height, width, depth = layer.tensor(0).shape
    if depth % (size * size):
        raise layer.error(f"makes no squares of {size}x{size} of {counted(depth, 'channel')}")
    return batch, height * size, width * size, depth // (size * size)


def _read(layer: Layer, output: Value) -> OperatorNodes:
    size = block_of(layer)
    height, width, depth = layer.value(0).shape
    deep = depth // (size * size)
    lengths = (height, size, width, size * deep)
    return rearranging.rearrange(layer, output, lengths, (width * depth, size * deep, depth, 1))


OPERATOR = Operator(
    names=("DEPTH_TO_SPACE",),
    shape=_shape,
    read=_read,
    options="DepthToSpaceOptions",
    kernels=(rearranging.KERNEL,),
)
