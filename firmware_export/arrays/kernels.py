"""Which types of numbers TensorFlow Lite Micro's kernels compute, and what else they ask of an operator.

Source: tensorflow/lite/micro/kernels, as the package ``tflite-micro`` of October 2026 runs them: what is refused here
fails there, when it is prepared or when it is run, or is computed wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from edgedigits.core.tflite.file import OperatorCall, Tensor, TfliteFile

CONVERT = "make the model again with TensorFlow's converter for full int8"
WITHOUT_IT = "build the network without it"

Wrong = tuple[str, str]
"""What keeps a model from running, and what to do about it."""

_FLOATS = frozenset({"FLOAT32"})
_FLOATS_AND_INT8 = frozenset({"FLOAT32", "INT8"})

_OF_FLOATS = "CEIL COS EXP FLOOR FLOOR_DIV FLOOR_MOD L2_POOL_2D LOG NEG ROUND SIN SQRT SQUARE"
_NOT_OF_INT16 = (
    "ARG_MAX ARG_MIN BATCH_TO_SPACE_ND CUMSUM DEPTH_TO_SPACE DIV ELU GATHER GATHER_ND HARD_SWISH L2_NORMALIZATION "
    "LOG_SOFTMAX MIRROR_PAD PRELU REDUCE_MAX REDUCE_MIN RESIZE_BILINEAR SPACE_TO_BATCH_ND SPACE_TO_DEPTH"
)

TYPES: dict[str, frozenset[str]] = {
    **dict.fromkeys(_OF_FLOATS.split(), _FLOATS),
    **dict.fromkeys(_NOT_OF_INT16.split(), _FLOATS_AND_INT8),
    "DEQUANTIZE": frozenset({"INT8", "UINT8", "INT16"}),
}
"""Types of an operator's first input that there is a kernel for, where they are few."""

_WEIGHTED = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV", "SVDF"})
_PAIRS = frozenset({("INT8", "INT8"), ("INT8", "INT4"), ("INT16", "INT8"), ("FLOAT32", "FLOAT32")})
"""Types of what such an operator reads and of its weights."""

_COMPARING = "EQUAL GREATER GREATER_EQUAL LESS LESS_EQUAL NOT_EQUAL"
_OF_TWO = "ADD DIV MAXIMUM MINIMUM MUL SQUARED_DIFFERENCE SUB"
_OF_ONE_TYPE = dict.fromkeys(f"{_COMPARING} {_OF_TWO}".split(), (0, 1)) | {"PADV2": (0, 2)}
"""Inputs that are of one type: the kernels look at the type of one of them alone."""

