"""PACK: values along an axis that is new, as ``stack`` makes it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import joining, reshaping


def _axis(layer: Layer) -> int:
    rank, axis = len(layer.tensor(0).shape) + 1, layer.option("Axis")
    if not -rank <= axis < rank:
        raise layer.error("joins along an axis that its output lacks")
    return int(axis) % rank


def _shape(layer: Layer) -> Sequence[int]:
    count = len(layer.operator.inputs)
    layer.arity(1, count)
    joining.check_parts(layer)
    given, axis = layer.tensor(0).shape, _axis(layer)
    if layer.option("ValuesCount") != count or any(layer.tensor(one).shape != given for one in range(count)):
        raise layer.error("joins inputs whose shapes do not fit")
    return (*given[:axis], count, *given[axis:])


def _read(layer: Layer, output: Value) -> OperatorNodes:
    for position in range(len(layer.operator.inputs)):
        layer.check_same_scale(layer.as_value(layer.tensor(position)), output)
    if len(layer.operator.inputs) == 1:
        return reshaping.read(layer, output)
    return joining.joined_flat(layer, output, math.prod(layer.tensor(0).shape[: _axis(layer)]))


OPERATOR = Operator(
    names=("PACK",),
    shape=_shape,
    read=_read,
    options="PackOptions",
    kernels=joining.KERNELS,
    any_axes=True,
)
