"""Operators that leave one number of many along some axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgedigits.firmware_export.graph.layers import LEAVE_OUT, Layer
from edgedigits.firmware_export.graph.model import Node
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel, Stage, shape_text


def any_reduced_shape(layer: Layer) -> Sequence[int]:
    """A shape without the axes in the second input, or with ones in their place."""
    layer.arity(2, 2)
    layer.value(0)
    given = layer.tensor(0).shape
    axes = layer.integers(1)
    if not all(-len(given) <= axis < len(given) for axis in axes):
        raise layer.error("has an axis that its input lacks")
    gone = {axis % len(given) for axis in axes}
    keep = layer.option("KeepDims")
    return [1 if axis in gone else size for axis, size in enumerate(given) if keep or axis not in gone]


def reduced_axes(layer: Layer) -> list[int]:
    """Which ones of height, width and channels (0 to 2) go; those before them are of length 1."""
    rank = len(layer.tensor(0).shape)
    return sorted({axis % rank - rank + 3 for axis in layer.integers(1)} & {0, 1, 2})


def reduced_shape(what: str) -> Callable[[Layer], Sequence[int]]:
    """The same for an operator over height and width alone.

    Args:
        what: the operator takes over them, for messages: ``a mean``.
    """

    def shape(layer: Layer) -> Sequence[int]:
        made = any_reduced_shape(layer)
        axes, source = reduced_axes(layer), layer.value(0)
        if any(size > 1 and axis not in axes for axis, size in enumerate(source.shape[:2])):
            raise layer.error(f"takes {what} of something other than height and width", LEAVE_OUT)
        if 2 in axes:
            raise layer.error(f"takes {what} over channels", LEAVE_OUT)
        return made

    return shape


def lower_rows(node: Node, kernel: Kernel, bytes_a_channel: int, lowering: Lowering) -> None:
    """One stage that takes row by row in, and keeps so many bytes a channel between them."""
    shape = lowering.shape(node.inputs[0])
    title = f"{node.name} {shape_text(shape)} -> {shape[2]}"
    kept = bytes_a_channel * shape[2]
    lowering.append(Stage(title, kernel, node, node.inputs, node.output, steps=shape[0], kept=kept))
