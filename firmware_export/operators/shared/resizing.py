"""The same network for pictures of another width, which networks that only slide over their input can be run on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.file import TfliteFile
from edgedigits.firmware_export.graph.layers import Layer, sizes
from edgedigits.firmware_export.operators.registry import OPERATORS


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
        place, layer = operator.outputs[0], Layer(path, index, operator, replace(content, tensors=tuple(tensors)))
        known = OPERATORS.get(operator.name)
        made = tuple(known.shape(layer)) if known else layer.tensor(0).shape  # DEQUANTIZE, at the end
        tensors[place] = replace(tensors[place], shape=made)
    return replace(content, tensors=tuple(tensors))
