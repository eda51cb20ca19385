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

OPEN_BOX = 1.3
"""Boxes with three sides are higher than so many digit heights."""

SIDES = 0.85
"""A side of a box has ink on at least this share of the box's width or height."""


LEAST_SHARE = 0.15
"""Lines across are at least this share of the picture."""

COMB = 4
"""Dividers that reach only one line across are believed from so many of one height and evenly spaced on."""


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
    return np.asarray(cv2.bitwise_or(lines, _broken(mask, int(least), digit)), np.uint8)


def lines_down(mask: NDArray[np.uint8], digit: float, across: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Printed lines near the vertical, and the sides of boxes, as :func:`lines_across`.

    Args:
        mask: uint8 (height, width) of 0 and 1, with the lines across.
        digit: typical height of digits in it, in pixels.
        across: of :func:`lines_across`.
    """
    turned = _flipped(mask)
    height = mask.shape[0]
    down = _flipped(_whole(turned, int(max(24.0, min(TALL * digit, 0.95 * height))), digit))
    if not present(across) and cv2.connectedComponents(down)[0] <= 2:
        down = np.zeros_like(mask)  # one stroke down may as well be a 1
    if present(across):
        rules = cv2.dilate(across, np.ones((3, 3), np.uint8))
        between = _flipped(cv2.subtract(mask, rules))
        least = int(max(10, TOOTH * digit))
        dividers: cv2.typing.MatLike = _flipped(_whole(between, least, digit))
        if height >= ROOM * digit:
            dividers = cv2.bitwise_or(dividers, _flipped(_broken(between, least, digit)))
        dividers = cv2.subtract(dividers, rules)  # gaps were filled across rules as well
        reaching = _reaching(np.asarray(dividers, np.uint8), across, mask, DIVIDER * digit)
        down = np.asarray(cv2.bitwise_or(down, reaching), np.uint8)
    return np.asarray(cv2.bitwise_or(down, _boxes(mask, digit, _thickest(mask, digit))), np.uint8)


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
    printed = cv2.dilate(cv2.bitwise_or(across, down), np.ones((3, 3), np.uint8))
    left = np.asarray(cv2.subtract(mask, printed), np.uint8)
    kept = cv2.bitwise_or(left, _crossing(mask, left, across))
    return np.asarray(
        cv2.bitwise_or(kept, _flipped(_crossing(_flipped(mask), _flipped(left), _flipped(down)))), np.uint8
    )


def _crossing(mask: NDArray[np.uint8], left: NDArray[np.uint8], across: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Ink on lines across that has ink of the mask without them above and below."""
    if not present(across):
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


def _whole(mask: NDArray[np.uint8], least: int, digit: float) -> NDArray[np.uint8]:
    """Lines across of at least ``least`` pixels."""
    return _straight(mask, least, _thickest(mask, digit), max(3, round(GAP * digit)) | 1)


def _broken(mask: NDArray[np.uint8], least: int, digit: float) -> NDArray[np.uint8]:
    """Broken lines across, closed over wider gaps.

    Strokes down do not count there: they would make lines of writing.
    """
    thickest = _thickest(mask, digit)
    strokes = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((thickest + 2, 1), np.uint8))
    thin = np.asarray(cv2.subtract(mask, strokes), np.uint8)
    lines = _straight(thin, max(least, int(BROKEN_LENGTH * digit)), thickest, max(3, round(WIDE_GAP * digit)) | 1)
    return _covered(lines, thin) if present(lines) else lines


