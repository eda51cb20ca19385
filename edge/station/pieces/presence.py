"""Where mail pieces lie in the region that is looked at: what differs from the empty belt."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.scene import Box

WIDTH = 320
"""Columns to which a region is reduced before it is looked at: a piece's edges need no more."""

LEAST_SHARE = 0.004
"""Of the region, what a piece covers at least: smaller marks are crumbs and noise."""

_DIFFERENCE = 14.0
"""Grey levels by which a piece is brighter or darker than the belt at least."""

_CLOSED = 5
"""Columns and rows of the reduced region over which marks on a piece are closed; gaps between pieces are wider."""

_LEARNING = 0.6
"""Grey levels by which the picture of the empty belt follows each frame."""

_DARK, _BRIGHT = 0.2, 0.8
"""The belt is what is seen in so much of the time at each place: on a dark belt the darker part of it."""

_BORDER = 0.06


@dataclass(frozen=True)
class Blob:
    """Something on the belt.

    Attributes:
        box: in pixels of the region.
        share: of the region that it covers.
    """

    box: Box
    share: float


class Presence:
    """Knows what the empty belt looks like, and learns it from what passes.

    A belt shows itself between pieces. Each place's grey level is followed by a quantile that moves by a fixed step a
    frame (McFarlane and Schofield, "Segmentation and tracking of piglets in images", 1995, have the median so): the low
    fifth where the belt is darker than paper, the high fifth where it is brighter, as a desk may be.
    """

    def __init__(self) -> None:
        self._belt: NDArray[np.float32] | None = None
        self._quantile = _DARK

    def find(self, grey: NDArray[np.uint8]) -> tuple[Blob, ...]:
        """What lies on the belt in a frame, from left to right.

        Args:
            grey: uint8 (height, width), the region.
        """
        height, width = grey.shape
        factor = max(1.0, width / WIDTH)
        size = (max(8, round(width / factor)), max(8, round(height / factor)))
        small = cv2.blur(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), (3, 3)).astype(np.float32)
        if self._belt is None or self._belt.shape != small.shape:
            self._begin(small)
        mask = self._mask(small)
        self._learn(small)
        return _blobs(mask, width / size[0], height / size[1])

    def _begin(self, small: NDArray[np.float32]) -> None:
        """Guess the belt from one frame: the level of whichever of dark and bright holds most of the border."""
        level, _ = cv2.threshold(small.astype(np.uint8), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        rows = max(1, round(_BORDER * small.shape[0]))
        border = np.concatenate([small[:rows].ravel(), small[-rows:].ravel()])
        self._quantile = _DARK if np.mean(border <= level) >= 0.5 else _BRIGHT
        here = small[small <= level] if self._quantile == _DARK else small[small > level]
        self._belt = np.full_like(small, np.median(here) if here.size else small.mean())

    def _mask(self, small: NDArray[np.float32]) -> NDArray[np.uint8]:
        assert self._belt is not None
        apart = small - self._belt if self._quantile == _DARK else np.abs(small - self._belt)
        mask = (apart > _DIFFERENCE).astype(np.uint8)
        return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((_CLOSED, _CLOSED), np.uint8)), np.uint8)

    def _learn(self, small: NDArray[np.float32]) -> None:
        assert self._belt is not None
        above = small > self._belt
        self._belt += np.where(above, _LEARNING * self._quantile, -_LEARNING * (1 - self._quantile)).astype(np.float32)


def _blobs(mask: NDArray[np.uint8], across: float, down: float) -> tuple[Blob, ...]:
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    found = []
    for x, y, width, height, area in stats[1:count].tolist():
        if area >= LEAST_SHARE * mask.size:
            left, top = round(x * across), round(y * down)
            box = (left, top, round((x + width) * across) - left, round((y + height) * down) - top)
            found.append(Blob(box, area / mask.size))
    return tuple(sorted(found, key=lambda blob: blob.box))
