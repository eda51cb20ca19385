"""Where mail pieces lie in the region that is looked at: what differs from the empty belt."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.sources.base import Image
from edgedigits.edge.station.pieces.touching import pieces_of

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

_LOOK = (48, 32)
"""Columns and rows of the small picture by which a piece is known again."""

_STRAY = 0.05
"""Of a piece's longest row or column, what its outermost one covers at least: less is its neighbour's."""

_LEARNING, _HEALING, _FRAMES = 0.1, 0.02, 10
"""Shares by which the picture of the empty belt follows each frame: where it is free or was never seen, and where
something lies on what was seen; and the frames in which a place must have been free to be well known."""

_OF_NOISE, _LEAST = 4.5, 6.0
"""Times by which a piece differs more from the belt than the belt from itself at least, and levels of a colour."""

_LIGHT = (0.25, 1.5)
"""Of the mean light on the belt, what the light in a place may be."""

_DARK = 100.0
"""Level of a colour below which a belt is dark: what is darker is a shadow."""

_JUMP, _LEAST_SEEN = 3.0, 0.05
"""Times by which light may change at once, and the share of the belt that must be seen to tell."""

_AT_FIRST = (60.0, 45.0, 35.0, 25.0, 14.0)
"""Levels of a colour by which a piece differs from the belt while the light on the belt is not known."""

_COARSER, _MARGIN, _LEAST_FREE = 4, 9, 0.02
"""The belt is learned in a picture so many times smaller, so far from pieces, and where so large a share is free."""


_BORDER = 0.06

_SHARP = 12.0
"""Levels of a colour by which a piece differs from what lies right beside it at least: light changes more softly."""


@dataclass(frozen=True)
class Blob:
    """Something on the belt.

    Attributes:
        box: in pixels of the region.
        share: of the region that it covers.
        look: float32 (32, 48), grey levels of a small picture of it; None where it is not known.
        is_cut: it touches another one, from which it was cut.
    """

    box: Box
    share: float
    look: NDArray[np.float32] | None = field(default=None, compare=False)
    is_cut: bool = False


class Presence:
    """Knows what the empty belt looks like, and learns it from what passes.

    A belt has one colour, under light that changes from place to place, slowly from frame to frame, and in all places
    at once where lamps flicker. A place is known by what was seen there while it was free; one that was not yet is as
    the belt beside pieces (normalized convolution: Knutsson and Westin, "Normalized and differential convolution",
    CVPR 1993).
    """

    def __init__(self) -> None:
        self._belt: NDArray[np.float32] | None = None
        self._frames = 0
        self._is_dark = True
        self._free = np.zeros((0, 0), np.uint8)  # where the last frame showed the belt
        self._known = np.zeros((0, 0), np.uint8)  # frames in which each place was free
        self._noise = _DIFFERENCE / _OF_NOISE

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
        else:
            self._follow_light(small)
        assert self._belt is not None
        mask = self._mask(small)
        self._learn(small, mask)
        return _blobs(mask, small, self._belt, width / size[0], height / size[1])

    def _begin(self, small: NDArray[np.float32]) -> None:
        """Guess the belt from one frame: the colour of whichever of dark and bright holds most of the border."""
        grey = small.mean(axis=2)
        level, _ = cv2.threshold(grey.astype(np.uint8), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        rows = max(1, round(_BORDER * len(small)))
        border = np.concatenate([grey[:rows].ravel(), grey[-rows:].ravel()])
        here = grey <= level if np.mean(border <= level) >= 0.5 else grey > level
        colour = np.median(small[here], axis=0) if here.any() else small.mean(axis=(0, 1))
        self._is_dark = float(colour.mean()) < _DARK
        self._belt = np.full_like(small, colour)
        self._frames = 0
        self._known = np.zeros(grey.shape, np.uint8)
        self._free = np.zeros(grey.shape, np.uint8)
        for least in _AT_FIRST:
            mask = cv2.dilate(self._mask(small, least), np.ones((_MARGIN, _MARGIN), np.uint8))
            around = self._around(small, np.asarray(1 - mask, np.uint8))
            self._belt = self._belt if around is None else around
        self._take_light(small)

    def _take_light(self, small: NDArray[np.float32]) -> None:
        """What has no sharp edge in the first frame, or lies from its upper to its lower side, is light on the belt."""
        assert self._belt is not None
        mask = self._mask(small)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        for number in range(1, count):
            shape = np.asarray(labels == number, np.uint8)
            if stats[number, cv2.CC_STAT_HEIGHT] == len(small) or _is_soft(shape, small):
                cv2.copyTo(small, cv2.dilate(shape, np.ones((_MARGIN, _MARGIN), np.uint8)), self._belt)

    def _follow_light(self, small: NDArray[np.float32]) -> None:
        """Lamps that flicker and cameras that adapt make all of the belt brighter or darker at once."""
        assert self._belt is not None
        free = self._free[::4, ::4] > 0
        if np.count_nonzero(free) < _LEAST_SEEN * free.size:
            return
        was, now = self._belt[::4, ::4, 1][free], small[::4, ::4, 1][free]
        gain = float(np.median((now + 1) / (was + 1)))
        if 1 / _JUMP < gain < _JUMP:
            self._belt *= np.float32(gain)

    def _mask(self, small: NDArray[np.float32], least: float = _DIFFERENCE) -> NDArray[np.uint8]:
        """Where the colour that differs most does: brown paper is as dark as some belts, and redder.

        Light that falls on the belt falls on the paper: in a shadow both differ by less.
        """
        assert self._belt is not None
        apart = cv2.subtract(small, self._belt) if self._is_dark else cv2.absdiff(small, self._belt)
        blue, green, red = cv2.split(apart)
        most = np.asarray(cv2.max(cv2.max(blue, green), red), np.float32)  # a fifth of the time of NumPy's
        light = np.asarray(cv2.blur(cv2.extractChannel(self._belt, 1), (9, 9)), np.float32)
        light *= np.float32(1 / max(1.0, float(light.mean())))
        np.clip(light, *_LIGHT, out=light)
        if np.count_nonzero(self._free) > _LEAST_SEEN * most.size:
            noise = float(cv2.mean(np.abs(most), self._free)[0])
            self._noise += _LEARNING * (noise - self._noise)
        most /= light
        brightest = _OF_BRIGHTEST * float(np.percentile(most[::2, ::2], 98))
        known = min(max(_OF_NOISE * self._noise, _LEAST), _DIFFERENCE)
        mask = (most > max(least, brightest)).astype(np.uint8)
        if max(known, brightest) < max(least, brightest):
            mask |= (most > max(known, brightest)) & (self._known >= _FRAMES)
        return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((_CLOSED, _CLOSED), np.uint8)), np.uint8)

    def _learn(self, small: NDArray[np.float32], mask: NDArray[np.uint8]) -> None:
        """Follow what is belt now; where pieces lie and nothing is known it is as the belt around them."""
        assert self._belt is not None
        self._free = free = np.asarray(1 - cv2.dilate(mask, np.ones((_MARGIN, _MARGIN), np.uint8)), np.uint8)
        around = self._around(small, free)
        if around is not None:
            strange = np.asarray(self._known == 0, np.uint8)
            cv2.accumulateWeighted(around, self._belt, _LEARNING, strange & ~free)
            cv2.accumulateWeighted(around, self._belt, _HEALING, (1 - strange) & ~free)
        self._frames += 1
        cv2.accumulateWeighted(small, self._belt, max(_LEARNING, 1 / (1 + self._frames)), free)
        cv2.add(self._known, free, self._known)

    def _around(self, small: NDArray[np.float32], free: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """What each place would be were it as the belt around it; None where too little of the belt is seen."""
        rows, columns = free.shape
        coarse = (max(2, columns // _COARSER), max(2, rows // _COARSER))
        weight = cv2.resize(free.astype(np.float32), coarse, interpolation=cv2.INTER_AREA)
        colour = cv2.resize(cv2.copyTo(small, free), coarse, interpolation=cv2.INTER_AREA)
        reach = (coarse[0] // 2, coarse[1] // 2)
        whole = cv2.blur(weight, reach)
        if float(whole.min()) < _LEAST_FREE:
            return None
        return np.asarray(cv2.resize(cv2.blur(colour, reach) / whole[:, :, np.newaxis], (columns, rows)), np.float32)


def _blobs(
    mask: NDArray[np.uint8], small: NDArray[np.float32], belt: NDArray[np.float32], across: float, down: float
) -> tuple[Blob, ...]:
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    found = []
    for number, (x, y, width, height, area) in enumerate(stats[1:count].tolist(), start=1):
        if area < LEAST_SHARE * mask.size:
            continue
        inside = np.s_[y : y + height, x : x + width]
        whole = x > 1 and x + width < mask.shape[1] - 1, y > 1 and y + height < mask.shape[0] - 1
        pieces = pieces_of(_filled(labels[inside] == number), small[inside], belt[inside], whole)
        for piece in pieces:
            if cv2.countNonZero(piece) < LEAST_SHARE * mask.size:
                continue
            left, right = _ends(piece, 0)
            top, bottom = _ends(piece, 1)
            part = grey[y + top : y + bottom, x + left : x + right]
            look = np.asarray(cv2.resize(part, _LOOK, interpolation=cv2.INTER_AREA), np.float32)
            box = _scaled(x + left, y + top, x + right, y + bottom, across, down)
            found.append(Blob(box, cv2.countNonZero(piece) / mask.size, look, len(pieces) > 1))
    return tuple(sorted(found, key=lambda blob: blob.box))


def _ends(piece: NDArray[np.uint8], axis: int) -> tuple[int, int]:
    """Where a piece begins and ends along an axis, but for scraps of its neighbours."""
    covered = cv2.reduce(piece, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel()
    inside = np.flatnonzero(covered > _STRAY * covered.max())
    return int(inside[0]), int(inside[-1]) + 1


def _is_soft(shape: NDArray[np.uint8], small: NDArray[np.float32]) -> bool:
    """Whether colours hardly change across the outline of a shape."""
    across = np.ones((_CLOSED, _CLOSED), np.uint8)
    inner = cv2.mean(small, shape - cv2.erode(shape, across))
    outer = cv2.mean(small, cv2.dilate(shape, across) - shape)
    return max(abs(one - other) for one, other in zip(inner, outer, strict=True)) < _SHARP


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
