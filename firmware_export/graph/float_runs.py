"""Functions that a file computes of floats between DEQUANTIZE and QUANTIZE, made tables of the 256 inputs.

TensorFlow's converter writes them so where TFLite has no int8 kernel of an operator. Each output depends on one int8
input alone: what lies between is kept as int8, and the QUANTIZE at the end knows the functions. Operators that only
move elements, such as UNPACK, may stand there too; they move the int8 numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from edgedigits.core.tflite.file import OperatorCall, TfliteFile

THROUGH = "Through"
"""The option of such a QUANTIZE that names the functions; no file has it."""

FUNCTIONS: dict[str, Callable[[float], float]] = {
    "ABS": abs,
    "COS": math.cos,
    "ELU": lambda x: math.expm1(x) if x < 0 else x,
    "EXP": lambda x: math.exp(min(x, 88.0)),
    "FLOOR": math.floor,
    "NEG": lambda x: -x,
    "SIN": math.sin,
    "SQRT": lambda x: math.sqrt(x) if x >= 0 else math.nan,
    "SQUARE": lambda x: float(np.float32(x) * np.float32(x)),
}
"""Of float32 numbers, whose results are rounded to float32."""

_MOST_FUNCTIONS = 8

_MOVING = {"SPLIT": 1} | dict.fromkeys(
    ("EXPAND_DIMS", "GATHER", "RESHAPE", "REVERSE_V2", "SLICE", "SPLIT_V", "SQUEEZE", "STRIDED_SLICE", "TILE"), 0
)
_MOVING |= dict.fromkeys(("TRANSPOSE", "UNPACK"), 0)

Readers = dict[int, list[OperatorCall]]


@dataclass(frozen=True)
class _Run:
    """What comes of one DEQUANTIZE.

    Attributes:
        first: the DEQUANTIZE.
        functions: of each float tensor, which ones of the int8 input make it.
    """

    first: OperatorCall
    functions: dict[int, tuple[str, ...]]


def with_tables(content: TfliteFile) -> TfliteFile:
    """The same model with int8 in place of such floats; the very same where there are none.

    Args:
        content: any model. What else than these operators reads a float leaves all floats of its run as they are.
    """
    readers: Readers = {}
    for node in content.nodes:
        for place in set(node.inputs):
            readers.setdefault(place, []).append(node)
    runs = [run for node in content.nodes if _starts(content, node) and (run := _run(content, node, readers))]
    return _folded(content, runs) if runs else content


def _starts(content: TfliteFile, node: OperatorCall) -> bool:
    if node.name != "DEQUANTIZE" or not len(node.inputs) == len(node.outputs) == 1 or node.inputs[0] < 0:
        return False
    source = content.tensors[node.inputs[0]]
    return source.type == "INT8" and len(source.scales) == 1


def _run(content: TfliteFile, first: OperatorCall, readers: Readers) -> _Run | None:
    """All floats that come of one DEQUANTIZE; none where something else reads one, or nothing does."""
    found: dict[int, tuple[str, ...]] = {first.outputs[0]: ()}
    ahead, ends = [first.outputs[0]], 0
    while ahead:
        place = ahead.pop()
        if place in content.output_places or place < 0 or content.tensors[place].type != "FLOAT32":
            return None
        for node in readers.get(place, ()):
            if node.name == "QUANTIZE" and [content.tensors[made].type for made in node.outputs] == ["INT8"]:
                ends += 1
            elif (node.name in FUNCTIONS and len(node.outputs) == 1) or _moves(node, place):
                if any(made in found for made in node.outputs) or len(found[place]) > _MOST_FUNCTIONS:
                    return None
                through = found[place] + ((node.name,) if node.name in FUNCTIONS else ())
                found.update(dict.fromkeys(node.outputs, through))
                ahead.extend(node.outputs)
            else:
                return None
    return _Run(first, found) if ends else None


def _moves(node: OperatorCall, place: int) -> bool:
    position = _MOVING.get(node.name)
    return position is not None and node.inputs.count(place) == 1 and node.inputs[position : position + 1] == (place,)


def _folded(content: TfliteFile, runs: list[_Run]) -> TfliteFile:
    """The model with all runs as int8."""
    functions = {place: names for run in runs for place, names in run.functions.items()}
    sources = {place: content.tensors[run.first.inputs[0]] for run in runs for place in run.functions}
    same = {run.first.outputs[0]: run.first.inputs[0] for run in runs}
    firsts = {id(run.first) for run in runs}
    tensors, nodes = list(content.tensors), []
    for node in content.nodes:
        given = next((place for place in node.inputs if place in functions), None)
        if id(node) in firsts:
            continue
        if given is None:
            nodes.append(node)
        elif node.name in FUNCTIONS:
            same[node.outputs[0]] = same.get(given, given)
        elif node.name == "QUANTIZE":
            options = {THROUGH: functions[given]}
            nodes.append(
                replace(node, inputs=(same.get(given, given),), options_table="QuantizeOptions", options=options)
            )
        else:
            nodes.append(replace(node, inputs=tuple(same.get(place, place) for place in node.inputs)))
            source = sources[given]
            for place in node.outputs:
                tensors[place] = replace(
                    tensors[place], type="INT8", scales=source.scales, zero_points=source.zero_points
                )
    return replace(content, nodes=tuple(nodes), tensors=tuple(tensors))
