"""SLICE: so many elements along each axis from a first one."""

from __future__ import annotations

from collections.abc import Sequence

from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import taking


def _shape(layer: Layer) -> Sequence[int]:
    """A size of -1 takes what is left."""
    layer.arity(3, 3)
    layer.value(0)
    given, begin, size = layer.tensor(0).shape, layer.integers(1), layer.integers(2)
    if not len(given) == len(begin) == len(size):
        raise layer.error("has bounds for other axes than its input's")
    made = [length - start if count == -1 else count for length, start, count in zip(given, begin, size, strict=True)]
    ends = zip(begin, made, given, strict=True)
    if not all(start >= 0 and count > 0 and start + count <= length for start, count, length in ends):
        raise layer.error("takes elements that its input lacks")
    return made


def _read(layer: Layer, output: Value) -> OperatorNodes:
    strides = taking.strides(layer.tensor(0).shape)
    first = sum(start * stride for start, stride in zip(layer.integers(1), strides, strict=True))
    return taking.take(layer, output, first, strides)


OPERATOR = Operator(
    names=("SLICE",),
    shape=_shape,
    read=_read,
    options="SliceOptions",
    kernels=taking.KERNELS,
    wide=_read,
    any_axes=True,
)
