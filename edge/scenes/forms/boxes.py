"""The sides of single boxes, whatever stands in them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

LEAST_BOX = 0.03
"""Boxes are larger than this share of the picture, or than most of a digit."""

OPEN_BOX = 1.3
"""Boxes with three sides are higher than so many digit heights."""

SIDES = 0.85
"""A side of a box has ink on at least this share of the box's width or height."""


def box_sides(mask: NDArray[np.uint8], digit: float, thickest: int) -> NDArray[np.uint8]:
    """The sides of boxes, of marks that have at least three straight sides."""
    lines = np.zeros_like(mask)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    least = max(12.0, min(0.8 * digit, LEAST_BOX * max(mask.shape)))
    large = (stats[:, cv2.CC_STAT_WIDTH] >= least) & (stats[:, cv2.CC_STAT_HEIGHT] >= least)
    for number in np.flatnonzero(large[1:count]) + 1:
        x, y, width, height, _ = stats[number].tolist()
        own = (labels[y : y + height, x : x + width] == number).astype(np.uint8)
        sides = [_side(own, thickest), _side(own[::-1], thickest)[::-1]]
        if not (sides[0].any() or sides[1].any()):
            continue  # three of four are wanted
        sides += [_side(own.T, thickest).T, _side(own.T[::-1], thickest)[::-1].T]
        found = sum(bool(side.any()) for side in sides)
        if found - (found == 4) <= _corners(own) and (found == 4 or (found == 3 and height >= OPEN_BOX * digit)):
            window = lines[y : y + height, x : x + width]
            for side in sides:
                np.maximum(window, side, out=window)
    return lines


def _corners(own: NDArray[np.uint8]) -> int:
    """How many corners of a mark's box have ink: all four of a box, none of a 0."""
    side = max(2, round(0.08 * min(own.shape)))
    parts = (own[:side, :side], own[:side, -side:], own[-side:, :side], own[-side:, -side:])
    return sum(bool(part.any()) for part in parts)


def _side(own: NDArray[np.uint8], thickest: int) -> NDArray[np.uint8]:
    """The upper side of a box, 1 where it is; all 0 where there is none."""
    height = own.shape[0]
    side = np.zeros_like(own)
    depth = int(min(max(0.12 * height, thickest + 2), 0.35 * height))
    tolerant = cv2.dilate(np.ascontiguousarray(own[:depth]), np.ones((3, 1), np.uint8))
    full = np.flatnonzero(tolerant.mean(axis=1) >= SIDES)
    # Below a side there is the inside of the box, empty but for a digit.
    if full.size == 0 or full[-1] - full[0] > thickest + 2 or own[depth : 2 * depth].mean() > 0.5:
        return side
    first, last = max(0, int(full[0]) - 1), min(height, int(full[-1]) + 2)
    side[first:last] = 1
    return side
