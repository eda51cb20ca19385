"""Printed straight lines in a mask of ink: rules, box frames, combs and grids, also where they are broken."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

LEAST_LENGTH = 4.0
"""A rule across is longer than so many digit heights,"""

WIDE = 0.92
"""or longer than this share of the picture."""

TOOTH = 0.75
"""A divider from one rule to another is longer than so many digit heights,"""

DIVIDER = 1.2
"""and one that begins at a rule and ends free, as in a comb, than so many."""

TALL = 2.2
"""A line down that touches no rule is longer than so many digit heights."""

THICKEST = 0.25
"""Lines are thinner than this share of a digit's height, or than three pixels,"""

THICKEST_OF_PICTURE = 0.03
"""and than this share of the picture's longer side."""

GAP = 0.15
"""Lines may be broken by gaps of so many digit heights."""

OPEN_BOX = 1.3
"""Boxes with three sides are higher than so many digit heights."""

SIDES = 0.85
"""A side of a box has ink on at least this share of the box's width or height."""


LEAST_SHARE = 0.15
"""Lines across are at least this share of the picture."""

COMB = 3
"""Dividers that reach only one line across are believed from so many of one height on."""


def lines_across(mask: NDArray[np.uint8], digit: float) -> NDArray[np.uint8]:
    """Printed lines that run within two degrees of the horizontal: uint8 of the mask's shape, 1 there, gaps filled.

    Args:
        mask: uint8 (height, width) of 0 and 1.
        digit: typical height of digits in it, in pixels.
    """
    width = mask.shape[1]
    least = max(24.0, min(LEAST_LENGTH * digit, WIDE * width), LEAST_SHARE * width)
    return _straight(mask, int(least), _thickest(mask, digit), _gap(digit))


