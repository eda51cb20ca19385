"""Which share of the frames is skipped now: a machine that is too slow loses pieces as a fast belt does."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from edgedigits.edge.station.results import PieceResult

_SECONDS = 10.0


class FrameShare:
    """Counts the frames of the last ten seconds that were looked at and that were skipped."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with none.

        Args:
            clock: seconds that never go back.
        """
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()  # when a frame was looked at, and frames skipped before it
        self._skipped = 0

    def frame(self, _seconds: float) -> None:
        """A frame was looked at."""
        now = self._clock()
        self._seen.append((now, self._skipped))
        while self._seen[0][0] < now - _SECONDS:
            self._seen.popleft()

    def skipped(self, total: int) -> None:
        """So many frames were not looked at since the start."""
        self._skipped = total

    def piece(self, _result: PieceResult) -> None:
        """Of no matter here."""

    @property
    def of_skipped(self) -> float:
        """Share of the frames that were skipped, 0 to 1."""
        if not self._seen:
            return 0.0
        skipped = max(0, self._skipped - self._seen[0][1])
        return skipped / (skipped + len(self._seen))
