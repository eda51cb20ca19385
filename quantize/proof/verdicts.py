"""Which runtimes can run a model: tried where the runtime is at hand, else judged by its operators."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgedigits.core.contract.contract import OUR_CONTRACT, InputContract
from edgedigits.core.digit import SIDE
from edgedigits.core.paths import StrPath
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.file import TfliteFile
from edgedigits.core.tflite.runtime import Refused, Runtime, runtime
from edgedigits.quantize.proof.runtimes import litert

MICRO_OPERATORS = frozenset(
    {
        *("ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "DEQUANTIZE", "FULLY_CONNECTED"),
        *("LOGISTIC", "MAX_POOL_2D", "MEAN", "MUL", "PAD", "QUANTIZE", "RELU", "RELU6", "RESHAPE", "SOFTMAX"),
    }
)
"""Operators of digit networks that TFLite Micro has (``MicroMutableOpResolver``), in int8, int16 and float32."""

_WEIGHTED = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})


@dataclass(frozen=True)
class RuntimeVerdict:
    """Whether one runtime runs the model, and how that is known."""

    runtime: str
    runs: bool
    reason: str


def judge(path: StrPath, content: TfliteFile, contract: InputContract = OUR_CONTRACT) -> tuple[RuntimeVerdict, ...]:
    """Verdicts for the runtime of this machine (a Pi's), LiteRT and microcontrollers.

    Args:
        path: of the ``.tflite`` file.
        content: of the same file.
        contract: of the model.
    """
    path = Path(path)
    return (_try(path, runtime(), contract), _try(path, litert(), contract), _judge_micro(content))


def _try(path: Path, on: Runtime, contract: InputContract) -> RuntimeVerdict:
    try:
        DigitModel(path, on=on, contract=contract).raw(np.zeros((1, SIDE, SIDE), np.uint8))
    except Refused as error:
        return RuntimeVerdict(str(on), False, error.reason)
    return RuntimeVerdict(str(on), True, "loaded and run here")


def _judge_micro(content: TfliteFile) -> RuntimeVerdict:
    name = "microcontrollers (TFLite Micro)"
    types = {tensor.type for tensor in content.tensors}
    kernel = "int8 kernel" if content.is_full_int8 else "kernel"
    foreign = sorted({operator.name for operator in content.operators} - MICRO_OPERATORS)
    if foreign:
        return RuntimeVerdict(name, False, f"no {kernel} for {', '.join(foreign)}")
    if "FLOAT16" in types:
        return RuntimeVerdict(name, False, "no kernel widens float16 weights")
    if _is_hybrid(content):
        return RuntimeVerdict(name, False, "no kernel computes float activations with int8 weights")
    if content.is_full_int8 and has_per_channel_dense(content):
        return RuntimeVerdict(
            name,
            True,
            "dense layers have a scale per channel, which old versions compute wrongly: see int8-dense-per-tensor",
        )
    return RuntimeVerdict(name, True, f"every operator has {'an' if content.is_full_int8 else 'a'} {kernel}")


def _is_hybrid(content: TfliteFile) -> bool:
    return any(
        node.name in _WEIGHTED and [content.tensors[place].type for place in node.inputs[:2]] == ["FLOAT32", "INT8"]
        for node in content.nodes
    )


def has_per_channel_dense(content: TfliteFile) -> bool:
    """Whether a dense layer's weights, the only two-dimensional constants here, have more than one scale."""
    return any(len(tensor.shape) == 2 and len(tensor.scales) > 1 for tensor in content.tensors)
