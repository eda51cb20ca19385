"""Finding printed forms by all of their sides.

A box has four sides that meet, a row of boxes evenly spaced dividers besides, a comb evenly spaced teeth on its base.
What does not belong to that order is writing, however straight it is, and however long.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.forms.combs import combs_on
from edgedigits.edge.scenes.forms.dividing import doubled, ends_of, even, runs_of, thin
from edgedigits.edge.scenes.forms.form import Area, Form, cells_between
from edgedigits.edge.scenes.forms.neighbours import missing_of, rows_of
from edgedigits.edge.scenes.forms.segments import Segments, segments_across

LEAST_BOX = 18
"""Boxes are at least so many pixels high: where digits are smaller, they look like boxes themselves."""

SIDE = 0.55
"""A side across is at least so many digit heights long,"""

ROUND = 0.2
"""and its ends are at most this share of the box's height away from the sides down: corners may be round."""

NARROWEST, WIDEST = 0.55, 1.8
"""Boxes are at least and at most so many times wider than high,"""

WIDEST_ROW = 60.0
"""and rows of boxes at most so many times."""

ALIKE = 0.15
"""The upper and the lower side of a box end at about the same columns: this share of its height, or 3 pixels."""

THICKEST = 0.22
"""Sides are thinner than this share of the box's height, or than 3 pixels."""

COVERED, COVERED_DIVIDER = 0.7, 0.85
"""Sides down have ink on this share of the rows between the sides across; those at the ends on less, as corners are
round."""

STRAIGHT = 0.6
"""Sides across are straight on this share of a box's width at least: zeros are round."""

LEAST_WIDTH = 0.45
"""A single box is at least so many times wider than high."""

LEAST_IN_ROW = 2
"""Boxes that stand apart are known by others of their row, at least so many in all;"""

WRITTEN = 0.04
"""and in one of them there is writing: ink on this share of its middle."""

OVERLAP = 0.2
"""Forms overlap by at most this share of the smaller one."""


def forms_in(mask: NDArray[np.uint8], digit: float) -> tuple[Form, ...]:
    """The forms in a mask of ink.

    Args:
        mask: uint8 (height, width) of 0 and 1.
        digit: typical height of digits in it, or of their boxes, in pixels.
    """
    sides = segments_across(mask, max(8, round(SIDE * digit)))
    if not len(sides):
        return ()
    boxes = _boxes(sides, mask)
    rows = [[*row, *missing_of(row, mask)] for row in rows_of([box for box in boxes if len(box.down) == 2])]
    # Zeros have four sides, too, and nothing stands in them.
    rows = [row for row in rows if len(row) >= LEAST_IN_ROW and any(_is_written(mask, box.area) for box in row)]
    boxes = _apart([*(box for box in boxes if len(box.down) > 2), *(box for row in rows for box in row)])
    return (*boxes, *combs_on(sides, mask, boxes))


def _apart(boxes: list[Form]) -> list[Form]:
    """Those of some boxes that lie over none with more dividers or found before: bars of digits may end at sides."""
    kept: list[Form] = []
    for box in sorted(boxes, key=lambda one: -len(one.down)):
        left, top, right, bottom = box.area
        least = OVERLAP * (right - left) * (bottom - top)
        over = [
            (min(right, other[2]) - max(left, other[0]), min(bottom, other[3]) - max(top, other[1]))
            for other in (one.area for one in kept)
        ]
        if not any(across > 0 and down > 0 and across * down > least for across, down in over):
            kept.append(box)
    return kept


def _is_written(mask: NDArray[np.uint8], area: Area) -> bool:
    left, top, right, bottom = area
    edge = round(0.25 * (bottom - top))
    inside = mask[top + edge : bottom - edge, left + edge : right - edge]
    return bool(inside.size and inside.mean() >= WRITTEN)


def _boxes(sides: Segments, mask: NDArray[np.uint8]) -> list[Form]:
    """Boxes and rows of boxes, each between an upper side and the next that is like it."""
    height = sides.top[None, :] - sides.bottom[:, None]
    tolerance = np.maximum(3, ALIKE * height)
    width = np.minimum(sides.right - sides.left, (sides.right - sides.left)[:, None])
    thick = np.maximum(sides.bottom - sides.top, (sides.bottom - sides.top)[:, None])
    like = (height >= LEAST_BOX) & (width >= (NARROWEST - 2 * ROUND) * height) & (width <= WIDEST_ROW * height)
    like &= np.abs(sides.left[None, :] - sides.left[:, None]) <= tolerance
    like &= np.abs(sides.right[None, :] - sides.right[:, None]) <= tolerance
    like &= thick <= np.maximum(3, THICKEST * height)
    upper, lower = np.nonzero(like)
    found: dict[int, Form] = {}
    for place in np.argsort(height[upper, lower], kind="stable").tolist():
        above, below = int(upper[place]), int(lower[place])
        if above not in found:
            box = _box(sides, above, below, mask)
            if box:
                found[above] = box
    return list(found.values())


def _box(sides: Segments, above: int, below: int, mask: NDArray[np.uint8]) -> Form | None:
    """The row of boxes between two sides across; None where it is none."""
    first, last = int(sides.bottom[above]), int(sides.top[below])
    top, bottom = int(sides.top[above]), int(sides.bottom[below])
    high = bottom - top
    thick = int(max(first - top, bottom - last))
    begin, end = int(max(sides.left[[above, below]])), int(min(sides.right[[above, below]]))
    reach = round(ROUND * high) + 2
    start = max(0, begin - reach)
    # A line down that is not quite plumb goes on in the next column.
    tolerant = cv2.dilate(mask[first:last, start : end + reach], np.ones((1, 3), np.uint8))
    covered = tolerant.mean(axis=0)
    runs = [(start + a, start + b) for a, b in runs_of(covered >= COVERED)]
    ends = ends_of(runs, begin, end, reach, thick)
    if ends is None:
        return None
    left, right = ends
    width = (right[0] + right[1] - left[0] - left[1]) / 2
    if width < LEAST_WIDTH * high or end - begin < STRAIGHT * width:
        return None
    meets = (covered >= COVERED_DIVIDER) & (tolerant[:2].min(axis=0) > 0) & (tolerant[-2:].min(axis=0) > 0)
    inner = [(start + a, start + b) for a, b in runs_of(meets)]
    inner = thin(doubled([(a, b) for a, b in inner if a > left[1] and b < right[0]], thick), thick)
    dividers = even(inner, left, right, int(width / (NARROWEST * high)))
    if dividers is None:
        if inner and width > WIDEST * high:
            return None
        dividers = []
    known = bool(dividers) or width <= WIDEST * high
    across = ((left[0], top, right[1], first), (left[0], last, right[1], bottom))
    down = tuple((a, top, b, bottom) for a, b in (left, *dividers, right))
    cells = cells_between((left, *dividers, right), first, last)
    return Form(across, down, (left[0], top, right[1], bottom), known, cells if known else ())
