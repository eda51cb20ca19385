"""Shapes of what operators make: those that a model's file does not know, and those for pictures of another width."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.file import Tensor, TfliteFile
from edgedigits.firmware_export.graph.constant_shapes import with_constant_shapes
from edgedigits.firmware_export.graph.dilated_windows import with_dilated_windows
from edgedigits.firmware_export.graph.float_runs import with_tables
from edgedigits.firmware_export.graph.layers import Layer, sizes
from edgedigits.firmware_export.operators.registry import OPERATORS


def with_known_shapes(path: Path, content: TfliteFile) -> TfliteFile:
    """A model whose shapes are known: those that it computes are constants, and what comes of them has its own.

    Convolutions that deal their input out to a batch are one operator each: see ``with_dilated_windows``. Functions of
    floats between int8 values are tables: see ``with_tables``.

    Args:
        path: of the model, for messages.
        content: of any model; what is wrong in it is left to whoever reads it.
    """

    content = with_tables(content)
    folded = with_dilated_windows(content)

    def shapes(index: int, tensors: list[Tensor]) -> list[tuple[int, ...]] | None:
        try:
            return _made(Layer(path, index, folded.nodes[index], replace(folded, tensors=tuple(tensors))))
        except EdgedigitsError:
            return None

    return with_constant_shapes(folded, shapes, anew=folded is not content)


def with_width(path: Path, content: TfliteFile, width: int) -> TfliteFile:
    """A model whose input is so many columns wide, and every value behind it as the operators then make it.

    Args:
        path: of the model, for messages.
        content: of one input and one output.
        width: columns of the input, at least 1.

    Raises:
        EdgedigitsError: the input is no picture, or an operator cannot take another width.
    """
    (start, *_), tensors = content.input_places, list(content.tensors)
    shape = tensors[start].shape
    if len(shape) != 4:
        raise EdgedigitsError(f"{path} takes {sizes(shape)}, which has no width", "export it as it is")
    tensors[start] = replace(tensors[start], shape=(*shape[:2], width, shape[3]))
    for index, operator in enumerate(content.nodes):
        layer = Layer(path, index, operator, replace(content, tensors=tuple(tensors)))
        made = _made(layer) or [layer.tensor(0).shape]  # DEQUANTIZE, at the end
        for place, one in zip(operator.outputs, made, strict=False):
            tensors[place] = replace(tensors[place], shape=one)
    return replace(content, tensors=tuple(tensors))


def _made(layer: Layer) -> list[tuple[int, ...]]:
    """Shapes of an operator's outputs; none where the operator is not known."""
    known = OPERATORS.get(layer.operator.name)
    if known is None:
        return []
    layer = replace(layer, any_axes=known.any_axes)
    return [tuple(known.shape(part)) for part in (layer.parts() if known.many else [layer])]