def _covered(lines: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Those lines across that have ink on most of their columns, and it lies on one straight line."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(lines, connectivity=8)
    kept = np.zeros(count, np.uint8)
    for number in range(1, count):
        x, y, width, height = stats[number, :4].tolist()
        window = (slice(y, y + height), slice(x, x + width))
        own = np.asarray(cv2.bitwise_and(mask[window], (labels[window] == number).astype(np.uint8)), np.uint8)
        kept[number] = own.max(axis=0).sum() >= COVERED * width and _is_straight(own)
    return np.asarray(kept[labels], np.uint8)


def present(mask: cv2.typing.MatLike) -> bool:
    """Whether anything is in a mask."""
    return cv2.countNonZero(mask) > 0


def _flipped(mask: cv2.typing.MatLike) -> NDArray[np.uint8]:
    return np.ascontiguousarray(mask.T, np.uint8)


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
        runs = cv2.subtract(runs, cv2.dilate(solid, np.ones((5, 3), np.uint8)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
    long = stats[:, cv2.CC_STAT_WIDTH] >= least
    # A straight line needs no more height than its thickness and its tilt.
    length = np.maximum(stats[:, cv2.CC_STAT_WIDTH], 1)
    long &= stats[:, cv2.CC_STAT_HEIGHT] <= 1.3 * stats[:, cv2.CC_STAT_AREA] / length + 0.05 * length + 2
    long[0] = False
    if count == 1 or not long.any():
        return np.zeros_like(mask)
    return np.asarray(long.astype(np.uint8)[labels], np.uint8)


def _reaching(
    dividers: NDArray[np.uint8], across: NDArray[np.uint8], mask: NDArray[np.uint8], least: float
) -> NDArray[np.uint8]:
    """Those dividers that reach two lines across, or one as several others of their height, at least ``least``, do."""
    if not present(dividers):
        return dividers
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dividers, connectivity=8)
    number, rules, _, _ = cv2.connectedComponentsWithStats(across, connectivity=8)
    near = cv2.dilate(rules.astype(np.uint16), np.ones((7, 3), np.uint8))
    met = np.bincount((labels * number + near)[labels > 0], minlength=count * number).reshape(count, number)[:, 1:] > 0
    top, height = stats[:, cv2.CC_STAT_TOP], stats[:, cv2.CC_STAT_HEIGHT]
    # A rule may have left the picture at its edge.
    reached = met.sum(axis=1) + ((top <= 1) | (top + height >= len(across) - 1))
    usual = float(np.median(height[1:][reached[1:] >= 2])) if (reached[1:] >= 2).any() else 0.0
    kept = (reached >= 2) & (height >= 0.85 * usual)
    wanted = (reached == 1) & (height >= least)
    for tooth in np.flatnonzero(wanted).tolist():
        wanted[tooth] = _is_free(mask, stats[tooth], round(0.15 * least) + 2)
    kept |= _teeth(np.asarray(stats, np.int32), met, wanted)
    kept[0] = False
    return _completed(kept.astype(np.uint8)[labels], stats[kept], np.flatnonzero(mask.any(axis=0)))


def _completed(dividers: NDArray[np.uint8], stats: NDArray[np.int32], inked: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The dividers and those that are missing between them, where they are evenly spaced: broken ones."""
    order = np.argsort(stats[:, cv2.CC_STAT_LEFT])
    x, top, width, height = (stats[order, column].astype(np.float64) for column in range(4))
    centre = x + width / 2
    rows = [np.flatnonzero(np.abs(top - one) <= 0.5 * high) for one, high in zip(top, height, strict=True)]
    done: set[int] = set()
    for own in rows:
        if len(own) < COMB or int(own[0]) in done:
            continue
        done.update(own.tolist())
        apart = np.diff(centre[own])
        space = float(np.percentile(apart, 25))
        if space < max(3.0, height[own].mean() / 3):
            continue
        counts = np.rint(apart / space).astype(int)
        if (np.abs(apart / space - counts) > 0.12 * np.maximum(counts, 1)).any():
            continue
        places = [
            (centre[one] + share * gap, top[one] + share * (top[other] - top[one]), height[one])
            for one, other, gap, count in zip(own, own[1:], apart, counts, strict=False)
            for share in np.arange(1, count) / count
        ]
        first, last = own[0], own[-1]
        places += [(centre[first] - space, top[first], height[first]), (centre[last] + space, top[last], height[last])]
        thick = max(3, round(float(np.median(width[own]))))
        for middle, start, high in places:
            if inked[0] <= middle <= inked[-1]:
                left = max(0, round(middle - thick / 2))
                dividers[round(start) : round(start + high), left : left + thick] = 1
    return dividers


def _is_free(mask: NDArray[np.uint8], box: NDArray[np.int32], beside: int) -> bool:
    """Whether next to nothing is attached to a divider: strokes of digits go on to the side."""
    x, y, width, height = box[:4].tolist()
    rows = mask[y : y + height]
    own = cv2.countNonZero(np.ascontiguousarray(rows[:, x : x + width]))
    around = cv2.countNonZero(np.ascontiguousarray(rows[:, max(0, x - beside) : x + width + beside]))
    return around <= 1.25 * own


def _teeth(stats: NDArray[np.int32], met: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the wanted dividers are teeth of a comb: of one height, evenly spaced, on one line across."""
    kept = np.zeros(len(stats), bool)
    centre = stats[:, cv2.CC_STAT_LEFT] + stats[:, cv2.CC_STAT_WIDTH] / 2
    height = stats[:, cv2.CC_STAT_HEIGHT]
    for line in range(met.shape[1]):
        own = np.flatnonzero(wanted & met[:, line])
        if len(own) < COMB:
            continue
        own = own[np.abs(height[own] / np.median(height[own]) - 1) <= 0.15]
        if len(own) < COMB:
            continue
        own = own[np.argsort(centre[own])]
        apart = np.diff(centre[own])
        # Hidden teeth leave gaps of two or three spaces.
        spaces = apart / max(1.0, float(np.percentile(apart, 25)))
        even = np.abs(spaces - np.rint(spaces)) <= 0.12 * np.maximum(np.rint(spaces), 1)
        if even.mean() >= 0.8 and len(own) >= COMB:
            kept[own] = True
    return kept


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
