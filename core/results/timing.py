"""How long calls of a model take, by the same rules for every system of a table."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

CALLS = 1000
"""Calls that are timed at most, each with the next digits."""

WARM_UP = 50
"""Calls before, at most, which fill caches and let a delegate prepare itself."""

MOST_SECONDS = 3.0
"""After which no further call is begun once there are enough; a third of it is for warming up."""

LEAST_CALLS = 40
"""Enough for a 95th percentile."""


def time_calls(read: Callable[[Any], object], pieces: Sequence[Any], least: int = LEAST_CALLS) -> tuple[float, float]:
    """Time calls one by one; who calls sees to the number of threads.

    Args:
        read: what is timed: handing over, inference, fetching the scores.
        pieces: what ``read`` takes, used in turn and over and over.
        least: calls, however long they take.

    Returns:
        Median and 95th percentile of a call in microseconds.
    """
    collected = gc.isenabled()
    gc.disable()  # a collection in the middle would count as inference
    try:
        begin = time.perf_counter()
        for number in range(WARM_UP):
            read(pieces[number % len(pieces)])
            if time.perf_counter() - begin > MOST_SECONDS / 3:
                break
        seconds: list[float] = []
        begin = time.perf_counter()
        while len(seconds) < CALLS:
            piece = pieces[len(seconds) % len(pieces)]
            start = time.perf_counter()
            read(piece)
            end = time.perf_counter()
            seconds.append(end - start)
            if end - begin > MOST_SECONDS and len(seconds) >= least:
                break
    finally:
        if collected:
            gc.enable()
    median, late = (1e6 * float(value) for value in np.percentile(seconds, (50, 95)))
    return median, late
