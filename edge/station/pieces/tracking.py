"""Which thing on the belt is which mail piece, from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.bounding import area, common
from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.station.pieces.matching import (
    ALIKE,
    FRAGMENT,
    LIKE_NO_OTHER,
    beside,
    blob_of,
    could_be,
    differ,
    ends_of,
    is_fragment,
    is_known,
    likeness,
    overlap,
    unless_crowded_out,
)
from edgedigits.edge.station.pieces.presence import Blob

Velocity = tuple[float, float]
"""Pixels a second to the right and down."""

_PATIENCE = 0.3
"""Seconds for which a piece may be lost sight of."""

_MARGIN = 0.008
"""Share of the region's width or height within which a box touches its border."""

_STILL = 0.004
"""Share of the region's width or height by which a piece that lies still seems to move from frame to frame."""

_LARGER, _SLACK, _REST = 1.2, 0.15, 0.35
"""Times that a blob is larger than a piece where it is more than that; share of a piece's length by which it may be
beside its expected place; and of one side of what is left of a blob beside its pieces, what the other is at least."""

_STEADY, _LIKE_ITSELF = 0.8, 0.3
"""Share of its expected place that a steady piece keeps; correlation of its looks then."""

_MOVING = 20.0
"""Pixels a second from which pieces are said to move."""


@dataclass(frozen=True)
class Track:
    """A mail piece in view.

    Attributes:
        number: of the piece, from 0 on.
        box: in pixels of the region, as far as it is in view.
        velocity: of the piece.
        entered: seconds at which it was first seen.
        seen: seconds at which it was last seen.
        whole_since: seconds at which it was wholly in view for the first time; None before.
        is_whole: it is wholly in view now.
        is_merged: it touches another piece now, and its box is where it should be.
        look: a small picture of it, as it was last seen by itself and whole; None before.
        size: width and height as it was last seen by itself and whole; None before.
        strange: a picture that is not like its look, of what lies in its very place since the last frame; None where
            nothing does.
        is_replaced: it is gone, and another one lies where it should be.
    """

    number: int
    box: Box
    velocity: Velocity
    entered: float
    seen: float
    whole_since: float | None = None
    is_whole: bool = False
    is_merged: bool = False
    look: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    size: tuple[int, int] | None = None
    strange: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    is_replaced: bool = False

    def at(self, moment: float) -> Box:
        """Where its box should be at a moment."""
        spent = moment - self.seen
        x, y, width, height = self.box
        return round(x + self.velocity[0] * spent), round(y + self.velocity[1] * spent), width, height


