"""Drawing a reading into its picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.reading import Reading

READ = (40, 160, 40)
REJECTED = (40, 40, 220)


def annotate(image: NDArray[np.uint8], reading: Reading) -> NDArray[np.uint8]:
    """Draw boxes, labels and confidences: green for digits that were read, red for rejected ones.

    Args:
        image: uint8, grey (height, width), BGR (height, width, 3) or BGRA; left as it is.
        reading: of this picture.

    Returns:
        uint8 BGR of the same height and width.

    Raises:
        EdgedigitsError: another type or shape.
    """
    canvas = _bgr(image)
    stroke = max(1, round(max(canvas.shape[:2]) / 500))
    for digit in reading.digits:
        colour = REJECTED if digit.rejected else READ
        x, y, width, height = digit.box
        cv2.rectangle(canvas, (x, y), (x + width - 1, y + height - 1), colour, stroke)
        scale = float(np.clip(height / 60, 0.35, 2.0))
        text = f"{digit.character} {digit.confidence:.0%}"
        _, text_height = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, stroke)[0]
        # Above the box, or inside it where the picture ends.
        row = y - stroke - 2 if y - stroke - 2 >= text_height else y + text_height + stroke + 2
        cv2.putText(canvas, text, (x, row), cv2.FONT_HERSHEY_SIMPLEX, scale, colour, stroke, cv2.LINE_AA)
    return canvas


def _bgr(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    channels = image.shape[2] if image.ndim == 3 else 1
    if image.dtype != np.uint8 or image.ndim not in {2, 3} or channels not in {1, 3, 4} or image.size == 0:
        raise EdgedigitsError(
            f"the picture has shape {image.shape} and type {image.dtype}", "give uint8, grey, BGR or BGRA"
        )
    if channels == 1:
        return np.asarray(cv2.cvtColor(image.reshape(image.shape[:2]), cv2.COLOR_GRAY2BGR), np.uint8)
    if channels == 4:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGRA2BGR), np.uint8)
    return image.copy()
