"""Whether TensorFlow Lite Micro runs a model, and what it needs for it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import accumulate

from edgedigits.core.tflite.file import ITEM_BYTES, OperatorVersion, TfliteFile
from edgedigits.core.tflite.free_sizes import FIX, free_input
from edgedigits.core.tflite.schema import CURRENT
from edgedigits.firmware_export.arrays.kernels import CONVERT, Wrong, why_not_computed
from edgedigits.firmware_export.arrays.resolver import CUSTOM_METHODS, METHODS

C_TYPES = {
    "INT8": "int8_t",
    "UINT8": "uint8_t",
    "INT16": "int16_t",
    "INT32": "int32_t",
    "INT64": "int64_t",
    "FLOAT32": "float",
    "BOOL": "bool",
}
"""Types of inputs and outputs, and what TensorFlow Lite Micro has them as in C."""

_VIEWS = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS"})
_LONGEST_NAME = 40
_OF_LENGTHS = "REDUCE_PROD"
_CHOOSING = "SELECT_V2"
"""The converter makes SELECT of it where the batch is fixed, which TensorFlow Lite Micro lacks."""


def method(operator: OperatorVersion) -> str | None:
    """The method of ``MicroMutableOpResolver`` that registers an operator; None where there is none."""
    return CUSTOM_METHODS.get(operator.custom) if operator.name == "CUSTOM" else METHODS.get(operator.name)


def why_not(content: TfliteFile) -> Wrong | None:
    """What keeps TensorFlow Lite Micro from running a model, and what to do about it; None where nothing does.

    Source of float16: ``tensorflow/lite/micro/kernels/dequantize_common.cc``; of the rest see ``kernels``.
    """
    lacking = sorted({called(one) for one in content.operators if method(one) is None})
    if lacking:
        return f"has operators that TensorFlow Lite Micro lacks: {', '.join(lacking)}", _without(content, lacking)
    if any(tensor.type == "FLOAT16" for tensor in content.tensors):
        return "has float16 weights, which TensorFlow Lite Micro lacks", f"{CONVERT}, or for float32"
    return _wrong_ends(content) or next(filter(None, (why_not_computed(content, node) for node in content.nodes)), None)


def _without(content: TfliteFile, lacking: list[str]) -> str:
    """What to do about operators; that products of lengths come of a batch that was left free, nobody knows."""
    products = [content.tensors[place] for node in content.nodes if node.name == _OF_LENGTHS for place in node.outputs]
    if _OF_LENGTHS not in lacking or not products or any(one.type not in {"INT32", "INT64"} for one in products):
        return "build the network without them"
    choosing = {node.name for node in content.nodes} & {_CHOOSING}
    others = sorted({*lacking, *choosing} - {_OF_LENGTHS})
    fixed = f"a fixed batch of 1, of which the converter makes no {_OF_LENGTHS}"
    return f"build the network without {', '.join(others)}, and with {fixed}" if others else f"convert it with {fixed}"


def _wrong_ends(content: TfliteFile) -> Wrong | None:
    ends = [*content.inputs, *content.outputs]
    if not content.inputs or not content.outputs:
        return "lacks an input or an output", CONVERT
    if others := sorted({one.type for one in ends} - C_TYPES.keys()):
        return f"has {', '.join(others)} as its input or output", CONVERT
    if any(length < 1 for one in ends for length in one.shape):
        return "has an input or output of no fixed size", f"{CONVERT} and a batch of 1"
    if free := free_input(content):
        return free, FIX
    return None


def called(operator: OperatorVersion) -> str:
    """An operator's name for messages; that of a custom one comes from the model, and anybody may have written it."""
    if operator.name != "CUSTOM":
        return operator.name
    return f"CUSTOM {operator.custom[:_LONGEST_NAME]!a}"


def needs(content: TfliteFile) -> tuple[str, ...]:
    """What a program for TensorFlow Lite Micro has to know of a model beside its operators, a sentence each."""
    found = []
    names = {operator.name for operator in content.operators}
    if content.schema != CURRENT:
        found.append(
            f"The file names version {content.schema} of the schema: leave out the check of model->version() that "
            "examples have."
        )
    if "VAR_HANDLE" in names:
        found.append("It has variables: give the interpreter MicroResourceVariables, one for each VAR_HANDLE.")
    used = {place for node in content.nodes for place in (*node.inputs, *node.outputs) if place >= 0}
    if any(content.tensors[place].type == "FLOAT32" for place in used):
        found.append("Parts of it are floats: a core without a floating-point unit takes long for them.")
    return tuple(found)


def living_bytes(content: TfliteFile) -> int:
    """Bytes of the tensors that are alive at the same time, at most: the arena of TensorFlow Lite Micro holds them.

    What only views another tensor in another shape is counted with it, as newer versions let both share memory.
    """
    same: dict[int, int] = {}
    born = dict.fromkeys(content.input_places, 0)
    dies = dict(born)
    for step, node in enumerate(content.nodes):
        if node.name in _VIEWS and node.inputs and node.outputs:
            same[node.outputs[0]] = same.get(node.inputs[0], node.inputs[0])
        for place in (*node.inputs, *node.outputs):
            born.setdefault(same.get(place, place), step)
            dies[same.get(place, place)] = step
    dies.update({same.get(place, place): len(content.nodes) for place in content.output_places})
    changes = [0] * (len(content.nodes) + 2)
    for place, step in born.items():
        size = _bytes(content, place)
        changes[step] += size
        changes[dies[place] + 1] -= size
    return max(accumulate(changes))


def _bytes(content: TfliteFile, place: int) -> int:
    if place < 0 or content.tensors[place].constant:
        return 0
    tensor = content.tensors[place]
    return max(math.prod(tensor.shape), 0) * ITEM_BYTES.get(tensor.type, 1)


def methods(operators: Iterable[OperatorVersion]) -> tuple[str, ...]:
    """The resolver's methods for operators that all have one, each once and in the same order."""
    return tuple(dict.fromkeys(name for name in map(method, operators) if name))
