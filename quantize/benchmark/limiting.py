"""How long the training recipes of a benchmark may take together."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from edgedigits.core.errors import EdgedigitsError
from edgedigits.results.row import NOT_MADE, Row


class OutOfTime(EdgedigitsError):
    """A recipe that trains was not begun, or stopped, because the time is over."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{NOT_MADE}: time limit ({what})", "--resume makes it")


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


def tally(rows: Sequence[Row]) -> str:
    """How many rows have a model, and how many failed or were not made for want of time."""
    late = sum(row.not_made for row in rows)
    failed = sum(bool(row.failure) for row in rows) - late
    done = f"{len(rows) - failed - late:,} done"
    return ", ".join(
        [done, *([f"{failed:,} failed"] * bool(failed)), *([f"{late:,} {NOT_MADE}: time limit"] * bool(late))]
    )
