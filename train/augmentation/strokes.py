"""Strokes drawn by code: what other hands add to a digit, and forms of digits that MNIST does not know.

MNIST was written in the United States. In other countries a 1 has a long flag, a 7 a bar, a 0 is wide or closed with a
curl, digits of one number are joined by a thin stroke, and 2, 4 and 9 have forms that a network trained on MNIST takes
for another digit. No picture of such digits is used here: their forms are described by a few points each, and every
drawing moves the points, the proportions and the pen.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Points = NDArray[np.float64]
Point = tuple[float, float]

HEIGHT = 56
"""Pixels in which a digit is drawn: enough that a pixel more or less is a small change of the pen."""

INK = 100
"""From here a pixel belongs to a stroke and not to its soft edge."""

_WHITE = (255,)
_PARTS = 8  # of a pixel: OpenCV's coordinates with a shift of 3 bits
_PER_SPAN = 12  # points between two points of a form: a smooth curve at twice the drawing's height

_FORMS = {
    1: (
        "0,50 35,25 70,0 60,50 50,100",
        "5,35 30,28 62,0 60,45 58,100",
        "0,62 40,30 66,3 50,50 34,100",
    ),
    2: (  # with a loop at the upper end, with one at the foot, and as a wave
        "62,52 30,50 12,30 35,3 72,8 78,33 50,68 10,93 45,90 95,90",
        "50,50 20,42 20,12 50,0 80,20 60,55 30,82 10,90 12,98 30,85 60,95 100,88",
        "55,42 25,40 20,10 55,0 80,25 55,60 20,95 90,93",
    ),
    4: (  # as an h, and open, to be crossed by a second stroke
        "35,0 22,30 12,60 45,50 75,52 72,70 66,100",
        "30,0 20,35 15,62 60,58 95,55",
    ),
    7: (
        "5,18 15,5 50,12 90,2 65,45 50,100",
        "10,5 50,6 95,3 70,40 55,100",
    ),
    9: (  # the first three begin inside the loop, as the Greek koppa
        "62,50 30,48 12,25 45,0 85,18 60,45 42,62 45,80 50,100",
        "50,50 20,40 15,12 50,0 85,15 75,40 50,52 45,75 50,100",
        "45,47 15,30 30,2 75,3 85,28 50,48 35,60 50,70 55,85 35,100",
        "75,10 40,0 12,20 30,45 65,38 80,10 72,50 65,100",
    ),
}
"""Forms of digits as points of a pen's way, in percent to the right and down; the width is drawn by lot."""

DRAWN = tuple(_FORMS)
"""Digits that :func:`drawn` knows."""


def ink_box(picture: Picture, above: int) -> Picture:
    """The picture cut to the pixels brighter than ``above``; unchanged where there are none."""
    left, top, width, height = cv2.boundingRect((picture > above).astype(np.uint8))
    return picture[top : top + height, left : left + width] if width and height else picture


def flagged(glyph: Picture, draw: np.random.Generator) -> Picture:
    """A 1 with a stroke down from its top to the left, sometimes with a foot."""
    pen = _pen(glyph)
    rows, columns = np.nonzero(glyph > INK)
    top = (float(columns[rows <= rows.min() + pen].mean()), float(rows.min()) + pen / 2)
    length, angle = draw.uniform(0.2, 0.75) * HEIGHT, math.radians(draw.uniform(25, 70))
    end = (top[0] - length * math.cos(angle), top[1] + length * math.sin(angle))
    bent = draw.normal(0, (0.05, 0.04)) * HEIGHT
    middle = ((top[0] + end[0]) / 2 + bent[0], (top[1] + end[1]) / 2 + bent[1])
    glyph = _with_stroke(glyph, [top, middle, end], pen)
    if draw.random() >= 0.25:
        return glyph
    rows, columns = np.nonzero(glyph > INK)
    foot = (float(columns[rows >= rows.max() - pen].mean()), float(rows.max()) - pen / 2)
    return _with_bar(glyph, foot, (0.15, 0.4), draw.uniform(-0.1, 0.1), pen, draw)


def crossed(glyph: Picture, draw: np.random.Generator) -> Picture:
    """A 7 with a bar through its stem."""
    row = int(glyph.shape[0] * draw.uniform(0.38, 0.66))
    stem = np.flatnonzero(glyph[row] > INK)
    if not stem.size:
        return glyph
    pen = max(2, _pen(glyph) - int(draw.integers(2)))
    return _with_bar(glyph, (float(stem.mean()), row), (0.12, 0.4), draw.uniform(-0.35, 0.25), pen, draw)


