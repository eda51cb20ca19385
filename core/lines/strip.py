"""A strip: what a line network is fed, the picture of one line brought to one height, bright ink on black."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import CLASSES
from edgedigits.core.errors import EdgedigitsError

HEIGHT = 32
"""Rows of a strip."""

WIDTHS = (96, 192, 288)
"""Columns of the strips that a network runs on: each is filled up with ground to the least of them that holds it."""

WIDEST = WIDTHS[-1]

STRIDE = 4
"""Columns of a strip that one output of a network stands for."""

STEP = 2
"""Columns that one step of scores stands for: an output has those of two steps, one behind the other."""

BLANK = CLASSES
"""The class of a step that says nothing."""

OUTPUTS = STRIDE // STEP * (BLANK + 1)
"""Numbers of one output of a network."""

_GROUND_WINDOW = 31
"""Rows and columns of the median, in a strip, that is taken for the ground: ink is the minority in it."""

_WIDEST_WINDOW = 253
"""Of OpenCV's median."""

_STRONG = 99.5
"""The point, in percent, of the pixels' differences from the ground that stands for strong ink."""

_LEAST_CONTRAST = 10.0
"""Grey levels of 255 that strong ink differs from its ground at least: noise of an empty field stays faint."""

_INNER = 5
"""Rows above and below that say nothing about whether the ink is dark: edges and base lines lie there."""


@dataclass(frozen=True)
class Strip:
    """A line as a network sees it.

    Attributes:
        pixels: uint8 of shape (:data:`HEIGHT`, width), 0 on the ground and 255 on strong ink.
        across: pixels of the picture for each column of the strip.
        down: pixels of the picture for each row.
    """

    pixels: NDArray[np.uint8]
    across: float
    down: float

    @property
    def width(self) -> int:
        """Columns of the strip."""
        return int(self.pixels.shape[1])


def strip_of(grey: NDArray[np.uint8]) -> Strip:
    """Normalise the picture of one line.

    Grey minus the median of its surroundings, in units of its strongest ink, as strips for such networks have been made
    since they were tried on amounts of cheques. Ink may be darker or brighter than its ground.

    Args:
        grey: uint8 of shape (height, width), one line of writing with little above and below it.

    Raises:
        EdgedigitsError: another type or shape, or no pixels.
    """
    if grey.dtype != np.uint8 or grey.ndim != 2 or not grey.size:
        raise EdgedigitsError(
            f"the picture of a line has shape {grey.shape} and type {grey.dtype}", "give uint8 of (height, width)"
        )
    rows, columns = grey.shape
    width = min(max(round(columns * HEIGHT / rows), 1), WIDEST)
    size = (width, HEIGHT)
    way = cv2.INTER_AREA if rows > HEIGHT else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(grey, size, interpolation=way), np.uint8)
    return Strip(ink_of(small), columns / width, rows / HEIGHT)


def ink_of(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """How far each pixel stands out of its ground, uint8: 255 at and above the strongest ink.

    Args:
        grey: uint8 of shape (height, width), one line of writing or one digit.
    """
    rows = grey.shape[0]
    ground = cv2.medianBlur(grey, min(_GROUND_WINDOW * rows // HEIGHT, _WIDEST_WINDOW) | 1)
    darker = ground.astype(np.float32) - grey
    inner = darker[rows * _INNER // HEIGHT : rows - rows * _INNER // HEIGHT]
    dark, bright = np.percentile(inner, (_STRONG, 100 - _STRONG))
    ink = darker if dark >= -bright else -darker
    strong = max(float(np.percentile(ink, _STRONG)), _LEAST_CONTRAST)
    return np.asarray(np.clip(ink * (255 / strong), 0, 255), np.uint8)


def width_of_network(width: int) -> int:
    """The least of :data:`WIDTHS` that holds a strip of ``width`` columns."""
    return next(one for one in WIDTHS if one >= width)


def padded(pixels: NDArray[np.uint8], width: int | None = None) -> NDArray[np.uint8]:
    """A strip's pixels with ground to their right, uint8 of shape (32, ``width``), or the least of :data:`WIDTHS`."""
    room = (width or width_of_network(pixels.shape[1])) - pixels.shape[1]
    return np.asarray(cv2.copyMakeBorder(pixels, 0, 0, 0, room, cv2.BORDER_CONSTANT, value=(0,)), np.uint8)
