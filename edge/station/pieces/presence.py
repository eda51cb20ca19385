"""Where mail pieces lie in the region that is looked at: what differs from the empty belt."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.sources.base import Image

WIDTH = 320
"""Columns to which a region is reduced before it is looked at: a piece's edges need no more."""

LEAST_SHARE = 0.004
"""Of the region, what a piece covers at least: smaller marks are crumbs and noise."""

_DIFFERENCE = 14.0
"""Levels of a colour by which a piece differs from the belt at least,"""

_OF_BRIGHTEST = 0.2
"""and the share of what the brightest piece is."""

_CLOSED = 5
"""Columns and rows of the reduced region over which marks on a piece are closed; gaps between pieces are wider."""

_NOTCH = 6.0
"""Pixels of the reduced region that a notch in an outline is deep where two pieces touch."""

_NARROWEST = 0.35
"""Heights of a shape that the pieces in it are wide at least."""

_LOOK = (48, 32)
"""Columns and rows of the small picture by which a piece is known again."""

_STRAY = 0.05
"""Share of a piece's columns that its outermost row covers: less is its neighbour's."""

_LEARNING = 0.1
"""Share by which the picture of the empty belt follows each frame."""

_AT_FIRST = (60.0, 45.0, 35.0, 25.0, 14.0)
"""Levels of a colour by which a piece differs from the belt while the light on the belt is not known."""

_COARSER, _MARGIN, _LEAST_FREE = 4, 9, 0.02
"""The belt is learned in a picture so many times smaller, so far from pieces, and where so large a share is free."""


_BORDER = 0.06


@dataclass(frozen=True)
class Blob:
    """Something on the belt.

    Attributes:
        box: in pixels of the region.
        share: of the region that it covers.
        look: float32 (32, 48), grey levels of a small picture of it; None where it is not known.
    """

    box: Box
    share: float
    look: NDArray[np.float32] | None = field(default=None, compare=False)


