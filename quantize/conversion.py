"""From a float network to an int8 TFLite model, and the checks without which a wrong one passes for right."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.lite.python.convert import ConverterError

from edgedigits.core.digit import SIDE, model_input
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.quiet import native_logs_hidden
from edgedigits.core.tflite_file import TfliteFile, read_tflite
from edgedigits.quantize.recipes import Recipe

INPUT_SCALE = 1 / 255
"""Scale of an input that was calibrated over 0 to 1: 256 int8 steps, the first for 0 and the last for 1."""

_FLOATS = {"FLOAT16", "FLOAT32", "FLOAT64", "BFLOAT16"}


def convert(model: Any, representative: NDArray[np.uint8], recipe: Recipe) -> bytes:
    """Convert a tf_keras model to a full-integer TFLite model of batch 1.

    Args:
        model: maps (batch, 28, 28, 1) floats of 0 to 1 to (batch, 10) scores.
        representative: the representative dataset, uint8 of shape (count, 28, 28), training digits.
        recipe: how to quantize.

    Returns:
        The bytes of the ``.tflite`` file; not yet checked.

    Raises:
        EdgedigitsError: no representative digits, or an operator that has no int8 form.
    """
    if len(representative) == 0:
        raise EdgedigitsError("the representative dataset is empty", "draw at least one digit with --calibration")
    values = model_input(representative)

    def samples() -> Iterator[list[NDArray[np.float32]]]:
        for position in range(len(values)):
            yield [values[position : position + 1]]

    function = tf.function(lambda digit: model(digit, training=False))
    signature = tf.TensorSpec((1, SIDE, SIDE, 1), tf.float32, name="digit")
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function(signature)], model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    converter._experimental_disable_per_channel_quantization_for_dense_layers = not recipe.dense_per_channel
    try:
        with native_logs_hidden(), contextlib.redirect_stdout(io.StringIO()):
            converted: bytes = converter.convert()
    except (ConverterError, RuntimeError, ValueError) as error:
        foreign = sorted(set(re.findall(r"TF Select ops: ([\w, ]+)", str(error))))
        reason = ", ".join(foreign) or " ".join(str(error).split())[:300]
        raise EdgedigitsError(
            f"the network has no int8 form ({reason})", "replace the layers that need these operators"
        ) from error
    return converted


def check_int8(path: Path) -> TfliteFile:
    """Make sure that a model is what ``int8`` says; the converter does not.

    Returns:
        What stands in the file.

    Raises:
        EdgedigitsError: input or output not int8, a tensor of floats, a scale of zero, an input that was not
            calibrated over 0 to 1, or a batch other than 1.
    """
    content = read_tflite(path)
    doors = (*content.inputs, *content.outputs)
    for tensor in doors:
        if tensor.type != "INT8":
            raise EdgedigitsError(
                f"{path.name} takes or gives {tensor.type}", "calibrate with a representative dataset that is not empty"
            )
        if tensor.shape[:1] != (1,):
            raise EdgedigitsError(f"{path.name} has a batch of {tensor.shape[:1]}", "convert with a batch of 1")
    floats = [tensor.name for tensor in content.tensors if tensor.type in _FLOATS]
    if floats:
        raise EdgedigitsError(
            f"{path.name} still has {len(floats)} float tensors, {floats[0]!r} first",
            "use layers that have an int8 form",
        )
    empty = [tensor.name for tensor in content.tensors if any(not scale > 0 for scale in tensor.scales)]
    if empty or any(not tensor.scales for tensor in doors):
        name = empty[0] if empty else "input or output"
        raise EdgedigitsError(f"{path.name} has a scale of zero at {name!r}", "calibrate with digits that have ink")
    scale, zero_point = content.inputs[0].scales[0], content.inputs[0].zero_points[0]
    if abs(scale - INPUT_SCALE) > INPUT_SCALE / 50 or zero_point != -128:
        raise EdgedigitsError(
            f"{path.name} was calibrated with inputs of {scale * (-128 - zero_point):.3g} to "
            f"{scale * (127 - zero_point):.3g}",
            "the network is fed 0 to 1: make the representative dataset with core.model_input",
        )
    return content
