"""From frames to decided pieces: who is on the belt, what is written on it, and when that is settled."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.sources.base import Image
from edgedigits.edge.station.pieces.code_reader import CodeReader
from edgedigits.edge.station.pieces.deciding import Decider, Decision
from edgedigits.edge.station.pieces.fusing import Evidence, moved
from edgedigits.edge.station.pieces.presence import Presence
from edgedigits.edge.station.pieces.tracking import Track, Tracker

_ONE_MORE = 0.07
"""Seconds before its deadline at which a piece is decided: another frame would come too late."""

_LINGERING = 1.0
"""Seconds after which a piece that never was wholly in view is read as far as it is."""

_HALTED = 60.0
"""Seconds for which a piece that came and stopped half in view is waited for: the belt may have stopped with it."""

_LONGEST = 2.6
"""Times that a piece is as long as it is high, or as high as long, at most: long envelopes (DL, 10) are up to 2.3."""

_PASSING = 50.0
"""Pixels a second from which a piece that never was wholly in view passes: more of it, or another one, will come."""

_SURELY = 3
"""Frames in which something must have been seen to be a piece: less is a reflection, or two pieces that touch."""

_TOO_FAST, _LATELY = 3, 30.0
"""Pieces that passed too fast to be followed from which on that is said, and seconds after which it is forgotten."""

_TOO_LONG = "it is too long for one piece: several lie over one another, or the camera is too near"
_NEVER_WHOLE = "it never was wholly in view"

_MARGIN = 6

_BESIDE = 1.25
"""Heights of a code that its picture shows to the left and right: what was not found of it, people see."""


_ANY = Decider(0.0)
"""Decides for whatever is likeliest."""


@dataclass(frozen=True)
class DecidedPiece:
    """A piece that has its result.

    Attributes:
        track: the piece.
        decision: what is said of it.
        since: seconds from when it was wholly in view (or first seen, if it never was) to the frame that decided.
        picture: of its code, or of all of it where no code was found: uint8 (height, width, 3), upright.
        shows_code: whether the picture is of the code alone.
        peak: the surest that a decision by the frames so far ever was, and its code: what the lowest threshold that
            accepts it would have accepted.
        digits: boxes of the marks of the code in ``picture``, from left to right; none where they are not known.
    """

    track: Track
    decision: Decision
    since: float
    picture: Image
    shows_code: bool
    peak: tuple[str, float] = ("", 0.0)
    digits: tuple[Box, ...] = ()


@dataclass
class _Piece:
    """What is known of a piece in view."""

    evidence: Evidence
    came: Box  # where it was first seen
    seen: int = 0
    moved: float = -math.inf  # seconds at which it was last seen to pass
    decided: bool = False
    picture: Image | None = None
    peak: tuple[str, float] = ("", 0.0)


class Watch:
    """Looks at frames one after the other. Not safe to share between threads.

    Attributes:
        reader: of the codes; another one reads from the next frame on.
        tracks: the pieces in view.
        words: of each piece in view by its number, what is said of it so far and how it stands, for people.
    """

    def __init__(
        self,
        reader: CodeReader,
        decider: Callable[[], Decider],
        *,
        rotate: int = 0,
        decide_within: float = 0.2,
    ) -> None:
        """Begin with an empty belt.

        Args:
            reader: of the codes.
            decider: asked anew in each frame, since the threshold may be changed.
            rotate: degrees by which frames must be turned clockwise to stand upright.
            decide_within: seconds within which a piece in view is decided.
        """
        self.reader, self._decider = reader, decider
        self._rotate, self._within = rotate, decide_within
        self._presence = Presence()
        self._tracker: Tracker | None = None
        self._pieces: dict[int, _Piece] = {}
        self.words: dict[int, tuple[str, str]] = {}
        self._missed: deque[float] = deque(maxlen=_TOO_FAST)  # when pieces were gone too soon
        self._moment = 0.0

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The pieces in view, boxes in pixels of the upright region."""
        return self._tracker.tracks if self._tracker else ()

    @property
    def is_too_fast(self) -> bool:
        """Whether pieces pass too fast to be followed: in the next frame others lie in their place, or none does."""
        return len(self._missed) == _TOO_FAST and self._moment - self._missed[0] < _LATELY

    def look(self, image: Image, moment: float, region: Box | None = None) -> list[DecidedPiece]:
        """Look at one frame.

        Args:
            image: uint8 (height, width, 3) BGR.
            moment: seconds of a clock that never goes back.
            region: of the picture to look at; all of it by default.

        Returns:
            the pieces that this frame decides.
        """
        upright = self.upright(image, region)
        grey = np.asarray(cv2.cvtColor(upright, cv2.COLOR_BGR2GRAY), np.uint8)
        if self._tracker is None or self._tracker.size != (grey.shape[1], grey.shape[0]):
            self.forget()
            self._tracker = Tracker(grey.shape[1], grey.shape[0])
        gone = self._tracker.update(self._presence.find(upright), moment)
        self._moment = moment
        self._missed.extend(moment for track in gone if self._was_too_fast(track))
        decided = [self._gone(track, moment) for track in gone]
        for track in self.tracks:
            piece = self._pieces.setdefault(track.number, _Piece(Evidence(), track.box))
            piece.seen += track.seen == moment
            if _passes(track):
                piece.moved = moment
        if (nearest := self._next(moment)) is not None:
            self._read(nearest, grey)
            decided.append(self._decided_early(nearest, upright, moment))
        decided += [self._overdue(track, upright, moment) for track in self.tracks]
        return [one for one in decided if one is not None]

    def rest(self, moment: float) -> list[DecidedPiece]:
        """Decide what is still in view when no more frames come."""
        return [one for track in self.tracks if (one := self._left(track, moment)) is not None]

    def forget(self) -> None:
        """Begin anew with an empty belt: the next frame is of another place."""
        self._presence, self._tracker = Presence(), None
        self._pieces, self.words = {}, {}

    def upright(self, image: Image, region: Box | None) -> Image:
        """The part of a frame that is looked at, as it is read."""
        if region is not None:
            x, y, width, height = region
            image = image[y : y + height, x : x + width]
        return np.ascontiguousarray(np.rot90(image, -self._rotate // 90)) if self._rotate else image

    def _gone(self, track: Track, moment: float) -> DecidedPiece | None:
        """What is said of a piece that left."""
        if not self._backed_out(track):
            return self._left(track, moment)
        self._pieces.pop(track.number, None)
        self.words.pop(track.number, None)
        return None

    def _backed_out(self, track: Track) -> bool:
        """Whether a piece that never was whole left where it came from: it is there still, and will come again."""
        piece = self._pieces.get(track.number)
        if piece is None or self._tracker is None or track.whole_since is not None:
            return False
        return self._tracker.is_at_same_end(piece.came, track.box)

    def _was_too_fast(self, track: Track) -> bool:
        """Whether a piece that is gone was wholly in view in its last frame, and in too few frames to be known."""
        piece = self._pieces.get(track.number)
        return piece is not None and track.look is not None and (track.is_replaced or piece.seen < _SURELY)

    def _next(self, moment: float) -> Track | None:
        """The piece to read in this frame: of the open ones that with the fewest looks, then the longest in view."""
        open_ones = [
            track
            for track in self.tracks
            if not self._pieces[track.number].decided and track.seen == moment and self._is_readable(track, moment)
        ]
        return min(
            open_ones,
            key=lambda track: (self._pieces[track.number].evidence.frames, track.whole_since or moment),
            default=None,
        )

    def _is_readable(self, track: Track, moment: float) -> bool:
        if self._pieces[track.number].seen < _SURELY:
            return False
        lingers = track.whole_since is None and moment >= self._begun(track)
        return (track.is_whole or lingers) and not _is_too_long(track)

    def _begun(self, track: Track) -> float:
        """Seconds from which a piece is looked at: when it was whole, or where it never was, when no more of it comes.

        On a slow belt, and on one that stops, it takes its time to come.
        """
        if track.whole_since is not None:
            return track.whole_since
        lingers = track.entered + _LINGERING
        if self._tracker and _passes(track) and self._tracker.spans(track):
            return lingers
        return max(lingers, self._pieces[track.number].moved + _HALTED)

    def _read(self, track: Track, grey: NDArray[np.uint8]) -> None:
        piece = self._pieces[track.number]
        left, top, right, bottom = self._around(track.box, grey.shape)
        lines = self.reader.read(grey[top:bottom, left:right])
        right_by, down_by = left - track.box[0], top - track.box[1]
        piece.evidence.add([moved(line, right_by, down_by) for line in lines])
        sure = _ANY.early(piece.evidence)
        if sure is not None and sure.confidence > piece.peak[1]:
            piece.peak = (sure.code, sure.confidence)

    def _decided_early(self, track: Track, upright: Image, moment: float) -> DecidedPiece | None:
        piece = self._pieces[track.number]
        decision = self._decider().early(piece.evidence)
        if decision is None:
            self.words[track.number] = (_so_far(piece.evidence), "reading")
            piece.picture = self._cut(upright, track.box)
            return None
        return self._settled(track, decision, upright, moment)

    def _overdue(self, track: Track, upright: Image, moment: float) -> DecidedPiece | None:
        piece = self._pieces[track.number]
        begun = self._begun(track)
        if piece.decided or track.seen != moment or moment - begun < self._within - _ONE_MORE:
            return None
        if not piece.evidence.frames and track.is_whole and moment - begun < 2 * self._within:
            return None  # others were read first
        return self._settled(track, self._final(track, piece.evidence), upright, moment)

    def _final(self, track: Track, evidence: Evidence) -> Decision:
        """The decision by all that was seen of a piece."""
        decision = self._decider().final(evidence)
        if evidence.frames or not _is_too_long(track):
            return decision
        spans = self._tracker is not None and self._tracker.spans(track)
        is_long = track.whole_since is not None or spans
        return replace(decision, why=_TOO_LONG if is_long else _NEVER_WHOLE)

    def _left(self, track: Track, moment: float) -> DecidedPiece | None:
        """The decision on a piece that went before it had one."""
        piece = self._pieces.pop(track.number, None)
        self.words.pop(track.number, None)
        if piece is None or piece.decided or piece.seen < _SURELY:
            return None
        picture = piece.picture if piece.picture is not None else np.zeros((1, 1, 3), np.uint8)
        decision = self._final(track, piece.evidence)
        return DecidedPiece(track, decision, self._since(track, moment), picture, False, piece.peak)

    def _settled(self, track: Track, decision: Decision, upright: Image, moment: float) -> DecidedPiece:
        piece = self._pieces[track.number]
        piece.decided = True
        self.words[track.number] = (decision.code or "?", decision.outcome)
        since = self._since(track, moment)
        if decision.box is None:
            return DecidedPiece(track, decision, since, self._cut(upright, track.box), False, piece.peak)
        box = _placed(decision.box, track.box)
        beside = round(_BESIDE * box[3])
        picture = self._cut(upright, box, beside)
        left, top, _, _ = self._around(box, upright.shape, box[3] // 4)
        right_by, down_by = track.box[0] - max(0, left - beside), track.box[1] - top
        digits = tuple((x + right_by, y + down_by, width, height) for x, y, width, height in decision.digits)
        return DecidedPiece(track, decision, since, picture, True, piece.peak, digits)

    def _since(self, track: Track, moment: float) -> float:
        return moment - (track.whole_since if track.whole_since is not None else track.entered)

    def _cut(self, upright: Image, box: Box, beside: int = 0) -> Image:
        left, top, right, bottom = self._around(box, upright.shape, box[3] // 4)
        return upright[top:bottom, max(0, left - beside) : right + beside].copy()

    def _around(self, box: Box, shape: Sequence[int], margin: int = _MARGIN) -> tuple[int, int, int, int]:
        x, y, width, height = box
        return (
            max(0, x - margin),
            max(0, y - margin),
            min(shape[1], x + width + margin),
            min(shape[0], y + height + margin),
        )


def _is_too_long(track: Track) -> bool:
    """Whether it may be several pieces, with a code each: it passes and never was in view as a whole, or is long."""
    _, _, width, height = track.box
    if track.whole_since is None:
        return _passes(track)
    return track.is_whole and max(width, height) > _LONGEST * min(width, height)


def _passes(track: Track) -> bool:
    return max(map(abs, track.velocity)) >= _PASSING


def _placed(box: Box, piece: Box) -> Box:
    return box[0] + piece[0], box[1] + piece[1], box[2], box[3]


def _so_far(evidence: Evidence) -> str:
    fused = evidence.fused()
    return fused[0].texts[0][0] if fused else "?"
