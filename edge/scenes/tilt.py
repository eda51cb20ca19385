"""The tilt of a page whose printed lines are not level: it is straightened before they are taken out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

LEAST = 2.2
"""Degrees; less is left as it is."""

MOST = 20.0
"""Degrees; more is another direction."""

LONG = 0.3
"""Marks of at least this share of the picture's width or height may be printed lines."""

MANY = 24
"""With more marks than this, all may be parts of broken lines."""

MOST, TEXTURE = 600, 1500
"""But of more than the first only long ones are looked at, and more than the second are a texture."""

AGREED = 0.5
"""Share of the lines' length that must agree within a degree."""


@dataclass(frozen=True)
class Straightened:
    """A picture turned level; ``matrix`` float64 (2, 3) leads from its pixels to those of the picture as it was."""

    picture: NDArray[np.uint8]
    matrix: NDArray[np.float64]


def tilt_of(ink: NDArray[np.uint8]) -> float:
    """Degrees clockwise by which long straight lines are turned, 0 where there are none or they are level.

    Args:
        ink: uint8 (height, width), 1 on ink.
    """
    height, width = ink.shape
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    across, down = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    long = (across >= LONG * width) | (down >= max(LONG * height, 60))
    # Strokes fill more of their box than lines and frames.
    long &= stats[:, cv2.CC_STAT_AREA] < 0.35 * np.maximum(across, down) * np.maximum(np.minimum(across, down), 12)
    long[0] = False
    if MANY < count <= MOST:
        long[1:] = True  # broken lines are many short marks
    if count == 1 or count > TEXTURE or not long.any():
        return 0.0
    least = int(0.2 * max(width, height))
    found = cv2.HoughLinesP(long.astype(np.uint8)[labels], 1, np.pi / 720, least // 2, None, least, max(4, least // 10))
    if found is None or not len(found):
        return 0.0
    ends = found.reshape(-1, 4).astype(np.float64)  # (count, 1, 4) of OpenCV 4, (count, 4) of OpenCV 5
    run, rise = ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]
    angles = (np.degrees(np.arctan2(rise, run)) + 45) % 90 - 45
    lengths = np.hypot(run, rise)
    tried = angles[:, None] - angles[None, :]
    agreeing = ((np.abs(tried) < 1.0) * lengths[None, :]).sum(axis=1)
    best = int(np.argmax(agreeing))
    near = np.abs(angles - angles[best]) < 1.0
    angle = float(np.average(angles[near], weights=lengths[near]))
    if agreeing[best] < AGREED * lengths.sum() or not LEAST <= abs(angle) <= MOST:
        return 0.0
    return angle


def straightened(grey: NDArray[np.uint8], degrees: float) -> Straightened:
    """The picture turned back by so many degrees, as large as it was; corners that were not seen show plain ground."""
    height, width = grey.shape
    forth = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1), np.float64)
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], np.float64) @ forth.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    forth = np.asarray(forth, np.float64) - np.array([[0, 0, low[0]], [0, 0, low[1]]])
    size = (int(np.ceil(high[0] - low[0])), int(np.ceil(high[1] - low[1])))
    turned = cv2.warpAffine(grey, forth, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    seen = cv2.warpAffine(np.full_like(grey, 255), forth, size, flags=cv2.INTER_NEAREST)
    small = (max(1, size[0] // 16), max(1, size[1] // 16))
    ground = cv2.medianBlur(cv2.resize(turned, small, interpolation=cv2.INTER_AREA), 5)
    ground = cv2.resize(cv2.blur(ground, (9, 9)), size, interpolation=cv2.INTER_LINEAR)
    picture = np.where(cv2.erode(seen, np.ones((5, 5), np.uint8)) > 0, turned, ground)
    return Straightened(np.asarray(picture, np.uint8), np.asarray(cv2.invertAffineTransform(forth), np.float64))
