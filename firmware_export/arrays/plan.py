"""What the C files will say, decided before any C is written."""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.core.contract.contract import InputContract
from edgedigits.core.digit import LABELS
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.digit_model import Quantization

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


@dataclass(frozen=True)
class TensorSpec:
    """Input or output of the model: a tensor of ``INT8`` or ``UINT8``, ``real = (q - zero_point) * scale``."""

    shape: tuple[int, ...]
    quantization: Quantization
    type: str = "INT8"


@dataclass(frozen=True)
class ArrayPlan:
    """Everything that the writer puts into C.

    Attributes:
        name: prefix of every symbol; a lower-case C identifier.
        model: bytes of the ``.tflite`` file.
        sha256: of those bytes, lower-case hexadecimal.
        input: the model's input.
        output: the model's output.
        contract: what the model is fed.
        registrations: methods of ``MicroMutableOpResolver`` to call, in order of first use.
        labels: what each of the output's values stands for.
        verdict: of the model's proof, as its card tells it; empty where it tells none.
    """

    name: str
    model: bytes
    sha256: str
    input: TensorSpec
    output: TensorSpec
    contract: InputContract
    registrations: tuple[str, ...]
    labels: tuple[str, ...] = LABELS
    verdict: str = ""


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