class Tracker:
    """Follows the pieces of one region through frames."""

    def __init__(self, width: int, height: int) -> None:
        """Begin with none.

        Args:
            width: of the region in pixels.
            height: the same.
        """
        self.size = (width, height)
        self.tracks: tuple[Track, ...] = ()
        self._next = 0
        self._last = 0.0
        self._belt: Velocity = (0.0, 0.0)

    def update(self, blobs: Sequence[Blob], moment: float) -> tuple[Track, ...]:
        """Follow the pieces into a frame.

        Args:
            blobs: what lies there.
            moment: seconds of a clock that never goes back.

        Returns:
            the pieces that have gone since the frame before; those in view are :attr:`tracks`.
        """
        expected = [track.at(moment) for track in self.tracks]
        mine = [blob_of(box, blobs) for box in expected]
        mine = [unless_crowded_out(place, blob, blobs, expected, mine) for place, blob in enumerate(mine)]
        self._find_again(mine, blobs)
        others = self._others(expected, mine, blobs)
        mine = [None if place in others else blob for place, blob in enumerate(mine)]
        boxes = self._boxes(expected, mine, blobs)
        followed: list[Track] = []
        gone: list[Track] = []
        for place, (track, box, blob) in enumerate(zip(self.tracks, expected, mine, strict=True)):
            if place in others:
                gone.append(replace(track, is_replaced=True))
            elif blob is not None:
                followed.append(self._followed(track, blobs[blob], boxes[place], moment))
            elif moment - track.seen > _PATIENCE or not overlap(box, (0, 0, *self.size)):
                gone.append(track)
            else:
                followed.append(replace(track, is_whole=False))
        self._learn(followed, moment)
        self._last = moment
        known = [track.box for track in followed if track.seen == moment]
        fresh = [
            blob
            for number, blob in enumerate(blobs)
            if number not in mine and not is_fragment(blob, expected) and not is_known(blob, known)
        ]
        fresh += self._rests(boxes, mine, blobs)
        self.tracks = (*followed, *(self._begun(blob, moment) for blob in fresh))
        return tuple(gone)

    def _boxes(self, expected: Sequence[Box], mine: Sequence[int | None], blobs: Sequence[Blob]) -> list[Box | None]:
        """Where each piece is by itself in a blob that it shares; None where its blob is its own."""
        found: list[Box | None] = []
        for track, box, number in zip(self.tracks, expected, mine, strict=True):
            if number is None or not (mine.count(number) > 1 or self._is_another_size(track, blobs[number])):
                found.append(None)
            elif track.size is None:
                found.append(common(box, blobs[number].box) or blobs[number].box)
            else:
                found.append(self._in_view(self._fitted((*box[:2], *track.size), track, blobs[number].box)))
        return found

    def _is_another_size(self, track: Track, blob: Blob) -> bool:
        """Whether a blob is more than a piece, or a part of one, as it touches another one."""
        if track.size is None:
            return False
        for axis, length in enumerate(self.size):
            now, usual = blob.box[axis + 2], track.size[axis]
            if now > _LARGER * usual and now - usual > _MARGIN * length:
                return True
            at_border = not self._is_within(blob.box, axis)
            if blob.is_cut and not at_border and now < ALIKE * usual:
                return True
        return False

    def _fitted(self, box: Box, track: Track, blob: Box) -> Box:
        """A piece of a known size where it was expected, moved so that one of its edges is its blob's."""
        place = [box[0], box[1]]
        for axis, length in enumerate(self.size):
            margin = max(1.0, _MARGIN * length)
            if ends_of(track.box, axis)[0] < margin:  # of what is about to leave the far end tells where it is
                place[axis] = box[axis] + track.box[axis + 2] - box[axis + 2]
            start, end = place[axis], place[axis] + box[axis + 2]
            ends = [(start, blob[axis]), (end, blob[axis] + blob[axis + 2])]
            ways = [there - here for here, there in ends if margin < there < length - margin]
            way = min(ways, key=abs, default=0)
            if abs(way) <= _SLACK * box[axis + 2]:
                place[axis] += way
        return place[0], place[1], box[2], box[3]

    def _in_view(self, box: Box) -> Box:
        return common(box, (0, 0, *self.size)) or (*box[:2], 1, 1)

    def _rests(self, boxes: Sequence[Box | None], mine: Sequence[int | None], blobs: Sequence[Blob]) -> list[Blob]:
        """What of a blob no piece in it takes is a piece that has come beside them."""
        found = []
        for number in {one for one, box in zip(mine, boxes, strict=True) if one is not None and box is not None}:
            inside = [place for place, one in enumerate(mine) if one == number]
            if any(self.tracks[place].size is None for place in inside):
                continue
            taken = [box for place in inside if (box := boxes[place]) is not None]
            found += [
                Blob(rest, area(rest) / (self.size[0] * self.size[1]), None, True)
                for rest in beside(blobs[number].box, taken)
                if min(rest[2], rest[3]) >= _REST * max(rest[2], rest[3])
                and area(rest) >= FRAGMENT * min(area(box) for box in taken)
            ]
        return found

    def _others(self, expected: Sequence[Box], mine: Sequence[int | None], blobs: Sequence[Blob]) -> set[int]:
        """Places of pieces that are gone, as what lies where they should be looks like another one.

        From one frame to the next a piece looks much the same; where it has jumped or was out of sight it must look the
        same. So it must where it lies still, but for a frame in which something passes over it.
        """
        found = set()
        for place, (track, box, number) in enumerate(zip(self.tracks, expected, mine, strict=True)):
            if number is None or mine.count(number) > 1 or track.look is None or track.is_merged:
                continue
            blob = blobs[number]
            if blob.look is None or blob.is_cut or not self._is_whole(blob.box):
                continue
            if self._lies_still(track, blob) and track.strange is not None:
                changed = likeness(track.look, blob.look) < LIKE_NO_OTHER
                if changed and likeness(track.strange, blob.look) >= LIKE_NO_OTHER:
                    found.add(place)
                continue
            steady = track.seen == self._last and overlap(box, blob.box) >= _STEADY
            if likeness(track.look, blob.look) < (_LIKE_ITSELF if steady else LIKE_NO_OTHER):
                found.add(place)
        return found

    def _lies_still(self, track: Track, blob: Blob) -> bool:
        """Whether something lies in the very place where a piece lay in the last frame."""
        ways = [abs(now - then) for now, then in zip(blob.box, track.box, strict=True)]
        return track.seen == self._last and all(
            way <= max(1.0, _STILL * self.size[side % 2]) for side, way in enumerate(ways)
        )

    def _find_again(self, mine: list[int | None], blobs: Sequence[Blob]) -> None:
        """Give pieces that are not where they were expected the blob that looks like them further on the belt.

        Frames come late, belts stop and start. Pieces never overtake each other: those ahead are looked for first.
        """
        axis = int(np.argmax([abs(speed) for speed in self._belt]))
        if abs(self._belt[axis]) <= _MOVING:
            return
        forward = 1 if self._belt[axis] > 0 else -1
        lost = [place for place, blob in enumerate(mine) if blob is None]
        for place in sorted(lost, key=lambda place: -forward * self.tracks[place].box[axis]):
            track = self.tracks[place]
            fits = [
                number
                for number, blob in enumerate(blobs)
                if number not in mine and could_be(track.box, blob.box, axis, forward)
            ]
            if fits:
                mine[place] = max(fits, key=lambda number: forward * blobs[number].box[axis])

    def _begun(self, blob: Blob, moment: float) -> Track:
        whole = self._is_whole(blob.box)
        number, self._next = self._next, self._next + 1
        alone = whole and not blob.is_cut
        look, size = (blob.look, (blob.box[2], blob.box[3])) if alone else (None, None)
        since = moment if whole else None
        return Track(number, blob.box, self._belt, moment, moment, since, whole, look=look, size=size)

    def _followed(self, track: Track, blob: Blob, shared: Box | None, moment: float) -> Track:
        is_merged = shared is not None
        box = blob.box if shared is None else shared
        velocity = track.velocity if is_merged or track.is_merged else self._velocity(track, box, moment)
        whole = self._is_whole(box)
        since = track.whole_since if track.whole_since is not None or not whole else moment
        alone = whole and not is_merged and not blob.is_cut
        size = (box[2], box[3]) if alone else track.size
        look, strange = (blob.look, None) if alone else (track.look, None)
        if alone and self._lies_still(track, blob) and differ(track.look, blob.look):
            look, strange = track.look, blob.look
        return Track(track.number, box, velocity, track.entered, moment, since, whole, is_merged, look, size, strange)

    def _velocity(self, track: Track, box: Box, moment: float) -> Velocity:
        """By the edges that were and are within the region: one at its border stands still while the piece comes in.

        Of two edges that one is believed which goes on as before: the other may be a shadow's.
        """
        spent = moment - track.seen
        if spent <= 0:
            return track.velocity
        told = []
        for axis, length in enumerate(self.size):
            margin = max(1.0, _MARGIN * length)
            before, now = ends_of(track.box, axis), ends_of(box, axis)
            moves = [
                (end - start) / spent
                for start, end in zip(before, now, strict=True)
                if all(margin < place < length - margin for place in (start, end))
            ]
            told.append(_speed(track.velocity[axis], moves))
        return told[0], told[1]

    def _learn(self, tracks: Sequence[Track], moment: float) -> None:
        """The belt's speed, with which the next pieces will come."""
        moving = [track.velocity for track in tracks if track.is_whole and track.seen == moment]
        if moving:
            across, down = np.median(np.array(moving), axis=0).tolist()
            self._belt = (0.8 * self._belt[0] + 0.2 * across, 0.8 * self._belt[1] + 0.2 * down)

    def _is_whole(self, box: Box) -> bool:
        """Whether a box touches no border that pieces come or go by."""
        speeds = [abs(speed) for speed in self._belt]
        main = int(np.argmax(speeds)) if max(speeds) > _MOVING else None
        return all(self._is_within(box, axis) for axis in (0, 1) if main in {None, axis})

    def spans(self, track: Track) -> bool:
        """Whether a piece reaches from where it came to the other end of the region, and will never be whole in it."""
        axis = int(np.argmax([abs(speed) for speed in track.velocity]))
        return all(self._touched(track.box, axis))

    def is_at_same_end(self, before: Box, now: Box) -> bool:
        """Whether a box lies at one end of the region along which pieces pass, and at that end lay another one."""
        speeds = [abs(speed) for speed in self._belt]
        axis = int(np.argmax(speeds if max(speeds) > 0 else self.size))
        ends = self._touched(now, axis)
        return any(ends) and not all(ends) and self._touched(before, axis) == ends

    def _is_within(self, box: Box, axis: int) -> bool:
        """Whether a box touches no border along an axis."""
        return not any(self._touched(box, axis))

    def _touched(self, box: Box, axis: int) -> tuple[bool, bool]:
        """Whether a box touches the first and the second border along an axis."""
        start, end = ends_of(box, axis)
        margin = max(1.0, _MARGIN * self.size[axis])
        return start < margin, end > self.size[axis] - margin


def _speed(was: float, moves: Sequence[float]) -> float:
    return 0.5 * was + 0.5 * min(moves, key=lambda move: abs(move - was)) if moves else was
