"""FULLY_CONNECTED: weights (output channels, input channels), scales along axis 0."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.counting import counted
from edgedigits.firmware_export.graph.arithmetic import convolution_ratios, dense_ratio
from edgedigits.firmware_export.graph.formulas import multiply_once
from edgedigits.firmware_export.graph.layers import LEAVE_OUT, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Shape, Value, Whole, Window
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import convolution, dense_rows
from edgedigits.firmware_export.operators.shared.dense_rows import lower_by_rows
from edgedigits.firmware_export.operators.shared.reshaping import Reshape
from edgedigits.firmware_export.operators.wide import convolution as wide
from edgedigits.firmware_export.planning.lowering import Lowering


@dataclass(frozen=True)
class Dense(convolution.Conv):
    """A window of size 1 over an input of shape (1, 1, length)."""

    def lower(self, lowering: Lowering) -> None:
        """One stage: over a whole picture a stage that takes row by row in, where rows are asked for."""
        if not (lowering.by_rows and lower_by_rows(self, lowering)):
            super().lower(lowering)


@dataclass(frozen=True)
class DenseOfRows(Dense):
    """One with a scale for each channel over an input of more axes, as TensorFlow 2.21 converts those of a transformer.

    The reference kernel of TFLite 2.14 takes the second axis for the channels. What it computes of the same rows in two
    axes is what its other kernels compute of all.
    """

    @property
    def reference_computes(self) -> bool:
        """Not of more than two axes."""
        return False


@dataclass(frozen=True)
class RoundedOnce(Dense):
    """The same in the reference kernel of LiteRT 2.3 and TensorFlow 2.21, which scale sums in one rounding.

    TFLite 2.14 and TensorFlow Lite Micro round twice there, as everywhere else.
    """

    def compute(self, given: list[Whole], graph: Graph) -> Whole:  # type: ignore[override]
        """Sums, brought to the output."""
        return super().compute(given, graph, multiply_once)


def rounded_once(graph: Graph) -> Graph:
    """The graph as LiteRT 2.3's reference kernels compute it."""

    def changed(node: Node) -> Node:
        if not isinstance(node, Dense):
            return node
        return RoundedOnce(**{field.name: getattr(node, field.name) for field in fields(node)})

    return replace(graph, nodes=tuple(changed(node) for node in graph.nodes))


def _shape(layer: Layer) -> Sequence[int]:
    """Without ``keep_num_dims`` TFLite reads the input as rows of as many values as the weights have."""
    layer.arity(2, 3)
    layer.value(0)
    if len(layer.tensor(1).shape) != 2 or layer.option("WeightsFormat"):
        raise layer.error("has weights that are no plain matrix", LEAVE_OUT)
    channels, depth = layer.tensor(1).shape
    given = layer.tensor(0).shape
    if layer.option("KeepNumDims"):
        if given[-1] != depth:
            raise layer.error(f"has weights for {counted(depth, 'value')} and an input of {given[-1]}")
        return (*given[:-1], channels)
    if depth < 1 or math.prod(given) % depth:
        raise layer.error(f"has weights for {counted(depth, 'value')} and an input of {math.prod(given)}")
    return (math.prod(given) // depth, channels)


def _read(layer: Layer, output: Value) -> OperatorNodes:
    """A Reshape goes before it where the weights want another shape than the input has."""
    kind = DenseOfRows if _is_of_rows(layer) else Dense
    return _flattened(layer, output, kind, convolution.rescaling(layer, *_scaled(layer, output)))


def _read_wide(layer: Layer, output: Value) -> OperatorNodes:
    """The same of int16."""
    kind = wide.WideDenseOfRows if _is_of_rows(layer) else wide.WideConv
    return _flattened(layer, output, kind, wide.rescaling(layer, *_scaled(layer, output)))


def _is_of_rows(layer: Layer) -> bool:
    """True where TFLite 2.14's reference kernel takes the second axis for the channels."""
    return len(layer.tensor(1).scales) > 1 and len(layer.output_tensor.shape) != 2


def _scaled(layer: Layer, output: Value) -> tuple[list[float], Value, NDArray[np.int8]]:
    """Ratios of scales, the output and the weights of shape (channels, taps)."""
    source = layer.value(0)
    weights, scales = layer.weights(1, 0, layer.tensor(1).shape[0])
    if len(scales) == 1:
        return [dense_ratio(source, scales[0], output)], output, weights
    return convolution_ratios(source, scales, output), output, weights


def _flattened(layer: Layer, output: Value, kind: Callable[..., Node], rescaling: Any) -> OperatorNodes:
    source = layer.value(0)
    channels, depth = layer.tensor(1).shape
    matrix = layer.weights(1, 0, channels)[0].reshape(channels, 1, 1, depth)
    made = replace(output, shape=_rows(layer, output, channels))
    flat = replace(source, shape=(*made.shape[:2], depth))
    number, flattened, rows = layer.number(0), *layer.spares(2)
    nodes: list[Node] = []
    values: dict[int, Value] = {}
    if source.shape != flat.shape:
        nodes.append(Reshape(f"{layer.name} flat", (number,), flattened))
        number, values[flattened] = flattened, flat
    if made.shape == output.shape:
        rows = layer.output
    nodes.append(kind(layer.name, (number,), rows, Window((1, 1)), matrix, rescaling))
    values[rows] = made
    if rows != layer.output:
        nodes.append(Reshape(f"{layer.name} rows", (rows,), layer.output))
        values[layer.output] = output
    return OperatorNodes(tuple(nodes), values)


def _rows(layer: Layer, output: Value, channels: int) -> Shape:
    """The output as rows of channels: another shape than the value's where it has more than three axes."""
    *others, width, _ = (1, 1, *layer.output_tensor.shape)
    return output.shape if output.shape[2] == channels else (math.prod(others), width, channels)


OPERATOR = Operator(
    names=("FULLY_CONNECTED",),
    shape=_shape,
    read=_read,
    options="FullyConnectedOptions",
    kernels=(convolution.KERNEL, wide.KERNEL, dense_rows.KERNEL),
    wide=_read_wide,
    any_axes=True,
)
