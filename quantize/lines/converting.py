"""From a float line network to an int8 TFLite model whose input is a strip as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.backend import tf
from edgedigits.core.lines.strip import HEIGHT, WIDTHS, padded
from edgedigits.core.tflite.file import TfliteFile
from edgedigits.quantize.conversion import check_full_int8, conversion_errors
from edgedigits.quantize.noise import calibrated, with_float_layers, with_output_range
from edgedigits.quantize.recipes import recipe_named

WIDTH = WIDTHS[1]
"""Columns of the strips that the file says it takes; the runtime of a computer takes the other widths, too."""


def convert_lines(model: Any, strips: Sequence[NDArray[np.uint8]], logits: tuple[float, float]) -> bytes:
    """Convert a line network to int8, for one strip at a time.

    Args:
        model: maps (batch, 32, width, 1) to logits (batch, 1, width / 4, 22).
        strips: the representative dataset, uint8 of shape (32, width) each.
        logits: lowest and highest logit that the model shall say.

    Raises:
        EdgedigitsError: no strips, or an operator without an int8 form.
    """
    if not strips:
        raise EdgedigitsError("there are no lines to calibrate with", "ask for one at least with --calibration")
    converter = _converter(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: _one_by_one(strips)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    with conversion_errors(recipe_named("int8")):
        ranged = with_output_range(calibrated(converter), *logits)
    return with_float_layers(ranged, ())


def convert_lines_to_float32(model: Any) -> bytes:
    """Convert a line network as it is, for one strip at a time, its numbers 0 to 1."""
    with conversion_errors(recipe_named("float32")):
        content: bytes = _converter(model).convert()
    return content


def _converter(model: Any) -> Any:
    function = tf.function(lambda strip: model(strip, training=False))
    concrete = function.get_concrete_function(tf.TensorSpec((1, HEIGHT, WIDTH, 1), tf.float32, name="strip"))
    return tf.lite.TFLiteConverter.from_concrete_functions([concrete], model)


def _one_by_one(strips: Sequence[NDArray[np.uint8]]) -> Iterator[list[NDArray[np.float32]]]:
    """Strips as the converter asks for them, of one width; a first one of all values sets the input's scale."""
    levels = np.tile(np.arange(256, dtype=np.uint8), HEIGHT * WIDTH // 256)[: HEIGHT * WIDTH].reshape(HEIGHT, WIDTH)
    for strip in (levels, *strips):
        yield [_cut(strip).astype(np.float32)[None, ..., None] / 255]


def _cut(strip: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return padded(strip[:, :WIDTH], WIDTH)


def check_line_int8(path: Path) -> TfliteFile:
    """Make sure that a model is int8 throughout and takes strips as they are.

    Raises:
        EdgedigitsError: it is not.
    """
    content = check_full_int8(path)
    given = content.inputs[0]
    if abs(given.scales[0] - 1 / 255) > 1e-4 or given.zero_points[0] != -128:
        raise EdgedigitsError(f"{path.name} was not calibrated over the range of strips", "convert it again")
    return content
