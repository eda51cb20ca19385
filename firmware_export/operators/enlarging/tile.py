"""TILE: the input again and again, so many times along each axis."""

from __future__ import annotations

from collections.abc import Sequence

from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import rearranging, taking


def _shape(layer: Layer) -> Sequence[int]:
    layer.arity(2, 2)
    layer.value(0)
    given, times = layer.tensor(0).shape, layer.integers(1)
    if len(given) != len(times) or min(times, default=1) < 1:
        raise layer.error("has other axes than its input, or repeats one less than once")
    return [size * count for size, count in zip(given, times, strict=True)]


def _read(layer: Layer, output: Value) -> OperatorNodes:
    given, times = layer.tensor(0).shape, layer.integers(1)
    lengths = [length for pair in zip(times, given, strict=True) for length in pair]
    steps = [step for stride in taking.strides(given) for step in (0, stride)]
    return rearranging.rearrange(layer, output, lengths, steps)


OPERATOR = Operator(
    names=("TILE",),
    shape=_shape,
    read=_read,
    options="TileOptions",
    kernels=(rearranging.KERNEL,),
    any_axes=True,
)
