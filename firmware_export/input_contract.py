"""What an exported model is fed: by its card, or tried out as everybody else tries it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from edgedigits.core.cards import card_of, is_line_card
from edgedigits.core.contract.card_contract import card_contract
from edgedigits.core.contract.contract import BRIGHT, OUR_CONTRACT, RANGES, InputContract, is_picture
from edgedigits.core.contract.finding import ASSUMED, NOTHING_TOLD, FoundContract, Told
from edgedigits.core.contract.quantized_input import likely_ranges
from edgedigits.core.digit import CLASSES
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.core.lines.shapes import LineShape, line_shape
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.file import read_tflite
from edgedigits.core.tflite.runtime import Refused
from edgedigits.firmware_export.graph.model import Graph, ModelTensor, Value

_STRIP_SCALE, _STRIP_ZERO = 1 / 255, -128
"""Of a line network's input: its steps are the bytes of a strip, less 128."""

_PICTURE_AXES = 3
_RANGE_SLACK = 0.02
"""Of a range's width: calibration sees its ends to within so much."""

_SCALE_SLACK = 1e-6
"""A part of the scale: 1 / 255 as a float32 number, worked out in one way or another."""


def contract_of(model: Path, told: Told, graph: Graph) -> InputContract | None:
    """The contract of a digit model; None of a model that is none.

    A model is one whose input and output are int8 within, and where its card says so, where the user tells its input's
    range or polarity, where it reads digits when it is tried on them, or where it takes a picture of 28x28 and gives
    ten scores and nothing speaks against it.

    Args:
        model: a ``.tflite`` file.
        told: what the user knows of its input.
        graph: of it.

    Raises:
        EdgedigitsError: as ``DigitModel``.
    """
    card = card_of(model)
    if not graph.is_plain or _is_wide(graph):
        return None
    shape = graph.input_tensor.shape
    if graph.output_tensor.shape != (CLASSES,) or not is_picture(shape):
        return None
    if card:
        return card_contract(card, told, shape).contract
    value = graph.values[graph.input]
    try:
        found = _measured(model, sha256_of(model), told, likely_ranges(np.int8, value.scale, value.zero_point))
    except Refused:
        return None  # nothing shows that it reads digits
    if found.how == ASSUMED and told == NOTHING_TOLD and found.contract.field != OUR_CONTRACT.field:
        return None
    return found.contract


@cache
def _measured(
    model: Path,
    sha256: str,  # noqa: ARG001 - a changed file is tried anew
    told: Told,
    likely: tuple[str, ...],
) -> FoundContract:
    """The contract by which a model reads digits best; also floats are told apart by the scale that they are given."""
    return DigitModel(model, contract=OUR_CONTRACT).measured_contract(told, likely=likely)


def picture_contracts(graph: Graph, told: Told) -> tuple[InputContract | None, ...]:
    """What the bytes of a picture become at each input of a model that reads no digits; None where nothing tells.

    The user does, or the input's scale and zero point: what int8 can hold is one of the usual ranges, or with three
    channels, which nothing but pictures have, what some mean and deviation make of 0 to 1.
    """
    return tuple(
        _picture_contract(tensor, value, told) for tensor, value in zip(graph.inputs, graph.input_values, strict=True)
    )


def _picture_contract(tensor: ModelTensor, value: Value, told: Told) -> InputContract | None:
    if len(tensor.shape) != _PICTURE_AXES or not is_picture(tensor.shape):
        return None
    likely = likely_ranges(value.kind, value.scale, value.zero_point)
    known = likely[0] in RANGES and _fills(value, likely[0])
    # The lower end of an int16 input tells nothing: it is symmetric about zero.
    found = told.range or (likely[0] if not value.wide and (known or tensor.shape[2] > 1) else None)
    if found is None or (tensor.type == "UINT8" and told == NOTHING_TOLD):  # whose bytes are those of the picture
        return None
    return InputContract(tensor.shape, found, told.polarity or BRIGHT)


def _fills(value: Value, name: str) -> bool:
    """Whether what int8 stands for is a range, from end to end."""
    levels = InputContract(range=name).levels()
    ends = [(step - value.zero_point) * value.scale for step in (-128, 127)]
    slack = _RANGE_SLACK * (ends[1] - ends[0])
    return all(abs(float(level) - end) <= slack for level, end in zip((levels[0], levels[-1]), ends, strict=True))


def _is_wide(graph: Graph) -> bool:
    """Whether the network takes or gives int16 within."""
    return any(graph.values[number].wide for number in (graph.input, graph.output))


def line_in_file(model: Path) -> LineShape | None:
    """What a line network takes and gives by the shapes of its file; None of a model that is none.

    Raises:
        EdgedigitsError: as ``read_tflite``.
    """
    content = read_tflite(model)
    if len(content.inputs) != 1 or len(content.outputs) != 1:
        return None
    return line_shape(content.inputs[0].shape, content.outputs[0].shape)


def line_of(model: Path, graph: Graph) -> LineShape | None:
    """What a line network takes and gives; None of a model that is none, by its shapes.

    Args:
        model: a ``.tflite`` file.
        graph: of it, at the width that it is to run on.

    Raises:
        EdgedigitsError: the card says that the model reads lines, and it has other shapes; or its input counts in other
            steps than the bytes of a strip.
    """
    source, result = graph.input_values[0], graph.output_values[0]
    found = line_shape((1, *source.shape), (1, *result.shape)) if graph.is_plain else None
    if found is None:
        if is_line_card(card_of(model)):
            raise EdgedigitsError(
                f"{model} reads lines, by its card, and maps {source.shape} to {result.shape}",
                "a line network takes (32, width, 1) and gives (1, columns, 11 or a multiple)",
            )
        return None
    if _is_wide(graph):
        raise EdgedigitsError(f"{model} is a line network of int16", "quantize it for full int8")
    if source.zero_point != _STRIP_ZERO or abs(source.scale / _STRIP_SCALE - 1) > _SCALE_SLACK:
        raise EdgedigitsError(
            f"{model} is a line network whose input has the scale {source.scale:g} and the zero point "
            f"{source.zero_point}",
            "quantize it with strips whose values reach from 0 to 1: that makes the scale 1/255, the zero point -128",
        )
    return found
