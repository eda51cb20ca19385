"""Marks as pieces: their boxes and strength, and which may be digits by their size and shape."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.contrast import Marks

LEAST_HEIGHT = 8
"""Digits are at least so many pixels high in the picture that is searched."""

LONGEST_ACROSS = 4.0
"""Pieces more than so many times wider than high are dashes or rules."""

LONGEST_DOWN = 45.0
"""Pieces more than so many times higher than wide are hairs or edges; a 1 of a felt pen on a board has 25."""

MANY = 200
"""More marks than this are measured all at once rather than one by one."""


@dataclass(frozen=True)
class Pieces:
    """Marks that may be digits or parts of them; arrays of one length.

    Attributes:
        numbers: of the marks.
        boxes: int64 (count, 4): x, y, width, height.
        areas: in pixels.
        peaks: 0 to 255.
    """

    numbers: NDArray[np.int64]
    boxes: NDArray[np.int64]
    areas: NDArray[np.int64]
    peaks: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.numbers)

    def taken(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Pieces:
        """Some of the pieces."""
        return Pieces(self.numbers[which], self.boxes[which], self.areas[which], self.peaks[which])


def pieces_of(marks: Marks, least: int = 4) -> Pieces:
    """All marks of at least ``least`` pixels, with their strength."""
    numbers = np.flatnonzero(marks.stats[:, cv2.CC_STAT_AREA] >= least)
    numbers = numbers[numbers > 0]
    boxes = marks.stats[numbers, :4].astype(np.int64)
    areas = marks.stats[numbers, cv2.CC_STAT_AREA].astype(np.int64)
    if len(numbers) > MANY:
        summed = np.bincount(marks.labels.ravel(), weights=marks.strength.ravel(), minlength=len(marks.stats))
        return Pieces(numbers, boxes, areas, summed[numbers] / areas)
    peaks = np.zeros(len(numbers))
    for position in np.flatnonzero((boxes[:, 3] >= 4) | (boxes[:, 2] >= 4)).tolist():
        x, y, width, height = boxes[position].tolist()
        window = (slice(y, y + height), slice(x, x + width))
        own = marks.strength[window][marks.labels[window] == numbers[position]]
        peaks[position] = float(own.sum()) / own.size
    return Pieces(numbers, boxes, areas, peaks)


def digit_like(pieces: Pieces, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which pieces have the size and shape of a digit, or of several that touch."""
    _, _, width, height = pieces.boxes.T
    right = (height >= LEAST_HEIGHT) & (width <= LONGEST_ACROSS * height) & (height <= LONGEST_DOWN * width)
    # Frames and edges of sheets fill little of a box that is large in the picture.
    large = (width > 0.45 * shape[1]) & (height > 0.45 * shape[0])
    right &= ~(large & (pieces.areas < 0.03 * width * height))
    # Straight slivers along the picture's edge are what lies beside a sheet.
    x = pieces.boxes[:, 0]
    at_edge = (x <= 1) | (x + width >= shape[1] - 1)
    right &= ~(at_edge & (height > 4 * width) & (height < 0.95 * shape[0]) & (width < 0.05 * shape[1]))
    return np.asarray(right, np.bool_)


def typical_height(heights: NDArray[np.int64], weights: NDArray[np.float64] | None = None) -> float:
    """Median height, each piece counted by its height or its weight: many specks do not outweigh a few digits."""
    if heights.size == 0:
        return 0.0
    order = np.argsort(heights)
    summed = np.cumsum((heights if weights is None else weights)[order])
    return float(heights[order][int(np.searchsorted(summed, summed[-1] / 2))])
