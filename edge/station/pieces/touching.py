"""Pieces that touch or lie over one another, cut apart by the notches in the outline of what they cover together."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
"""1 within a shape, 0 beside it."""

_NOTCH, _STEP = 6.0, 2.0
"""Pixels of the reduced region that a notch in an outline is deep where two pieces touch; and a step in that of a shape
which is long for one piece."""

_NARROWEST = 0.35
"""Of one side of a piece, what the other is at least; what comes into view is cut once it is as wide."""

_LOOKED_AT = 4
"""Notches of a shape that a cut may lead to, the deepest first."""

_LEAST_GAIN, _LEAST_STEP = 0.02, 0.005
"""Share of their hulls that the parts of a cut fill more than the shape did before, at least; of a long shape's."""

_SHORTER = 0.1
"""Share of their hulls that the parts of a cut as long as the shape must fill more than those of a very short one."""

_SCRAP = 0.04
"""Share of a shape below which a part of it is no piece."""

_LONG, _HIGH = 1.9, 0.95
"""Times its height that a shape is wide, and times its width that it is high, where it may be two pieces."""

_ACROSS, _CHANGE, _ALL_THE_WAY = 2, 6.0, 0.9
"""Pixels on either side of an edge, levels of a colour by which they differ, and the share of its length with that."""

_LEANS = (-0.15, -0.1, -0.05, 0.0, 0.05, 0.1, 0.15)
"""Pixels to the side with each pixel down that an edge may lean."""

_MOST = 6
"""Pieces in one shape, at most: what falls into more is something else."""


def pieces_of(
    shape: Mask, picture: NDArray[np.float32], belt: NDArray[np.float32], whole: tuple[bool, bool] = (True, True)
) -> list[Mask]:
    """The pieces of a shape, each as a mask of the same size: pieces are convex, and where two touch there is a notch.

    Where two pieces lie over one another there are two notches, and the cut leads from one to the other. Where two lie
    flush there is none, but an edge from one side of the shape to the other.

    Args:
        shape: without holes.
        picture: float32 (height, width, 3), what is seen there.
        belt: the same of the belt where it is empty, on which the light is the same.
        whole: whether all of its width and all of its height is in view.
    """
    found: list[Mask] = []
    waiting = [shape]
    while waiting:
        part = waiting.pop()
        is_long = _is_long(part, whole)
        parts = (
            _cut(part, is_long, whole) or _at_seam(part, picture, belt, whole)
            if len(found) + len(waiting) < _MOST
            else []
        )
        if parts:
            waiting += parts
            whole = False, whole[1]  # parts are higher than what they are cut from
        else:
            found.append(part)
    return found


def _is_long(shape: Mask, whole: tuple[bool, bool]) -> bool:
    """Whether a shape is so wide, or so high, that it may well be two pieces."""
    _, _, width, height = cv2.boundingRect(shape)
    return (whole[1] and width >= _LONG * height) or (whole[0] and height >= _HIGH * width)


def _cut(shape: Mask, is_long: bool, whole: tuple[bool, bool]) -> list[Mask]:
    """The two parts of a shape by its best cut; none where it is one piece, or a part is too narrow to be one yet."""
    notches = _notches(shape, _STEP if is_long else _NOTCH)
    found: list[Mask] = []
    least, best = _filled_share(shape) + (_LEAST_STEP if is_long else _LEAST_GAIN), -1.0
    side = max(cv2.boundingRect(shape)[2:])
    for place, start in enumerate(notches):
        ends = [*notches[place + 1 :], *_straight_across(shape, start)]
        for end in ends:
            parts = _halves(shape, start, end)
            share = min((_filled_share(part) for part in parts), default=0.0)
            worth = share - _SHORTER * math.dist(start, end) / side
            if share > least and worth > best:
                best, found = worth, [] if _at_border(shape, end, whole) else parts
    return found if all(_may_be_a_piece(part) for part in found) else []


def _notches(shape: Mask, least: float) -> list[tuple[int, int]]:
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
    deep = sorted((row for row in rows if row[3] >= 256 * least), key=lambda row: -row[3])
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
    """The two parts that a cut leaves; none where one is but a scrap."""
    gap = shape.copy()
    cv2.line(gap, start, end, (0,), 1, cv2.LINE_4)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(gap, connectivity=4)
    if count < 3:
        return []
    largest = sorted(range(1, count), key=lambda number: -stats[number, cv2.CC_STAT_AREA])[:2]
    if stats[largest[1], cv2.CC_STAT_AREA] < _SCRAP * cv2.countNonZero(shape):
        return []
    return [np.asarray(labels == number, np.uint8) for number in largest]


