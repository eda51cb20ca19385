"""Operators that leave one number of many along some axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Node, Shape, Value
from edgedigits.firmware_export.operators.shared.reshaping import Reshape
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


def reduced(
    layer: Layer, output: Value, axes: Sequence[int], kind: Callable[..., Node], *constants: Any
) -> OperatorNodes:
    """A node that keeps its axes, with length 1 where it reduces, and what drops them where the output lacks them.

    Args:
        layer: the operator.
        output: what it makes.
        axes: of height, width and channels (0 to 2), along which it reduces.
        kind: of the node.
        constants: of the node.
    """
    shape = layer.value(0).shape
    height, width, channels = (1 if axis in axes else size for axis, size in enumerate(shape))
    kept = replace(output, shape=(height, width, channels))
    if kept == output:
        return layer.made(kind, output, *constants)
    node = kind(layer.name, (layer.number(0),), layer.spare, *constants)
    shaped = Reshape(f"{layer.name} shape", (layer.spare,), layer.output)
    return OperatorNodes((node, shaped), {layer.spare: kept, layer.output: output})


def lower_reduction(
    node: Node, axes: Sequence[int], kernels: tuple[Kernel, Kernel], bytes_an_output: int, lowering: Lowering
) -> None:
    """One stage: of rows that make one each, or by the second kernel of rows that are taken in one by one.

    Args:
        node: itself.
        axes: along which it reduces.
        kernels: the two.
        bytes_an_output: that are kept from row to row.
        lowering: where the stage goes.
    """
    given, shape = lowering.shape(node.inputs[0]), lowering.shape(node.output)
    title = f"{node.name} {shape_text(given)} -> {shape_text(shape)}"
    kernel, kept = (kernels[1], bytes_an_output * shape[1] * shape[2]) if 0 in axes else (kernels[0], 0)
    lowering.append(Stage(title, kernel, node, node.inputs, node.output, steps=given[0], kept=kept))


def reduction_fields(shape: Shape, axes: Sequence[int]) -> tuple[int, int, int, int, int]:
    """How the bytes of a row become outputs.

    Returns:
        Rows that are taken in (0: each makes outputs of its own), outputs of a row, bytes from the first byte of an
        output to that of the next, bytes of a row for each output, bytes from one of them to the next.
    """
    height, width, channels = shape
    rows = height if 0 in axes else 0
    if 2 not in axes:
        return (rows, channels, 1, width, channels) if 1 in axes else (rows, width * channels, 1, 1, 1)
    return (rows, 1, 0, width * channels, 1) if 1 in axes else (rows, width, channels, channels, 1)


def lower_rows(node: Node, kernel: Kernel, bytes_a_channel: int, lowering: Lowering) -> None:
    """One stage that takes row by row in, and keeps so many bytes a channel between them."""
    shape = lowering.shape(node.inputs[0])
    title = f"{node.name} {shape_text(shape)} -> {shape[2]}"
    kept = bytes_a_channel * shape[2]
    lowering.append(Stage(title, kernel, node, node.inputs, node.output, steps=shape[0], kept=kept))
