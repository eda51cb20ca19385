"""Pictures that are one line as they are: fields cut out of a form, digits in files of their own."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.contrast import Marks
from edgedigits.edge.scenes.cutting import cut_line
from edgedigits.edge.scenes.grouping import Group
from edgedigits.edge.scenes.pieces import Pieces, digit_like, pieces_of, typical_height
from edgedigits.edge.scenes.scene import SceneLine

TINY = 48
"""Pictures of at most so many pixels a side that are about square show one digit, as MNIST's do."""

FIELD_HEIGHT = 110
"""Fields cut out of a form are at most so many pixels high,"""

LEAST_ASPECT, MOST_ASPECT = 0.85, 8.0
"""and so many times wider than high."""

FILLED = 0.36
"""Digits of a field are at least this share of its height; others are cut out of what is around them."""

MOSTLY = 0.55
"""A picture of any size that is wider than high is one line where its one line fills this share of its height."""


def is_tiny(grey: NDArray[np.uint8]) -> bool:
    """Whether a picture is as small as one digit of a data set."""
    height, width = grey.shape
    return max(height, width) <= TINY and max(height, width) <= 1.7 * min(height, width)


def is_field(
    grey: NDArray[np.uint8], groups: list[Group], marks: Marks, pieces: Pieces, factor: int, boxed: bool
) -> bool:
    """Whether a picture is wide, low and mostly one line, so that cutting it closer would only lose.

    Args:
        grey: uint8 (height, width).
        groups: lines found in it.
        marks: that they consist of.
        pieces: of the picture.
        factor: by which it was reduced for that.
        boxed: boxes or dividers were found.
    """
    height, width = grey.shape
    if boxed or not LEAST_ASPECT * height <= width <= MOST_ASPECT * height:
        return False
    rows = _stacked(groups, marks, pieces)
    digits = max((group.height for group in groups), default=0.0) * factor
    if height > FIELD_HEIGHT:
        return rows == 1 and width >= height and digits >= MOSTLY * height
    # On a pattern digits are not told apart surely enough to cut them out.
    clean = len(pieces) <= 2 * sum(len(group.numbers) for group in groups) + 2
    return not clean or not groups or (rows <= 1 and digits >= FILLED * height)


def _stacked(groups: list[Group], marks: Marks, pieces: Pieces) -> int:
    """How many lines of at least two pieces, about equally strong and high, stand one above the other."""
    spans, strengths = [], []
    for group in groups:
        boxes = marks.stats[group.numbers]
        middle = boxes[:, cv2.CC_STAT_TOP] + boxes[:, cv2.CC_STAT_HEIGHT] / 2
        own = pieces.taken(np.isin(pieces.numbers, group.numbers))
        spans.append((float(np.median(middle)), group.height, len(group.numbers)))
        strengths.append(float(np.average(own.peaks, weights=own.areas)))
    highest, strongest = (max(values, default=0.0) for values in ([height for _, height, _ in spans], strengths))
    lines = sorted(
        (middle, height)
        for (middle, height, count), strength in zip(spans, strengths, strict=True)
        if count >= 2 and height >= 0.6 * highest and strength >= 0.6 * strongest
    )
    apart = sum(other - one > 0.8 * height for (one, _), (other, height) in pairwise(lines))
    return min(1, len(groups)) + apart


def whole_line(grey: NDArray[np.uint8], marks: Marks) -> SceneLine:
    """The picture as one line.

    Args:
        grey: uint8 (height, width).
        marks: found in it, unreduced or reduced.
    """
    pieces = pieces_of(marks)
    pieces = pieces.taken(digit_like(pieces, marks.mask.shape))
    factor = grey.shape[0] / marks.mask.shape[0]
    heights = pieces.boxes[:, 3]
    typical = typical_height(heights)
    boxes = pieces.boxes[heights >= 0.5 * typical] * factor
    found = [(round(x), round(y), round(w), round(h)) for x, y, w, h in boxes.tolist()]
    identity = np.array([[1, 0, 0], [0, 1, 0]], np.float64)
    return SceneLine(grey, identity, typical * factor or float(grey.shape[0]), tuple(sorted(found)))


def single_line(grey: NDArray[np.uint8], factor: int, marks: Marks, ink: NDArray[np.uint8]) -> SceneLine:
    """The one digit of a picture: its largest mark and what is near that.

    Args:
        grey: uint8 (height, width).
        factor: by which it was reduced when the marks were found.
        marks: at least one.
        ink: 1 on all ink of the reduced picture.
    """
    pieces = pieces_of(marks, 1)
    _, _, width, height = pieces.boxes.T
    size = np.maximum(width, height)
    whole = digit_like(pieces, marks.mask.shape)
    weight = pieces.areas * (pieces.peaks + 1) * np.where(whole, 10, 1)
    best = int(np.argmax(weight))
    x, y, across, down = pieces.boxes[best].tolist()
    near = 0.35 * max(across, down)
    left, top = pieces.boxes[:, 0], pieces.boxes[:, 1]
    beside = (left < x + across + near) & (x < left + width + near)
    beside &= (top < y + down + near) & (y < top + height + near)
    beside &= (size >= 0.08 * max(across, down)) & (pieces.peaks >= 0.3 * pieces.peaks[best])
    beside[best] = False
    group = Group(pieces.numbers[[best]], pieces.numbers[beside], float(max(across, down)), 0.0)
    line = cut_line(grey, factor, marks, group, ink)
    own = np.array([line.pieces[0]])
    box = tuple(own[0].tolist())
    return SceneLine(line.picture, line.matrix, line.height, (box,))
