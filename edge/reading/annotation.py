"""Drawing a reading into its picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.pictures.drawing import draw_text, text_size
from edgedigits.edge.reading.pictures import bgr_copy_of
from edgedigits.edge.reading.reading import Reading

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
        EdgedigitsError: another type or shape, no pixels, or more than 100 million.
    """
    canvas = bgr_copy_of(image)
    stroke = max(1, round(max(canvas.shape[:2]) / 500))
    for digit in reading.digits:
        colour = REJECTED if digit.rejected else READ
        x, y, width, height = digit.box
        cv2.rectangle(canvas, (x, y), (x + width - 1, y + height - 1), colour, stroke)
        gap = stroke + 2
        above = float(np.clip(height / 60, 0.4, 1.6))
        _write(canvas, digit.character, (x, y - gap), above, colour, stroke)
        below = float(np.clip(width / 60, 0.25, 0.8))  # "100%" as wide as the box, so that neighbours stay apart
        text = f"{digit.confidence:.0%}"
        _write(canvas, text, (x, y + height + gap + text_size(text, below)[1]), below, colour, max(1, stroke // 2))
    return canvas


def _write(
    canvas: NDArray[np.uint8], text: str, start: tuple[int, int], scale: float, colour: tuple[int, ...], stroke: int
) -> None:
    """Write a text with its lower left corner at ``start``, moved back inside where it would leave the picture."""
    row = min(max(start[1], text_size(text, scale)[1] + 1), canvas.shape[0] - 2)
    draw_text(canvas, text, (start[0], row), scale, colour, stroke)
