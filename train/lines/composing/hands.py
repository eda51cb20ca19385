"""Digits as other countries write them, drawn as a pen goes: forms of all ten digits that MNIST lacks.

A form is a list of points in percent to the right and down; the pen goes through them in a smooth curve. A ``|`` lifts
the pen. No picture is behind them: each drawing moves the points and the proportions.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.train.augmentation.strokes import HEIGHT, Picture, Points, ink_box, polyline, spline

_FORMS: dict[int, tuple[str, ...]] = {
    0: (
        "60,3 25,10 5,50 25,95 60,97 95,60 85,15 58,2",
        "75,12 40,2 8,40 20,92 65,96 95,55 80,12 50,8 70,22",
        "50,5 15,25 8,70 45,100 88,70 85,25 50,5 70,18 115,8",
        "62,10 25,8 5,50 30,97 75,92 95,45 78,4",
        "45,5 10,40 20,90 65,95 92,50 70,8 42,12 52,32 80,25 120,12",
        "10,20 50,2 90,40 70,95 25,95 8,50 40,5 70,0",
        "52,0 20,20 12,75 45,100 80,80 85,25 55,0",
    ),
    1: (
        "5,45 35,25 65,0 55,50 48,100",
        "60,0 52,50 42,100",
        "50,0 50,50 50,100",
        "20,22 55,0 52,50 50,100 | 15,100 88,98",
        "0,92 35,42 62,0 58,50 55,100",
        "25,22 45,14 62,0 55,60 52,100",
        "0,62 40,30 66,3 50,50 34,100",
        "12,30 10,10 35,8 40,25 30,35 62,0 50,55 40,100",
        "58,0 42,60 40,95 60,92",
    ),
    2: (
        "62,52 30,50 12,30 35,3 72,8 78,33 50,68 10,93 45,90 95,90",
        "50,50 20,42 20,12 50,0 80,20 60,55 30,82 10,90 12,98 30,85 60,95 100,88",
        "55,42 25,40 20,10 55,0 80,25 55,60 20,95 90,93",
        "20,30 35,5 70,5 72,35 50,70 18,98 8,88 30,80 60,97 98,92",
        "8,12 45,2 88,8 78,30 40,70 8,96 9,98 50,96 95,97",
        "30,45 15,25 35,3 65,5 62,40 40,80 15,98 12,85 40,90 70,100 105,80",
        "15,25 40,0 75,10 70,40 20,90 12,97 55,92 100,96",
    ),
    3: (
        "8,6 45,4 85,4 65,25 42,42 80,52 85,75 50,100 5,88",
        "10,15 50,0 80,20 42,45 88,68 60,100 5,88",
        "12,12 55,0 75,25 42,48 34,40 52,42 90,68 60,100 5,90",
        "5,8 50,6 88,3 50,40 80,55 78,90 30,110 0,95",
        "20,10 60,0 70,25 35,42 75,60 70,90 30,100 0,80",
        "15,20 40,2 75,12 60,38 30,48 70,55 80,85 40,100 10,95 0,80",
    ),
    4: (
        "35,0 22,30 12,60 45,50 75,52 72,70 66,100",
        "30,0 15,35 10,62 60,58 100,55 | 72,25 62,100",
        "68,0 5,65 50,64 98,62 | 70,2 66,100",
        "12,0 8,38 35,52 78,46 | 85,0 76,50 70,105",
        "60,0 20,40 5,65 50,62 90,55 78,42 64,70 58,105",
        "45,0 25,30 5,70 95,66 | 62,45 58,100",
        "10,5 10,40 45,50 80,40 85,0 78,50 70,110",
    ),
    5: (
        "25,8 18,45 50,38 85,60 70,92 10,95 | 30,8 105,2",
        "90,3 35,8 25,40 75,55 75,90 30,100 5,88",
        "28,12 20,42 60,40 85,70 45,100 5,85 | 35,5 100,-4",
        "95,4 60,6 32,4 18,45 60,40 90,65 60,98 5,92",
        "32,15 25,45 60,45 70,75 40,105 0,95 | 40,12 110,0",
        "80,0 40,5 22,42 62,48 72,80 35,100 8,95 0,80",
    ),
    6: (
        "75,2 25,35 8,75 40,100 85,80 60,55 15,72",
        "60,0 15,45 10,85 45,100 75,75 45,58 15,80",
        "45,0 12,50 15,95 60,98 80,70 40,62 15,85",
        "95,0 45,20 10,70 40,100 80,85 70,60 35,65 20,85",
        "55,0 25,40 20,85 55,100 78,80 55,65 28,85 40,98",
    ),
    7: (
        "5,18 15,5 50,12 90,2 65,45 50,100",
        "10,5 50,6 95,3 70,40 55,100",
        "8,25 10,5 50,8 90,4 72,40 55,105 | 30,55 90,48",
        "5,12 30,2 60,12 92,0 60,50 45,105 | 22,52 80,46",
        "5,5 90,5 60,55 35,105",
        "0,35 8,8 50,12 88,2 72,50 70,100",
        "15,3 85,5 50,60 45,110 | 25,50 82,55",
    ),
    8: (
        "50,2 25,12 28,38 50,46 72,36 74,12 50,2 | 50,48 15,65 20,95 50,100 82,92 84,62 50,48",
        "75,15 45,0 20,20 50,48 85,75 50,100 12,78 50,48 85,20 70,8",
        "85,12 40,2 22,25 55,48 80,75 45,100 15,75 50,50 92,3",
        "15,10 45,40 70,80 50,100 35,80 60,40 85,10 70,2",
        "45,55 20,90 35,102 48,75 40,40 20,20 45,2 75,10 65,35 40,62",
        "90,0 55,40 20,75 45,100 72,80 50,45 22,20 45,2 75,10",
        "55,48 25,35 30,5 65,3 75,25 50,50 20,75 35,100 75,92 72,62 45,46",
    ),
    9: (
        "62,50 30,48 12,25 45,0 85,18 60,45 42,62 45,80 50,100",
        "50,50 20,40 15,12 50,0 85,15 75,40 50,52 45,75 50,100",
        "75,10 40,0 12,20 30,45 65,38 80,10 72,50 65,100",
        "35,100 38,50 45,5 75,0 95,20 75,45 40,48",
        "25,105 35,50 30,5 70,-2 95,22 70,48 35,45",
        "82,12 50,0 15,20 25,48 65,45 82,10 78,60 65,98 30,105 8,92",
        "80,8 40,4 15,30 45,50 80,25 82,8 70,60 30,110",
        "30,22 45,2 80,8 75,40 45,48 30,25 38,10 40,60 36,102",
    ),
}
"""Ways of the pen, in percent to the right and down."""

_PER_LOOP = 8
"""Points of a zero in a chain."""

_ASPECTS = {0: (0.5, 1.15), 1: (0.2, 0.55)}
_ASPECT = (0.42, 0.85)
_ROOM = HEIGHT // 2
_WAYS = {
    label: tuple(
        tuple(np.array([point.split(",") for point in way.split()], np.float64) / 100 for way in form.split("|"))
        for form in forms
    )
    for label, forms in _FORMS.items()
}


def forms_of(label: int) -> int:
    """How many forms :func:`drawn` has of a digit."""
    return len(_WAYS[label])


def any_aspect(label: int, draw: np.random.Generator) -> float:
    """Width for a height of 1 as a writer may have it for a digit."""
    return float(draw.uniform(*_ASPECTS.get(label, _ASPECT)))


def drawn(label: int, form: int, aspect: float, slant: float, pen: float, draw: np.random.Generator) -> Picture:
    """A digit in one of its forms.

    Args:
        label: 0 to 9.
        form: below :func:`forms_of` the label.
        aspect: its width for a height of 1.
        slant: how far the top leans to the right, in heights.
        pen: pixels of the stroke.
        draw: how this drawing differs from others.

    Returns:
        uint8, about :data:`HEIGHT` pixels high, cropped to its ink.
    """
    return ways_drawn(_WAYS[label][form], aspect, slant, pen, draw)


def chained_zeros(count: int, aspect: float, slant: float, pen: float, draw: np.random.Generator) -> Picture:
    """Zeros in one go of the pen, as the last ones of an amount are written: loops that a stroke at the top joins.

    Args:
        count: of the zeros.
        aspect: width of one of them for a height of 1.
        slant: as in :func:`drawn`.
        pen: pixels of the stroke.
        draw: how this drawing differs from others.
    """
    apart, over = draw.uniform(0.75, 1.2), draw.uniform(0, 0.14)
    turns = np.linspace(0, 2 * math.pi * (1 + over), _PER_LOOP + 1) + math.pi / 2 - draw.uniform(-0.2, 0.5)
    sizes = np.exp(draw.normal(0, 0.07, count))
    loops = [
        np.column_stack([0.5 + apart * place + np.cos(turns) * size / 2, 0.5 - np.sin(turns) * size / 2])
        for place, size in enumerate(sizes)
    ]
    return ways_drawn((np.vstack(loops),), aspect, slant, pen, draw)


def ways_drawn(
    ways: tuple[NDArray[np.float64], ...], aspect: float, slant: float, pen: float, draw: np.random.Generator
) -> Picture:
    """Ways of a pen, each float64 of shape (count, 2) in heights, drawn as :func:`drawn` does."""
    widest = max(1.0, *(float(way[:, 0].max()) for way in ways))
    stretch = np.array([aspect * math.exp(draw.normal(0, 0.08)), 1.0])
    lean = np.array([[1, 0], [-slant, 1]])
    bend = draw.normal(0, 0.03, 2)
    width = int(HEIGHT * (1.3 * widest * stretch[0] + 1.3 * abs(slant))) + 2 * _ROOM
    field = np.zeros((2 * HEIGHT + _ROOM, width), np.uint8)
    left = _ROOM + max(0.0, -slant) * 0.3 * HEIGHT
    for way in ways:
        points = (way + draw.normal(0, 0.028, way.shape)) * stretch
        points[:, 0] += bend[0] * points[:, 1] ** 2
        points = points @ lean
        points[:, 0] += max(0.0, slant)
        _stroke(field, spline(points * HEIGHT + [left, _ROOM]), pen, draw)
    return ink_box(field, 0)


def _stroke(field: Picture, points: Points, pen: float, draw: np.random.Generator) -> None:
    """A stroke whose width may swell along its way as the pressure does."""
    least = max(2, round(pen))
    polyline(field, points, least)
    if draw.random() < 0.5 and len(points) > 8:
        start = int(draw.integers(len(points) - 6))
        end = int(draw.integers(start + 5, len(points) + 1))
        polyline(field, points[start:end], least + 1)


def resized(picture: Picture, factor: float) -> Picture:
    """The picture larger or smaller, at least 3 pixels a side."""
    size = (max(3, round(picture.shape[1] * factor)), max(3, round(picture.shape[0] * factor)))
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=way), np.uint8)