def _at_border(shape: Mask, place: tuple[int, int], whole: tuple[bool, bool]) -> bool:
    """Whether a cut ends where a shape goes on out of view: how it goes on is not known yet."""
    x, y, width, height = cv2.boundingRect(shape)
    across = not whole[0] and not x + 1 < place[0] < x + width - 2
    return across or (not whole[1] and not y + 1 < place[1] < y + height - 2)


def _may_be_a_piece(part: Mask) -> bool:
    _, _, width, height = cv2.boundingRect(part)
    return width >= _NARROWEST * height and height >= _NARROWEST * width


def _filled_share(shape: Mask) -> float:
    """Of the convex hull of a shape, the share that it fills."""
    contours, _ = cv2.findContours(shape, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = np.concatenate([contour.reshape(-1, 2) for contour in contours])
    hull = float(cv2.contourArea(cv2.convexHull(points)))
    return float(sum(cv2.contourArea(contour) for contour in contours)) / max(1.0, hull)


def _at_seam(
    shape: Mask, picture: NDArray[np.float32], belt: NDArray[np.float32], whole: tuple[bool, bool]
) -> list[Mask]:
    """The two parts of a shape that is long for one piece, where an edge crosses all of it; none where none does."""
    x, y, width, height = cv2.boundingRect(shape)
    if not _is_long(shape, whole):
        return []
    place = np.s_[y : y + height, x : x + width]
    light = np.maximum(belt[place], 1.0)
    inside, even = shape[place], picture[place] / light * np.float32(light.mean())
    if whole[1] and width >= _LONG * height:
        line = _seam(inside, picture[place], even)
    else:
        turned = (np.ascontiguousarray(one.transpose(1, 0, 2)) for one in (picture[place], even))
        line = _seam(np.ascontiguousarray(inside.T), *turned)
        line = None if line is None else (line[1], line[0], line[3], line[2])
    if line is None:
        return []
    parts = _halves(shape, (x + line[0], y + line[1]), (x + line[2], y + line[3]))
    return parts if all(_may_be_a_piece(part) for part in parts) else []


def _edges(shape: Mask, seen: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where colours change from left to right in a shape: float32, 1 there and right beside it."""
    padded = cv2.copyMakeBorder(seen, 0, 0, _ACROSS, _ACROSS, cv2.BORDER_REPLICATE)
    before, after = padded[:, : -2 * _ACROSS], padded[:, 2 * _ACROSS :]
    step, fold = cv2.absdiff(before, after), cv2.absdiff(seen, (before + after) / 2)
    change = np.max(cv2.max(step, fold), axis=2)
    usual = max(_CHANGE, 2.0 * float(np.median(change)))
    found = np.asarray((change > usual) & (shape > 0), np.float32)
    return np.asarray(cv2.dilate(found, np.ones((1, 3), np.uint8)), np.float32)


def _seam(shape: Mask, seen: NDArray[np.float32], even: NDArray[np.float32]) -> tuple[int, int, int, int] | None:
    """The line from the upper to the lower side of a shape along which colours change all the way: x, y, x, y.

    Args:
        shape: itself.
        seen: what is seen there: where a shadow on the belt ends, it has an edge that is none of the pieces.
        even: the same as it were in even light: it has one where the belt that was learned has, as beside a piece that
            lay there for long.
    """
    height, width = shape.shape
    least = round(_NARROWEST * min(height, width / 2))
    edges = cv2.min(_edges(shape, seen), _edges(shape, even))
    rows = cv2.reduce(shape, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32F).ravel()
    best, found = _ALL_THE_WAY, None
    for lean in _LEANS:
        upright = cv2.warpAffine(edges, np.array([[1, lean, -lean * height / 2], [0, 1, 0]]), (width, height))
        share = (upright.sum(axis=0) / np.maximum(rows, 0.5 * height))[least : width - least]
        place = int(np.argmax(share)) if len(share) else 0
        if len(share) and float(share[place]) > best:
            best, half = float(share[place]), lean * height / 2
            found = (round(place + least + half), 0, round(place + least - half), height - 1)
    return found
