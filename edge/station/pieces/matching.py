"""Whether a thing on the belt may be a piece that was seen before: by where it lies, its size and its looks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.bounding import area, common
from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.station.pieces.presence import Blob

_SAME = 0.3
"""Share of the smaller of two boxes that they have in common where they are of one piece."""

FRAGMENT = 0.3
"""What falls off a piece is another piece where it is larger than this share of it."""

_MOSTLY = 0.6
"""Share of a piece that lies in the blob which it has in common with another one."""

_WITHIN = 0.8
"""Share of a piece that lies where another is, and that makes it a part of that one."""

ALIKE = 0.85
"""Share in which a piece's size stays the same."""

_EDGE = 0.1
"""Share of a piece's small picture on each side in which its outline shows, and the belt behind it."""

_BLANK = 500.0
"""Product of the contrasts of two small pictures below which nothing stands on them that could be compared."""

LIKE_NO_OTHER = 0.88
"""Correlation of the looks of a piece where it has jumped or was out of sight."""


def ends_of(box: Box, axis: int) -> tuple[int, int]:
    """Start and end of a box along an axis, 0 across and 1 down, in pixels."""
    return box[axis], box[axis] + box[axis + 2]


def overlap(one: Box, other: Box) -> float:
    """Share of the smaller of two boxes that they have in common."""
    inside = common(one, other)
    return area(inside) / max(1, min(area(one), area(other))) if inside else 0.0


def blob_of(box: Box, blobs: Sequence[Blob]) -> int | None:
    """Which blob is of the piece that is expected in a box."""
    shared = []
    for blob in blobs:
        inside = common(box, blob.box)
        is_same = overlap(box, blob.box) >= _SAME
        shared.append(area(inside) if inside and is_same else 0)
    return int(np.argmax(shared)) if shared and max(shared) > 0 else None


def unless_crowded_out(
    place: int, blob: int | None, blobs: Sequence[Blob], expected: Sequence[Box], claimed: Sequence[int | None]
) -> int | None:
    """A blob that a piece shares with others only where the piece has room in it, and is none of what they are."""
    if blob is None or claimed.count(blob) == 1:
        return blob
    box = expected[place]
    others = [one for other, one in enumerate(expected) if other != place and claimed[other] == blob]
    inside = common(box, blobs[blob].box)
    has_room = inside is not None and area(inside) >= _MOSTLY * area(box)
    is_part = any(overlap(box, one) >= _WITHIN and area(box) < area(one) for one in others)
    return blob if has_room and not is_part else None


def likeness(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Correlation of two small pictures: 1 for the same in any light; of blank ones as of the same."""
    inner = tuple(slice(round(_EDGE * side), side - round(_EDGE * side)) for side in one.shape)
    first, second = (look[inner] - look[inner].mean() for look in (one, other))
    lengths = float(np.linalg.norm(first) * np.linalg.norm(second))
    if lengths < _BLANK:
        return 1.0
    return float((first * second).sum()) / lengths


def differ(one: NDArray[np.float32] | None, other: NDArray[np.float32] | None) -> bool:
    """Whether two small pictures, where both are known, are of different things."""
    return one is not None and other is not None and likeness(one, other) < LIKE_NO_OTHER


def could_be(before: Box, now: Box, axis: int, forward: int) -> bool:
    """Whether a box may be that of a piece which has moved along the belt: as wide across it, and not further back."""
    across = 1 - axis
    low, high = ends_of(before, across), ends_of(now, across)
    shared = min(low[1], high[1]) - max(low[0], high[0])
    alike = shared >= ALIKE * max(before[across + 2], now[across + 2])
    return alike and forward * (now[axis] - before[axis]) >= 0 and now[axis + 2] <= before[axis + 2] / ALIKE


def is_fragment(blob: Blob, expected: Sequence[Box]) -> bool:
    """Whether a blob is but a scrap that has come apart of a piece that was expected there."""
    covered = area(blob.box)
    return any(overlap(blob.box, box) >= _SAME and covered < FRAGMENT * area(box) for box in expected)


def is_known(blob: Blob, boxes: Sequence[Box]) -> bool:
    """Whether what was cut from something lies where pieces are that have a blob already."""
    taken = sum(area(inside) for box in boxes if (inside := common(blob.box, box)))
    return blob.is_cut and taken >= _MOSTLY * area(blob.box)


def beside(whole: Box, taken: Sequence[Box]) -> list[Box]:
    """What of a box lies to the left, the right, above and below of all that is taken of it."""
    found = []
    for axis in (0, 1):
        low, high = ends_of(whole, axis)
        first = min(box[axis] for box in taken)
        last = max(box[axis] + box[axis + 2] for box in taken)
        for start, end in ((low, first), (last, high)):
            if end > start:
                rest = list(whole)
                rest[axis], rest[axis + 2] = start, end - start
                found.append((rest[0], rest[1], rest[2], rest[3]))
    return found
