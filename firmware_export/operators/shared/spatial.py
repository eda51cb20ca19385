"""Operators that leave one number a channel of all rows and columns."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from edgedigits.firmware_export.graph.layers import LEAVE_OUT, Layer
from edgedigits.firmware_export.graph.model import Node
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel, Stage, shape_text


def reduced_shape(what: str) -> Callable[[Layer], Sequence[int]]:
    """A shape without the height and width of the input, or with ones in their place.

    Args:
        what: the operator takes over them, for messages: ``a mean``.
    """

    def shape(layer: Layer) -> Sequence[int]:
        layer.arity(2, 2)
        layer.value(0)
        given = layer.tensor(0).shape
        axes = layer.integers(1)
        if not all(-len(given) <= axis < len(given) for axis in axes):
            raise layer.error("has an axis that its input lacks")
        gone = {axis % len(given) for axis in axes}
        kept = [1 if axis in gone else size for axis, size in enumerate(given)]
        if math.prod(kept) != kept[-1]:
            raise layer.error(f"takes {what} of something other than height and width", LEAVE_OUT)
        if len(given) - 1 in gone:
            raise layer.error(f"takes {what} over channels", LEAVE_OUT)
        keep = layer.option("KeepDims")
        return [size for axis, size in enumerate(kept) if keep or axis not in gone]

    return shape


def lower_rows(node: Node, kernel: Kernel, bytes_a_channel: int, lowering: Lowering) -> None:
    """One stage that takes row by row in, and keeps so many bytes a channel between them."""
    shape = lowering.shape(node.inputs[0])
    title = f"{node.name} {shape_text(shape)} -> {shape[2]}"
    kept = bytes_a_channel * shape[2]
    lowering.append(Stage(title, kernel, node, node.inputs, node.output, steps=shape[0], kept=kept))
