"""UNPACK: one part for each place along an axis, which goes."""

from __future__ import annotations

from collections.abc import Sequence

from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import taking


def _axis(layer: Layer) -> int:
    given, axis = layer.tensor(0).shape, layer.option("Axis")
    if not -len(given) <= axis < len(given) or not given[axis] == layer.option("Num") == layer.of:
        raise layer.error("has an axis that its input lacks, or other parts than that has")
    return int(axis) % len(given)


def _shape(layer: Layer) -> Sequence[int]:
    layer.arity(1, 1)
    layer.value(0)
    axis, given = _axis(layer), layer.tensor(0).shape
    return (*given[:axis], *given[axis + 1 :])


def _read(layer: Layer, output: Value) -> OperatorNodes:
    axis, strides = _axis(layer), taking.strides(layer.tensor(0).shape)
    return taking.take(layer, output, layer.part * strides[axis], strides[:axis] + strides[axis + 1 :])


OPERATOR = Operator(
    names=("UNPACK",),
    shape=_shape,
    read=_read,
    options="UnpackOptions",
    kernels=taking.KERNELS,
    any_axes=True,
    many=True,
)
