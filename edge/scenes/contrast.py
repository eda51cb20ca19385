"""How far each pixel stands out of its own ground, whatever the light, and what of it is ink."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.reading.ink import ground_of

SMOOTHED_FROM = 200
"""Pictures with more pixels than this on the shorter side are smoothed: a camera's noise is finer than its strokes."""

LEAST = 8.0
"""Ink differs from its ground by at least so many levels, where the ground is brought to 200."""

NOISES = 3.6
"""and by so many standard deviations of the ground around it."""

MOST_NOISE = 10.0
"""More deviation than this is pattern: ink is then told apart by its own strength."""

DIMMEST = 24.0
"""Ground darker than this is taken for as dark: divided by less, a camera's noise would pass for ink."""

BRIGHTEST = 120.0
"""Bright ink on a ground that leaves it less room than this, in grey levels, is a reflection as well as chalk."""

INK_SHARE = 0.33
"""A pixel counts as ink from this share of the strength of the mark that it belongs to."""

SPECK = 4
"""Marks of fewer pixels are noise."""

_BLOCK = 16


@dataclass(frozen=True)
class Marks:
    """Connected marks of ink in a picture.

    Attributes:
        mask: uint8 (height, width), 1 where there is ink.
        strength: uint8 of the same shape: how far a pixel stands out, 0 to 255.
        labels: int32 of the same shape: 0 on the ground, else the mark's number.
        stats: int32 (count, 5): x, y, width, height and pixels of each mark; row 0 is the ground.
        floor: the least strength of ink, typically.
        bright: the ink is brighter than its ground.
    """

    mask: NDArray[np.uint8]
    strength: NDArray[np.uint8]
    labels: NDArray[np.int32]
    stats: NDArray[np.int32]
    floor: float
    bright: bool


def strengths(grey: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """How far each pixel is darker and how far brighter than its ground: uint8 (height, width) each.

    A shadow dims paper and ink alike, so that the share of the light that is missing stays the same: both are given as
    if the ground were 200.
    """
    smooth = cv2.GaussianBlur(grey, (3, 3), 0) if min(grey.shape) > SMOOTHED_FROM else grey
    ground = ground_of(np.asarray(smooth, np.uint8))
    fine = smooth.astype(np.float32)
    darker = cv2.multiply(cv2.subtract(ground, fine), cv2.divide(200.0, cv2.max(ground, DIMMEST)))
    brighter = cv2.multiply(
        cv2.subtract(fine, ground), cv2.divide(200.0, cv2.max(cv2.subtract(255.0, ground), BRIGHTEST))
    )
    return _levels(darker), _levels(brighter)


def _levels(strength: cv2.typing.MatLike) -> NDArray[np.uint8]:
    return np.asarray(cv2.add(strength, 0.0, dtype=cv2.CV_8U), np.uint8)  # rounds, and cuts off at 0 and 255


def floor_of(strength: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.float32] | float:
    """The least strength of ink at each pixel, from how restless its surroundings are.

    Args:
        strength: of the ink's own side.
        other: of the other side: ground deviates to both, ink to one.
    """
    height, width = strength.shape
    if min(height, width) < 4 * _BLOCK:
        both = cv2.max(strength, other)
        return max(LEAST, min(MOST_NOISE, 1.4826 * float(np.median(both))) * NOISES)
    size = (width // _BLOCK, height // _BLOCK)
    # The mean of absolute deviations is 0.8 standard deviations; ink in a block raises it, so that the other side's
    # is taken where it is less: a pattern deviates to both sides.
    own = cv2.resize(cv2.min(strength, 40), size, interpolation=cv2.INTER_AREA)
    against = cv2.resize(cv2.min(other, 40), size, interpolation=cv2.INTER_AREA)
    restless = cv2.medianBlur(cv2.min(own, against), 5).astype(np.float32)
    floor = np.maximum(np.minimum(restless * 2.5, MOST_NOISE) * NOISES, LEAST).astype(np.float32)
    return np.asarray(cv2.resize(floor, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def marks_of(strength: NDArray[np.uint8], other: NDArray[np.uint8], bright: bool) -> Marks:
    """Ink as connected marks: each pixel counts by the strength of its own mark, so that faint marks stay whole."""
    floor = floor_of(strength, other)
    loose = (strength > floor).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(loose, connectivity=8, ltype=cv2.CV_32S)
    least = np.full(count, 255, np.uint8)
    for number in np.flatnonzero(stats[:, cv2.CC_STAT_AREA] >= SPECK)[1:].tolist() if count > 1 else ():
        x, y, width, height = stats[number, :4].tolist()
        window = (slice(y, y + height), slice(x, x + width))
        own = strength[window][labels[window] == number]
        # The strongest pixels of a long mark are where the pen rested; three quarters are its stroke.
        middle = int(0.75 * (own.size - 1))
        least[number] = INK_SHARE * float(np.partition(own, middle)[middle])
    least[0] = 255
    mask = cv2.bitwise_and(loose, (strength >= least[labels]).astype(np.uint8))
    return marked(np.asarray(mask, np.uint8), strength, float(np.mean(floor)), bright)


def marked(mask: NDArray[np.uint8], strength: NDArray[np.uint8], floor: float, bright: bool) -> Marks:
    """The connected marks of a mask."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    return Marks(mask, strength, np.asarray(labels, np.int32), np.asarray(stats, np.int32), floor, bright)
