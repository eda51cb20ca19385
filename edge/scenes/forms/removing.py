"""Taking forms out of a mask of ink, line by line, and leaving what is written over their lines."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.forms.form import Area, Form, lines_of
from edgedigits.edge.scenes.forms.masks import less

SLIVER = 2
"""Marks beside lines that are no wider than so many pixels are remains of them."""


def without_forms(mask: NDArray[np.uint8], forms: tuple[Form, ...]) -> NDArray[np.uint8]:
    """A mask without the lines of forms; where a stroke meets a line, its half of the line stays."""
    across, down = lines_of(forms, mask.shape)
    bands = np.asarray(
        cv2.bitwise_or(cv2.dilate(across, np.ones((3, 1), np.uint8)), cv2.dilate(down, np.ones((1, 3), np.uint8))),
        np.uint8,
    )
    left = less(mask, bands)
    _drop_slivers(left, bands)
    kept = left.copy()
    turned, turned_left, turned_kept = mask.T, left.T, kept.T
    for form in forms:
        for x0, y0, x1, y1 in form.across:
            _restore(kept, mask, left, (x0, y0, x1, y1))
        for x0, y0, x1, y1 in form.down:
            _restore(turned_kept, turned, turned_left, (y0, x0, y1, x1))
    return kept


def _restore(kept: NDArray[np.uint8], mask: NDArray[np.uint8], left: NDArray[np.uint8], line: Area) -> None:
    """Put back, in ``kept``, what of a line across is below a stroke's foot or above its head."""
    x0, y0, x1, y1 = line
    first, last = max(0, y0 - 1), min(len(mask), y1 + 1)
    middle = (first + last + 1) // 2
    columns = slice(max(0, x0 - 1), x1 + 1)
    if first >= 2:
        above = left[first - 1, columns] & left[first - 2, columns]
        kept[first:middle, columns] |= mask[first:middle, columns] & above
    if last + 1 < len(mask):
        below = left[last, columns] & left[last + 1, columns]
        kept[middle - 1 : last, columns] |= mask[middle - 1 : last, columns] & below


def _drop_slivers(left: NDArray[np.uint8], bands: NDArray[np.uint8]) -> None:
    """Take out what remains of uneven lines: marks beside them that are no wider than two pixels."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(left, connectivity=8)
    beside = np.unique(labels[cv2.dilate(bands, np.ones((3, 3), np.uint8)) > 0])
    thin = np.zeros(len(stats), np.bool_)
    thin[beside] = np.minimum(stats[beside, cv2.CC_STAT_WIDTH], stats[beside, cv2.CC_STAT_HEIGHT]) <= SLIVER
    thin[0] = False
    left[thin[labels]] = 0
