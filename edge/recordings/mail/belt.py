"""Mail on a belt under a camera: frames and their truth, the same for the same seed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.recordings.mail.codes import Codes, code_of
from edgedigits.edge.recordings.mail.hands import hand_kind
from edgedigits.edge.recordings.mail.levels import level_of
from edgedigits.edge.recordings.mail.lying import Patch, Pose, any_pose, field_in, laid
from edgedigits.edge.recordings.mail.photo import Camera, belt_at, belt_picture
from edgedigits.edge.recordings.mail.pieces import MailPiece, passing
from edgedigits.edge.recordings.mail.stationery import Flat, Stationer, any_order
from edgedigits.edge.recordings.mail.writing import Writer
from edgedigits.edge.sources.base import SIZE, USUAL_RATE, Image

RATE = USUAL_RATE

_MIDDLING = 590
"""Width of the pieces that are in view for as many frames as a belt is told: the median."""

LEAST_IN_VIEW, MOST_IN_VIEW = 3, 300
MOST_PIECES = 1_000_000

_APART = 12
"""Pixels between a code field and the edge of a piece that lies over its own piece, at least."""

_LEAD, _TAIL = 6, 6
"""Frames of the empty belt before the first piece and after the last."""


@dataclass(frozen=True)
class BeltPlan:
    """What makes a belt: the same plan and the same digits give the same frames.

    Attributes:
        level: name of one of :data:`edgedigits.edge.recordings.mail.levels.LEVELS`.
        seed: of all that is drawn.
        pieces: on the belt; None for one that never ends.
        hand: name of one of :data:`edgedigits.edge.recordings.mail.hands.HANDS`.
        form: of the codes, as :class:`edgedigits.edge.recordings.mail.codes.Codes` takes it.
        codes: the only ones that occur; where it is empty, the form says them.
        frames_in_view: in which a piece of middling width is wholly in view; None: the level's.
    """

    level: str = "ordinary"
    seed: int = 0
    pieces: int | None = 100
    hand: str = "any"
    form: str = "5"
    codes: tuple[str, ...] = ()
    frames_in_view: int | None = None


class Belt:
    """A belt with mail on it. Any number of readers may go over it; each starts at frame 0.

    Attributes:
        plan: what makes it.
        level: of the plan.
        step: pixels that the belt moves to the right with each frame; below 0 it moves to the left.
    """

    def __init__(self, images: NDArray[np.uint8], labels: NDArray[np.integer[Any]], plan: BeltPlan) -> None:
        """Take the digits and the plan.

        Args:
            images: uint8 of shape (count, 28, 28), ink bright on dark, as MNIST has them.
            labels: integers of shape (count,), 0 to 9, each at least once.
            plan: what the belt shall be.

        Raises:
            EdgedigitsError: something of the plan does not exist or makes no sense, or the digits do not.
        """
        _check(plan)
        self.plan = plan
        self.level = level_of(plan.level)
        self._kind = hand_kind(plan.hand)
        self._codes = Codes(plan.form, plan.codes)
        self._writer = Writer(images, labels)
        speed = (SIZE[0] - _MIDDLING) / (plan.frames_in_view or self.level.frames_in_view)
        self.step = round(speed if np.random.default_rng((plan.seed, 5)).random() < 0.5 else -speed, 3)

    def truth(self) -> tuple[MailPiece, ...]:
        """All pieces in the order in which they come into view. Each is written for that, in about 4 ms.

        Raises:
            EdgedigitsError: the belt never ends.
        """
        if self.plan.pieces is None:
            raise EdgedigitsError("a belt that never ends has no list of its pieces", "say how many there shall be")
        return tuple(made.piece for made in self._made())

    def frames(self, told: Callable[[MailPiece], object] | None = None) -> Iterator[Image]:
        """The frames from the first on, each uint8 (720, 1280, 3) BGR, a picture of its own.

        Args:
            told: called with each piece before it comes into view.
        """
        ahead = self._made()
        waiting = next(ahead, None)
        on_belt: deque[tuple[MailPiece, Patch]] = deque()
        belt, camera = belt_picture(self.level, self.plan.seed), Camera(self.level, self.plan.seed)
        for frame in count():
            while waiting is not None and waiting.piece.first - 1 <= frame:
                if told:
                    told(waiting.piece)
                on_belt.append((waiting.piece, laid(waiting.flat, waiting.pose, self.level)))
                waiting = next(ahead, None)
            if waiting is None and frame > on_belt[-1][0].last + _TAIL:
                return
            while len(on_belt) > 1 and on_belt[0][0].last + 1 < frame:
                on_belt.popleft()
            picture = belt_at(belt, self.step * frame)
            for piece, patch in on_belt:
                patch.lay(picture, piece.left_at(frame), piece.top)
            camera.take(picture, frame)
            yield picture

    def _made(self) -> Iterator[_Made]:
        """The pieces, one behind the other, each with what its picture is made of."""
        stationer = Stationer(self._writer, self.level, self._kind, self.plan.seed)
        enters = float(_LEAD)
        for index in count() if self.plan.pieces is None else range(self.plan.pieces):
            draw = np.random.default_rng((self.plan.seed, 6, index))
            made = self._make(index, enters, stationer, draw)
            yield made
            gap = max(draw.uniform(*self.level.gap), -self._free_behind(made.piece))
            enters += (made.piece.size[0] + gap) / abs(self.step)

    def _make(self, index: int, enters: float, stationer: Stationer, draw: np.random.Generator) -> _Made:
        """A piece whose front comes into view at a moment, in frames."""
        order = any_order(self.level, self._codes.draw(draw), draw)
        pose = any_pose(order.size, self.level, draw)
        flat = stationer.piece(order, draw)
        start = round((-pose.size[0] if self.step > 0 else SIZE[0]) - self.step * enters, 3)
        code = "" if order.empty or order.crossed else code_of(order.written)
        first, first_whole, last_whole, last = passing(start, self.step, pose.size[0])
        field = field_in(pose, flat.field)
        return _Made(
            MailPiece(index, code, first, first_whole, last_whole, last, start, self.step, pose.top, pose.size, field),
            flat,
            pose,
        )

    def _free_behind(self, piece: MailPiece) -> int:
        """Pixels of a piece, from its rear, that the next may cover: none of the code field."""
        x, _, wide, _ = piece.field
        return max(0, (x if self.step > 0 else piece.size[0] - x - wide) - _APART)


@dataclass(frozen=True)
class _Made:
    """A piece with what its picture is made of."""

    piece: MailPiece
    flat: Flat
    pose: Pose


def _check(plan: BeltPlan) -> None:
    if plan.seed < 0:
        raise EdgedigitsError(f"the seed is {plan.seed}", "give 0 or more")
    if plan.pieces is not None and not 1 <= plan.pieces <= MOST_PIECES:
        raise EdgedigitsError(f"{plan.pieces} pieces", f"give 1 to {MOST_PIECES:,}")
    if plan.frames_in_view is not None and not LEAST_IN_VIEW <= plan.frames_in_view <= MOST_IN_VIEW:
        raise EdgedigitsError(
            f"a piece is in view for {plan.frames_in_view} frames", f"give {LEAST_IN_VIEW} to {MOST_IN_VIEW}"
        )
