"""Straight thin runs of ink across a mask: upper and lower sides of boxes, base lines of combs, bars of digits."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.forms.masks import present

CORE = 0.7
"""Rows of a run with ink on this share of its width are the line; others are strokes that touch it."""

MOST = 400
"""With more runs than this the picture shows a texture or a page of print."""


@dataclass(frozen=True)
class Segments:
    """Runs from left to right, int64 arrays of one length; ends are exclusive.

    Attributes:
        left: first column.
        right: column behind the last.
        top: first row of the line itself, without what touches it.
        bottom: row behind the last.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    top: NDArray[np.int64]
    bottom: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.left)


def segments_across(mask: NDArray[np.uint8], least: int) -> Segments:
    """Runs of at least ``least`` pixels that lie level.

    Args:
        mask: uint8 (height, width) of 0 and 1.
        least: pixels.
    """
    # A line that is not quite level, or thin and noisy, goes on in the next row.
    thick = cv2.dilate(mask, np.ones((3, 1), np.uint8))
    runs = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, least), np.uint8))
    if not present(runs):
        return _segments([])
    count, labels, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
    if count > MOST:
        return _segments([])
    found = []
    for number in range(1, count):
        x, y, width, height = stats[number, :4].tolist()
        own = labels[y : y + height, x : x + width] == number
        rows = np.flatnonzero(own.sum(axis=1) >= CORE * width)
        if rows.size:
            # Dilated by one row above and below.
            found.append((x, x + width, y + int(rows[0]) + 1, max(y + int(rows[0]) + 2, y + int(rows[-1]))))
    return _segments(found)


def _segments(found: list[tuple[int, int, int, int]]) -> Segments:
    left, right, top, bottom = np.array(found, np.int64).reshape(-1, 4).T
    return Segments(left, right, top, bottom)
