"""TRANSPOSE: axes in another order."""

from __future__ import annotations

from collections.abc import Sequence

from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import taking


def _shape(layer: Layer) -> Sequence[int]:
    layer.arity(2, 2)
    layer.value(0)
    given, axes = layer.tensor(0).shape, layer.integers(1)
    if sorted(axes) != list(range(len(given))):
        raise layer.error("has an order of axes that its input lacks")
    return [given[axis] for axis in axes]


def _read(layer: Layer, output: Value) -> OperatorNodes:
    strides = taking.strides(layer.tensor(0).shape)
    return taking.take(layer, output, 0, [strides[axis] for axis in layer.integers(1)])


OPERATOR = Operator(
    names=("TRANSPOSE",),
    shape=_shape,
    read=_read,
    options="TransposeOptions",
    kernels=taking.KERNELS,
    wide=_read,
    any_axes=True,
)
