"""Strokes of digits brought to the width of one pen."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.train.augmentation.strokes import INK, Picture, ink_box

_FRAME = 8
_STRONGER_INK = 150  # from here where that tears nothing: the loop of a digit written with a thick pen opens
_BLOT = 1.5  # times half the width of the strokes: a loop that has run full stays full
_RING = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))  # the 8 neighbours, clockwise from above


def with_pen(glyph: Picture, pen: float) -> Picture:
    """The glyph with strokes about ``pen`` pixels wide: around their middle where that is thinner, else thickened.

    Args:
        glyph: uint8, strokes bright on 0.
        pen: pixels.

    Returns:
        uint8, cropped to its ink.
    """
    framed = cv2.copyMakeBorder(glyph, _FRAME, _FRAME, _FRAME, _FRAME, cv2.BORDER_CONSTANT)
    smooth = cv2.GaussianBlur(framed, (0, 0), 1.2)
    inked = np.asarray(cv2.threshold(smooth, INK, 1, cv2.THRESH_BINARY)[1], np.uint8)
    inside = cv2.distanceTransform(inked, cv2.DIST_L2, 3)
    depths = inside[inside > 0]
    if not depths.size:
        return glyph
    now = 2 * _point(depths, 0.85)
    if pen < now:
        stronger = np.asarray(cv2.threshold(smooth, _STRONGER_INK, 1, cv2.THRESH_BINARY)[1], np.uint8)
        if cv2.connectedComponents(stronger)[0] <= cv2.connectedComponents(inked)[0]:
            inked = stronger
        inside = cv2.distanceTransform(inked, cv2.DIST_L2, 3)
        thin = skeleton(inked)
        blots = inside > _BLOT * _point(inside[thin > 0], 0.5)
        inked, now = thin | blots, 1.0
    outside = cv2.distanceTransform(1 - inked, cv2.DIST_L2, 3)
    level = np.clip((pen - now) / 2 + 1 - outside, 0, 1)
    soft = cv2.GaussianBlur(level, (0, 0), 0.8) * 320
    return ink_box(np.asarray(np.clip(soft, 0, 255), np.uint8), 0)


def skeleton(inked: Picture) -> Picture:
    """The middle of strokes, a pixel wide and connected as they are.

    T. Y. Zhang, C. Y. Suen, "A fast parallel algorithm for thinning digital patterns", Communications of the ACM 27(3),
    1984; whether a pixel goes is looked up by its eight neighbours.

    Args:
        inked: uint8, 1 on strokes and 0 elsewhere, and along the picture's edges.

    Returns:
        uint8 of the same shape, 1 on the middle.
    """
    thin, left = inked.copy(), -1
    while left != (left := cv2.countNonZero(thin)):
        for gone in _GONE:
            around = cv2.filter2D(thin, cv2.CV_8U, _WEIGHTS, borderType=cv2.BORDER_CONSTANT)
            thin &= np.asarray(cv2.LUT(around, gone), np.uint8)
    return thin


def _point(values: NDArray[Any], share: float) -> float:
    """The value that a share of them lies below; many times as fast as NumPy's for so few."""
    place = int(share * values.size)
    return float(np.partition(values, place)[place])


def _weights() -> NDArray[np.float32]:
    """A filter that gives each pixel the number of its neighbourhood: a bit for each neighbour."""
    weights = np.zeros((3, 3), np.float32)
    for bit, (down, right) in enumerate(_RING):
        weights[1 + down, 1 + right] = 1 << bit
    return weights


def _gone(second: bool) -> NDArray[np.uint8]:
    """For each neighbourhood, 0 where its middle goes in the first or second half of a round, else 1."""
    kept = np.ones(256, np.uint8)
    for code in range(256):
        ring = [code >> bit & 1 for bit in range(8)]
        north, east, south, west = ring[::2]
        rises = sum(one < other for one, other in zip(ring, ring[1:] + ring[:1], strict=True))
        edge = north * west * (east + south) if second else east * south * (north + west)
        if 2 <= sum(ring) <= 6 and rises == 1 and not edge:
            kept[code] = 0
    return kept


_WEIGHTS = _weights()
_GONE = (_gone(second=False), _gone(second=True))