class Presence:
    """Knows what the empty belt looks like, and learns it from what passes.

    A belt has one colour, under light that changes slowly from place to place and from frame to frame. What is seen
    beside pieces tells of it, also where they lie (normalized convolution: Knutsson and Westin, "Normalized and
    differential convolution", CVPR 1993).
    """

    def __init__(self) -> None:
        self._belt: NDArray[np.float32] | None = None
        self._is_dark = True

    def find(self, region: Image) -> tuple[Blob, ...]:
        """What lies on the belt in a frame, from left to right.

        Args:
            region: uint8 (height, width, 3) BGR.
        """
        height, width = region.shape[:2]
        factor = max(1.0, width / WIDTH)
        size = (max(8, round(width / factor)), max(8, round(height / factor)))
        small = cv2.blur(cv2.resize(region, size, interpolation=cv2.INTER_AREA), (3, 3)).astype(np.float32)
        if self._belt is None or self._belt.shape != small.shape:
            self._begin(small)
        mask = self._mask(small)
        self._learn(small, mask)
        return _blobs(mask, small, width / size[0], height / size[1])

    def _begin(self, small: NDArray[np.float32]) -> None:
        """Guess the belt from one frame: the colour of whichever of dark and bright holds most of the border."""
        grey = small.mean(axis=2)
        level, _ = cv2.threshold(grey.astype(np.uint8), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        rows = max(1, round(_BORDER * len(small)))
        border = np.concatenate([grey[:rows].ravel(), grey[-rows:].ravel()])
        self._is_dark = bool(np.mean(border <= level) >= 0.5)
        here = grey <= level if self._is_dark else grey > level
        colour = np.median(small[here], axis=0) if here.any() else small.mean(axis=(0, 1))
        self._belt = np.full_like(small, colour)
        for least in _AT_FIRST:
            self._learn(small, self._mask(small, least), 1.0)

    def _mask(self, small: NDArray[np.float32], least: float = 0.0) -> NDArray[np.uint8]:
        """Where the colour that differs most does: brown paper is as dark as some belts, and redder."""
        assert self._belt is not None
        apart = small - self._belt if self._is_dark else np.abs(small - self._belt)
        blue, green, red = cv2.split(apart)
        most = cv2.max(cv2.max(blue, green), red)  # a fifth of the time of NumPy's over so short an axis
        least = max(least, _DIFFERENCE, _OF_BRIGHTEST * float(np.percentile(most, 98)))
        mask = (most > least).astype(np.uint8)
        return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((_CLOSED, _CLOSED), np.uint8)), np.uint8)

    def _learn(self, small: NDArray[np.float32], mask: NDArray[np.uint8], share: float = _LEARNING) -> None:
        """Follow the light by what is belt now; where pieces lie it is as the belt around them."""
        assert self._belt is not None
        rows, columns = mask.shape
        coarse = (max(2, columns // _COARSER), max(2, rows // _COARSER))
        free = 1 - cv2.dilate(mask, np.ones((_MARGIN, _MARGIN), np.uint8)).astype(np.float32)
        weight = cv2.resize(free, coarse, interpolation=cv2.INTER_AREA)
        colour = cv2.resize(small * free[:, :, np.newaxis], coarse, interpolation=cv2.INTER_AREA)
        reach = (coarse[0] // 2, coarse[1] // 2)
        whole = cv2.blur(weight, reach)
        if float(whole.min()) < _LEAST_FREE:
            return
        seen = cv2.resize(cv2.blur(colour, reach) / whole[:, :, np.newaxis], (columns, rows))
        self._belt += np.float32(share) * (seen - self._belt)


def _blobs(mask: NDArray[np.uint8], small: NDArray[np.float32], across: float, down: float) -> tuple[Blob, ...]:
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    found = []
    for number, (x, y, width, height, area) in enumerate(stats[1:count].tolist(), start=1):
        if area < LEAST_SHARE * mask.size:
            continue
        shape = _filled(labels[y : y + height, x : x + width] == number)
        for start, stop in _apart(shape):
            rows = np.flatnonzero(shape[:, start:stop].mean(axis=1) > _STRAY)
            top, bottom = int(rows[0]) + y, int(rows[-1]) + 1 + y
            covered = int(shape[:, start:stop].sum())
            part = grey[top:bottom, x + start : x + stop]
            look = np.asarray(cv2.resize(part, _LOOK, interpolation=cv2.INTER_AREA), np.float32)
            found.append(Blob(_scaled(x + start, top, x + stop, bottom, across, down), covered / mask.size, look))
    return tuple(sorted(found, key=lambda blob: blob.box))


def _filled(inside: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """A shape without holes, those included that are open at its sides, as where print is cut by the picture's edge."""
    shape = inside.astype(np.uint8)
    for side in (0, -1):
        rows = np.flatnonzero(shape[:, side])
        shape[rows[0] : rows[-1] + 1, side] = 1
    contours, _ = cv2.findContours(shape, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(shape, contours, -1, (1,), cv2.FILLED), np.uint8)


def _scaled(left: int, top: int, right: int, bottom: int, across: float, down: float) -> Box:
    x, y = round(left * across), round(top * down)
    return x, y, round(right * across) - x, round(bottom * down) - y


def _apart(shape: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """The columns of each piece in a shape, start and stop: pieces are convex, and where two touch there is a notch."""
    width = shape.shape[1]
    smooth = cv2.morphologyEx(shape, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(smooth, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return [(0, width)]
    contour = max(contours, key=len)
    hull = cv2.convexHull(contour, returnPoints=False)
    try:
        notches = cv2.convexityDefects(contour, hull) if len(hull) > 3 else None
    except cv2.error:  # an outline that crosses itself, of a shape that hangs together by single pixels
        notches = None
    if notches is None:
        return [(0, width)]
    least = _NARROWEST * shape.shape[0]
    defects = notches.reshape(-1, 4).tolist()  # (count, 1, 4) of OpenCV 4, (1, count, 4) of OpenCV 5
    deep = sorted((one for one in defects if one[3] >= 256 * _NOTCH), key=lambda one: -one[3])
    cuts: list[int] = []
    for _, _, place, _ in deep:
        column = int(contour[place, 0, 0])
        if all(abs(column - other) >= least for other in (0, width, *cuts)):
            cuts.append(column)
    edges = [0, *sorted(cuts), width]
    return list(pairwise(edges))
