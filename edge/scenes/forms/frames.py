"""Printed straight lines in a mask of ink: rules, box frames, combs and grids, also where they are broken."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.forms.boxes import box_sides
from edgedigits.edge.scenes.forms.dividers import bars_between, reaching
from edgedigits.edge.scenes.forms.masks import both, either, flipped, less, present

LEAST_LENGTH = 4.0
"""A rule across is longer than so many digit heights,"""

WIDE = 0.92
"""or longer than this share of the picture."""

TOOTH = 0.75
"""A divider from one rule to another is longer than so many digit heights,"""

DIVIDER = 0.8
"""and one that begins at a rule and ends free, as in a comb, than so many."""

TALL = 2.2
"""A line down that touches no rule is longer than so many digit heights."""

THICKEST = 0.25
"""Lines are thinner than this share of a digit's height, or than three pixels,"""

THICKEST_OF_PICTURE = 0.03
"""and than this share of the picture's longer side."""

GAP = 0.15
"""Lines may be broken by gaps of so many digit heights."""

STRAIGHT = 0.8
"""Pixels, as a standard deviation, by which a broken line's middle leaves a straight line."""

ALIKE = 0.12
"""Dividers differ in height by at most this share."""

WIDE_GAP, BROKEN_LENGTH, COVERED = 0.4, 1.2, 0.5
"""Broken lines have gaps of up to so many digit heights, are longer than so many, and have ink on this share."""

ROOM = 3.5
"""Broken lines are searched in pictures at least so many digit heights high: fields are cut close to their digits."""

LEAST_SHARE = 0.15
"""Lines across are at least this share of the picture."""


def lines_across(mask: NDArray[np.uint8], digit: float) -> NDArray[np.uint8]:
    """Printed lines that run within two degrees of the horizontal: uint8 of the mask's shape, 1 there, gaps filled.

    Args:
        mask: uint8 (height, width) of 0 and 1.
        digit: typical height of digits in it, in pixels.
    """
    width = mask.shape[1]
    least = max(24.0, min(LEAST_LENGTH * digit, WIDE * width), LEAST_SHARE * width)
    lines = _whole(mask, int(least), digit)
    if mask.shape[0] < ROOM * digit:
        return lines
    return either(lines, _broken(mask, int(least), digit))


