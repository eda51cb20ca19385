"""Digits that stand otherwise in their field than MNIST's: slanted, small, turned, aside. What comes in is ground."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import SIDE

_SLANT = 0.4
"""Columns per row."""

_SMALLER = 0.6
"""Of its width and height a small digit has so much."""

_TURN = 0.4
"""Radians: 23 degrees."""

_ASIDE = 3
"""Pixels across and down, each."""


def shear(picture: NDArray[np.uint8], draw: np.random.Generator) -> NDArray[np.uint8]:
    """Slanted to the left or to the right."""
    return _placed(picture, np.array([[1, _either(draw) * _SLANT], [0, 1]]), (0, 0))


def scale(picture: NDArray[np.uint8], _draw: np.random.Generator) -> NDArray[np.uint8]:
    """Small in the middle of the field."""
    return _placed(picture, np.eye(2) * _SMALLER, (0, 0))


def rotate(picture: NDArray[np.uint8], draw: np.random.Generator) -> NDArray[np.uint8]:
    """Turned to the left or to the right."""
    angle = _either(draw) * _TURN
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return _placed(picture, turn, (0, 0))


def translate(picture: NDArray[np.uint8], draw: np.random.Generator) -> NDArray[np.uint8]:
    """Towards one of the four corners of the field."""
    return _placed(picture, np.eye(2), (_either(draw) * _ASIDE, _either(draw) * _ASIDE))


def _either(draw: np.random.Generator) -> int:
    return 1 if draw.random() < 0.5 else -1


def _placed(picture: NDArray[np.uint8], matrix: NDArray[np.float64], aside: tuple[float, float]) -> NDArray[np.uint8]:
    """The picture after ``matrix`` about its centre, then moved by columns and rows."""
    centre = np.full(2, (SIDE - 1) / 2)
    whole = np.column_stack([matrix, centre - matrix @ centre + aside])
    # Every other pixel would be skipped without averages where a digit becomes small.
    way = cv2.INTER_AREA if abs(np.linalg.det(matrix)) < 1 else cv2.INTER_LINEAR
    return cv2.warpAffine(picture, whole, (SIDE, SIDE), flags=way).astype(np.uint8)
