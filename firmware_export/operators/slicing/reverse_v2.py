"""REVERSE_V2: backwards along one axis; of several, TFLite 2.14 takes the first."""

from __future__ import annotations

from collections.abc import Sequence

from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import taking

ONE_BY_ONE = "reverse one axis after the other"


def _shape(layer: Layer) -> Sequence[int]:
    layer.arity(2, 2)
    layer.value(0)
    given, axes = layer.tensor(0).shape, layer.integers(1)
    if len(axes) != 1:
        raise layer.error("goes backwards along several axes, of which TFLite takes one", ONE_BY_ONE)
    if not 0 <= axes[0] < len(given):
        raise layer.error("has an axis that its input lacks")
    return given


def _read(layer: Layer, output: Value) -> OperatorNodes:
    (axis,) = layer.integers(1)
    given, strides = layer.tensor(0).shape, taking.strides(layer.tensor(0).shape)
    first = (given[axis] - 1) * strides[axis]
    strides[axis] = -strides[axis]
    return taking.take(layer, output, first, strides)


OPERATOR = Operator(
    names=("REVERSE_V2",),
    shape=_shape,
    read=_read,
    options="ReverseV2Options",
    kernels=taking.KERNELS,
    any_axes=True,
)
