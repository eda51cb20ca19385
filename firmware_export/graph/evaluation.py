"""A graph computed with NumPy and 64-bit integers, straight from the formulas in the graph's docstrings.

What it makes is what TFLite 2.14's reference kernels make, whichever runtime is installed, or none. It shares no
arithmetic with the rest of the package: a wrong constant of the graph shows as a difference from TFLite.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph.model import (
    Add,
    Concatenation,
    Conv,
    Depthwise,
    Graph,
    Mean,
    Mul,
    Node,
    Operand,
    Pad,
    Pool,
    Rescaling,
    Reshape,
    Softmax,
    Table,
    Value,
    Window,
)

Whole = NDArray[np.int64]
INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1


def evaluate(graph: Graph, image: NDArray[np.int8], *, dense_rounds_once: bool = False) -> NDArray[np.int8]:
    """The graph's output for one input.

    Args:
        graph: of shapes (height, width, channels).
        image: int8 of as many elements as the graph's input, in any shape.
        dense_rounds_once: scale the sums of FULLY_CONNECTED in one rounding, as the reference kernel of LiteRT 2.3 and
            TensorFlow 2.21 does; TFLite 2.14 and TensorFlow Lite Micro round twice there, as everywhere else.

    Returns:
        int8 of the output's shape.
    """
    known: dict[int, Whole] = {graph.input: image.reshape(graph.values[graph.input].shape).astype(np.int64)}
    for node in graph.nodes:
        given = [known[number] for number in node.inputs]
        if dense_rounds_once and isinstance(node, Conv) and node.name.startswith("FULLY_CONNECTED "):
            made = _conv(node, given, graph, _multiply_once)
        else:
            made = _KERNELS[type(node)](node, given, graph)
        known[node.output] = made.reshape(graph.values[node.output].shape)
    return known[graph.output].astype(np.int8)


def _high_mul(a: Any, b: Any) -> Whole:
    """gemmlowp's ``SaturatingRoundingDoublingHighMul``, without the one product that saturates."""
    a, b = np.asarray(a, np.int64), np.asarray(b, np.int64)
    product = a * b
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    whole: Whole = np.sign(nudged) * (np.abs(nudged) >> 31)
    return whole


def _rounding_shift(x: Whole, exponent: Any) -> Whole:
    """Round half away from zero."""
    exponent = np.asarray(exponent, np.int64)
    half = np.where(exponent > 0, np.int64(1) << np.maximum(exponent - 1, 0), 0)
    whole: Whole = np.sign(x) * ((np.abs(x) + half) >> exponent)
    return whole


def _multiply(x: Any, multiplier: Any, exponent: Any) -> Whole:
    """TFLite's ``MultiplyByQuantizedMultiplier``, which rounds twice."""
    left = np.maximum(exponent, 0)
    return _rounding_shift(_high_mul(np.asarray(x, np.int64) << left, multiplier), np.maximum(-np.asarray(exponent), 0))


def _multiply_once(x: Any, multiplier: Any, exponent: Any) -> Whole:
    """The same with one rounding, half upwards: what TFLite calls single rounding."""
    shift = 31 - np.asarray(exponent, np.int64)
    whole: Whole = (np.asarray(x, np.int64) * np.asarray(multiplier, np.int64) + (np.int64(1) << (shift - 1))) >> shift
    return whole


def _rescaled(sums: Whole, how: Rescaling, times: Callable[[Any, Any, Any], Whole] = _multiply) -> Whole:
    return np.clip(times(sums + how.bias, how.multipliers, how.exponents) + how.zero_point, how.low, how.high)


def _taps(x: Whole, window: Window, made: tuple[int, int], outside: int) -> Whole:
    """Everything under the window: shape (rows made, columns made, window rows, window columns, channels)."""
    padding = [*zip(window.before, window.after, strict=True), (0, 0)]
    padded = np.pad(x, padding, constant_values=outside)
    found = np.empty((*made, *window.size, x.shape[2]), np.int64)
    for row in range(window.size[0]):
        for column in range(window.size[1]):
            top, left = row * window.dilation[0], column * window.dilation[1]
            found[:, :, row, column] = padded[
                top : top + (made[0] - 1) * window.stride[0] + 1 : window.stride[0],
                left : left + (made[1] - 1) * window.stride[1] + 1 : window.stride[1],
            ]
    return found


def _extent(node: Node, graph: Graph) -> tuple[int, int]:
    height, width, _ = graph.values[node.output].shape
    return height, width


def _source(node: Node, graph: Graph) -> Value:
    return graph.values[node.inputs[0]]


