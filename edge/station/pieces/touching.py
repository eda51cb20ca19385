"""Pieces that touch or lie over one another, cut apart by the notches in the outline of what they cover together."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
"""1 within a shape, 0 beside it."""

_NOTCH = 6.0
"""Pixels of the reduced region that a notch in an outline is deep where two pieces touch."""

_NARROWEST = 0.35
"""Of one side of a piece, what the other is at least; of what comes into view narrower parts wait until they are wider."""

_LOOKED_AT = 4
"""Notches of a shape that a cut may lead to, the deepest first."""

_LEAST_GAIN = 0.02
"""Share of their hulls that the parts of a cut fill more than the shape did before, at least."""

_MOST = 6
"""Pieces in one shape, at most: what falls into more is something else."""


def pieces_of(shape: Mask) -> list[Mask]:
    """The pieces of a shape, each as a mask of the same size: pieces are convex, and where two touch there is a notch.

    Where two pieces lie over one another there are two notches, and the cut leads from one to the other.

    Args:
        shape: without holes.
    """
    whole, waiting = [], [shape]
    while waiting:
        part = waiting.pop()
        parts = _cut(part) if len(whole) + len(waiting) < _MOST else []
        if parts:
            waiting += parts
        else:
            whole.append(part)
    return whole


def _cut(shape: Mask) -> list[Mask]:
    """The two parts of a shape by its best cut; none where it is one piece."""
    notches = _notches(shape)
    best, found = _filled_share(shape) + _LEAST_GAIN, []
    for place, start in enumerate(notches):
        ends = [*notches[place + 1 :], *_straight_across(shape, start)]
        for end in ends:
            parts = _halves(shape, start, end)
            share = min((_filled_share(part) for part in parts), default=0.0)
            if share > best:
                best, found = share, parts
    return found


def _notches(shape: Mask) -> list[tuple[int, int]]:
    """Where its outline goes in, x and y, the deepest first."""
    smooth = cv2.morphologyEx(shape, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(smooth, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return []
    contour = max(contours, key=len)
    hull = cv2.convexHull(contour, returnPoints=False)
    try:
        defects = cv2.convexityDefects(contour, hull) if len(hull) > 3 else None
    except cv2.error:  # an outline that crosses itself, of a shape that hangs together by single pixels
        defects = None
    if defects is None:
        return []
    rows = defects.reshape(-1, 4).tolist()  # (count, 1, 4) of OpenCV 4, (1, count, 4) of OpenCV 5
    deep = sorted((row for row in rows if row[3] >= 256 * _NOTCH), key=lambda row: -row[3])
    points = contour.reshape(-1, 2)
    return [(int(points[row[2], 0]), int(points[row[2], 1])) for row in deep[:_LOOKED_AT]]


def _straight_across(shape: Mask, start: tuple[int, int]) -> list[tuple[int, int]]:
    """The far ends of the column and of the row of a shape through a point of its outline."""
    x, y = start
    ends = []
    for line, at, is_column in ((shape[:, x], y, True), (shape[y], x, False)):
        inside = np.flatnonzero(line)
        far = int(inside[0] if at - inside[0] > inside[-1] - at else inside[-1])
        ends.append((x, far) if is_column else (far, y))
    return ends


def _halves(shape: Mask, start: tuple[int, int], end: tuple[int, int]) -> list[Mask]:
    """The two parts that a cut leaves; none where it leaves no two that may be pieces."""
    gap = shape.copy()
    cv2.line(gap, start, end, (0,), 1, cv2.LINE_4)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(gap, connectivity=4)
    if count < 3:
        return []
    largest = sorted(range(1, count), key=lambda number: -stats[number, cv2.CC_STAT_AREA])[:2]
    if not all(_may_be_a_piece(*stats[number, 2:4].tolist()) for number in largest):
        return []
    return [np.asarray(labels == number, np.uint8) for number in largest]


def _may_be_a_piece(width: int, height: int) -> bool:
    return width >= _NARROWEST * height and height >= _NARROWEST * width


def _filled_share(shape: Mask) -> float:
    """Of the convex hull of a shape, the share that it fills."""
    contours, _ = cv2.findContours(shape, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = np.concatenate([contour.reshape(-1, 2) for contour in contours])
    hull = float(cv2.contourArea(cv2.convexHull(points)))
    return float(sum(cv2.contourArea(contour) for contour in contours)) / max(1.0, hull)
