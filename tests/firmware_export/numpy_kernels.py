"""A graph computed with NumPy and 64-bit integers, straight from the formulas in the graph's docstrings.

It shares no code with the package: a wrong constant there shows as a difference from TFLite's reference kernels.
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


def run_graph(graph: Graph, image: NDArray[np.int8]) -> NDArray[np.int8]:
    """The graph's output for one input; shapes (height, width, channels)."""
    known: dict[int, Whole] = {graph.input: image.reshape(graph.values[graph.input].shape).astype(np.int64)}
    for node in graph.nodes:
        made = KERNELS[type(node)](node, [known[i] for i in node.inputs], graph)
        assert made.min() >= -128 and made.max() <= 127
        known[node.output] = made.reshape(graph.values[node.output].shape)
    return known[graph.output].astype(np.int8)


def high_mul(a: Any, b: Any) -> Whole:
    a, b = np.asarray(a, np.int64), np.asarray(b, np.int64)
    assert np.abs(a).max(initial=0) <= 1 << 31 and np.abs(b).max(initial=0) <= 1 << 31
    product = a * b
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    return np.sign(nudged) * (np.abs(nudged) >> 31)


def rounding_shift(x: Whole, exponent: Any) -> Whole:
    """Round half away from zero."""
    exponent = np.asarray(exponent, np.int64)
    half = np.where(exponent > 0, np.int64(1) << np.maximum(exponent - 1, 0), 0)
    return np.sign(x) * ((np.abs(x) + half) >> exponent)


def multiply(x: Any, multiplier: Any, exponent: Any) -> Whole:
    left = np.maximum(exponent, 0)
    return rounding_shift(high_mul(np.asarray(x, np.int64) << left, multiplier), np.maximum(-np.asarray(exponent), 0))


def rescaled(sums: Whole, how: Rescaling) -> Whole:
    return np.clip(multiply(sums + how.bias, how.multipliers, how.exponents) + how.zero_point, how.low, how.high)


def taps(x: Whole, window: Window, made: tuple[int, int], outside: int) -> Whole:
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


def extent(node: Node, graph: Graph) -> tuple[int, int]:
    height, width, _ = graph.values[node.output].shape
    return height, width


def source(node: Node, graph: Graph) -> Value:
    return graph.values[node.inputs[0]]


def conv(node: Conv, given: list[Whole], graph: Graph) -> Whole:
    seen = taps(given[0] - source(node, graph).zero_point, node.window, extent(node, graph), 0)
    return rescaled(np.einsum("hwrci,orci->hwo", seen, node.weights.astype(np.int64)), node.rescaling)


def depthwise(node: Depthwise, given: list[Whole], graph: Graph) -> Whole:
    multiplier = node.weights.shape[2] // given[0].shape[2]
    spread = np.repeat(given[0] - source(node, graph).zero_point, multiplier, axis=2)
    seen = taps(spread, node.window, extent(node, graph), 0)
    return rescaled(np.einsum("hwrco,rco->hwo", seen, node.weights.astype(np.int64)), node.rescaling)


def pool(node: Pool, given: list[Whole], graph: Graph) -> Whole:
    made = extent(node, graph)
    if node.kind == "max":
        result = taps(given[0], node.window, made, -128).max((2, 3))
    else:
        total = taps(given[0], node.window, made, 0).sum((2, 3))
        count = taps(np.ones_like(given[0]), node.window, made, 0).sum((2, 3))
        result = np.sign(total) * ((np.abs(total) + count // 2) // count)
    return np.clip(result, node.low, node.high)


def mean(node: Mean, given: list[Whole], graph: Graph) -> Whole:
    return rescaled(given[0].sum((0, 1), keepdims=True), node.rescaling)


def clamp32(x: Whole) -> Whole:
    return np.clip(x, INT32_MIN, INT32_MAX)


def softmax(node: Softmax, given: list[Whole], graph: Graph) -> Whole:
    table = np.zeros(256, np.int64)
    table[: len(node.exponentials)] = node.exponentials
    powers = table[given[0].max(2, keepdims=True) - given[0]]
    total = ((powers + 2048) >> 12).sum(2, keepdims=True)
    assert total.min() >= 1 << 19 and total.max() < 1 << 28
    headroom = 32 - np.frexp(total.astype(np.float64))[1].astype(np.int64)
    half = (total << headroom) >> 1
    r = 1515870810 + high_mul(half, -1010580540)
    for _ in range(3):
        r = r + clamp32(high_mul(r, (1 << 29) - high_mul(half, r)) * 4)
    p = high_mul(clamp32(r * 2), powers)
    return np.minimum(127, ((p + (np.int64(1) << (34 - headroom))) >> (35 - headroom)) - 128)


def look_up(node: Table, given: list[Whole], graph: Graph) -> Whole:
    return node.outputs.astype(np.int64)[given[0] + 128]


def scaled(x: Whole, side: Operand, left_shift: int) -> Whole:
    return multiply((x - side.zero_point) << left_shift, side.multiplier, side.exponent)


def add(node: Add, given: list[Whole], graph: Graph) -> Whole:
    right = given[1] if node.constant is None else node.constant.astype(np.int64)
    total = scaled(given[0], node.left, node.left_shift) + scaled(right, node.right, node.left_shift)
    out = node.output_scale
    return np.clip(multiply(total, out.multiplier, out.exponent) + out.zero_point, node.low, node.high)


def mul(node: Mul, given: list[Whole], graph: Graph) -> Whole:
    right = given[1] if node.constant is None else node.constant.astype(np.int64)
    product = (given[0] - node.zero_points[0]) * (right - node.zero_points[1])
    out = node.output_scale
    return np.clip(multiply(product, out.multiplier, out.exponent) + out.zero_point, node.low, node.high)


def pad(node: Pad, given: list[Whole], graph: Graph) -> Whole:
    padding = [*zip(node.before, node.after, strict=True), (0, 0)]
    return np.pad(given[0], padding, constant_values=node.value)


def concatenation(node: Concatenation, given: list[Whole], graph: Graph) -> Whole:
    return np.concatenate(given, node.axis)


def reshape(node: Reshape, given: list[Whole], graph: Graph) -> Whole:
    return given[0]


KERNELS: dict[type[Node], Callable[[Any, list[Whole], Graph], Whole]] = {
    Add: add,
    Concatenation: concatenation,
    Conv: conv,
    Depthwise: depthwise,
    Mean: mean,
    Mul: mul,
    Pad: pad,
    Pool: pool,
    Reshape: reshape,
    Softmax: softmax,
    Table: look_up,
}
