"""The model's inputs and outputs: which int8 values inside they are, and what stands between the two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.file import TfliteFile
from edgedigits.firmware_export.c_source.names import member_names
from edgedigits.firmware_export.graph.advice import followable, or_arrays
from edgedigits.firmware_export.graph.layers import QUANTIZE_FIRST, REBUILD, Layer, sizes
from edgedigits.firmware_export.graph.model import ModelTensor, Value

MOST_ENDS = 32
"""Inputs, and outputs; far above any network for a microcontroller."""

ONE_INPUT_EACH = "build the network with an input layer of its own for each input"

_LEFT_OUT = {"FLOAT32": "DEQUANTIZE", "UINT8": "QUANTIZE"}
"""Types of an input or output that is int8 inside, and the operator that such an output is made by."""

_REAL = frozenset({"UINT8", "FLOAT16", "FLOAT64", "BFLOAT16"})


@dataclass(frozen=True)
class Ends:
    """Inputs and outputs of a model.

    Attributes:
        inputs: with the numbers of the int8 values that they become.
        outputs: with the numbers of those that they are made of.
        layers: the operators between.
    """

    inputs: tuple[ModelTensor, ...]
    outputs: tuple[ModelTensor, ...]
    layers: tuple[Layer, ...]


def find_ends(path: Path, content: TfliteFile, layers: list[Layer]) -> Ends:
    """Leave out what turns a float or uint8 input into int8, and what makes a float or uint8 output of int8.

    Raises:
        EdgedigitsError: there is no input or no output, or too many; one is of another type, or its values change on
            their way; an input is a constant or stands there twice; an output is a constant.
    """
    for places, which in ((content.input_places, "input"), (content.output_places, "output")):
        if not 1 <= len(places) <= MOST_ENDS:
            raise EdgedigitsError(
                f"{path} has {len(places) or 'no'} {which}s where 1 to {MOST_ENDS} are expected",
                f"build the network with 1 to {MOST_ENDS} {which}s",
            )
    left_out: dict[int, int] = {}
    starts = [_start(number, layers, left_out) for number in content.input_places]
    made_of = {number: _end(number, layers, left_out) for number in content.output_places}
    ends = [made_of[number] for number in content.output_places]
    plain = len(starts) == len(ends) == 1
    inputs = _tensors(content, starts, content.input_places, () if plain else content.input_names, "input")
    outputs = _tensors(content, ends, content.output_places, () if plain else content.output_names, "output")
    rest = tuple(layer for layer in layers if layer.index not in left_out)
    for tensor in inputs:
        _check_input(path, content, tensor, [other for other in inputs if other is not tensor])
    for tensor in outputs:
        _check_output(path, content, tensor, len(outputs))
    return Ends(inputs, outputs, rest)


def check_wide(path: Path, ends: Ends, values: Mapping[int, Value]) -> None:
    """Raise where a 16x8 model has several inputs or outputs; asked last, as it would else be sent on to int8 in vain.

    Raises:
        EdgedigitsError: it has.
    """
    several = len(ends.inputs) > 1 or len(ends.outputs) > 1
    if several and any(values[tensor.value].wide for tensor in ends.inputs + ends.outputs):
        raise EdgedigitsError(
            f"{path} is a 16x8 model of several inputs or outputs", "convert it to full int8, or build one for each"
        )


def end_value(layers: tuple[Layer, ...], number: int) -> Value:
    """A model's input or output as a value; its first axis is the batch."""
    touching = [one for one in layers if number in (*one.operator.inputs, *one.operator.outputs)]
    layer = touching[0] if touching else layers[0]
    tensor = layer.content.tensors[number]
    if len(tensor.shape) > 1 and tensor.shape[0] != 1:
        raise EdgedigitsError(f"{layer.path} takes or makes {sizes(tensor.shape)}: its batch is not 1", REBUILD)
    return layer.as_value(tensor)


def _start(number: int, layers: list[Layer], left_out: dict[int, int]) -> int:
    """The int8 value that an input becomes."""
    tensors = layers[0].content.tensors if layers else ()
    readers = [layer for layer in layers if number in layer.operator.inputs]
    if not readers or tensors[number].type not in _LEFT_OUT or [one.operator.name for one in readers] != ["QUANTIZE"]:
        return number
    readers[0].arity(1, 1)
    _check_same_values(readers[0])
    left_out[readers[0].index] = number
    return readers[0].output


