"""GATHER: constant places along one axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from edgedigits.firmware_export.graph.layers import LEAVE_OUT, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import picking, taking
from edgedigits.firmware_export.operators.shared.reshaping import Reshape

_MOST = 4096
"""Places in a list."""


def _axis_and_places(layer: Layer) -> tuple[int, list[int]]:
    given, axis = layer.tensor(0).shape, layer.option("Axis")
    places = layer.constant(1, ("INT32", "INT64"))
    if layer.option("BatchDims"):
        raise layer.error("has axes of a batch", "gather without batch_dims")
    if not -len(given) <= axis < len(given):
        raise layer.error("has an axis that its input lacks")
    if places.size < 1 or places.size > _MOST or places.min() < 0 or places.max() >= given[axis]:
        raise layer.error(f"takes places that its input lacks, none, or more than {_MOST}")
    return int(axis) % len(given), [int(place) for place in places.ravel()]


def _shape(layer: Layer) -> Sequence[int]:
    layer.arity(2, 2)
    layer.value(0)
    axis, _ = _axis_and_places(layer)
    given = layer.tensor(0).shape
    return (*given[:axis], *layer.tensor(1).shape, *given[axis + 1 :])


def _read(layer: Layer, output: Value) -> OperatorNodes:
    """Places in equal steps are taken so; others from a list of columns, behind a view of the input as one row."""
    axis, places = _axis_and_places(layer)
    given, strides = layer.tensor(0).shape, taking.strides(layer.tensor(0).shape)
    step = places[1] - places[0] if len(places) > 1 else 0
    if (
        all(place == places[0] + step * number for number, place in enumerate(places))
        and len(layer.tensor(1).shape) < 2
    ):
        steps = [*strides[:axis], *([step * strides[axis]] if layer.tensor(1).shape else []), *strides[axis + 1 :]]
        return taking.take(layer, output, places[0] * strides[axis], steps)
    source = layer.value(0)
    layer.check_same_scale(source, output)
    outer, inner = math.prod(given[:axis]), math.prod(given[axis + 1 :])
    if outer * len(places) > _MOST:
        raise layer.error(f"takes more than {_MOST} times", LEAVE_OUT)
    columns = [given[axis] * one + place for one in range(outer) for place in places]
    flat, made = layer.spares(2)
    node = picking.picked(layer.name, flat, made, [0], columns)
    values = {
        flat: replace(source, shape=(1, outer * given[axis], inner)),
        made: replace(output, shape=(1, len(columns), inner)),
        layer.output: output,
    }
    before = Reshape(f"{layer.name} flat", (layer.number(0),), flat)
    return OperatorNodes((before, node, Reshape(f"{layer.name} shape", (made,), layer.output)), values)


OPERATOR = Operator(
    names=("GATHER",),
    shape=_shape,
    read=_read,
    options="GatherOptions",
    kernels=(*taking.KERNELS, picking.KERNEL),
    any_axes=True,
)
