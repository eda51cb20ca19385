"""How long calls of a model take, by the same rules for every system of a table."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgedigits.core.collecting import collection_paused
from edgedigits.core.machine.load import LEAST_SECONDS, LoadWatch

CALLS = 1000
"""Calls that are timed at most, each with the next digits."""

WARM_UP = 50
"""Calls before, at most, which fill caches and let a delegate prepare itself."""

MOST_SECONDS = 3.0
"""So long calls are timed for a table."""

LEAST_CALLS = 40
"""Enough for a 95th percentile."""


@dataclass(frozen=True)
class Timing:
    """How long calls took.

    Attributes:
        median_us: microseconds of a call, median.
        p95_us: the 95th percentile.
        load: share of the cores that other programs took meanwhile; None where it cannot be known.
    """

    median_us: float
    p95_us: float
    load: float | None


def time_calls(
    read: Callable[[Any], object], pieces: Sequence[Any], least: int = LEAST_CALLS, most_seconds: float = MOST_SECONDS
) -> Timing:
    """Time calls one by one; who calls sees to the number of threads.

    Fast calls go on for :data:`edgedigits.core.machine.load.LEAST_SECONDS`, without being timed, so that it can be
    told what other programs took meanwhile.

    Args:
        read: what is timed: handing over, inference, fetching the scores.
        pieces: what ``read`` takes, used in turn and over and over.
        least: calls, however long they take.
        most_seconds: after which no further call is begun once there are enough; a third of it is for warming up.
    """
    with collection_paused():  # a collection in the middle would count as inference
        _warm_up(read, pieces, most_seconds)
        watch = LoadWatch()
        seconds = _timed(read, pieces, least, most_seconds)
        while watch.seconds() < LEAST_SECONDS:
            read(pieces[0])
        load = watch.share()
    median, late = (1e6 * float(value) for value in np.percentile(seconds, (50, 95)))
    return Timing(median, late, load)


def _warm_up(read: Callable[[Any], object], pieces: Sequence[Any], most_seconds: float) -> None:
    begin = time.perf_counter()
    for number in range(WARM_UP):
        read(pieces[number % len(pieces)])
        if time.perf_counter() - begin > most_seconds / 3:
            break


def _timed(read: Callable[[Any], object], pieces: Sequence[Any], least: int, most_seconds: float) -> list[float]:
    """Seconds of each call."""
    seconds: list[float] = []
    begin = time.perf_counter()
    while len(seconds) < CALLS:
        piece = pieces[len(seconds) % len(pieces)]
        start = time.perf_counter()
        read(piece)
        end = time.perf_counter()
        seconds.append(end - start)
        if end - begin > most_seconds and len(seconds) >= least:
            break
    return seconds
