"""Text drawn into pictures that people look at: sheets, curves and pictures with boxes, in one typeface."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

BLACK = (0, 0, 0)

_FACE = cv2.FONT_HERSHEY_SIMPLEX


def draw_text(
    picture: NDArray[np.uint8],
    text: str,
    start: tuple[int, int],
    scale: float,
    colour: tuple[int, ...] = BLACK,
    stroke: int = 1,
) -> None:
    """Draw a line of text into a picture.

    Args:
        picture: uint8, grey or BGR; drawn into.
        text: in ASCII: OpenCV's typeface has nothing else.
        start: x and y of its lower left corner.
        scale: 1 makes digits about 22 pixels high.
        colour: BGR.
        stroke: pixels.
    """
    cv2.putText(picture, text, start, _FACE, scale, colour, stroke, cv2.LINE_AA)


def text_size(text: str, scale: float) -> tuple[int, int]:
    """Width and height in pixels of a text as :func:`draw_text` draws it, by strokes of one pixel."""
    width, height = cv2.getTextSize(text, _FACE, scale, 1)[0]
    return int(width), int(height)