_SCALED = frozenset({"ADD", "SQUARED_DIFFERENCE", "SUB"})
_STATES = (18, 19)
_MOST_JOINED = 10
_MOST_AXES = 4
_OF_FOUR_AXES = frozenset({"AVERAGE_POOL_2D", "CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "STRIDED_SLICE"})


def why_not_computed(content: TfliteFile, node: OperatorCall) -> Wrong | None:
    """What keeps TensorFlow Lite Micro from computing an operator that it has, and what to do about it."""
    return next(filter(None, (wrong(content, node) for wrong in _RULES)), None)


def _inputs(content: TfliteFile, node: OperatorCall) -> list[Tensor | None]:
    return [content.tensors[place] if place >= 0 else None for place in node.inputs]


def _wrong_type(content: TfliteFile, node: OperatorCall) -> Wrong | None:
    given = _inputs(content, node)
    if node.name not in TYPES or not given or given[0] is None or given[0].type in TYPES[node.name]:
        return None
    known = TYPES[node.name]
    if known == _FLOATS and given[0].type in {"INT8", "INT16", "UINT8"}:
        lacks = "which TensorFlow Lite Micro computes of floats alone"
        return f"computes {node.name} of {given[0].type.lower()}, {lacks}", WITHOUT_IT
    remedy = f"{CONVERT}, or for float32" if given[0].type == "INT16" else WITHOUT_IT
    return f"computes {node.name} of {given[0].type.lower()}, which TensorFlow Lite Micro lacks", remedy


def _wrong_weights(content: TfliteFile, node: OperatorCall) -> Wrong | None:
    given = _inputs(content, node)
    first = 2 if node.name == "TRANSPOSE_CONV" else 0
    if node.name not in _WEIGHTED or len(given) <= max(first, 1):
        return None
    source, weights = given[first], given[1]
    if source is None or weights is None:
        return None
    made = [content.tensors[place].type for place in node.outputs]
    if source.type == "UINT8":
        return f"computes {node.name} of uint8, which TensorFlow Lite Micro lacks", CONVERT
    if (source.type, weights.type) not in _PAIRS or made != [source.type]:
        what = " and ".join(made).lower()
        what = f"makes {what} by {node.name} of {source.type.lower()} with weights of {weights.type.lower()}"
        return f"{what}, which TensorFlow Lite Micro lacks", f"{CONVERT}, or for float32"
    if weights.type == "INT8" and any(weights.zero_points):
        what = f"has weights of {node.name} with a zero point other than 0, which TensorFlow Lite Micro leaves out"
        return what, "give it weights that are constants, or make the model again for float32"
    return None


def _wrong_bias(content: TfliteFile, node: OperatorCall) -> Wrong | None:
    types = [one.type for one in _inputs(content, node) if one]
    if node.name != "DEPTHWISE_CONV_2D" or types[:1] != ["INT16"] or types[2:] in ([], ["INT64"]):
        return None
    what = f"has a bias of {types[2].lower()} in DEPTHWISE_CONV_2D of int16, which TensorFlow Lite Micro reads as int64"
    return what, f"{CONVERT}, or for int16 with biases of int64"


def _mixed(content: TfliteFile, node: OperatorCall) -> Wrong | None:
    given = _inputs(content, node)
    kinds = [one.type.lower() for place in _OF_ONE_TYPE.get(node.name, ()) for one in given[place : place + 1] if one]
    if len(set(kinds)) < 2:
        return None
    return f"computes {node.name} of {' and '.join(kinds)}, which TensorFlow Lite Micro mistakes", CONVERT


def _wrong_scale(content: TfliteFile, node: OperatorCall) -> Wrong | None:
    if node.name not in _SCALED:
        return None
    numbers = [one for one in _inputs(content, node) if one and one.type in {"INT8", "INT16"}]
    if all(math.isfinite(scale) and scale > 0 for one in numbers for scale in one.scales):
        return None
    what = f"reads numbers of scale 0 by {node.name}, at which TensorFlow Lite Micro stops"
    return what, CONVERT


def _wrong_places(content: TfliteFile, node: OperatorCall) -> Wrong | None:
    if node.name in {"ARG_MAX", "ARG_MIN"} and any(content.tensors[place].type != "INT32" for place in node.outputs):
        what = f"makes places of int64 by {node.name}, of which TensorFlow Lite Micro makes int32 alone"
        return what, "give tf.argmax or tf.argmin output_type=tf.int32"
    given = _inputs(content, node)
    if node.name in {"GATHER", "GATHER_ND"} and len(given) > 1 and given[1] and given[1].type != "INT32":
        what = f"takes places of {given[1].type.lower()} for {node.name}, which TensorFlow Lite Micro takes of int32"
        return what, "cast the places to tf.int32"
    return None


def _too_many(content: TfliteFile, node: OperatorCall) -> Wrong | None:
    if node.name == "CONCATENATION" and len(node.inputs) > _MOST_JOINED:
        what = f"joins {len(node.inputs)} values by one CONCATENATION, where TensorFlow Lite Micro joins {_MOST_JOINED}"
        return what, f"join at most {_MOST_JOINED} at a time, or build the network without it"
    given = _inputs(content, node)
    if node.name in _OF_FOUR_AXES and given and given[0] and len(given[0].shape) > _MOST_AXES:
        axes = f"computes {node.name} of {len(given[0].shape)} axes"
        return f"{axes}, where TensorFlow Lite Micro takes {_MOST_AXES} at most", WITHOUT_IT
    return None


def _no_state(content: TfliteFile, node: OperatorCall) -> Wrong | None:
    if node.name != "UNIDIRECTIONAL_SEQUENCE_LSTM":
        return None
    given = _inputs(content, node)
    states = [given[place] for place in _STATES if place < len(given)]
    if len(states) == len(_STATES) and not any(one is None or one.plain for one in states):
        return None
    return f"has a state of {node.name} that is no variable, which no TFLite runs", CONVERT


_RULES: tuple[Callable[[TfliteFile, OperatorCall], Wrong | None], ...] = (
    *(_wrong_type, _wrong_weights, _wrong_bias, _mixed, _wrong_scale, _wrong_places, _too_many, _no_state),
)
