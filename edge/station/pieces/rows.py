"""Where a code may stand on a mail piece: rows of marks of a written digit's size, among print, stamps and pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.bounding import common
from edgedigits.edge.scenes.scene import Box

LEAST_HEIGHT, MOST_HEIGHT = 14, 150
"""Pixels of a written digit's height."""

_GROUND = 41
"""Pixels that strokes are narrower than: paper shows within that distance."""

_FAINTEST = 12
"""Grey levels that ink is darker than paper at least,"""

_SHARE = 0.2
"""and the share of the darkest ink."""

_MOST_MARKS = 16

_HIGH_ENOUGH, _FULL = 21, 0.55
"""Pixels that a mark of several digits is high at least; share of its box that is ink at most."""

_WIDEST_MARK, _SEVERAL, _WIDEST = 1.8, 2.0, 16.0
"""Heights that a mark is wide at most that may be one digit; at least, where it alone may be a code whose digits are
joined; and at most, whatever it is."""

_HEIGHTS = 2.6
"""Neighbours in a row are at most so many times as high as each other."""

_GAP = 1.5
"""Heights between neighbours in a row at most."""

_IN_FRAME, _WITHIN = 0.75, 0.8
"""Height of the digits in a frame, in heights of it; share of a mark's columns that a frame around it, or a rule below
it, takes too."""

_BESIDE, _ABOVE = 0.8, 0.25
"""Heights of ground that are left beside a row, and above and below it."""

_LEAST_PART, _COVERED, _BREAK, _HIGHER = 8, 0.6, 0.4, 1.4
"""Pixels of height that a part of a broken digit has, the share of the narrower one's columns that two parts share, the
gap between them in heights of the lower one, and how much higher than the higher one both are where they are wide."""

_LEVEL = 1.0
"""Degrees that a row may be turned by before it is turned back."""


@dataclass(frozen=True)
class Row:
    """Marks side by side.

    Attributes:
        box: around them, in pixels of the piece.
        height: of the middling mark.
        picture: uint8 grey, the row with some ground around it, level; frames and print are painted over.
        marks: boxes of them in pixels of ``picture``, from left to right; none of a frame with marks that touch it.
        on_piece: the same boxes in pixels of the piece.
    """

    box: Box
    height: float
    picture: NDArray[np.uint8]
    marks: tuple[Box, ...]
    on_piece: tuple[Box, ...] = ()


@dataclass(frozen=True)
class _Ink:
    grey: NDArray[np.uint8]
    ground: NDArray[np.uint8]
    labels: NDArray[np.int32]
    boxes: tuple[Box, ...]
    pixels: tuple[int, ...]


def find_rows(grey: NDArray[np.uint8], most: int = 4) -> tuple[Row, ...]:
    """Rows of marks on a piece, the likeliest to be a code first: those of the largest marks.

    Args:
        grey: uint8 (height, width), dark ink on brighter paper.
        most: rows.
    """
    ink = _ink_of(grey)
    single, wide, frames = _sorted_out(ink)
    found = [
        (_middling([ink.boxes[mark][3] for mark in marks]), marks, False)
        for marks in _linked(ink.boxes, [*single, *wide])
        if _is_row(ink.boxes, marks)
    ]
    found += [(_IN_FRAME * ink.boxes[frame][3], [frame], True) for frame in frames]
    found.sort(key=lambda one: -one[0])
    return tuple(_row(ink, *one) for one in found[:most])


def turned(row: Row) -> Row:
    """A row as it would be if the piece were turned upside down; its box stays where it is."""
    rows, columns = row.picture.shape
    picture = np.ascontiguousarray(row.picture[::-1, ::-1])
    marks = tuple((columns - x - width, rows - y - tall, width, tall) for x, y, width, tall in reversed(row.marks))
    return replace(row, picture=picture, marks=marks)


def _sorted_out(ink: _Ink) -> tuple[list[int], list[int], list[int]]:
    """Numbers of the marks that may be one digit, several that the pen has joined, or a frame around a code."""
    boxes = ink.boxes
    single, several = [], []
    for number, (_, _, width, height) in enumerate(boxes):
        if LEAST_HEIGHT <= height <= MOST_HEIGHT:
            if width <= _WIDEST_MARK * height:
                single.append(number)
            elif _may_be_several(boxes[number], ink.pixels[number], ink.grey.shape):
                several.append(number)
    frames = [number for number in several if any(_is_around(boxes[number], boxes[other]) for other in single)]
    wide = [number for number in several if number not in frames]
    return single, wide, frames


