"""Marks in the boxes of a form: parts of one digit in a box are one, and boxes beside each other are one line."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.contrast import Marks
from edgedigits.edge.scenes.forms.form import Form
from edgedigits.edge.scenes.scene import Box

BEYOND = 0.25
"""Writing reaches out of its box by at most this share of its width or height."""

OVER = 0.3
"""Parts of one digit share at least this part of the narrower one's columns,"""

PART = 0.5
"""or one is lower than this share of the other."""

LEAST = 0.12
"""Marks smaller than this share of the highest in their box are specks."""

WIDEST_DIGIT = 1.25
"""Digits in boxes are at most so many times wider than high: two in one box are wider, as a rule."""

NEIGHBOURS, LEVEL = 2.0, 0.2
"""Boxes of one row are at most so many of their widths apart, and differ in where they begin and end by at most this
share of their height."""


def cells_of(marks: Marks, forms: tuple[Form, ...]) -> NDArray[np.int64]:
    """The box in which each mark stands, from 1 on; 0 where it stands in none or in several. Of the marks' length."""
    x, y, width, height = marks.stats[:, :4].astype(np.float64).T
    cells = np.zeros(len(marks.stats), np.int64)
    places = [cell for form in forms for cell in form.cells]
    for number, (left, top, right, bottom) in enumerate(places, start=1):
        aside, above = BEYOND * (right - left), BEYOND * (bottom - top)
        inside = (x >= left - aside) & (x + width <= right + aside)
        inside &= (x + width / 2 > left) & (x + width / 2 < right)
        inside &= (y >= top - above) & (y + height <= bottom + above)
        cells[inside] = number
    cells[0] = 0
    return cells


def one_in_each(marks: Marks, cells: NDArray[np.int64]) -> Marks:
    """The marks with the parts of a digit in one box as one mark; the other numbers stay, of no pixels."""
    numbers = np.arange(len(marks.stats), dtype=np.int32)
    stats = marks.stats.copy()
    size = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    for cell in np.unique(cells[cells > 0]).tolist():
        own = np.flatnonzero(cells == cell)
        own = own[np.argsort(-stats[own, cv2.CC_STAT_HEIGHT], kind="stable")]
        home = int(own[0])
        for part in own[1:].tolist():
            if size[part] >= LEAST * stats[home, cv2.CC_STAT_HEIGHT] and _is_part(stats[part], stats[home]):
                numbers[part] = home
                stats[home] = _joined(stats[home], stats[part])
                stats[part] = 0
    if (stats == marks.stats).all():
        return marks
    return Marks(marks.mask, marks.strength, numbers[marks.labels], stats, marks.floor, marks.bright)


def _is_part(one: NDArray[np.int32], whole: NDArray[np.int32]) -> bool:
    """Whether a mark is a part of the digit that another is: above, below or small beside it."""
    x, _, width, height = one[:4].tolist()
    left, _, across, down = whole[:4].tolist()
    common = min(x + width, left + across) - max(x, left)
    return bool(height < PART * down or common >= OVER * min(width, across))


def _joined(one: NDArray[np.int32], other: NDArray[np.int32]) -> NDArray[np.int32]:
    start = np.minimum(one[:2], other[:2])
    end = np.maximum(one[:2] + one[2:4], other[:2] + other[2:4])
    return np.array([*start, *(end - start), one[4] + other[4]], np.int32)


def rows_joined(forms: tuple[Form, ...], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Lines from box to box where boxes stand apart in one row: what is over one of these is one line of writing."""
    drawn = np.zeros(shape[:2], np.uint8)
    areas = sorted(form.area for form in forms)
    for place, (left, top, right, bottom) in enumerate(areas):
        near = max(3, round(LEVEL * (bottom - top)))
        for other in areas[place + 1 :]:
            if other[0] > right + NEIGHBOURS * (right - left):
                break
            if other[0] >= right and abs(other[1] - top) <= near and abs(other[3] - bottom) <= near:
                drawn[bottom - 1, left : other[2]] = 1
                break
    return drawn


def all_in_cells(cells: NDArray[np.int64], boxes: tuple[Box, ...]) -> bool:
    """Whether each of a line's marks stands in a box of its own, and none is as wide as two digits.

    Args:
        cells: of each of them, of :func:`cells_of`.
        boxes: x, y, width and height of each.
    """
    narrow = all(width <= WIDEST_DIGIT * height for _, _, width, height in boxes)
    return bool(len(cells) and (cells > 0).all() and len(np.unique(cells)) == len(cells) and narrow)
