"""Digits drawn by code: for self-tests and reports where no data set is at hand.

They look like handwriting only from afar; what counts is that they are the same bytes on every machine.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import CLASSES, SIDE

_WIDTH, _HEIGHT = 12.0, 19.0
_STROKES: tuple[tuple[tuple[float, float], ...], ...] = (
    ((0.5, 0), (0.8, 0.12), (0.95, 0.5), (0.8, 0.88), (0.5, 1), (0.2, 0.88), (0.05, 0.5), (0.2, 0.12), (0.5, 0)),
    ((0.3, 0.2), (0.55, 0), (0.55, 1)),
    ((0.1, 0.2), (0.3, 0.02), (0.7, 0.02), (0.88, 0.22), (0.8, 0.45), (0.1, 1), (0.92, 1)),
    ((0.1, 0.08), (0.5, 0), (0.85, 0.15), (0.8, 0.38), (0.45, 0.48), (0.85, 0.6), (0.88, 0.85), (0.5, 1), (0.08, 0.9)),
    ((0.7, 1), (0.7, 0), (0.05, 0.68), (0.95, 0.68)),
    ((0.88, 0), (0.2, 0), (0.15, 0.42), (0.6, 0.38), (0.9, 0.62), (0.8, 0.9), (0.45, 1), (0.08, 0.9)),
    ((0.75, 0), (0.3, 0.25), (0.1, 0.65), (0.25, 0.95), (0.6, 1), (0.88, 0.8), (0.75, 0.55), (0.4, 0.5), (0.12, 0.68)),
    ((0.05, 0), (0.95, 0), (0.4, 1)),
    (
        *((0.5, 0.48), (0.15, 0.28), (0.3, 0.02), (0.7, 0.02), (0.85, 0.28), (0.5, 0.48)),
        *((0.1, 0.75), (0.3, 1), (0.7, 1), (0.9, 0.75), (0.5, 0.48)),
    ),
    ((0.85, 0.3), (0.6, 0.5), (0.2, 0.42), (0.12, 0.18), (0.4, 0), (0.75, 0.05), (0.87, 0.3), (0.8, 0.7), (0.6, 1)),
)
"""For each digit the corners of its stroke, in widths from the left and heights from the top of its box."""


def drawn_digits(count: int) -> NDArray[np.uint8]:
    """The digits 0, 1, ... 9, 0, ... with another slant, thickness and place every ten.

    Returns:
        uint8 of shape (count, 28, 28), ink bright on a dark ground.
    """
    images = np.zeros((count, SIDE, SIDE), np.uint8)
    for place in range(count):
        images[place] = _draw(place % CLASSES, place // CLASSES)
    return images


def _draw(digit: int, round_: int) -> NDArray[np.uint8]:
    slant, radius = 2.0 * (round_ % 3), 1.0 + 0.25 * (round_ % 4)
    left, top = (SIDE - _WIDTH) / 2 + round_ % 5 % 3 - 1, (SIDE - _HEIGHT) / 2 - round_ % 2
    corners = [(left + x * _WIDTH + slant * (0.5 - y), top + y * _HEIGHT) for x, y in _STROKES[digit]]
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] + 0.5
    nearest = np.full((SIDE, SIDE), np.inf)
    for (x, y), (next_x, next_y) in pairwise(corners):
        across, down = next_x - x, next_y - y
        along = np.clip(((columns - x) * across + (rows - y) * down) / (across * across + down * down), 0, 1)
        # Square roots are exact to the last bit everywhere, other functions are not.
        nearest = np.minimum(nearest, np.sqrt((columns - x - along * across) ** 2 + (rows - y - along * down) ** 2))
    grey: NDArray[np.uint8] = np.clip(np.rint(255 * (radius + 0.5 - nearest)), 0, 255).astype(np.uint8)
    return grey