def curled(glyph: Picture, draw: np.random.Generator) -> Picture:
    """A 0 whose stroke goes on where it is closed: in a small loop or a tail."""
    pen = max(2, _pen(glyph) - 1)
    rows, columns = np.nonzero(glyph > INK)
    across = float(columns[rows <= rows.min() + pen].mean()) + draw.uniform(-0.15, 0.25) * glyph.shape[1]
    start = (across, float(rows.min()) + pen / 2)
    if draw.random() < 0.5:
        end = (start[0] + draw.uniform(0.1, 0.5) * HEIGHT, start[1] + draw.uniform(-0.2, 0.25) * HEIGHT)
        return _with_stroke(glyph, [start, end], pen)
    centre = (start[0], start[1] + draw.uniform(-0.05, 0.12) * HEIGHT)
    axes = (int(draw.uniform(0.08, 0.25) * HEIGHT), int(draw.uniform(0.05, 0.15) * HEIGHT))
    loop = cv2.ellipse2Poly((0, 0), axes, int(draw.uniform(-40, 40)), 0, int(draw.choice([360, 270, 200])), 15)
    return _with_stroke(glyph, [(centre[0] + x, centre[1] + y) for x, y in np.asarray(loop).tolist()], pen)


def joined(glyph: Picture, draw: np.random.Generator) -> Picture:
    """With the thin stroke that joins a digit to its neighbour, mostly from the upper half."""
    pen = max(2, _pen(glyph) - int(draw.integers(3)))
    to_right = bool(draw.random() < 0.5)
    share = draw.uniform(0.02, 0.45) if draw.random() < 0.75 else draw.uniform(0.7, 0.98)
    row = min(int(glyph.shape[0] * share), glyph.shape[0] - 1)
    inked = np.flatnonzero(glyph[row] > INK)
    if not inked.size:
        return glyph
    start = (float(inked.max() if to_right else inked.min()), float(row))
    length = draw.uniform(0.08, 0.35) * HEIGHT
    end = (start[0] + (length if to_right else -length), start[1] + draw.uniform(-0.25, 0.25) * length)
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 + draw.uniform(-0.1, 0.25) * length)
    return _with_stroke(glyph, [start, middle, end], pen)


def drawn(label: int, draw: np.random.Generator) -> Picture:
    """A digit drawn by code in a form that MNIST lacks.

    Args:
        label: one of :data:`DRAWN`.
        draw: which form, its proportions, its pen.

    Returns:
        uint8, about 100 pixels high, cropped to its ink.
    """
    form = int(draw.integers(len(_FORMS[label])))
    points = np.array([point.split(",") for point in _FORMS[label][form].split()], np.float64) / 100
    width = draw.uniform(36, 80) * (0.7 if label == 1 else 1)
    points = (points + draw.normal(0, 0.05, points.shape)) * [width, 100] + [60, 40]
    pen = int(draw.integers(5, 15))
    field = np.zeros((180, 220), np.uint8)
    polyline(field, spline(points), pen)
    if label == 4 and (form == 1 or draw.random() < 0.3):
        column = 60 + width * draw.uniform(0.55, 0.85)
        top = (column + draw.normal(3, 5), 40 + draw.uniform(10, 60))
        polyline(field, np.array([top, (column + draw.normal(-3, 6), 140 + draw.normal(0, 8))]), pen)
    if label == 7 and draw.random() < 0.8:
        row, half, lean = 40 + draw.uniform(40, 65), draw.uniform(12, 27), draw.uniform(-8, 6)
        column = 60 + 0.62 * width
        polyline(field, np.array([(column - half, row - lean), (column + half, row + lean)]), pen)
    return ink_box(field, 0)


def _pen(glyph: Picture) -> int:
    """The width of the strokes in pixels: twice the distance of their middle from the ground."""
    distances = cv2.distanceTransform((glyph > INK).astype(np.uint8), cv2.DIST_L2, 3)
    inside = distances[distances > 0]
    return max(2, round(2 * float(np.percentile(inside, 85)))) if inside.size else 3


def _with_bar(glyph: Picture, middle: Point, reach: Point, lean: float, pen: int, draw: np.random.Generator) -> Picture:
    """With a stroke that reaches a random length, in heights, to either side of ``middle``."""
    left, right = draw.uniform(*reach, 2) * HEIGHT
    ends = [(middle[0] - left, middle[1] - left * lean), (middle[0] + right, middle[1] + right * lean)]
    return _with_stroke(glyph, ends, pen)


def _with_stroke(glyph: Picture, points: list[Point], pen: int) -> Picture:
    """The glyph with a stroke through the points, which may leave it by a height; cropped to its ink."""
    wide = cv2.copyMakeBorder(glyph, HEIGHT, HEIGHT, HEIGHT, HEIGHT, cv2.BORDER_CONSTANT).astype(np.uint8)
    polyline(wide, np.array(points, np.float64) + HEIGHT, pen)
    return ink_box(wide, 0)


def polyline(field: Picture, points: Points, pen: int) -> None:
    """Draw a pen's way, float64 of shape (count, 2) in pixels, ``pen`` pixels wide and soft at its edges."""
    way = np.round(points * _PARTS).astype(np.int32)
    cv2.polylines(field, [way], False, _WHITE, pen, cv2.LINE_AA, int(math.log2(_PARTS)))


def spline(points: Points) -> Points:
    """A smooth curve through all points (E. Catmull, R. Rom, "A class of local interpolating splines", 1974)."""
    ends = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, _PER_SPAN, endpoint=False)[:, np.newaxis]
    spans = [
        (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3) / 2
        for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False)
    ]
    return np.vstack([*spans, points[-1:]])
