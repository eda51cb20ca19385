"""RESHAPE: to the shape in its second input, or in its options; one -1 takes what is left."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgedigits.firmware_export.graph.layers import Layer
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import reshaping


def _shape(layer: Layer) -> Sequence[int]:
    layer.arity(1, 2)
    layer.value(0)
    shape = list(layer.integers(1) if layer.has(1) else layer.option("NewShape"))
    count = math.prod(layer.tensor(0).shape)
    if shape.count(-1) == 1:
        rest = math.prod(size for size in shape if size != -1)
        if rest > 0 and count % rest == 0:
            shape[shape.index(-1)] = count // rest
    if min(shape, default=1) < 1 or math.prod(shape) != count:
        raise layer.error("makes a shape of another size than its input's")
    return shape


OPERATOR = Operator(
    names=("RESHAPE",), shape=_shape, read=reshaping.read, wide=reshaping.read, options="ReshapeOptions", any_axes=True
)
