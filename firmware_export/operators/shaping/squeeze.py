"""SQUEEZE: without these axes of length 1, or without all of them."""

from __future__ import annotations

from collections.abc import Sequence

from edgedigits.firmware_export.graph.layers import Layer
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import reshaping


def _shape(layer: Layer) -> Sequence[int]:
    layer.arity(1, 1)
    layer.value(0)
    given = layer.tensor(0).shape
    axes = layer.option("SqueezeDims") or tuple(axis for axis, size in enumerate(given) if size == 1)
    if not all(-len(given) <= axis < len(given) and given[axis] == 1 for axis in axes):
        raise layer.error("drops an axis that is not of length 1")
    gone = {axis % len(given) for axis in axes}
    return [size for axis, size in enumerate(given) if axis not in gone]


OPERATOR = Operator(
    names=("SQUEEZE",), shape=_shape, read=reshaping.read, wide=reshaping.read, options="SqueezeOptions", any_axes=True
)
