"""From a picture to its ink: how dark each pixel stands out of its own ground, whatever the light."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

GROUND_SIDE = 96
"""The ground is estimated on a picture of at most this many pixels: it varies slowly, and medians are dear."""

GROUND_SPAN = 0.35
"""Width of the median window as a share of the shorter side: wide enough that ink stays the minority in it."""

NOISE_STEPS = 4.0
"""Ink differs from its ground by at least so many standard deviations of the ground."""

LEAST_CONTRAST = 14.0
"""Ink differs from its ground by at least so many of 255 grey levels."""

MOST_NOISE = 4.0
"""More than this many grey levels of deviation, after smoothing, are pattern and not noise."""

SMALL_PICTURE = 200
"""Pictures of at most this many pixels on the shorter side are not smoothed: their strokes are thin."""

INK_SHARE = 0.47
"""Share of the typical ink's contrast from which a pixel counts as ink."""


@dataclass(frozen=True)
class Ink:
    """The ink of one picture.

    Attributes:
        soft: uint8 of shape (height, width), 0 on the ground and 255 on strong ink.
        mask: uint8 of the same shape, 1 where there is ink.
    """

    soft: NDArray[np.uint8]
    mask: NDArray[np.uint8]


def ground_of(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Brightness that each pixel would have without ink, float32 of the same shape.

    A smooth surface fitted to the picture takes the slope of the light away, then a wide median takes the ink away:
    ink is the minority in a window much wider than a stroke, so that it does not matter whether it is dark or light.
    """
    height, width = grey.shape
    scale = min(1.0, GROUND_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    slope = _slope(small)
    window = max(3, int(min(size) * GROUND_SPAN) | 1)
    flat = np.clip(small - slope + 128, 0, 255).astype(np.uint8)
    ground = cv2.medianBlur(flat, window).astype(np.float32) - 128 + slope
    return np.asarray(cv2.resize(ground, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _slope(small: NDArray[np.float32]) -> NDArray[np.float32]:
    """A quadratic surface through the ground by least squares, refitted twice without what lies far from it: ink."""
    height, width = small.shape
    if min(height, width) < 8:
        return np.full_like(small, float(np.median(small)))
    terms = _quadratic(height, width)
    points, values = terms[::3, ::3].reshape(-1, 6), small[::3, ::3].ravel().astype(np.float64)
    kept = np.ones(len(values), bool)
    for _ in range(3):
        system = points[kept].T @ points[kept] + 1e-6 * np.eye(6)
        moments = (points[kept].T @ values[kept])[:, np.newaxis]  # a column: OpenCV 5 takes one dimension for a row
        # OpenCV's solver: NumPy's starts threads, which costs more than six equations do.
        weights = np.asarray(cv2.solve(system, moments, flags=cv2.DECOMP_CHOLESKY)[1]).ravel()
        distance = np.abs(values - points @ weights)
        kept = distance <= 2.0 * np.median(distance) + 1.0
    return np.asarray(terms @ weights, np.float32)


@lru_cache(maxsize=4)
def _quadratic(height: int, width: int) -> NDArray[np.float64]:
    """The six terms of a quadratic surface at each pixel: (height, width, 6)."""
    down, across = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    return np.stack([np.ones_like(down), across, down, across * down, across**2, down**2], axis=-1)


def find_ink(grey: NDArray[np.uint8]) -> Ink:
    """Separate ink from ground, dark on light or light on dark.

    Args:
        grey: uint8 of shape (height, width).

    Returns:
        the ink; both arrays are all zero where nothing stands out of the ground.
    """
    smooth = np.asarray(cv2.GaussianBlur(grey, (3, 3), 0), np.uint8) if min(grey.shape) > SMALL_PICTURE else grey
    ground = ground_of(smooth)
    difference = ground - smooth
    step = 4 if difference.size > 100_000 else 2
    # The median of absolute deviations, times 1.4826, is the standard deviation of normal noise; a patterned ground
    # has more, but there the ink is told apart by its contrast below.
    noise = min(1.4826 * float(np.median(np.abs(difference[::step, ::step]))), MOST_NOISE)
    floor = max(LEAST_CONTRAST, NOISE_STEPS * noise)
    dark = float(np.maximum(difference - floor, 0).sum())
    light = float(np.maximum(-difference - floor, 0).sum())
    if light > dark:
        difference, ground = -difference, 255 - ground
    # A shadow dims paper and ink alike, so that the share of the light that is missing stays the same.
    contrast = difference * (200.0 / np.maximum(ground, 40.0))
    strong = contrast[contrast > floor]
    if strong.size == 0:
        return Ink(np.zeros_like(grey), np.zeros_like(grey))
    typical = float(np.percentile(strong, 75))
    threshold = max(floor, INK_SHARE * typical)
    mask = (contrast > threshold).astype(np.uint8)
    start = 0.5 * threshold
    soft = np.clip((contrast - start) * (255.0 / max(typical - start, 1.0)), 0, 255).astype(np.uint8)
    return Ink(soft, mask)
