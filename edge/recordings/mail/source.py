"""Simulated mail as a source of frames, for demonstrations and tests without a camera."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.datasets.sample_digits import load_samples
from edgedigits.edge.recordings.mail.belt import RATE, Belt, BeltPlan
from edgedigits.edge.recordings.mail.pieces import MailPiece
from edgedigits.edge.sources.base import Image, Source

LabelledDigits = tuple[NDArray[np.uint8], NDArray[np.integer[Any]]]
"""Images uint8 of shape (count, 28, 28), ink bright on dark, and their labels, each of 0 to 9 at least once."""

_FORGIVEN = 0.5
"""Seconds by which frames may come late and then faster to make up for it; what is lost beyond is not made up for."""


class SimulatedMail(Source):
    """Mail that passes on a belt, read frame by frame to its end like a file.

    Attributes:
        belt: that is seen.
        passed: pieces that have come into view since the source was opened.
    """

    live = False

    def __init__(self, plan: BeltPlan, digits: LabelledDigits | None = None, *, name: str = "mail") -> None:
        """Take the plan.

        Args:
            plan: of the belt.
            digits: that are written; those that come with the package where none are given.
            name: what the user called it.

        Raises:
            EdgedigitsError: something of the plan does not exist or makes no sense.
        """
        super().__init__(name)
        self.belt = Belt(*(digits or package_digits()), plan)
        self.passed: list[MailPiece] = []
        self.rate = RATE
        self._frames: Iterator[Image] | None = None
        self._next = 0

    def open(self) -> None:
        """Start the belt from its beginning."""
        self.passed.clear()
        self._frames = self.belt.frames(self._pass)
        self._next = 0

    def _pass(self, piece: MailPiece) -> None:
        self.passed.append(piece)

    def read(self) -> Image | None:
        """The next picture; None after the last, and where the source is not open."""
        if self._frames is None:
            return None
        picture = next(self._frames, None)
        self.ended = picture is None
        self._next += picture is not None
        return picture

    @property
    def position(self) -> float | None:
        """Seconds from the start of the belt to the picture read last."""
        return None if self.live else max(0, self._next - 1) / RATE

    def close(self) -> None:
        """Stop the belt."""
        self._frames = None


class MailAtItsPace(SimulatedMail):
    """The same at the pace of a belt, as a camera over it gives its frames: each when it is due."""

    live = True

    def __init__(
        self,
        plan: BeltPlan,
        digits: LabelledDigits | None = None,
        *,
        name: str = "mail",
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """Take the plan as :class:`SimulatedMail` does, and a clock of seconds and what waits by it."""
        super().__init__(plan, digits, name=name)
        self._clock, self._sleep = clock, sleep
        self._started = 0.0

    def open(self) -> None:
        """Start the belt from its beginning."""
        super().open()
        self._started = self._clock()

    def _pass(self, piece: MailPiece) -> None:
        """A belt may run for months: what has passed is not kept."""

    def read(self) -> Image | None:
        """The next picture, once it is due."""
        early = self._started + self._next / RATE - self._clock()
        if early > 0:
            self._sleep(early)
        elif early < -_FORGIVEN:
            self._started -= early
        return super().read()


def package_digits() -> LabelledDigits:
    """The digits that come with the package."""
    pool = load_samples().pool
    return pool.images, pool.labels
