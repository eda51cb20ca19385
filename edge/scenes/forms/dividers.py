"""Which lines down are dividers of boxes or teeth of a comb, and those that are broken away between them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.forms.masks import either, less, present

LEAST_BAR = 8
"""Rows of a side at least: marks lower than digits may be are left alone."""

BAR = 0.35
"""Sides of empty boxes are narrower than this share of their height,"""

SOLID = 0.75
"""and fill this share of the box around them."""

TWINS = 0.08
"""Sides of boxes of one row differ in height, and in where they begin and end, by at most this share."""

NARROWEST, WIDEST = 0.6, 3.0
"""Boxes are at least and at most so many times wider than high."""

OFF_THE_SIDES = 0.12
"""Sides of boxes stand within this share of their width where they should; other lines down between them are 1s."""

MISSING = 0.5
"""A side that is missing speaks against where sides should be, so many times as much as one that is there for it."""

TAKEN_OFF = 2
"""Rows by which dividers are shorter than the ink between lines across, as these are taken off a little thicker."""

RULE = 8
"""Lines down that are known reach over the ends of others by their own width, at most so many pixels."""

COMB = 4
"""Dividers that reach only one line across are believed from so many of one height and evenly spaced on."""


def reaching(
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
    some = np.flatnonzero(kept)
    kept[some[_off_the_sides(np.asarray(stats[some], np.int32))]] = False
    wanted = (reached == 1) & (height >= least)
    for tooth in np.flatnonzero(wanted).tolist():
        wanted[tooth] = _is_free(mask, stats[tooth], round(0.15 * least) + 2)
    kept |= _teeth(np.asarray(stats, np.int32), met, wanted)
    kept[0] = False
    return _completed(kept.astype(np.uint8)[labels], stats[kept], np.flatnonzero(mask.any(axis=0)))


def _attached(ink: NDArray[np.uint8], stats: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which lines down go on in ink at both ends, into the lines across that were taken off there."""
    found = np.zeros(len(stats), np.bool_)
    for number, (x, top, width, height) in enumerate(stats[:, :4].tolist()):
        above = ink[max(0, top - TAKEN_OFF) : top, x : x + width].any(axis=1)
        below = ink[top + height : top + height + TAKEN_OFF, x : x + width].any(axis=1)
        found[number] = above.all() and below.all()
    return found


def _off_the_sides(stats: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which lines down of a row stand between its evenly spaced ones: 1s as high as their boxes."""
    centre = stats[:, cv2.CC_STAT_LEFT] + stats[:, cv2.CC_STAT_WIDTH] / 2
    top, height = stats[:, cv2.CC_STAT_TOP], stats[:, cv2.CC_STAT_HEIGHT]
    off, left = np.zeros(len(stats), np.bool_), np.ones(len(stats), np.bool_)
    while left.any():
        first = int(np.argmax(left))
        near = 0.3 * height[first]
        row = left & (np.abs(top - top[first]) <= near) & (np.abs(height - height[first]) <= near)
        left &= ~row
        places = np.flatnonzero(row)
        even = _evenly_spaced(centre[places], float(height[first]))
        off[places[~even]] = True
    return off


def _evenly_spaced(centre: NDArray[np.float64], height: float) -> NDArray[np.bool_]:
    """The most of some columns that stand evenly, boxes apart; all of them where no row of boxes stands out."""
    best, most = np.ones(len(centre), np.bool_), COMB - 1.0
    for start in centre:
        away = centre - start
        apart = away[(away >= NARROWEST * height) & (away <= WIDEST * height)]
        if not len(apart):
            continue
        places = away / apart[:, None]
        even = np.abs(places - np.rint(places)) <= OFF_THE_SIDES
        count = even.sum(axis=1)
        # The start itself is even, at place 0.
        missing = np.ptp(np.where(even, np.rint(places), 0), axis=1) + 1 - count
        weights = count - MISSING * missing
        likeliest = int(np.argmax(weights))
        if weights[likeliest] > most:
            best, most = even[likeliest], float(weights[likeliest])
    return best


def bars_between(ink: NDArray[np.uint8], across: NDArray[np.uint8], down: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Upright bars that reach from one line across to another, or are twins of such: sides of small boxes.

    A 1 between two base lines may reach both of them, but hardly ever two of one height do.

    Args:
        ink: uint8 (height, width), 1 on all ink.
        across: of the same shape, 1 on lines across.
        down: the same of lines down that are known; they may be twins, too.
    """
    frames = either(across, down)
    if not present(frames):
        return np.zeros_like(ink)
    left = less(ink, cv2.dilate(frames, np.ones((3, 3), np.uint8)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(left, connectivity=8)
    x, top, width, height, area = stats.T.astype(np.int64)
    bar = (height >= LEAST_BAR) & (width <= np.maximum(BAR * height, 3)) & (area >= SOLID * width * height)
    bar[0] = False
    if not bar.any():
        return np.zeros_like(ink)
    rules = cv2.dilate(frames, np.ones((7, 3), np.uint8)) > 0
    above = rules[np.maximum(top - 1, 0), x + width // 2]
    below = rules[np.minimum(top + height, len(ink) - 1), x + width // 2]
    bars = np.flatnonzero(bar & (above | below))
    spread = np.maximum(TWINS * height[bars], 2)
    twins = np.abs(height[bars][:, None] - height[bars][None, :]) <= spread[:, None]
    twins &= np.abs(top[bars][:, None] - top[bars][None, :]) <= 2 * spread[:, None]
    joined = (above & below)[bars] & _attached(ink, np.asarray(stats[bars], np.int32))
    # Itself is one of its twins. Known lines go on over the lines across.
    _, _, known, _ = cv2.connectedComponentsWithStats(down, connectivity=8)
    over = known[1:, cv2.CC_STAT_TOP][None, :] - top[bars][:, None]
    under = over + known[1:, cv2.CC_STAT_HEIGHT][None, :] - height[bars][:, None]
    reach = np.minimum(known[1:, cv2.CC_STAT_WIDTH], RULE)[None, :] + 2
    kin = (np.abs(over) <= reach) & (np.abs(under) <= reach)
    pairs = (twins.sum(axis=1) >= 2) & (joined | (twins & joined[None, :]).any(axis=1))
    sides = bars[pairs | (joined & kin.any(axis=1))]
    kept = np.zeros(count, np.uint8)
    kept[sides] = 1
    return np.asarray(kept[labels], np.uint8)


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
