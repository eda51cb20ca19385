"""What glass and a moving hand do to a picture."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import SIDE

_FROST_BLUR, _FROST_REACH, _FROST_ROUNDS = 0.7, 1, 2
_WAY, _FADING = 10, 3.0


def glass_blur(picture: NDArray[np.uint8], draw: np.random.Generator) -> NDArray[np.uint8]:
    """Seen through frosted glass: each pixel shows what lies up to a pixel beside it, twice over, a little soft."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    seen = cv2.GaussianBlur(picture, (0, 0), _FROST_BLUR)
    for _ in range(_FROST_ROUNDS):
        aside = draw.integers(-_FROST_REACH, _FROST_REACH + 1, (2, SIDE, SIDE))
        seen = seen[np.clip(rows + aside[0], 0, SIDE - 1), np.clip(columns + aside[1], 0, SIDE - 1)]
    return cv2.GaussianBlur(seen, (0, 0), _FROST_BLUR).astype(np.uint8)


def motion_blur(picture: NDArray[np.uint8], draw: np.random.Generator) -> NDArray[np.uint8]:
    """Moved while the shutter was open, within 45 degrees of the level: a trail that fades over 3 of its 10 pixels."""
    angle = draw.uniform(-math.pi / 4, math.pi / 4)
    way = np.zeros((2 * _WAY + 1, 2 * _WAY + 1), np.float32)
    for step in np.arange(0, _WAY, 0.25):
        column, row = _WAY + step * math.cos(angle), _WAY + step * math.sin(angle)
        way[round(row), round(column)] += math.exp(-0.5 * (step / _FADING) ** 2)
    trail = cv2.filter2D(picture, cv2.CV_32F, way / way.sum(), borderType=cv2.BORDER_CONSTANT)
    return np.clip(np.round(trail), 0, 255).astype(np.uint8)
