"""Operators that move bytes and compute nothing: reshapes, padding, concatenation."""

from __future__ import annotations

import math

from edgedigits.firmware_export.graph.layers import LEAVE_OUT, Layer, Made
from edgedigits.firmware_export.graph.model import Concatenation, Pad, Reshape

_MOST_AXES = 4


def reshape(layer: Layer) -> Made:
    """RESHAPE: to the shape in its second input, or in its options; one -1 takes what is left."""
    layer.arity(1, 2)
    layer.value(0)
    shape = list(layer.integers(1) if layer.has(1) else layer.option("NewShape"))
    count = math.prod(layer.tensor(0).shape)
    if shape.count(-1) == 1:
        rest = math.prod(size for size in shape if size != -1)
        if rest > 0 and count % rest == 0:
            shape[shape.index(-1)] = count // rest
    if min(shape, default=1) < 1 or math.prod(shape) != count:
        raise layer.error("makes a shape of another size than its input's")
    return _reshaped(layer, shape)


def squeeze(layer: Layer) -> Made:
    """SQUEEZE: without these axes of length 1, or without all of them."""
    layer.arity(1, 1)
    layer.value(0)
    given = layer.tensor(0).shape
    axes = layer.option("SqueezeDims") or tuple(axis for axis, size in enumerate(given) if size == 1)
    if not all(-len(given) <= axis < len(given) and given[axis] == 1 for axis in axes):
        raise layer.error("drops an axis that is not of length 1")
    gone = {axis % len(given) for axis in axes}
    return _reshaped(layer, [size for axis, size in enumerate(given) if axis not in gone])


def expand_dims(layer: Layer) -> Made:
    """EXPAND_DIMS: one more axis of length 1."""
    layer.arity(2, 2)
    layer.value(0)
    shape = list(layer.tensor(0).shape)
    axes = layer.integers(1)
    if len(axes) != 1 or not -len(shape) - 1 <= axes[0] <= len(shape):
        raise layer.error("has no axis, or one that its output lacks")
    shape.insert(axes[0] % (len(shape) + 1), 1)
    return _reshaped(layer, shape)


def _reshaped(layer: Layer, shape: list[int]) -> Made:
    output = layer.output_value(shape)
    return Made((Reshape(layer.name, (layer.number(0),), layer.output),), {layer.output: output})


def pad(layer: Layer) -> Made:
    """PAD with the zero point, PADV2 with a constant, of rows and columns."""
    layer.arity(2, 3)
    source = layer.value(0)
    given = layer.tensor(0).shape
    amounts = layer.constant(1, ("INT32", "INT64"))
    if amounts.shape != (len(given), 2) or len(given) > _MOST_AXES or amounts.min() < 0:
        raise layer.error("has amounts of padding that do not fit its input")
    pairs = [(int(before), int(after)) for before, after in amounts]
    *batch, rows, columns, channels = [(0, 0)] * 3 + pairs
    if any(map(any, [*batch, channels])):
        raise layer.error("pads channels or the batch", LEAVE_OUT)
    output = layer.output_value([size + sum(pair) for size, pair in zip(given, pairs, strict=True)])
    layer.check_same_scale(source, output)
    value = source.zero_point
    if layer.has(2):
        filler = layer.constant(2, ("INT8",))
        layer.check_same_scale(layer.as_value(layer.tensor(2)), output)
        if filler.size != 1:
            raise layer.error("pads with more than one number", LEAVE_OUT)
        value = int(filler.ravel()[0])
    before, after = zip(rows, columns, strict=True)
    return Made((Pad(layer.name, (layer.number(0),), layer.output, before, after, value),), {layer.output: output})


def concatenation(layer: Layer) -> Made:
    """CONCATENATION along rows, columns or channels."""
    layer.arity(1, len(layer.operator.inputs))
    sources = [layer.value(position) for position in range(len(layer.operator.inputs))]
    shapes = [layer.tensor(position).shape for position in range(len(sources))]
    rank, axis = len(shapes[0]), layer.option("Axis")
    if not -rank <= axis < rank:
        raise layer.error("joins along an axis that its inputs lack")
    axis %= rank
    rest = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes if len(shape) == rank}
    if len(rest) != 1 or not all(len(shape) == rank for shape in shapes):
        raise layer.error("joins inputs whose shapes do not fit")
    if axis - rank < -3:
        raise layer.error("joins along the batch", LEAVE_OUT)
    if layer.activation() != "NONE":
        raise layer.error("has a fused activation", LEAVE_OUT)
    total = sum(shape[axis] for shape in shapes)
    output = layer.output_value((*shapes[0][:axis], total, *shapes[0][axis + 1 :]))
    for source in sources:
        layer.check_same_scale(source, output)
    node = Concatenation(layer.name, tuple(layer.operator.inputs), layer.output, axis - rank + 3)
    return Made((node,), {layer.output: output})
