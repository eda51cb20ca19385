"""Shapes that a model computes although they are always the same, as TensorFlow's converter writes a free batch.

With one image at a time SHAPE of a tensor, and whatever STRIDED_SLICE, PACK, CONCATENATION, GATHER, REDUCE_PROD, CAST,
RESHAPE and FILL make of it, are constants: they are worked out here, and the operators are left out. Keras writes the
first three for Reshape, and nearly all of them for a dense layer or a normalization of a sequence. So are the zeros
that FULLY_CONNECTED makes of the zeros at which an unrolled recurrent layer begins.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.tflite.file import LEFT_OUT, OperatorCall, Tensor, TfliteFile

_WHOLE = {"INT32": np.int32, "INT64": np.int64}
_OF_ANY = {**_WHOLE, "INT8": np.int8}
"""What FILL may be asked for: the gain of a normalization, one for each of its values."""
_LARGEST = 64
"""Numbers of a shape or of what is on the way to one."""
_LARGEST_FILL = 4096

Whole = NDArray[Any]
Shapes = Callable[[int, list[Tensor]], Sequence[tuple[int, ...]] | None]


def with_constant_shapes(content: TfliteFile, shapes: Shapes | None = None, *, anew: bool = False) -> TfliteFile:
    """The same model without the operators that compute a constant; what they make holds its values instead.

    Args:
        content: the model.
        shapes: of what an operator makes, given its place and all tensors before it; None where the file says it. Asked
            in models that compute shapes alone: their converter did not know those of what comes of them.
        anew: ask in any model.
    """
    tensors, nodes = list(content.tensors), []
    computes = anew or any(node.name == "SHAPE" for node in content.nodes)
    for index, node in enumerate(content.nodes):
        made = _of_zeros(node, tensors) if node.name == "FULLY_CONNECTED" else _made(node, tensors)
        if made is None:
            nodes.append(node)
            for place, shape in zip(node.outputs, (computes and shapes and shapes(index, tensors)) or (), strict=False):
                tensors[place] = replace(tensors[place], shape=shape)
        else:
            (place,) = node.outputs
            tensors[place] = replace(tensors[place], shape=made.shape, constant=True, data=made)
    return replace(content, nodes=tuple(nodes), tensors=tuple(tensors))


def _made(node: OperatorCall, tensors: list[Tensor]) -> Whole | None:
    """What an operator computes where that is a constant of whole numbers, else None."""
    compute = _COMPUTED.get(node.name)
    types = _OF_ANY if node.name == "FILL" else _WHOLE
    kind, *others = [types.get(tensors[place].type) for place in node.outputs] or [None]
    if compute is None or kind is None or others:
        return None
    given = [tensors[place] for place in node.inputs if place >= 0]
    if node.name != "SHAPE" and any(one.data is None or one.type not in types for one in given):
        return None
    if sum(one.data.size for one in given if one.data is not None) > _LARGEST or not given:
        return None
    try:
        made = compute(node, given)
    except (IndexError, ValueError, TypeError, KeyError):  # options that fit no such operator: the reader says so
        return None
    return made.astype(kind)


def _of_zeros(node: OperatorCall, tensors: list[Tensor]) -> Whole | None:
    """The zeros of int8 that a layer without a bias makes of zeros, whatever its activation; None of any other."""
    if len(node.inputs) < 2 or min(node.inputs[:2]) < 0 or max(node.inputs[2:], default=LEFT_OUT) >= 0:
        return None
    given, weights, *made = (tensors[place] for place in (*node.inputs[:2], *node.outputs))
    if given.data is None or weights.data is None or weights.data.ndim != 2 or len(made) != 1:
        return None
    if any(one.type != "INT8" or len(one.zero_points) != 1 for one in (given, *made)) or weights.type != "INT8":
        return None
    channels, depth = weights.shape
    fits = given.shape == (1, depth) and made[0].shape == (1, channels) and channels <= _LARGEST_FILL
    zero = made[0].zero_points[0]
    if not fits or any(weights.zero_points) or np.any(given.data != given.zero_points[0]) or not -128 <= zero <= 127:
        return None
    return np.full((1, channels), zero, np.int8)


def _shape(_node: OperatorCall, given: list[Tensor]) -> Whole:
    (one,) = given
    return np.array(one.shape)


def _strided_slice(node: OperatorCall, given: list[Tensor]) -> Whole:
    values, begin, end, stride = (np.asarray(one.data) for one in given)
    if node.options.get("EllipsisMask") or node.options.get("NewAxisMask") or node.options.get("Offset"):
        raise ValueError("masks that no shape needs")
    first, last, one = (int(node.options.get(name, 0)) for name in ("BeginMask", "EndMask", "ShrinkAxisMask"))
    parts: list[int | slice] = []
    for axis, (start, stop, step) in enumerate(zip(begin, end, stride, strict=True)):
        bit = 1 << axis
        if one & bit:
            parts.append(int(start))
        else:
            parts.append(slice(None if first & bit else int(start), None if last & bit else int(stop), int(step)))
    return np.asarray(values[tuple(parts)])


def _pack(node: OperatorCall, given: list[Tensor]) -> Whole:
    return np.stack([np.asarray(one.data) for one in given], int(node.options.get("Axis", 0)))


def _concatenation(node: OperatorCall, given: list[Tensor]) -> Whole:
    return np.concatenate([np.asarray(one.data) for one in given], int(node.options.get("Axis", 0)))


def _gather(node: OperatorCall, given: list[Tensor]) -> Whole:
    values, places = (np.asarray(one.data) for one in given)
    if node.options.get("BatchDims"):
        raise ValueError("an option that no shape needs")
    if places.size and places.min() < 0:  # NumPy would count from the end
        raise IndexError("a place that is not there")
    return np.take(values, places, int(node.options.get("Axis", 0)))


def _product(node: OperatorCall, given: list[Tensor]) -> Whole:
    values, axes = (np.asarray(one.data) for one in given)
    made = np.prod(values, tuple(int(axis) for axis in axes.ravel()), keepdims=bool(node.options.get("KeepDims")))
    return np.asarray(made)


def _cast(_node: OperatorCall, given: list[Tensor]) -> Whole:
    (one,) = given
    return np.asarray(one.data)


def _reshape(node: OperatorCall, given: list[Tensor]) -> Whole:
    values, *shapes = (np.asarray(one.data) for one in given)
    return values.reshape([int(size) for size in (shapes[0].ravel() if shapes else node.options["NewShape"])])


def _fill(_node: OperatorCall, given: list[Tensor]) -> Whole:
    shape, value = (np.asarray(one.data) for one in given)
    if math.prod(int(size) for size in shape) > _LARGEST_FILL or min(shape.tolist(), default=1) < 1 or value.size != 1:
        raise ValueError("too many of one number")
    return np.full([int(size) for size in shape], value.ravel()[0])


_COMPUTED: dict[str, Callable[[OperatorCall, list[Tensor]], Whole]] = {
    "SHAPE": _shape,
    "STRIDED_SLICE": _strided_slice,
    "PACK": _pack,
    "CONCATENATION": _concatenation,
    "GATHER": _gather,
    "REDUCE_PROD": _product,
    "CAST": _cast,
    "RESHAPE": _reshape,
    "FILL": _fill,
}
