"""EXPAND_DIMS: one more axis of length 1."""

from __future__ import annotations

from collections.abc import Sequence

from edgedigits.firmware_export.graph.layers import Layer
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import reshaping


def _shape(layer: Layer) -> Sequence[int]:
    layer.arity(2, 2)
    layer.value(0)
    shape = list(layer.tensor(0).shape)
    axes = layer.integers(1)
    if len(axes) != 1 or not -len(shape) - 1 <= axes[0] <= len(shape):
        raise layer.error("has no axis, or one that its output lacks")
    shape.insert(axes[0] % (len(shape) + 1), 1)
    return shape


OPERATOR = Operator(names=("EXPAND_DIMS",), shape=_shape, read=reshaping.read, wide=reshaping.read, any_axes=True)
