"""Digits 0 to 9 as many hands would write them, drawn by code from points that were written down here.

No picture of anybody's handwriting is in them. The forms of `edgedigits.train.augmentation.strokes` are those that
MNIST lacks; these are the plain ones, and nothing is trained on them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edgedigits.train.augmentation.strokes import Picture, ink_box, polyline, spline

HEIGHT = 120
"""Pixels from the top of a digit to its foot before it is turned."""

_FIELD = 3 * HEIGHT

# The pen's ways, with a semicolon where it turns sharply or is lifted; each point in percent to the right and down.
_FORMS = {
    0: (
        "52,0 16,14 2,50 16,88 50,100 86,86 98,48 84,12 48,1",
        "60,2 20,12 2,55 22,94 55,100 90,80 96,40 74,6 40,4",
        "35,4 8,30 4,64 28,98 66,98 96,66 94,30 66,0 30,6",
    ),
    1: ("50,0 50,100", "18,26 54,0; 54,0 50,100", "22,20 52,0; 52,0 52,100; 18,100 86,99"),
    2: (
        "8,24 28,3 62,0 86,20 76,48 36,78 6,99; 6,99 52,97 96,98",
        "12,20 44,0 82,14 80,42 48,70 10,94; 10,94 40,90 66,99 98,92",
        "6,30 20,6 56,0 84,16 78,44 46,74 16,96 10,84 30,80 60,96 98,94",
    ),
    3: (
        "10,14 44,0 82,12 78,36 42,47; 42,47 82,56 92,80 58,100 6,90",
        "8,8 50,1 86,18 70,42 36,48 78,54 94,76 62,99 8,94",
        "10,2 86,2; 86,2 40,42; 40,42 84,52 92,80 54,100 6,90",
    ),
    4: (
        "64,0 4,66; 4,66 98,66; 70,34 68,100",
        "36,2 10,60; 10,60 96,58; 74,6 68,100",
        "72,0 2,70; 2,70 98,70; 72,0 72,100",
    ),
    5: (
        "88,2 22,3; 22,3 14,46; 14,46 52,36 90,58 80,90 44,100 6,90",
        "20,4 14,46; 14,46 50,34 92,60 74,94 38,100 4,90; 20,4 92,2",
        "86,0 24,6 20,44 56,38 92,64 70,96 8,94",
    ),
    6: (
        "78,2 38,20 10,60 24,94 60,99 88,76 66,52 30,60 12,78",
        "64,0 26,34 8,72 34,100 76,94 84,66 50,54 14,74",
        "84,4 36,10 6,52 16,92 56,100 92,80 78,54 36,54 10,72",
    ),
    7: (
        "6,3 94,2; 94,2 60,50 40,100",
        "8,14 8,3; 8,3 92,4; 92,4 48,100",
        "4,4 92,2; 92,2 44,100; 24,52 84,48",
    ),
    8: (
        "80,14 46,0 16,18 42,44 82,70 66,98 28,98 10,74 48,48 82,22 70,4 48,0",
        "52,46 18,26 34,2 66,2 82,24 50,47 10,76 34,100 70,99 90,74 52,46",
        "88,8 50,0 14,16 36,42 80,64 84,90 46,100 12,86 24,60 70,36 88,8",
    ),
    9: (
        "86,22 56,0 16,12 12,38 44,52 80,36 88,10; 88,10 84,56 74,100",
        "84,26 50,0 12,22 24,48 62,48 86,20; 86,20 82,64 58,99 22,96",
        "80,14 40,1 10,26 32,50 70,42 82,8; 82,8 78,100",
    ),
}


@dataclass(frozen=True)
class Hand:
    """How one writer writes.

    Attributes:
        slant: pixels to the right for each pixel up.
        width: of a digit, as a share of its height.
        rotation: degrees against the clock.
        pen: width of the strokes, as a share of the height.
        care: spread of the points around their form, as a share of the height; small for a careful hand.
        forms: which form of each digit the hand has learnt.
    """

    slant: float
    width: float
    rotation: float
    pen: float
    care: float
    forms: tuple[int, ...]


def any_hand(draw: np.random.Generator) -> Hand:
    """A writer by lot."""
    return Hand(
        slant=draw.normal(0.12, 0.12),
        width=draw.uniform(0.5, 0.72),
        rotation=draw.normal(0, 3),
        pen=draw.uniform(0.07, 0.14),
        care=draw.uniform(0.01, 0.035),
        forms=tuple(int(draw.integers(len(forms))) for forms in _FORMS.values()),
    )


def written(label: int, hand: Hand, draw: np.random.Generator) -> Picture:
    """A digit as this hand writes it; no two are alike.

    Returns:
        uint8, about :data:`HEIGHT` pixels high, ink bright, cropped to its ink.
    """
    ways = [
        np.array([point.split(",") for point in way.split()], np.float64) / 100
        for way in _FORMS[label][hand.forms[label]].split(";")
    ]
    size = np.array([hand.width * draw.normal(1, 0.06) * (0.8 if label == 1 else 1), draw.normal(1, 0.04)])
    turn = np.radians(hand.rotation + draw.normal(0, 1.5))
    slant = hand.slant + draw.normal(0, 0.03)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) @ np.array([[1, -slant], [0, 1]])
    field = np.zeros((_FIELD, _FIELD), np.uint8)
    pen = max(2, round(hand.pen * HEIGHT * draw.normal(1, 0.06)))
    meeting = draw.normal(0, hand.care, 2)  # a stroke begins where the one before has ended
    for way in ways:
        moved = way + draw.normal(0, hand.care, way.shape)
        moved[0], moved[-1] = way[0] + meeting, way[-1] + (meeting := draw.normal(0, hand.care, 2))
        polyline(field, spline(((moved - 0.5) * size) @ matrix.T * HEIGHT + _FIELD / 2), pen)
    return ink_box(cv2.GaussianBlur(field, (0, 0), 1.0).astype(np.uint8), 40)
