"""How long the training recipes of a benchmark may take together."""

from __future__ import annotations

import time
from collections.abc import Callable

from edgedigits.core.errors import EdgedigitsError

NOT_MADE = "not made: time limit"
"""How the failure of a row begins whose recipe was not begun or finished for want of time; ``--resume`` makes it."""


class OutOfTime(EdgedigitsError):
    """A recipe that trains was not begun, or stopped, because the time is over."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{NOT_MADE} ({what})", "--resume makes it")


class Deadline:
    """When recipes that train are not begun any more, and one that runs is stopped.

    Those that train nothing take seconds and are always made.
    """

    def __init__(self, seconds: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Start the time.

        Args:
            seconds: from now; None for no limit.
            clock: tells seconds.

        Raises:
            EdgedigitsError: no time at all.
        """
        if seconds is not None and not seconds > 0:
            raise EdgedigitsError(f"the time limit is {seconds:g} seconds", "give more than 0")
        self._clock, self._seconds, self._end = clock, seconds, None if seconds is None else clock() + seconds

    def check(self, what: str) -> None:
        """Raise where the time is over.

        Args:
            what: is not begun or goes on no longer, for the row.

        Raises:
            OutOfTime: it is.
        """
        if self._end is not None and self._clock() >= self._end:
            raise OutOfTime(f"{self._seconds:g} s were over {what}")