def lines_down(mask: NDArray[np.uint8], digit: float, across: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Printed lines near the vertical, and the sides of boxes, as :func:`lines_across`.

    Args:
        mask: uint8 (height, width) of 0 and 1, with the lines across.
        digit: typical height of digits in it, in pixels.
        across: of :func:`lines_across`.
    """
    turned = flipped(mask)
    height = mask.shape[0]
    down = flipped(_whole(turned, int(max(24.0, min(TALL * digit, 0.95 * height))), digit))
    if not present(across) and cv2.connectedComponents(down)[0] <= 2:
        down = np.zeros_like(mask)  # one stroke down may as well be a 1
    if present(across):
        rules = cv2.dilate(across, np.ones((3, 3), np.uint8))
        between = flipped(less(mask, rules))
        least = int(max(10, TOOTH * digit))
        dividers = flipped(_whole(between, least, digit))
        if height >= ROOM * digit:
            dividers = either(dividers, flipped(_broken(between, least, digit)))
        dividers = less(dividers, rules)  # gaps were filled across rules as well
        down = either(down, reaching(dividers, across, mask, DIVIDER * digit))
    down = either(down, box_sides(mask, digit, _thickest(mask, digit)))
    return either(down, bars_between(mask, across, down))


def _is_straight(own: NDArray[np.uint8]) -> bool:
    """Whether the ink of a line lies on one straight line: parts of digits in one row scatter."""
    weight = own.sum(axis=0).astype(np.float64)
    columns = np.flatnonzero(weight)
    middle = (own * np.arange(len(own))[:, None]).sum(axis=0)[columns] / weight[columns]
    slope, row = np.polyfit(columns, middle, 1)
    return bool(np.std(middle - slope * columns - row) <= STRAIGHT)


def is_boxed(down: NDArray[np.uint8]) -> bool:
    """Whether lines of :func:`lines_down` make a row of boxes or one wide box, rather than being a stroke or two."""
    if not present(down):
        return False
    _, _, stats, _ = cv2.connectedComponentsWithStats(down, connectivity=8)
    height = stats[1:, cv2.CC_STAT_HEIGHT]
    alike = np.abs(height / np.median(height) - 1) <= ALIKE
    return bool(alike.sum() >= 3 or stats[1:, cv2.CC_STAT_WIDTH].max() >= 0.5 * down.shape[1])


def without(mask: NDArray[np.uint8], across: NDArray[np.uint8], down: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A mask without printed lines; strokes that go on at both sides of one are kept."""
    if not present(across) and not present(down):
        return mask
    left = less(mask, cv2.dilate(either(across, down), np.ones((3, 3), np.uint8)))
    kept = either(left, _crossing(mask, left, across))
    return either(kept, flipped(_crossing(flipped(mask), flipped(left), flipped(down))))


def _crossing(mask: NDArray[np.uint8], left: NDArray[np.uint8], across: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Ink on lines across that has ink of the mask without them above and below."""
    if not present(across):
        return across
    inside = both(mask, across)
    distance = cv2.distanceTransform(inside, cv2.DIST_L1, 3)[inside > 0]
    reach = 4 + 2 * round(float(np.percentile(distance, 90))) if distance.size else 4
    kernel = np.ones((reach, 1), np.uint8)
    passing = both(cv2.dilate(left, kernel, anchor=(0, reach - 1)), cv2.dilate(left, kernel, anchor=(0, 0)))
    near = cv2.dilate(across, np.ones((3, 3), np.uint8))
    return both(both(mask, near), passing)


def _thickest(mask: NDArray[np.uint8], digit: float) -> int:
    return max(3, round(min(THICKEST * digit, THICKEST_OF_PICTURE * max(mask.shape))))


def _whole(mask: NDArray[np.uint8], least: int, digit: float) -> NDArray[np.uint8]:
    """Lines across of at least ``least`` pixels."""
    return _straight(mask, least, _thickest(mask, digit), max(3, round(GAP * digit)) | 1)


def _broken(mask: NDArray[np.uint8], least: int, digit: float) -> NDArray[np.uint8]:
    """Broken lines across, closed over wider gaps.

    Strokes down do not count there: they would make lines of writing.
    """
    thickest = _thickest(mask, digit)
    thin = less(mask, cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((thickest + 2, 1), np.uint8)))
    lines = _straight(thin, max(least, int(BROKEN_LENGTH * digit)), thickest, max(3, round(WIDE_GAP * digit)) | 1)
    return _covered(lines, thin) if present(lines) else lines


def _covered(lines: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Those lines across that have ink on most of their columns, and it lies on one straight line."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(lines, connectivity=8)
    kept = np.zeros(count, np.uint8)
    for number in range(1, count):
        x, y, width, height = stats[number, :4].tolist()
        window = (slice(y, y + height), slice(x, x + width))
        own = both(mask[window], (labels[window] == number).astype(np.uint8))
        kept[number] = own.max(axis=0).sum() >= COVERED * width and _is_straight(own)
    return np.asarray(kept[labels], np.uint8)


def _straight(mask: NDArray[np.uint8], least: int, thickest: int, gap: int) -> NDArray[np.uint8]:
    """Where thin lines across run for at least ``least`` pixels, gaps of ``gap`` filled."""
    piece = max(8, least // 3)
    thick = cv2.dilate(mask, np.ones((3, 1), np.uint8))
    thick = cv2.morphologyEx(thick, cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    runs = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, piece), np.uint8))
    if not present(runs):
        return np.asarray(runs, np.uint8)
    # What is thicker than a line is a stroke or an area.
    solid = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((thickest + 1, piece), np.uint8))
    if present(solid):
        runs = less(runs, cv2.dilate(solid, np.ones((5, 3), np.uint8)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
    long = stats[:, cv2.CC_STAT_WIDTH] >= least
    # A straight line needs no more height than its thickness and its tilt.
    length = np.maximum(stats[:, cv2.CC_STAT_WIDTH], 1)
    long &= stats[:, cv2.CC_STAT_HEIGHT] <= 1.3 * stats[:, cv2.CC_STAT_AREA] / length + 0.05 * length + 2
    long[0] = False
    if count == 1 or not long.any():
        return np.zeros_like(mask)
    return np.asarray(long.astype(np.uint8)[labels], np.uint8)
