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

SEAM = 0.88
"""Marks of this share of the picture's width or height may be the seam of a shadow, with strokes on it."""

SPECK = 4
"""Marks of fewer pixels are noise."""

MOST_MEASURED = 1500
"""Of more marks than this the largest are looked at one by one: the picture shows a texture."""

_BLOCK = 16

_MOST_OF_A_BLOCK = np.uint8(40)
"""Ink in a block counts for no more restlessness than this."""

_GROUNDS = np.arange(256, dtype=np.float64)
_DARK_GAIN = np.rint(16 * 200 / np.maximum(_GROUNDS, DIMMEST)).astype(np.uint8)
_BRIGHT_GAIN = np.rint(16 * 200 / np.maximum(255 - _GROUNDS, BRIGHTEST)).astype(np.uint8)


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
    ground = _levels(ground_of(np.asarray(smooth, np.uint8)))
    darker, brighter = cv2.subtract(ground, smooth), cv2.subtract(smooth, ground)
    return (
        np.asarray(cv2.multiply(darker, cv2.LUT(ground, _DARK_GAIN), scale=1 / 16), np.uint8),
        np.asarray(cv2.multiply(brighter, cv2.LUT(ground, _BRIGHT_GAIN), scale=1 / 16), np.uint8),
    )


def _levels(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.asarray(cv2.convertScaleAbs(values), np.uint8)  # rounds, and cuts off at 255


def floor_of(strength: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The least strength of ink at each pixel, from how restless its surroundings are.

    Args:
        strength: of the ink's own side.
        other: of the other side: ground deviates to both, ink to one.
    """
    height, width = strength.shape
    if min(height, width) < 4 * _BLOCK:
        both = cv2.max(strength, other)
        least = max(LEAST, min(MOST_NOISE, 1.4826 * float(np.median(both))) * NOISES)
        return np.full(strength.shape, round(least), np.uint8)
    size = (width // _BLOCK, height // _BLOCK)
    # The mean of absolute deviations is 0.8 standard deviations; ink in a block raises it, so that the other side's
    # is taken where it is less: a pattern deviates to both sides.
    whole = (slice(0, size[1] * _BLOCK), slice(0, size[0] * _BLOCK))
    own, against = (
        cv2.resize(np.minimum(side[whole], _MOST_OF_A_BLOCK), size, interpolation=cv2.INTER_AREA)
        for side in (strength, other)
    )
    restless = cv2.medianBlur(cv2.min(own, against), 5).astype(np.float32)
    floor = np.maximum(np.minimum(restless * 2.5, MOST_NOISE) * NOISES, LEAST)
    return np.asarray(cv2.resize(floor.astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def marks_of(strength: NDArray[np.uint8], other: NDArray[np.uint8], bright: bool) -> Marks:
    """Ink as connected marks: each pixel counts by the strength of its own mark, so that faint marks stay whole."""
    floor = floor_of(strength, other)
    loose = cv2.compare(strength, floor, cv2.CMP_GT)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(loose, connectivity=8, ltype=cv2.CV_32S)
    areas = stats[:, cv2.CC_STAT_AREA]
    least = np.where(areas >= SPECK, 0, 255).astype(np.uint8)
    least[0] = 255
    measured = np.flatnonzero(areas >= 2 * SPECK)[1:]
    if len(measured) > MOST_MEASURED:
        measured = measured[np.argpartition(areas[measured], -MOST_MEASURED)[-MOST_MEASURED:]]
    for number in measured.tolist() if count > 1 else ():
        x, y, width, height = stats[number, :4].tolist()
        window = (slice(y, y + height), slice(x, x + width))
        own = strength[window][labels[window] == number]
        # The strongest pixels of a long mark are where the pen rested; three quarters are its stroke. A mark that goes
        # far through the picture may be the seam of a shadow, with stronger strokes on it.
        through = width >= SEAM * strength.shape[1] or height >= SEAM * strength.shape[0]
        place = int((0.97 if through else 0.75) * (own.size - 1))
        least[number] = INK_SHARE * float(np.partition(own, place)[place])
    mask = np.asarray(cv2.bitwise_and(cv2.compare(strength, least[labels], cv2.CMP_GE), loose), np.uint8) & 1
    return marked(np.asarray(mask, np.uint8), strength, cv2.mean(floor)[0], bright)


def marked(mask: NDArray[np.uint8], strength: NDArray[np.uint8], floor: float, bright: bool) -> Marks:
    """The connected marks of a mask."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    return Marks(mask, strength, np.asarray(labels, np.int32), np.asarray(stats, np.int32), floor, bright)
