"""Whether a TFLite model takes a picture of a digit and gives ten scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgedigits.core.contract.contract import is_picture
from edgedigits.core.digit import CLASSES
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.shapes import line_shape
from edgedigits.core.tflite.free_sizes import FIX, free_shape

_TYPES = (np.int8, np.uint8, np.int16, np.float32)


def check_digit_tensors(path: Path, source: Any, result: Any) -> None:
    """Make sure that a model takes one picture and gives ten scores, in int8, uint8, int16 or float32.

    Args:
        path: of the model, for messages.
        source: what the interpreter says of its inputs.
        result: of its outputs.

    Raises:
        EdgedigitsError: it does not, with words of their own for a line network; or a quantized tensor without a scale,
            or int16 with a zero point; or an input with a free size.
    """
    shapes = [tuple(int(length) for length in item["shape"]) for item in (*source, *result)]
    takes_a_digit = len(source) == 1 and shapes[0][:1] == (1,) and is_picture(shapes[0][1:])
    gives_ten = len(result) == 1 and shapes[-1] == (1, CLASSES)
    if len(shapes) == 2 and line_shape(*shapes):
        raise EdgedigitsError(
            f"{path} is a line network: it reads the strip of a whole line and no single digits",
            "copy its card.json, which says so, to beside it, or give a digit model, such as the word builtin",
        )
    for item in source:
        free = {axis for axis, length in enumerate(item.get("shape_signature", ())) if length < 0}
        if said := free_shape(item["name"], item["shape"], free):
            raise EdgedigitsError(f"{path} {said}", FIX)
    if not (takes_a_digit and gives_ten):
        raise EdgedigitsError(
            f"{path} maps {shapes[: len(source)]} to {shapes[len(source) :]}",
            f"a digit model takes one picture, such as (1, 28, 28, 1), and gives one (1, {CLASSES})",
        )
    for item in (source[0], result[0]):
        kind = item["dtype"].__name__
        if item["dtype"] not in _TYPES:
            raise EdgedigitsError(
                f"{path} has a tensor of {kind} as input or output", "use int8, uint8, int16 or float32"
            )
        if item["dtype"] is not np.float32 and not item["quantization"][0] > 0:
            raise EdgedigitsError(f"{path} has an {kind} tensor without a scale", "quantize the model again")
        if item["dtype"] is np.int16 and item["quantization"][1] != 0:
            raise EdgedigitsError(f"{path} has an int16 tensor whose zero point is not 0", "quantize the model again")
