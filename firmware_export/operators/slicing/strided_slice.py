"""STRIDED_SLICE: every so many-th element along each axis from a first one to a last one.

Source: ``StridedSliceStartForAxis`` and ``StridedSliceEndForAxis`` (tensorflow/lite/kernels/internal/
strided_slice_logic.h), which clamp as Python's slices do.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgedigits.firmware_export.graph.layers import LEAVE_OUT, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import taking


def _kept(layer: Layer) -> list[tuple[range, bool]]:
    """Of each axis the places that are taken, and whether the axis is left in the output."""
    given = layer.tensor(0).shape
    bounds = [layer.integers(position) for position in (1, 2, 3)]
    if {len(one) for one in bounds} - {len(given)} or 0 in bounds[2]:
        raise layer.error("has bounds for other axes than its input's, or a step of 0")
    if layer.option("EllipsisMask") or layer.option("NewAxisMask") or layer.option("Offset"):
        raise layer.error("cuts with an ellipsis, a new axis or offsets", LEAVE_OUT)
    first, last, one = (layer.option(name) for name in ("BeginMask", "EndMask", "ShrinkAxisMask"))
    kept = []
    for axis, (start, stop, step) in enumerate(zip(*bounds, strict=True)):
        size, bit = given[axis], 1 << axis
        if one & bit:
            if not -size <= start < size or (first | last) & bit or step != 1:
                raise layer.error("takes one element in a way in which TFLite takes none, several or another one")
            kept.append((range(start % size, start % size + 1), False))
        else:
            cut = slice(None if first & bit else start, None if last & bit else stop, step)
            kept.append((range(*cut.indices(size)), True))
    return kept


def _shape(layer: Layer) -> Sequence[int]:
    layer.arity(4, 4)
    layer.value(0)
    return [len(places) for places, stays in _kept(layer) if stays]


def _read(layer: Layer, output: Value) -> OperatorNodes:
    kept, strides = _kept(layer), taking.strides(layer.tensor(0).shape)
    first = sum(places.start * stride for (places, _), stride in zip(kept, strides, strict=True))
    steps = [places.step * stride for (places, stays), stride in zip(kept, strides, strict=True) if stays]
    return taking.take(layer, output, first, steps)


OPERATOR = Operator(
    names=("STRIDED_SLICE",),
    shape=_shape,
    read=_read,
    options="StridedSliceOptions",
    kernels=taking.KERNELS,
    wide=_read,
    any_axes=True,
)
