"""Strokes of digits brought to the width of one pen."""

from __future__ import annotations

import math

import cv2
import numpy as np

from edgedigits.train.augmentation.strokes import INK, Picture, ink_box


def with_pen(glyph: Picture, pen: float) -> Picture:
    """The glyph with strokes ``pen`` pixels wide: thinner around their middle, or thicker; never torn."""
    framed = cv2.copyMakeBorder(glyph, 6, 6, 6, 6, cv2.BORDER_CONSTANT)
    inked = (cv2.GaussianBlur(framed, (0, 0), 1.2) > INK).astype(np.uint8)
    inside = cv2.distanceTransform(inked, cv2.DIST_L2, 3)
    depths = inside[inside > 0]
    if not depths.size:
        return glyph
    place = int(0.85 * depths.size)
    now = 2 * float(np.partition(depths, place)[place])
    if pen >= now:
        outside = cv2.distanceTransform(1 - inked, cv2.DIST_L2, 3)
        level = (pen - now) / 2 + 1 - outside
    else:
        side = 2 * math.ceil(pen / 2 + 1.5) + 1
        ridge = cv2.dilate(inside, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
        level = np.minimum(inside - ridge + pen / 2 + 0.4, inside)
    soft = cv2.GaussianBlur(np.clip(level, 0, 1), (0, 0), 0.8) * 320
    return ink_box(np.asarray(np.clip(soft, 0, 255), np.uint8), 0)
