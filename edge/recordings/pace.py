"""The pace of a video of a source that does not wait: as many frames a second as really came."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgedigits.edge.sources.base import Image

HELD = 10
"""Frames that are held until the rate is known: 27 MB of 1280x720."""

LEAST_RATE, MOST_RATE = 1.0, 120.0

TOLERANCE = 1.0
"""Seconds that the video may run ahead of the clock or behind it."""

LONGEST_GAP = 5.0
"""A time without a frame, as while a camera was away, is shown as a still picture of at most so many seconds."""


class Pace:
    """Finds the rate of frames that were seen at known moments, and keeps their video in step with the clock.

    A camera tells 30 frames a second in the dark too, where it makes 12, and a network stream may tell anything; and
    of a live source only as many frames are read as the machine has time for. So the first frames are held until
    their rate is known: the median of the times between them. After them each frame is written once, as long as the
    video is within a second of the clock; else a frame is repeated, or left out where frames come faster than they did
    at the start.

    Attributes:
        rate: frames per second, known once the first frames were handed on; between 1 and 120.
    """

    def __init__(self) -> None:
        self.rate = 0.0
        self._told = 0.0
        self._held: list[tuple[Image, float]] = []
        self._last = 0.0
        self._ahead = 0.0  # seconds of video that were written for time that has not passed

    def take(self, image: Image, moment: float, told: float) -> Iterator[tuple[Image, int]]:
        """Take a frame; give the frames that can be written now, each with how often.

        Args:
            image: uint8 of shape (height, width, 3), BGR.
            moment: when it was seen, seconds of any clock.
            told: frames per second as the source tells, taken where there is only one frame.
        """
        self._told = self._told or told
        if self.rate:
            yield image, self._copies(moment)
            return
        self._held.append((image, moment))
        if len(self._held) == HELD:
            yield from self.rest()

    def rest(self) -> Iterator[tuple[Image, int]]:
        """The frames that are still held, when no more come."""
        if not self._held:
            return
        held, self._held = self._held, []
        moments = [moment for _, moment in held]
        between = float(np.median(np.diff(moments))) if len(moments) > 1 else 0.0
        rate = 1 / between if between > 0 else self._told
        self.rate = round(min(max(rate, LEAST_RATE), MOST_RATE), 2)
        self._last = moments[0]
        self._ahead = 1 / self.rate
        yield held[0][0], 1
        for image, moment in held[1:]:
            yield image, self._copies(moment)

    def _copies(self, moment: float) -> int:
        """How often the frame of this moment is written: once, unless the video has left the clock."""
        self._ahead -= min(moment - self._last, LONGEST_GAP)
        self._last = moment
        copies = 1
        if self._ahead < -TOLERANCE:
            copies = max(1, round(-self._ahead * self.rate))
        elif self._ahead > TOLERANCE:
            copies = 0
        self._ahead += copies / self.rate
        return copies
