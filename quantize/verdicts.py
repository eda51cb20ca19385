"""Which runtimes can run a model: tried where the runtime is at hand, else judged by its operators."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from edgedigits.core.quiet import native_logs_hidden
from edgedigits.core.runtime import runtime
from edgedigits.core.tflite_file import TfliteFile

MICRO_OPERATORS = frozenset(
    {
        *("ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "DEQUANTIZE", "FULLY_CONNECTED"),
        *("LOGISTIC", "MAX_POOL_2D", "MEAN", "MUL", "PAD", "QUANTIZE", "RELU", "RELU6", "RESHAPE", "SOFTMAX"),
    }
)
"""Operators of digit networks that have int8 kernels in TFLite Micro (``MicroMutableOpResolver``)."""


@dataclass(frozen=True)
class Verdict:
    """Whether one runtime runs the model, and how that is known."""

    runtime: str
    runs: bool
    reason: str


def judge(path: Path, content: TfliteFile) -> tuple[Verdict, ...]:
    """Verdicts for the runtime of this machine (a Pi's), LiteRT and microcontrollers.

    Args:
        path: of the ``.tflite`` file.
        content: of the same file.
    """
    return (_try_here(path), _try_litert(path), _judge_micro(content))


def _try_here(path: Path) -> Verdict:
    here = runtime()
    return _try(here.module.Interpreter, path, f"{here.name} {here.version}")


def _try_litert(path: Path) -> Verdict:
    return _try(tf.lite.Interpreter, path, f"LiteRT (as in TensorFlow {tf.__version__})")


def _try(interpreter_class: type, path: Path, name: str) -> Verdict:
    try:
        with native_logs_hidden(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TensorFlow announces that its interpreter moves to LiteRT
            interpreter = interpreter_class(model_path=str(path), num_threads=1)
            interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.full((1, 28, 28, 1), -128, np.int8))
        interpreter.invoke()
    except (ValueError, RuntimeError) as error:
        return Verdict(name, False, " ".join(str(error).split())[:200])
    return Verdict(name, True, "loaded and run here")


def _judge_micro(content: TfliteFile) -> Verdict:
    name = "microcontrollers (TFLite Micro)"
    foreign = sorted({operator.name for operator in content.operators} - MICRO_OPERATORS)
    if foreign:
        return Verdict(name, False, f"no int8 kernel for {', '.join(foreign)}")
    if has_per_channel_dense(content):
        return Verdict(
            name,
            True,
            "dense layers have a scale per channel, which old versions compute wrongly: see int8-dense-per-tensor",
        )
    return Verdict(name, True, "every operator has an int8 kernel")


def has_per_channel_dense(content: TfliteFile) -> bool:
    """Whether a dense layer's weights, the only two-dimensional constants here, have more than one scale."""
    return any(len(tensor.shape) == 2 and len(tensor.scales) > 1 for tensor in content.tensors)
