"""A digit in the hand of one writer: slant, width, pen, and the strokes that other countries add."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from edgedigits.train.augmentation.strokes import HEIGHT, INK, Picture, crossed, curled, drawn, flagged, ink_box, joined

_SOFT = 60  # what is darker is the blur of a turned stroke and no part of its extent
_LEAST_INK = 60  # pixels: with fewer, a thinner pen has left nothing that could be read

_DRAWN_SHARE = {1: 0.3, 2: 0.3, 4: 0.2, 7: 0.2, 9: 0.35}
"""Of a digit, the share that is drawn by code instead of taken from the data."""

_WIDE_ZEROS, _CURLED_ZEROS, _FLAGGED_ONES, _CROSSED_SEVENS = 0.5, 0.2, 0.6, 0.55
_JOINED, _JOINED_ZEROS = 0.1, 0.3


@dataclass(frozen=True)
class Hand:
    """How one writer writes: slant, width factor, rotation in degrees, pixels of pen more or less."""

    slant: float
    width: float
    rotation: float
    pen: int


def any_hand(draw: np.random.Generator) -> Hand:
    """A writer; one in two has the pen of the data."""
    return Hand(
        draw.uniform(-0.25, 0.55),
        math.exp(draw.normal(0.05, 0.18)),
        draw.uniform(-8, 8),
        int(draw.choice([-2, -1, 0, 0, 0, 1, 2, 3])),
    )


def write(image: Picture, label: int, hand: Hand, draw: np.random.Generator) -> Picture:
    """Write a digit anew; no two are written quite alike.

    Args:
        image: uint8 of shape (28, 28): where the strokes are taken from, unless they are drawn by code.
        label: what it shows, 0 to 9.
        hand: who writes.
        draw: of everything that differs between two digits of one hand.

    Returns:
        uint8, about :data:`HEIGHT` pixels high, cropped to its ink.
    """
    by_code = draw.random() < _DRAWN_SHARE.get(label, 0)
    width = hand.width
    if label == 0 and draw.random() < _WIDE_ZEROS:
        width = math.exp(draw.normal(0.25, 0.3))
    glyph = _in_hand(drawn(label, draw) if by_code else image, hand, width, draw)
    if glyph.max() <= INK:
        return glyph  # too faint for anything to start from
    if draw.random() < (_JOINED_ZEROS if label == 0 else _JOINED):
        glyph = joined(glyph, draw)
    if label == 0 and draw.random() < _CURLED_ZEROS:
        glyph = curled(glyph, draw)
    elif label == 1 and not by_code and draw.random() < _FLAGGED_ONES:
        glyph = flagged(glyph, draw)
    elif label == 7 and not by_code and draw.random() < _CROSSED_SEVENS:
        glyph = crossed(glyph, draw)
    glyph = ink_box(glyph, _SOFT)
    scale = HEIGHT / glyph.shape[0]
    return _resized(glyph, scale, scale) if scale < 0.8 else glyph


def _in_hand(image: Picture, hand: Hand, width: float, draw: np.random.Generator) -> Picture:
    crop = ink_box(image, 0)
    scale = HEIGHT / max(crop.shape[0], 0.6 * crop.shape[1])
    large = _resized(crop, scale * width, scale)
    frame = HEIGHT // 2
    large = cv2.copyMakeBorder(large, frame, frame, frame, frame, cv2.BORDER_CONSTANT).astype(np.uint8)
    angle = math.radians(hand.rotation + draw.normal(0, 3))
    slant = hand.slant + draw.normal(0, 0.05)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    matrix = turn @ np.array([[1, -slant], [0, 1]])
    centre = np.array([large.shape[1] / 2, large.shape[0] / 2])
    move = np.column_stack([matrix, centre - matrix @ centre])
    turned = cv2.warpAffine(large, move, (large.shape[1], large.shape[0])).astype(np.uint8)
    return ink_box(_with_pen(turned, hand.pen), _SOFT)


def _resized(picture: Picture, across: float, down: float) -> Picture:
    size = (max(3, round(picture.shape[1] * across)), max(3, round(picture.shape[0] * down)))
    way = cv2.INTER_AREA if down < 1 else cv2.INTER_CUBIC
    return cv2.resize(picture, size, interpolation=way).astype(np.uint8)


def _with_pen(picture: Picture, pen: int) -> Picture:
    """Strokes thicker or thinner by ``pen`` pixels on either side, unless nothing would be left of them."""
    if pen == 0:
        return picture
    tip = cv2.getStructuringElement(cv2.MORPH_ELLIPSE if abs(pen) > 1 else cv2.MORPH_RECT, (2 * abs(pen) + 1,) * 2)
    changed = (cv2.dilate(picture, tip) if pen > 0 else cv2.erode(picture, tip)).astype(np.uint8)
    return changed if np.count_nonzero(changed > INK) > _LEAST_INK else picture