def _end(number: int, layers: list[Layer], left_out: dict[int, int]) -> int:
    """The int8 value that an output is made of."""
    writers = [layer for layer in layers if number in layer.operator.outputs and layer.index not in left_out]
    kind = layers[0].content.tensors[number].type if layers else ""
    if kind not in _LEFT_OUT or [one.operator.name for one in writers] != [_LEFT_OUT[kind]]:
        return number
    writers[0].arity(1, 1)
    _check_same_values(writers[0])
    left_out[writers[0].index] = number
    return writers[0].number(0)


def _tensors(
    content: TfliteFile, numbers: list[int], places: tuple[int, ...], names: tuple[str, ...], which: str
) -> tuple[ModelTensor, ...]:
    own = [content.tensors[place] for place in places]
    called = member_names(names, which) if names else (which,)
    return tuple(
        ModelTensor(number, tensor.type, tensor.shape[1:], name)
        for number, tensor, name in zip(numbers, own, called, strict=True)
    )


def _check_input(path: Path, content: TfliteFile, tensor: ModelTensor, others: list[ModelTensor]) -> None:
    kind, which = content.tensors[tensor.value].type, _which(tensor, "input", len(others) + 1)
    if content.tensors[tensor.value].constant:
        raise EdgedigitsError(f"{path} has a constant as its {which}", REBUILD)
    if tensor.value in [other.value for other in others]:
        raise EdgedigitsError(f"two inputs of {path} are one value, that of {tensor.name}", ONE_INPUT_EACH)
    if kind == "FLOAT32" and others and tensor.value not in {n for node in content.nodes for n in node.inputs}:
        raise EdgedigitsError(
            f"{path} has an input, {tensor.name}, that is float32 and that no operator reads",
            "leave that input out of the network",
        )
    if kind not in {"INT8", "INT16", "FLOAT32"}:
        raise EdgedigitsError(
            f"{path} has {kind} as its {which} where int8 is expected",
            _made_int8(content, kind, "give the network real numbers"),
        )


def _check_output(path: Path, content: TfliteFile, tensor: ModelTensor, count: int) -> None:
    found = content.tensors[tensor.value]
    which = _which(tensor, "output", count)
    if tensor.value in content.input_places and found.type in _LEFT_OUT:
        raise EdgedigitsError(
            f"{path} has a {found.type.lower()} input as its {which}",
            "leave it out of the network's outputs: the program has it already",
        )
    if found.type not in {"INT8", "INT16", "FLOAT32"}:
        raise EdgedigitsError(
            f"{path} has {found.type} as its {which} where int8 is expected",
            _made_int8(content, found.type, "end the network with real numbers, such as scores"),
        )
    if found.constant:
        raise EdgedigitsError(
            f"{path} has a constant as its {which}", "leave it out of the network's outputs: it is always the same"
        )


def _made_int8(content: TfliteFile, kind: str, otherwise: str) -> str:
    """What to do about an input or output of another type: whole numbers and truth values are never made int8."""
    if kind in _REAL:
        return followable(QUANTIZE_FIRST, content)
    return otherwise + or_arrays(content)


def _which(tensor: ModelTensor, which: str, count: int) -> str:
    """What messages call an input or output."""
    return which if count == 1 else f"{which} {tensor.name}"


def _check_same_values(layer: Layer) -> None:
    """Raise unless an operator at the model's ends changes nothing but the type."""
    before, after = layer.tensor(0), layer.output_tensor
    if before.shape != after.shape:
        raise layer.error("changes the shape of its input")
    signed, unsigned = (before, after) if after.type == "UINT8" else (after, before)
    if unsigned.type != "UINT8":
        return
    if signed.type != "INT8":
        raise layer.error(
            f"makes uint8 of {signed.type}, or that of it", "convert the model with int16 input and output"
        )
    same = signed.scales == unsigned.scales and len(signed.zero_points) == len(unsigned.zero_points) == 1
    if not same or signed.zero_points[0] + 128 != unsigned.zero_points[0]:
        raise layer.error("rounds between uint8 and int8 anew", "convert the model with int8 input and output")
