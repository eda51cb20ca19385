"""Strokes that a dry pen or a faint light broke: their parts count as one mark again."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.contrast import Marks

GAP = 0.13
"""Parts of a stroke are at most so many digit heights apart."""

HIGHEST = 1.35
"""Joined marks are at most so many digit heights high: lines that nearly touch stay two,"""

FEW = 8
"""unless there are no more marks than this: then the parts of one digit may be all that there is."""

MOST = 600
"""With more marks than this the picture shows a texture, which is left as it is."""

LEAST = 0.12
"""Marks lower and narrower than so many digit heights are not joined: specks would bridge anything."""


def joined(marks: Marks, digit: float) -> Marks:
    """The marks with parts of broken strokes as one.

    Args:
        marks: of a picture.
        digit: typical height of digits in it, in pixels.
    """
    boxes = marks.stats[:, :4].astype(np.int64)
    size = np.maximum(boxes[:, 2], boxes[:, 3])
    large = np.flatnonzero(size >= max(3.0, LEAST * digit))
    large = large[large > 0]
    reach = max(1, round(GAP * digit / 2))
    if not 2 <= len(large) <= MOST or not _any_near(boxes[large], 2 * reach + 1):
        return marks
    wanted = np.zeros(len(marks.stats), np.uint8)
    wanted[large] = 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    count, blots, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(wanted[marks.labels], kernel), connectivity=8)
    if count - 1 >= len(large):
        return marks
    few = (size >= 0.3 * digit)[1:].sum() <= FEW
    high = stats[:, cv2.CC_STAT_HEIGHT] - 2 * reach
    allowed = (high <= HIGHEST * digit) | few
    return _renumbered(marks, large, np.asarray(blots, np.int32), allowed)


def _any_near(boxes: NDArray[np.int64], distance: int) -> bool:
    x, y, width, height = boxes.T
    right, bottom = x + width + distance, y + height + distance
    near = (x[:, None] < right[None, :]) & (x[None, :] < right[:, None])
    near &= (y[:, None] < bottom[None, :]) & (y[None, :] < bottom[:, None])
    return bool(near.sum() > len(boxes))


def _renumbered(marks: Marks, large: NDArray[np.int64], blots: NDArray[np.int32], allowed: NDArray[np.bool_]) -> Marks:
    """Marks of one blot take the number of its first; the other numbers stay, of no pixels."""
    numbers = np.arange(len(marks.stats), dtype=np.int32)
    stats = marks.stats.copy()
    first: dict[int, int] = {}
    for number in large.tolist():
        x, y, width, height, area = marks.stats[number].tolist()
        column = int(np.argmax(marks.labels[y, x : x + width] == number))
        blot = int(blots[y, x + column])
        if not allowed[blot]:
            continue
        home = first.setdefault(blot, number)
        if home != number:
            numbers[number] = home
            left, top = min(stats[home, 0], x), min(stats[home, 1], y)
            right, bottom = (
                max(stats[home, 0] + stats[home, 2], x + width),
                max(stats[home, 1] + stats[home, 3], y + height),
            )
            stats[home] = (left, top, right - left, bottom - top, stats[home, 4] + area)
            stats[number] = 0
    return Marks(marks.mask, marks.strength, numbers[marks.labels], stats, marks.floor, marks.bright)
