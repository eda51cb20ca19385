"""SPLIT into equal parts and SPLIT_V into parts of given lengths, along one axis."""

from __future__ import annotations

from collections.abc import Sequence

from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import taking

_PLACES = {"SPLIT": (1, 0), "SPLIT_V": (0, 2)}
"""Positions of the value and of the axis among the inputs."""


def _axis(layer: Layer) -> int:
    value, position = _PLACES[layer.operator.name]
    rank, axes = len(layer.tensor(value).shape), layer.integers(position)
    if len(axes) != 1 or not -rank <= axes[0] < rank:
        raise layer.error("splits along an axis that its input lacks")
    return axes[0] % rank


def _lengths(layer: Layer) -> list[int]:
    """Lengths of all parts; there are as many outputs."""
    value, _ = _PLACES[layer.operator.name]
    size = layer.tensor(value).shape[_axis(layer)]
    if layer.operator.name == "SPLIT":
        lengths = [size // layer.of] * layer.of
    else:
        lengths = list(layer.integers(1))
        if lengths.count(-1) == 1:
            lengths[lengths.index(-1)] = size - sum(lengths) - 1
    if min(lengths) < 1 or sum(lengths) != size or len(lengths) != layer.of:
        raise layer.error("splits into parts that do not fit its input")
    return lengths


def _shape(layer: Layer) -> Sequence[int]:
    layer.arity(2, 3)
    value, _ = _PLACES[layer.operator.name]
    layer.value(value)
    made = list(layer.tensor(value).shape)
    made[_axis(layer)] = _lengths(layer)[layer.part]
    return made


def _read(layer: Layer, output: Value) -> OperatorNodes:
    value, _ = _PLACES[layer.operator.name]
    strides = taking.strides(layer.tensor(value).shape)
    first = sum(_lengths(layer)[: layer.part]) * strides[_axis(layer)]
    return taking.take(layer, output, first, strides, value)


OPERATOR = Operator(
    names=("SPLIT", "SPLIT_V"), shape=_shape, read=_read, wide=_read, kernels=taking.KERNELS, many=True, any_axes=True
)