def lines_down(mask: NDArray[np.uint8], digit: float, across: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Printed lines near the vertical, and the sides of boxes, as :func:`lines_across`.

    Args:
        mask: uint8 (height, width) of 0 and 1, with the lines across.
        digit: typical height of digits in it, in pixels.
        across: of :func:`lines_across`.
    """
    thickest, gap = _thickest(mask, digit), _gap(digit)
    turned = _flipped(mask)
    height = mask.shape[0]
    down = _flipped(_straight(turned, int(max(24.0, min(TALL * digit, 0.95 * height))), thickest, gap))
    if TALL * digit > height and cv2.connectedComponents(down)[0] <= 2:
        down = np.zeros_like(mask)  # one stroke from the upper to the lower edge may as well be a 1
    if across.any():
        rules = cv2.dilate(across, np.ones((3, 3), np.uint8))
        between = _flipped(cv2.subtract(mask, rules))
        dividers = _flipped(_straight(between, int(max(10, TOOTH * digit)), thickest, gap))
        dividers = cv2.subtract(dividers, rules)  # gaps were filled across rules as well
        down = cv2.bitwise_or(down, _reaching(dividers, across, DIVIDER * digit))
    return np.asarray(cv2.bitwise_or(down, _boxes(mask, digit, thickest)), np.uint8)


def without(mask: NDArray[np.uint8], across: NDArray[np.uint8], down: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A mask without printed lines; strokes that go on at both sides of one are kept."""
    if not across.any() and not down.any():
        return mask
    left = cv2.subtract(mask, cv2.dilate(cv2.bitwise_or(across, down), np.ones((3, 3), np.uint8)))
    kept = cv2.bitwise_or(left, _crossing(mask, left, across))
    return np.asarray(
        cv2.bitwise_or(kept, _flipped(_crossing(_flipped(mask), _flipped(left), _flipped(down)))), np.uint8
    )


def _crossing(mask: NDArray[np.uint8], left: NDArray[np.uint8], across: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Ink on lines across that has ink of the mask without them above and below."""
    if not across.any():
        return across
    inside = cv2.bitwise_and(mask, across)
    distance = cv2.distanceTransform(inside, cv2.DIST_L1, 3)[inside > 0]
    reach = 4 + 2 * round(float(np.percentile(distance, 90))) if distance.size else 4
    kernel = np.ones((reach, 1), np.uint8)
    both = cv2.bitwise_and(cv2.dilate(left, kernel, anchor=(0, reach - 1)), cv2.dilate(left, kernel, anchor=(0, 0)))
    near = cv2.dilate(across, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.bitwise_and(cv2.bitwise_and(mask, near), both), np.uint8)


def _thickest(mask: NDArray[np.uint8], digit: float) -> int:
    return max(3, round(min(THICKEST * digit, THICKEST_OF_PICTURE * max(mask.shape))))


def _gap(digit: float) -> int:
    return max(3, round(GAP * digit)) | 1


def _flipped(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(mask.T)


def _straight(mask: NDArray[np.uint8], least: int, thickest: int, gap: int) -> NDArray[np.uint8]:
    """Where thin lines across run for at least ``least`` pixels, gaps of ``gap`` filled."""
    piece = max(8, least // 3)
    thick = cv2.dilate(mask, np.ones((3, 1), np.uint8))
    thick = cv2.morphologyEx(thick, cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    runs = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, piece), np.uint8))
    # What is thicker than a line is a stroke or an area.
    solid = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((thickest + 1, piece), np.uint8))
    if solid.any():
        runs = cv2.subtract(runs, cv2.dilate(solid, np.ones((5, 3), np.uint8)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
    long = stats[:, cv2.CC_STAT_WIDTH] >= least
    # A straight line needs no more height than its thickness and its tilt.
    length = np.maximum(stats[:, cv2.CC_STAT_WIDTH], 1)
    long &= stats[:, cv2.CC_STAT_HEIGHT] <= 1.5 * stats[:, cv2.CC_STAT_AREA] / length + 0.05 * length + 3
    long[0] = False
    if count == 1 or not long.any():
        return np.zeros_like(mask)
    return long.astype(np.uint8)[labels]


def _reaching(dividers: NDArray[np.uint8], across: NDArray[np.uint8], least: float) -> NDArray[np.uint8]:
    """Those dividers that reach two lines across, or one as several others of their height, at least ``least``, do."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dividers, connectivity=8)
    if count == 1:
        return dividers
    number, rules, _, _ = cv2.connectedComponentsWithStats(across, connectivity=8)
    near = cv2.dilate(rules.astype(np.uint16), np.ones((7, 3), np.uint8))
    met = np.bincount((labels * number + near)[labels > 0], minlength=count * number).reshape(count, number)[:, 1:] > 0
    top, height = stats[:, cv2.CC_STAT_TOP], stats[:, cv2.CC_STAT_HEIGHT]
    # A rule may have left the picture at its edge.
    reached = met.sum(axis=1) + ((top <= 1) | (top + height >= len(across) - 1))
    alike = np.abs(height[:, None] - height[None, :]) <= 0.15 * height[None, :]
    # Lines across may be tilted: teeth of one comb begin equally far from the line, not at one row.
    same = alike & (met[:, None, :] & met[None, :, :]).any(axis=2)
    same &= np.abs(top[:, None] - top[None, :]) <= 0.15 * height[None, :] + 0.04 * across.shape[1]
    usual = float(np.median(height[1:][reached[1:] >= 2])) if (reached[1:] >= 2).any() else 0.0
    kept = ((reached >= 2) & (height >= 0.85 * usual)) | (
        (reached == 1) & (height >= least) & (same.sum(axis=1) >= COMB)
    )
    kept[0] = False
    return kept.astype(np.uint8)[labels]


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
        found = sum(bool(side.any()) for side in sides)
        if found == 4 or (found == 3 and height >= OPEN_BOX * digit):
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
    if full.size == 0 or full[-1] - full[0] > thickest + 2 or own[depth : 2 * depth].mean() > 0.5:
        return side
    first, last = max(0, int(full[0]) - 1), min(height, int(full[-1]) + 2)
    side[first:last] = 1
    return side
