"""Printed straight lines in a mask of ink: rules, box frames, combs and grids, also where they are broken."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

LEAST_LENGTH = 4.0
"""A rule across is longer than so many digit heights,"""

WIDE = 0.7
"""or longer than this share of the picture."""

DIVIDER = 1.3
"""A divider that begins at a rule is longer than so many digit heights."""

TALL = 2.2
"""A line down that touches no rule is longer than so many digit heights."""

THICKEST = 0.25
"""Lines are thinner than this share of a digit's height, or than three pixels."""

SIDES = 0.8
"""A side of a box has ink on at least this share of the box's width or height."""


@dataclass(frozen=True)
class Printed:
    """What was taken out of a mask.

    Attributes:
        mask: uint8 (height, width), 1 where ink is left; strokes that cross a line are kept.
        lines: uint8 of the same shape, 1 where a printed line was, its gaps filled.
    """

    mask: NDArray[np.uint8]
    lines: NDArray[np.uint8]


def take_out_lines(mask: NDArray[np.uint8], digit: float) -> Printed:
    """Take printed lines that run within two degrees of the horizontal or vertical out of a mask.

    Args:
        mask: uint8 (height, width) of 0 and 1; left as it is.
        digit: typical height of digits in it, in pixels.
    """
    height, width = mask.shape
    thickest = max(3, round(THICKEST * digit))
    least = int(max(24, min(LEAST_LENGTH * digit, WIDE * width)))
    across = _straight(mask, least, thickest)
    down = _straight(_flipped(mask), int(max(24, min(TALL * digit, 0.95 * height))), thickest)
    lines = cv2.bitwise_or(across, _flipped(down))
    if across.any():
        dividers = _straight(_flipped(mask), int(max(10, DIVIDER * digit)), thickest)
        lines = cv2.bitwise_or(lines, _touching(_flipped(dividers), across))
    lines = cv2.bitwise_or(lines, _boxes(mask, digit, thickest))
    if not lines.any():
        return Printed(mask, np.asarray(lines, np.uint8))
    left = _keeping_strokes(mask, np.asarray(lines, np.uint8), thickest)
    return Printed(left, np.asarray(lines, np.uint8))


def _flipped(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(mask.T)


def _straight(mask: NDArray[np.uint8], least: int, thickest: int) -> NDArray[np.uint8]:
    """Where thin lines across run for at least ``least`` pixels, gaps of a tenth of that filled."""
    piece = max(8, least // 3)
    gap = max(3, least // 10) | 1
    thick = cv2.dilate(mask, np.ones((3, 1), np.uint8))
    thick = cv2.morphologyEx(thick, cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    runs = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, piece), np.uint8))
    # What is thicker than a line is a stroke or an area.
    solid = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((thickest + 1, piece), np.uint8))
    if solid.any():
        runs = cv2.subtract(runs, cv2.dilate(solid, np.ones((5, 3), np.uint8)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
    long = stats[:, cv2.CC_STAT_WIDTH] >= least
    long &= stats[:, cv2.CC_STAT_HEIGHT] <= 3 * thickest + 0.06 * stats[:, cv2.CC_STAT_WIDTH] + 2
    long[0] = False
    if count == 1 or not long.any():
        return np.zeros_like(mask)
    return long.astype(np.uint8)[labels]


def _touching(dividers: NDArray[np.uint8], across: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Those dividers that reach a line across."""
    count, labels, _, _ = cv2.connectedComponentsWithStats(dividers, connectivity=8)
    near = cv2.dilate(across, np.ones((9, 3), np.uint8))
    touching = np.zeros(count, np.uint8)
    touching[np.unique(labels[near > 0])] = 1
    touching[0] = 0
    return touching[labels]


def _boxes(mask: NDArray[np.uint8], digit: float, thickest: int) -> NDArray[np.uint8]:
    """The sides of boxes, of marks that have at least three straight sides."""
    lines = np.zeros_like(mask)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    least = max(12.0, 0.8 * digit)
    large = (stats[:, cv2.CC_STAT_WIDTH] >= least) & (stats[:, cv2.CC_STAT_HEIGHT] >= least)
    for number in np.flatnonzero(large[1:count]) + 1:
        x, y, width, height, _ = stats[number].tolist()
        own = (labels[y : y + height, x : x + width] == number).astype(np.uint8)
        sides = [_side(own, thickest), _side(own[::-1], thickest)[::-1]]
        sides += [_side(own.T, thickest).T, _side(own.T[::-1], thickest)[::-1].T]
        if sum(bool(side.any()) for side in sides) >= 3:
            window = lines[y : y + height, x : x + width]
            for side in sides:
                np.maximum(window, side, out=window)
    return lines


def _side(own: NDArray[np.uint8], thickest: int) -> NDArray[np.uint8]:
    """The upper side of a box, 1 where it is; all 0 where there is none."""
    height = own.shape[0]
    side = np.zeros_like(own)
    depth = int(min(max(0.12 * height, thickest + 2), 0.35 * height))
    tolerant = cv2.dilate(np.ascontiguousarray(own[:depth]), np.ones((3, 1), np.uint8))
    full = np.flatnonzero(tolerant.mean(axis=1) >= SIDES)
    # Below a side there is the inside of the box, empty but for a digit.
    if full.size == 0 or own[depth : 2 * depth].mean() > 0.5:
        return side
    first, last = max(0, int(full[0]) - 1), min(height, int(full[-1]) + 2)
    side[first:last] = 1
    return side


def _keeping_strokes(mask: NDArray[np.uint8], lines: NDArray[np.uint8], thickest: int) -> NDArray[np.uint8]:
    """The mask without the lines; strokes that go on at both sides of a line are kept."""
    wide = cv2.dilate(lines, np.ones((3, 3), np.uint8))
    left = cv2.subtract(mask, wide)
    reach = thickest + 3
    kernel = np.ones((reach, 1), np.uint8)
    above = cv2.dilate(left, kernel, anchor=(0, reach - 1))
    below = cv2.dilate(left, kernel, anchor=(0, 0))
    before = cv2.dilate(left, _flipped(kernel), anchor=(reach - 1, 0))
    after = cv2.dilate(left, _flipped(kernel), anchor=(0, 0))
    crossing = cv2.bitwise_or(cv2.bitwise_and(above, below), cv2.bitwise_and(before, after))
    return np.asarray(cv2.bitwise_or(left, cv2.bitwise_and(mask, crossing)), np.uint8)