def _is_around(frame: Box, mark: Box) -> bool:
    """Whether a mark stands in a frame or on a rule, not beside it as digits do."""
    shared = common(frame, mark)
    if shared is None or mark[3] < 0.5 * frame[3]:
        return False
    return shared[2] >= _WITHIN * mark[2] and shared[3] >= 0.5 * min(frame[3], mark[3])


def _is_row(boxes: Sequence[Box], marks: Sequence[int]) -> bool:
    """Whether marks side by side are enough for a code: two, or one that is several digits."""
    if len(marks) > 1:
        return len(marks) <= _MOST_MARKS
    _, _, width, height = boxes[marks[0]]
    return width >= _SEVERAL * height


def _may_be_several(box: Box, pixels: int, shape: Sequence[int]) -> bool:
    """Whether a wide mark may be digits, or a frame around some: no bar code, no print that runs together, no edge."""
    x, y, width, height = box
    is_inside = x > 0 and y > 0 and x + width < shape[1] and y + height < shape[0]
    is_written = height >= _HIGH_ENOUGH and width <= _WIDEST * height and pixels <= _FULL * width * height
    return is_inside and is_written


def _ink_of(grey: NDArray[np.uint8]) -> _Ink:
    """The marks of a piece: what is darker than the paper around it."""
    ground = np.asarray(cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((_GROUND, _GROUND), np.uint8)), np.uint8)
    darker = cv2.subtract(ground, grey)
    bright, paper, darkest = np.percentile(darker[::3, ::3], (5, 50, 99.5)).tolist()
    level = max(_FAINTEST, _SHARE * darkest, 2 * paper - bright)  # the last is noise: the ground follows its brightest
    mask = cv2.morphologyEx((darker > level).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    boxes = stats[:, :4].astype(np.int64)
    boxes[0] = 0  # the ground
    whole = _mended(boxes)
    pixels = np.bincount(whole, weights=stats[:, 4], minlength=len(boxes)).astype(int)
    return _Ink(grey, ground, whole[labels], tuple(map(tuple, boxes.tolist())), tuple(pixels.tolist()))


def _mended(boxes: NDArray[np.int64]) -> NDArray[np.int32]:
    """Put together what a pen has left broken: parts of one digit, one right above the other.

    Args:
        boxes: int64 (marks, 4), x, y, width and height of each mark; those of parts become those of the whole.

    Returns:
        int32 (marks,), the number of the whole for each part.
    """
    whole = np.arange(len(boxes), dtype=np.int32)
    parts = np.flatnonzero((boxes[:, 3] >= _LEAST_PART) & (boxes[:, 3] <= MOST_HEIGHT) & (boxes[:, 2] <= MOST_HEIGHT))
    x, y, width, height = boxes[parts].T
    shared = np.minimum.outer(x + width, x + width) - np.maximum.outer(x, x)
    gap = y[np.newaxis, :] - (y + height)[:, np.newaxis]  # from the lower edge of the first to the second
    narrow, low = np.minimum.outer(width, width), np.minimum.outer(height, height)
    close = (shared >= _COVERED * narrow) & (np.abs(gap) <= _BREAK * low)
    for one, other in zip(*np.nonzero(close), strict=True):
        first, second = whole[parts[one]], whole[parts[other]]
        if first == second:
            continue
        start = np.minimum(boxes[first, :2], boxes[second, :2])
        end = np.maximum(boxes[first, :2] + boxes[first, 2:], boxes[second, :2] + boxes[second, 2:])
        across, down = (end - start).tolist()
        if across > _SEVERAL * down and down > _HIGHER * max(boxes[first, 3], boxes[second, 3]):
            continue  # lines of print
        boxes[first] = [*start, *(end - start)]
        boxes[second] = 0
        whole[whole == second] = first
    return whole


def _linked(boxes: Sequence[Box], numbers: Sequence[int]) -> list[list[int]]:
    """Marks in groups that stand side by side."""
    rows: list[list[int]] = []
    for number in sorted(numbers, key=lambda one: boxes[one]):
        row = next((one for one in rows if any(_beside(boxes[other], boxes[number]) for other in one[-3:])), None)
        if row is None:
            rows.append([number])
        else:
            row.append(number)
    return rows


def _beside(one: Box, other: Box) -> bool:
    low, high = sorted((one[3], other[3]))
    common = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    gap = other[0] - (one[0] + one[2])
    return high <= _HEIGHTS * low and common >= 0.5 * low and gap <= _GAP * high


def _middling(heights: Sequence[int]) -> float:
    return float(sorted(heights)[len(heights) // 2])


def _row(ink: _Ink, height: float, marks: Sequence[int], is_frame: bool) -> Row:
    boxes = [ink.boxes[mark] for mark in marks]
    left, top = min(x for x, _, _, _ in boxes), min(y for _, y, _, _ in boxes)
    right, bottom = max(x + width for x, _, width, _ in boxes), max(y + tall for _, y, _, tall in boxes)
    box = (left, top, right - left, bottom - top)
    across, down = round(_BESIDE * height), round(_ABOVE * height)
    rows, columns = ink.grey.shape
    above, before = max(0, top - down), max(0, left - across)
    part = slice(above, min(rows, bottom + down)), slice(before, min(columns, right + across))
    if is_frame:
        return Row(box, height, ink.grey[part], ())
    picture = _cleaned(ink, part, (top, bottom), marks)
    marked = tuple((x - before, y - above, w, h) for x, y, w, h in boxes)
    row = _level(Row(box, height, picture, marked, tuple(boxes)))
    return replace(row, marks=(), on_piece=()) if any(w > _WIDEST_MARK * h for _, _, w, h in boxes) else row


def _cleaned(ink: _Ink, part: tuple[slice, slice], within: tuple[int, int], marks: Sequence[int]) -> NDArray[np.uint8]:
    """The picture of a row without what is no part of it: frames, rules, and marks that reach beyond the row."""
    labels = ink.labels[part]
    own = set(marks)
    top, bottom = within
    foreign = [
        number
        for number in np.unique(labels).tolist()
        if number and number not in own and not _fits(ink.boxes[number], top, bottom)
    ]
    if not foreign:
        return ink.grey[part]
    wanted = np.zeros(len(ink.boxes), np.uint8)
    wanted[foreign] = 1
    over = cv2.dilate(wanted[labels], np.ones((5, 5), np.uint8))
    mine = np.isin(labels, marks)
    return np.where((over > 0) & ~mine, ink.ground[part], ink.grey[part])


def _fits(box: Box, top: int, bottom: int) -> bool:
    """Whether a mark lies within a row: a part of a broken digit, or a dot."""
    _, y, width, height = box
    return y >= top - 2 and y + height <= bottom + 2 and width <= _WIDEST_MARK * (bottom - top)


def _level(row: Row) -> Row:
    """A row whose picture is turned so that it is level."""
    if len(row.marks) < 3:
        return row
    middles = np.array([(x + width / 2, y + tall / 2) for x, y, width, tall in row.marks])
    slope = float(np.polyfit(middles[:, 0], middles[:, 1], 1)[0])
    turn, length = math.degrees(math.atan(slope)), float(np.ptp(middles[:, 0]))
    if abs(turn) < _LEVEL or length < 2 * row.height:
        return row
    rows, columns = row.picture.shape
    move = np.asarray(cv2.getRotationMatrix2D((columns / 2, rows / 2), turn, 1), np.float64)
    drop = round(abs(slope) * length / 2)
    drop = drop if rows > 4 * drop + row.height / 2 else 0
    move[1, 2] -= drop
    size = (columns, rows - 2 * drop)
    moved = cv2.warpAffine(row.picture, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    there = middles @ move[:, :2].T + move[:, 2]
    marks = tuple(
        (round(x - box[2] / 2), max(0, round(y - box[3] / 2)), box[2], box[3])
        for (x, y), box in zip(there.tolist(), row.marks, strict=True)
    )
    return replace(row, picture=np.asarray(moved, np.uint8), marks=marks)
