"""MIRROR_PAD of rows and columns: the border shows what lies inside it, with the outermost pixels or without them."""

from __future__ import annotations

from collections.abc import Sequence

from edgedigits.firmware_export.graph.layers import LEAVE_OUT, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import picking

_REFLECT, _SYMMETRIC = 0, 1


def _amounts(layer: Layer) -> list[tuple[int, int]]:
    """Rows or columns before and behind each axis of the input."""
    given = layer.tensor(0).shape
    amounts = layer.constant(1, ("INT32", "INT64"))
    mode = layer.option("Mode")
    if amounts.shape != (len(given), 2) or mode not in {_REFLECT, _SYMMETRIC}:
        raise layer.error("has amounts of padding that do not fit its input, or no known kind of mirror")
    pairs = [(int(before), int(after)) for before, after in amounts]
    most = [size - (mode == _REFLECT) for size in given]
    if not all(0 <= one <= limit for pair, limit in zip(pairs, most, strict=True) for one in pair):
        raise layer.error("pads with more than its input has")
    return pairs


def _shape(layer: Layer) -> Sequence[int]:
    layer.arity(2, 2)
    layer.value(0)
    pairs = _amounts(layer)
    *batch, _, _, channels = [(0, 0)] * 3 + pairs
    if any(map(any, [*batch, channels])):
        raise layer.error("pads channels or the batch", LEAVE_OUT)
    return [size + sum(pair) for size, pair in zip(layer.tensor(0).shape, pairs, strict=True)]


def _read(layer: Layer, output: Value) -> OperatorNodes:
    edge = int(layer.option("Mode") == _SYMMETRIC)
    rows, columns, _ = ([(0, 0)] * 3 + _amounts(layer))[-3:]
    height, width, _ = layer.value(0).shape
    return picking.pick(layer, output, _mirrored(height, rows, edge), _mirrored(width, columns, edge))


def _mirrored(size: int, amounts: tuple[int, int], edge: int) -> list[int]:
    """Places along one axis, its outermost one once or with ``edge`` twice."""
    before = [place - edge for place in range(amounts[0], 0, -1)]
    after = [size - 2 - place + edge for place in range(amounts[1])]
    return [*before, *range(size), *after]


OPERATOR = Operator(
    names=("MIRROR_PAD",),
    shape=_shape,
    read=_read,
    options="MirrorPadOptions",
    kernels=(picking.KERNEL,),
)