def _conv(node: Conv, given: list[Whole], graph: Graph, times: Callable[[Any, Any, Any], Whole] = _multiply) -> Whole:
    seen = _taps(given[0] - _source(node, graph).zero_point, node.window, _extent(node, graph), 0)
    weights = node.weights.reshape(len(node.weights), -1).astype(np.float64)
    # Exact: doubles hold whole numbers below 2**53, and multiply them far faster than 64-bit integers.
    sums = (seen.reshape(*seen.shape[:2], -1).astype(np.float64) @ weights.T).astype(np.int64)
    return _rescaled(sums, node.rescaling, times)


def _depthwise(node: Depthwise, given: list[Whole], graph: Graph) -> Whole:
    multiplier = node.weights.shape[2] // given[0].shape[2]
    spread = np.repeat(given[0] - _source(node, graph).zero_point, multiplier, axis=2)
    seen = _taps(spread, node.window, _extent(node, graph), 0)
    return _rescaled(np.einsum("hwrco,rco->hwo", seen, node.weights.astype(np.int64)), node.rescaling)


def _pool(node: Pool, given: list[Whole], graph: Graph) -> Whole:
    made = _extent(node, graph)
    if node.kind == "max":
        result = _taps(given[0], node.window, made, -128).max((2, 3))
    else:
        total = _taps(given[0], node.window, made, 0).sum((2, 3))
        count = _taps(np.ones_like(given[0]), node.window, made, 0).sum((2, 3))
        result = np.sign(total) * ((np.abs(total) + count // 2) // count)
    whole: Whole = np.clip(result, node.low, node.high)
    return whole


def _mean(node: Mean, given: list[Whole]) -> Whole:
    return _rescaled(given[0].sum((0, 1), keepdims=True), node.rescaling)


def _clamp32(x: Whole) -> Whole:
    return np.clip(x, INT32_MIN, INT32_MAX)


def _softmax(node: Softmax, given: list[Whole]) -> Whole:
    table = np.zeros(256, np.int64)
    table[: len(node.exponentials)] = node.exponentials
    powers = table[given[0].max(2, keepdims=True) - given[0]]
    total = ((powers + 2048) >> 12).sum(2, keepdims=True)
    headroom = 32 - np.frexp(total.astype(np.float64))[1].astype(np.int64)
    half = (total << headroom) >> 1
    r = 1515870810 + _high_mul(half, -1010580540)
    for _ in range(3):
        r = r + _clamp32(_high_mul(r, (1 << 29) - _high_mul(half, r)) * 4)
    p = _high_mul(_clamp32(r * 2), powers)
    whole: Whole = np.minimum(127, ((p + (np.int64(1) << (34 - headroom))) >> (35 - headroom)) - 128)
    return whole


def _look_up(node: Table, given: list[Whole]) -> Whole:
    whole: Whole = node.outputs.astype(np.int64)[given[0] + 128]
    return whole


def _scaled(x: Whole, side: Operand, left_shift: int) -> Whole:
    return _multiply((x - side.zero_point) << left_shift, side.multiplier, side.exponent)


def _add(node: Add, given: list[Whole]) -> Whole:
    right = given[1] if node.constant is None else node.constant.astype(np.int64)
    total = _scaled(given[0], node.left, node.left_shift) + _scaled(right, node.right, node.left_shift)
    out = node.output_scale
    return np.clip(_multiply(total, out.multiplier, out.exponent) + out.zero_point, node.low, node.high)


def _mul(node: Mul, given: list[Whole]) -> Whole:
    right = given[1] if node.constant is None else node.constant.astype(np.int64)
    product = (given[0] - node.zero_points[0]) * (right - node.zero_points[1])
    out = node.output_scale
    return np.clip(_multiply(product, out.multiplier, out.exponent) + out.zero_point, node.low, node.high)


def _pad(node: Pad, given: list[Whole]) -> Whole:
    padding = [*zip(node.before, node.after, strict=True), (0, 0)]
    return np.pad(given[0], padding, constant_values=node.value)


def _concatenation(node: Concatenation, given: list[Whole]) -> Whole:
    return np.concatenate(given, node.axis)


_KERNELS: dict[type[Node], Callable[[Any, list[Whole], Graph], Whole]] = {
    Add: lambda node, given, _: _add(node, given),
    Concatenation: lambda node, given, _: _concatenation(node, given),
    Conv: _conv,
    Depthwise: _depthwise,
    Mean: lambda node, given, _: _mean(node, given),
    Mul: lambda node, given, _: _mul(node, given),
    Pad: lambda node, given, _: _pad(node, given),
    Pool: _pool,
    Reshape: lambda _, given, __: given[0],
    Softmax: lambda node, given, _: _softmax(node, given),
    Table: lambda node, given, _: _look_up(node, given),
}
