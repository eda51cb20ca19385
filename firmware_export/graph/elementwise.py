"""Operators on single elements and over whole values: sums, products, tables, means and softmax."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph import arithmetic
from edgedigits.firmware_export.graph.layers import LARGEST_MULTIPLIER, LEAVE_OUT, QUANTIZE_FIRST, Layer, Made
from edgedigits.firmware_export.graph.model import Add, Mean, Mul, Softmax, Table, Value

LARGEST_SOFTMAX = 511
"""Channels; beyond it gemmlowp's sums leave their 12 integer bits after the last shift of 31."""
SOFTMAX_OUTPUT = (1 / 256, -128)
_LEAST_SOFTMAX_SCALE = 2.0**-26


def mean(layer: Layer) -> Made:
    """MEAN over height and width."""
    layer.arity(2, 2)
    source = layer.value(0)
    given = layer.tensor(0).shape
    axes = layer.integers(1)
    if not all(-len(given) <= axis < len(given) for axis in axes):
        raise layer.error("has an axis that its input lacks")
    gone = {axis % len(given) for axis in axes}
    kept = [1 if axis in gone else size for axis, size in enumerate(given)]
    if math.prod(kept) != kept[-1]:
        raise layer.error("takes a mean of something other than height and width", LEAVE_OUT)
    if len(given) - 1 in gone:
        raise layer.error("takes a mean over channels", LEAVE_OUT)
    keep = layer.option("KeepDims")
    output = layer.output_value([size for axis, size in enumerate(kept) if keep or axis not in gone])
    _check_ratio(layer, source.scale / output.scale)
    rescaling = arithmetic.mean_rescaling(source, output, source.shape[0] * source.shape[1])
    layer.check_sums(256 * source.shape[0] * source.shape[1], int(rescaling.exponents[0]))
    return Made((Mean(layer.name, (layer.number(0),), layer.output, rescaling),), {layer.output: output})


def softmax(layer: Layer) -> Made:
    """SOFTMAX over the last axis."""
    layer.arity(1, 1)
    source = layer.value(0)
    output = layer.output_value(layer.tensor(0).shape)
    beta = layer.option("Beta")
    if (output.scale, output.zero_point) != SOFTMAX_OUTPUT:
        raise layer.error("has another output than scale 1/256 and zero point -128", QUANTIZE_FIRST)
    if not (math.isfinite(beta) and source.scale * beta > _LEAST_SOFTMAX_SCALE):
        raise layer.error("has a beta or an input scale that makes all its outputs equal")
    if source.shape[2] > LARGEST_SOFTMAX:
        raise layer.error(f"has more than {LARGEST_SOFTMAX} channels", LEAVE_OUT)
    table = arithmetic.softmax_exponentials(source.scale, beta)
    return Made((Softmax(layer.name, (layer.number(0),), layer.output, table),), {layer.output: output})


def relu(layer: Layer) -> Made:
    """RELU and RELU6 that stand alone."""
    source, output = _single(layer)
    return _table(layer, output, arithmetic.relu_table(source, output, layer.operator.name))


def logistic(layer: Layer) -> Made:
    """LOGISTIC, to scale 1/256."""
    source, output = _single(layer)
    if output.scale != SOFTMAX_OUTPUT[0]:
        raise layer.error("has another output scale than 1/256", QUANTIZE_FIRST)
    return _table(layer, output, arithmetic.logistic_table(source, output))


def quantize(layer: Layer) -> Made:
    """QUANTIZE from int8 to int8: another scale and zero point."""
    source, output = _single(layer)
    return _table(layer, output, arithmetic.quantize_table(source, output))


def _single(layer: Layer) -> tuple[Value, Value]:
    layer.arity(1, 1)
    source = layer.value(0)
    output = layer.output_value(layer.tensor(0).shape)
    if layer.operator.name != "LOGISTIC":
        _check_ratio(layer, source.scale / output.scale)
    return source, output


def _table(layer: Layer, output: Value, outputs: NDArray[np.int8]) -> Made:
    return Made((Table(layer.name, (layer.number(0),), layer.output, outputs),), {layer.output: output})


def _check_ratio(layer: Layer, ratio: float) -> None:
    if ratio >= LARGEST_MULTIPLIER:
        raise layer.error("has an output scale far too small for its input", QUANTIZE_FIRST)


@dataclass(frozen=True)
class _Pair:
    """The two sides of ADD and MUL: a value first, then another one of its shape or a constant."""

    inputs: tuple[int, ...]
    left: Value
    right: Value
    constant: NDArray[np.int8] | None
    output: Value


def add(layer: Layer) -> Made:
    """ADD."""
    pair = _pair(layer)
    twice = 2.0 * max(pair.left.scale, pair.right.scale)
    if twice >= (1 << arithmetic.ADD_LEFT_SHIFT) * pair.output.scale:
        raise layer.error("has an output scale far too small for its inputs", QUANTIZE_FIRST)
    left, right, output = arithmetic.add_operands(pair.left, pair.right, pair.output)
    node = Add(
        layer.name,
        pair.inputs,
        layer.output,
        left,
        right,
        arithmetic.ADD_LEFT_SHIFT,
        output,
        *arithmetic.activation_range(layer.activation(), pair.output),
        pair.constant,
    )
    return Made((node,), {layer.output: pair.output})


def mul(layer: Layer) -> Made:
    """MUL."""
    pair = _pair(layer)
    _check_ratio(layer, pair.left.scale * pair.right.scale / pair.output.scale)
    output = arithmetic.mul_output(pair.left, pair.right, pair.output)
    layer.check_sums(255 * 255, output.exponent)
    node = Mul(
        layer.name,
        pair.inputs,
        layer.output,
        (pair.left.zero_point, pair.right.zero_point),
        output,
        *arithmetic.activation_range(layer.activation(), pair.output),
        pair.constant,
    )
    return Made((node,), {layer.output: pair.output})


def _pair(layer: Layer) -> _Pair:
    layer.arity(2, 2)
    # Sums and products do not change when their sides do: a constant comes second.
    first, second = (1, 0) if layer.is_constant(0) else (0, 1)
    left = layer.value(first)
    right = layer.as_value(layer.tensor(second))
    shapes = layer.tensor(0).shape, layer.tensor(1).shape
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    if not all(a == b or 1 in {a, b} for a, b in zip(*padded, strict=True)):
        raise layer.error("has two inputs whose shapes do not fit")
    output = layer.output_value([max(sizes) for sizes in zip(*padded, strict=True)])
    constant = None
    if layer.is_constant(second):
        constant = layer.constant(second, ("INT8",)).reshape(right.shape)
        if right.shape == (1, 1, 1):
            constant = np.broadcast_to(constant, (1, 1, left.shape[2])).copy()
    each = constant is not None and constant.shape == (1, 1, left.shape[2])
    if output.shape != left.shape or not (each or right.shape == left.shape):
        raise layer.error("spreads one input over rows or columns of the other", LEAVE_OUT)
    inputs = (layer.number(first),) if constant is not None else (layer.number(first), layer.number(second))
    return _Pair(inputs, left, right, constant, output)
