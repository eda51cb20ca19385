"""Security patterns of paper: many thin lines, dots or letters that cover a field evenly."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.train.augmentation.strokes import Picture
from edgedigits.train.lines.composing.printing import any_letters

Pattern = Callable[[tuple[int, int], np.random.Generator], Picture]
_WHITE = (255,)
_PARTS_BITS = 3
_MOST_LINES = 70


def any_pattern(shape: tuple[int, int], draw: np.random.Generator) -> Picture:
    """A pattern, uint8 of a shape (height, width), its strokes bright on 0."""
    kind = draw.choice(len(_KINDS), p=[share for share, _ in _KINDS])
    return _KINDS[kind][1](shape, draw)


def waves(shape: tuple[int, int], draw: np.random.Generator, angle: float | None = None) -> Picture:
    """Lines side by side that swing together, level or at an angle in degrees."""
    height, width = shape
    angle = math.radians(float(draw.choice([0.0, draw.uniform(-90, 90)])) if angle is None else angle)
    reach = height * abs(math.cos(angle)) + width * abs(math.sin(angle))
    length = width * abs(math.cos(angle)) + height * abs(math.sin(angle)) + 8
    apart = max(draw.uniform(3, 9), reach / _MOST_LINES)
    along = np.arange(-length / 2, length / 2 + 6, 6.0)
    swing = draw.uniform(0, 4) * np.sin(along * (2 * math.pi / draw.uniform(20, 150)) + draw.uniform(0, 7))
    swing += draw.uniform(0, 8) * np.sin(along * (2 * math.pi / draw.uniform(100, 400)) + draw.uniform(0, 7))
    starts = np.arange(-reach / 2 - 10, reach / 2 + 10, apart)[:, np.newaxis]
    across = starts + swing * (1 + draw.normal(0, 0.3) * starts / max(reach, 1))
    x = width / 2 + along * math.cos(angle) - across * math.sin(angle)
    y = height / 2 + along * math.sin(angle) + across * math.cos(angle)
    return _lines(shape, np.stack([x, y], axis=-1), apart, draw)


def crossing_waves(shape: tuple[int, int], draw: np.random.Generator) -> Picture:
    """Two families of lines."""
    return np.maximum(waves(shape, draw), waves(shape, draw))


def hatched(shape: tuple[int, int], draw: np.random.Generator) -> Picture:
    """Lines level with each other, and others far apart across them at a steep angle."""
    lines = waves(shape, draw, angle=float(draw.normal(0, 4)))
    steep = waves(shape, draw, angle=float(draw.uniform(40, 75) * draw.choice([-1, 1])))
    return np.asarray(np.maximum(lines, steep * draw.uniform(0.2, 1)), np.uint8)


def rosettes(shape: tuple[int, int], draw: np.random.Generator) -> Picture:
    """Wavy rings around one or two middles, a guilloche."""
    height, width = shape
    field = np.zeros(shape, np.uint8)
    for _ in range(int(draw.integers(1, 3))):
        middle = np.array([draw.uniform(-0.2, 1.2) * width, draw.uniform(-1, 2) * height])
        far = math.hypot(max(middle[0], width - middle[0]), max(middle[1], height - middle[1]))
        turn = np.linspace(0, 2 * math.pi, 70)
        apart = max(draw.uniform(3, 9), far / 40)
        rings = np.arange(6, far, apart)[:, np.newaxis]
        rings = rings * (1 + draw.uniform(0, 0.15) * np.sin(turn * draw.integers(3, 14) + draw.uniform(0, 7)))
        points = np.stack([middle[0] + rings * np.cos(turn), middle[1] + rings * np.sin(turn)], axis=-1)
        np.maximum(field, _lines(shape, points, apart, draw), out=field)
    return field


def dots(shape: tuple[int, int], draw: np.random.Generator) -> Picture:
    """Dots, rings or crosses in rows."""
    side = int(draw.integers(4, 14))
    tile = np.zeros((2 * side, 2 * side), np.uint8)
    shape_drawn = draw.integers(3)
    for middle in ((side // 2, side // 2), (side + side // 2, side + side // 2)):
        if shape_drawn == 0:
            cv2.circle(tile, middle, int(draw.integers(1, max(2, side // 4) + 1)), _WHITE, -1, cv2.LINE_AA)
        elif shape_drawn == 1:
            cv2.circle(tile, middle, max(2, side // 3), _WHITE, 1, cv2.LINE_AA)
        else:
            cv2.drawMarker(tile, middle, _WHITE, cv2.MARKER_CROSS, max(3, side // 2), 1)
    return _tiled(tile, shape, draw)


def small_print(shape: tuple[int, int], draw: np.random.Generator) -> Picture:
    """Rows of letters too small to be read."""
    tile = np.zeros((int(draw.integers(7, 16)), int(draw.integers(40, 120))), np.uint8)
    word = any_letters(int(draw.integers(4, 12)), draw)
    cv2.putText(
        tile, word, (0, tile.shape[0] - 3), cv2.FONT_HERSHEY_PLAIN, draw.uniform(0.4, 0.8), _WHITE, 1, cv2.LINE_AA
    )
    return _tiled(tile, shape, draw)


def _tiled(tile: Picture, shape: tuple[int, int], draw: np.random.Generator) -> Picture:
    """The tile over a field, row by row, turned a little."""
    reach = (shape[0] // tile.shape[0] + 3, shape[1] // tile.shape[1] + 3)
    field = np.tile(tile, reach)
    if draw.random() < 0.5:
        middle = (field.shape[1] / 2, field.shape[0] / 2)
        turn = cv2.getRotationMatrix2D(middle, draw.uniform(-45, 45), draw.uniform(0.8, 1.2))
        field = np.asarray(cv2.warpAffine(field, turn, field.shape[::-1], borderMode=cv2.BORDER_REFLECT), np.uint8)
    top, left = tile.shape
    return field[top : top + shape[0], left : left + shape[1]]


def _lines(shape: tuple[int, int], points: NDArray[np.float64], apart: float, draw: np.random.Generator) -> Picture:
    field = np.zeros(shape, np.uint8)
    ways = np.round(points * (1 << _PARTS_BITS)).astype(np.int32)
    cv2.polylines(
        field, list(ways), False, _WHITE, 2 if apart > 5 and draw.random() < 0.25 else 1, cv2.LINE_AA, _PARTS_BITS
    )
    return field


_KINDS: tuple[tuple[float, Pattern], ...] = (
    (0.3, waves),
    (0.15, crossing_waves),
    (0.2, hatched),
    (0.15, rosettes),
    (0.12, dots),
    (0.08, small_print),
)
"""Patterns, each with its share."""
