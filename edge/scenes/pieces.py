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
"""Pieces more than so many times wider than high are dashes or rules, unless they are chains:"""

SHORTEST_CHAIN, LONGEST_CHAIN = 1.5, 14.0
"""loops that are joined, as the zeros of an amount are, at least and at most so many times wider than high,"""

LOOPS = 2
"""with at least so many loops, each of them"""

LEAST_LOOP, ROUND_LOOP, ROUND_CHAIN = 0.3, 0.9, 0.95
"""of this share of the chain's height at least; loops and chain fill at most such shares of the rectangle around them,
where those of printed boxes fill all of it."""

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
        chains: which are loops joined to a chain.
    """

    numbers: NDArray[np.int64]
    boxes: NDArray[np.int64]
    areas: NDArray[np.int64]
    peaks: NDArray[np.float64]
    chains: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.numbers)

    def taken(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Pieces:
        """Some of the pieces."""
        return Pieces(self.numbers[which], self.boxes[which], self.areas[which], self.peaks[which], self.chains[which])


def pieces_of(marks: Marks, least: int = 4) -> Pieces:
    """All marks of at least ``least`` pixels, with their strength."""
    numbers = np.flatnonzero(marks.stats[:, cv2.CC_STAT_AREA] >= least)
    numbers = numbers[numbers > 0]
    boxes = marks.stats[numbers, :4].astype(np.int64)
    areas = marks.stats[numbers, cv2.CC_STAT_AREA].astype(np.int64)
    chains = _chains(marks, numbers, boxes)
    if len(numbers) > MANY:
        summed = np.bincount(marks.labels.ravel(), weights=marks.strength.ravel(), minlength=len(marks.stats))
        return Pieces(numbers, boxes, areas, summed[numbers] / areas, chains)
    peaks = np.zeros(len(numbers))
    for position in np.flatnonzero((boxes[:, 3] >= 4) | (boxes[:, 2] >= 4)).tolist():
        x, y, width, height = boxes[position].tolist()
        window = (slice(y, y + height), slice(x, x + width))
        own = marks.strength[window][marks.labels[window] == numbers[position]]
        peaks[position] = float(own.sum()) / own.size
    return Pieces(numbers, boxes, areas, peaks, chains)


def _chains(marks: Marks, numbers: NDArray[np.int64], boxes: NDArray[np.int64]) -> NDArray[np.bool_]:
    _, _, width, height = boxes.T
    chains = np.zeros(len(numbers), np.bool_)
    long = (height >= LEAST_HEIGHT) & (width > SHORTEST_CHAIN * height) & (width <= LONGEST_CHAIN * height)
    for position in np.flatnonzero(long).tolist():
        x, y, across, down = boxes[position].tolist()
        own = (marks.labels[y : y + down, x : x + across] == numbers[position]).astype(np.uint8)
        chains[position] = _loops(own) >= LOOPS
    return chains


def _loops(own: NDArray[np.uint8]) -> int:
    """How many round areas a mark encloses."""
    outlines, levels = cv2.findContours(own, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    count = 0
    for outline, (_, _, _, around) in zip(outlines, levels[0], strict=True):
        if around < 0 and _filling(outline) > ROUND_CHAIN:
            return 0
        large = cv2.boundingRect(outline)[3] >= LEAST_LOOP * own.shape[0]
        count += around >= 0 and large and _filling(outline) <= ROUND_LOOP
    return count


def _filling(outline: cv2.typing.MatLike) -> float:
    """The share of the rectangle around an outline, turned as fits best, that is within it."""
    _, (width, height), _ = cv2.minAreaRect(outline)
    return cv2.contourArea(outline) / max(width * height, 1.0)


def digit_like(pieces: Pieces, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which pieces have the size and shape of a digit, or of several that touch."""
    _, _, width, height = pieces.boxes.T
    right = (
        (height >= LEAST_HEIGHT)
        & ((width <= LONGEST_ACROSS * height) | pieces.chains)
        & (height <= LONGEST_DOWN * width)
    )
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
