"""What the C files will say, decided before any C is written."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

from edgedigits.core.digit import LABELS
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.outcome import CANNOT_TELL, FAILED
from edgedigits.core.tflite.runtime import Quantization

LONGEST_NAME = 32
"""Together with the longest suffix, names stay within the 63 significant characters that C99 promises (5.2.4.1)."""

_KEYWORDS = frozenset(
    """
    alignas alignof and and_eq asm atomic auto bitand bitor bool break case catch char class co_await co_return
    co_yield compl complex concept const const_cast consteval constexpr constinit continue decltype default delete do
    double dynamic_cast else enum explicit export extern false float for fortran friend goto if imaginary import
    inline int long module mutable namespace new noexcept noreturn not not_eq nullptr operator or or_eq override
    private protected public register reinterpret_cast requires restrict return short signed sizeof static
    static_assert static_cast struct switch template this thread_local throw true try typedef typeid typename typeof
    typeof_unqual union unsigned using virtual void volatile wchar_t while xor xor_eq
    """.split()  # noqa: SIM905 - ninety quoted words are no easier to read
)
"""Keywords of C99 to C23 and C++98 to C++20 that are lower-case words."""

_MICRO_NAMES = {
    "ADD": "AddAdd",
    "AVERAGE_POOL_2D": "AddAveragePool2D",
    "CONCATENATION": "AddConcatenation",
    "CONV_2D": "AddConv2D",
    "DEPTHWISE_CONV_2D": "AddDepthwiseConv2D",
    "EXPAND_DIMS": "AddExpandDims",
    "FULLY_CONNECTED": "AddFullyConnected",
    "HARD_SWISH": "AddHardSwish",
    "LEAKY_RELU": "AddLeakyRelu",
    "LOGISTIC": "AddLogistic",
    "MAXIMUM": "AddMaximum",
    "MAX_POOL_2D": "AddMaxPool2D",
    "MEAN": "AddMean",
    "MINIMUM": "AddMinimum",
    "MUL": "AddMul",
    "PACK": "AddPack",
    "PAD": "AddPad",
    "PADV2": "AddPadV2",
    "PRELU": "AddPrelu",
    "QUANTIZE": "AddQuantize",
    "REDUCE_MAX": "AddReduceMax",
    "RELU": "AddRelu",
    "RELU6": "AddRelu6",
    "RESHAPE": "AddReshape",
    "RESIZE_NEAREST_NEIGHBOR": "AddResizeNearestNeighbor",
    "SHAPE": "AddShape",
    "SOFTMAX": "AddSoftmax",
    "SPLIT": "AddSplit",
    "SQUEEZE": "AddSqueeze",
    "STRIDED_SLICE": "AddStridedSlice",
    "SUB": "AddSub",
    "TANH": "AddTanh",
    "TRANSPOSE": "AddTranspose",
}
"""TFLite's operator to the method of TFLite Micro's ``MicroMutableOpResolver`` (micro_mutable_op_resolver.h)."""


REMARKS = {
    FAILED: (
        "the proof of this model failed: quantization cost more accuracy than was allowed, or it reads too few digits."
    ),
    CANNOT_TELL: (
        "the proof of this model cannot tell whether quantization cost more accuracy than was allowed: its test digits "
        "leave both possible."
    ),
}
"""What users of a model are told of its proof, by verdict; there is nothing to tell of one that passed."""


def comment_on(verdict: str) -> str:
    """Lines of a C comment that tell of a proof, none where it passed or was not made."""
    if verdict not in REMARKS:
        return ""
    lines = textwrap.wrap(f"WARNING: {REMARKS[verdict]}", 100)
    return " *\n" + "".join(f" * {line}\n" for line in lines)


@dataclass(frozen=True)
class TensorSpec:
    """Input or output of the model: an int8 tensor of this shape, ``real = (q - zero_point) * scale``."""

    shape: tuple[int, ...]
    quantization: Quantization


@dataclass(frozen=True)
class ArrayPlan:
    """Everything that the writer puts into C.

    Attributes:
        name: prefix of every symbol; a lower-case C identifier.
        model: bytes of the ``.tflite`` file.
        sha256: of those bytes, lower-case hexadecimal.
        input: the model's input.
        output: the model's output.
        registrations: methods of ``MicroMutableOpResolver`` to call, in order of first use.
        labels: what each of the output's values stands for.
        verdict: of the model's proof, as its card tells it; empty where it tells none.
    """

    name: str
    model: bytes
    sha256: str
    input: TensorSpec
    output: TensorSpec
    registrations: tuple[str, ...]
    labels: tuple[str, ...] = LABELS
    verdict: str = ""


def check_name(name: str) -> None:
    """Raise unless ``name`` can start every symbol and macro of the C files.

    Lower case, because macros carry the name in capitals: ``Digits`` and ``digits`` would share them. No double or
    outer underscores, because C and C++ reserve such identifiers.

    Raises:
        EdgedigitsError: not such an identifier, a keyword of C or C++, or too long.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name, re.ASCII) or len(name) > LONGEST_NAME:
        raise EdgedigitsError(
            f"{name[:80]!r} cannot name C symbols",
            f"use at most {LONGEST_NAME} of a-z, 0-9 and single underscores, starting with a letter",
        )
    if name in _KEYWORDS:
        raise EdgedigitsError(f"{name!r} is a keyword of C or C++", f"use another name, such as {name}_digits")


def registrations(operators: tuple[str, ...]) -> tuple[str, ...]:
    """The resolver's methods for TFLite's operator names, each once and in the same order.

    Raises:
        EdgedigitsError: an operator that TFLite Micro lacks or that no int8 digit model needs.
    """
    unknown = sorted(set(operators) - _MICRO_NAMES.keys())
    if unknown:
        raise EdgedigitsError(
            f"TFLite Micro cannot be told to run {', '.join(unknown)}",
            "export a model made by `edgedigits quantize` from a network of `edgedigits models`",
        )
    return tuple(dict.fromkeys(_MICRO_NAMES[operator] for operator in operators))
