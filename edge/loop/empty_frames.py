"""Frames in which nothing was read, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from edgedigits.edge.loop.loop import FrameReading


class EmptyFrames:
    """A sink that tells of the first frames without digits why they have none, and counts them all.

    Attributes:
        reasons: how many frames had none, by reason.
    """

    def __init__(self, tell: Callable[[str], object], most: int = 1) -> None:
        """Take what is to be told.

        Args:
            tell: takes a sentence.
            most: frames that are told of for each reason; a camera sees an empty table for hours.
        """
        self.reasons: Counter[str] = Counter()
        self._tell = tell
        self._most = most

    def take(self, frame_reading: FrameReading) -> bool:
        """Take note of a frame."""
        reading = frame_reading.reading
        if reading.why:
            self.reasons[reading.reason] += 1
            if self.reasons[reading.reason] <= self._most:
                self._tell(f"frame {frame_reading.frame.index}: no digits: {reading.why}")
        return True

    def summary(self, frames: int) -> str:
        """How many of so many frames had no digits, by reason; empty where all had."""
        if not self.reasons:
            return ""
        by_reason = "; ".join(f"{count:,} as {reason}" for reason, count in self.reasons.most_common())
        return f"{self.reasons.total():,} of {frames:,} frames without digits: {by_reason}"
