"""CONCATENATION along rows, columns or channels."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgedigits.firmware_export.graph.layers import LEAVE_OUT, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import joining, reshaping


def _axis(layer: Layer) -> int:
    """The axis, from 0; -1 and less count from the last one."""
    rank, axis = len(layer.tensor(0).shape), int(layer.option("Axis"))
    if not -rank <= axis < rank:
        raise layer.error("joins along an axis that its inputs lack")
    return axis % rank


def _shape(layer: Layer) -> Sequence[int]:
    layer.arity(1, len(layer.operator.inputs))
    shapes = joining.check_parts(layer)
    rank, axis = len(shapes[0]), _axis(layer)
    rest = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes if len(shape) == rank}
    if len(rest) != 1 or not all(len(shape) == rank for shape in shapes):
        raise layer.error("joins inputs whose shapes do not fit")
    if axis == 0 and rank > 3:
        raise layer.error("joins along the batch", LEAVE_OUT)
    return (*shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :])


def _read(layer: Layer, output: Value) -> OperatorNodes:
    if layer.activation() != "NONE":
        raise layer.error("has a fused activation", LEAVE_OUT)
    for position in range(len(layer.operator.inputs)):
        layer.check_same_scale(layer.as_value(layer.tensor(position)), output)
    if len(layer.operator.inputs) == 1:
        return reshaping.read(layer, output)
    given, axis = layer.output_tensor.shape, _axis(layer) - len(layer.tensor(0).shape) + 3
    if axis < 0 or math.prod(given[:-3]) != 1:
        return joining.joined_flat(layer, output, math.prod(given[: _axis(layer)]))
    numbers, parts = joining.joined_parts(layer)
    node = joining.Concatenation(layer.name, tuple(numbers), layer.output, axis)
    return OperatorNodes((*parts.nodes, node), {**parts.values, layer.output: output})


OPERATOR = Operator(
    names=("CONCATENATION",),
    shape=_shape,
    read=_read,
    wide=_read,
    options="ConcatenationOptions",
    kernels=joining.KERNELS,
    any_axes=True,
)
