"""What lies on a picture: drops on the lens, lines across the paper."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import SIDE

_WHITE = (255,)
_DROPS, _LARGEST = 0.13, 2.0
"""Share of the field that drops cover, and the standard deviation in pixels of the noise that gives them their form."""

_GAP = 2
"""Every second pixel of a dotted line is white."""

_CORNERS, _SWING = 8, 3.0
"""Of a zigzag: its corners, and pixels that they lie beside its way."""


def spatter(picture: NDArray[np.uint8], draw: np.random.Generator) -> NDArray[np.uint8]:
    """Drops on the lens, bright or dark, some over the ink."""
    noise = cv2.GaussianBlur(draw.standard_normal((SIDE, SIDE)).astype(np.float32), (0, 0), _LARGEST / 2)
    inside = noise > np.quantile(noise, 1 - _DROPS)
    soft = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.5)
    level = 200 if draw.random() < 0.5 else 0
    covered: NDArray[np.uint8] = np.round(picture * (1 - soft) + level * soft).astype(np.uint8)
    return covered


def dotted_line(picture: NDArray[np.uint8], draw: np.random.Generator) -> NDArray[np.uint8]:
    """A straight line of white points from one side of the field to the other."""
    start, end = _across(draw)
    points = np.linspace(start, end, SIDE)[::_GAP]
    columns, rows = np.clip(np.round(points), 0, SIDE - 1).astype(int).T
    dotted = picture.copy()
    dotted[rows, columns] = 255
    return dotted


def zigzag(picture: NDArray[np.uint8], draw: np.random.Generator) -> NDArray[np.uint8]:
    """A white zigzag from one side of the field to the other."""
    start, end = _across(draw)
    along = (end - start) / math.hypot(*(end - start))
    beside = np.array([-along[1], along[0]]) * _SWING
    ways = np.linspace(start, end, _CORNERS)
    ways[1:-1] += beside * np.where(np.arange(_CORNERS - 2) % 2, 1, -1)[:, np.newaxis]
    crossed = picture.copy()
    cv2.polylines(crossed, [np.round(ways).astype(np.int32)], False, _WHITE, 1)
    return crossed


def _across(draw: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two points of column and row on opposite sides of the field: left and right, or top and bottom."""
    first, last = draw.uniform(0.2, 0.8, 2) * (SIDE - 1)
    start, end = np.array([0, first]), np.array([SIDE - 1, last])
    return (start, end) if draw.random() < 0.5 else (start[::-1].copy(), end[::-1].copy())
