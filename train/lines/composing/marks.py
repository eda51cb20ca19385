"""Marks that stand between and after digits: dots, commas, dashes, brackets and the signs that close an amount."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgedigits.train.augmentation.strokes import Picture
from edgedigits.train.lines.composing.hands import ways_drawn

_MARKS: dict[str, tuple[str, ...]] = {
    ".": ("0,97 4,98 6,99", "0,92 6,97 4,103", "0,100 8,97 16,96"),
    ",": ("8,92 6,102 0,115", "4,95 10,100 0,118", "0,95 8,96 5,110 -4,116"),
    "'": ("6,-2 4,8 0,18",),
    "-": ("0,55 20,54 40,52", "0,62 30,55 60,56", "0,60 15,48 35,58 60,50", "0,52 45,50 95,50"),
    "=": ("0,42 25,40 50,40 | 0,66 25,65 50,63", "5,35 50,30 85,30 | 0,55 45,52 80,50"),
    "#": (
        "35,-5 20,50 5,105 | 65,-5 50,50 35,105 | -10,35 40,33 85,32 | -15,68 35,66 80,64",
        "30,10 15,50 5,95 | 60,5 45,50 35,95 | 0,38 40,35 75,30 | -5,65 35,62 70,60",
    ),
    "/": ("115,-20 60,45 0,120", "95,-10 50,50 -10,115"),
    "(": ("22,-15 2,20 0,75 20,118",),
    ")": ("0,-15 20,20 22,75 2,118",),
    "k": ("5,-2 2,50 0,100 | 42,42 4,72 | 15,64 30,85 45,100",),
    "r": ("0,48 4,75 5,100 | 5,68 18,50 36,54",),
    "$": ("80,15 40,5 15,28 55,50 80,75 45,98 5,85 | 55,-12 48,50 40,115",),
    "x": ("0,48 20,70 42,98 | 44,50 20,75 -2,96",),
}
"""Ways of the pen as in module ``hands``; 0 is the top of a digit and 100 the line it stands on."""

_LEAN = {".": 0.0, "/": 0.0, "-": 0.0, "=": 0.0, "'": 0.0}
_WAYS = {
    mark: tuple(
        tuple(np.array([point.split(",") for point in way.split()], np.float64) / 100 for way in form.split("|"))
        for form in forms
    )
    for mark, forms in _MARKS.items()
}


def mark_drawn(mark: str, slant: float, pen: float, draw: np.random.Generator) -> tuple[Picture, float]:
    """A mark.

    Returns:
        Its picture, as ``drawn`` of module ``hands`` gives it, and how far its upper edge lies below the
        top of the digits, in their heights.
    """
    ways = _WAYS[mark][draw.integers(len(_WAYS[mark]))]
    if mark == "-":
        ways = (ways[0] * [draw.uniform(0.6, 1.3), 1],)
    if mark in ".,'":
        pen = pen * draw.uniform(0.9, 1.7)
    top = min(float(way[:, 1].min()) for way in ways) - pen / 112
    return ways_drawn(_straight(ways), 1.0, _LEAN.get(mark, slant), pen, draw), top


def _straight(ways: tuple[NDArray[np.float64], ...]) -> tuple[NDArray[np.float64], ...]:
    """The ways moved to start at 0 on both axes: what is drawn lies in the field."""
    left = min(float(way[:, 0].min()) for way in ways)
    top = min(float(way[:, 1].min()) for way in ways)
    return tuple(way - [left, top] for way in ways)
