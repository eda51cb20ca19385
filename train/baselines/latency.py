"""How long a baseline takes to read a digit on one core."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgedigits.results import Latency
from edgedigits.results.timing import LEAST_CALLS, MOST_SECONDS, time_calls

BATCHES = (1, 1000)
"""Digits a call: as they come from a camera, and as a set is read."""

SECONDS = MOST_SECONDS
"""For which each number of digits a call is timed."""

_LEAST_OF_BATCHES = 5
"""Calls with many digits, which take seconds in the slowest systems."""


def timed(
    read: Callable[[Any], object],
    inputs: Any,
    batch: int,
    runtime: str,
    delegate: str = "none",
    seconds: float | None = None,
) -> Latency:
    """Time calls on one thread; who calls has to see that there is only one.

    Args:
        read: takes ``batch`` inputs.
        inputs: digits in the form that ``read`` takes; used over and over.
        batch: digits a call; no more than there are.
        runtime: name and version.
        delegate: what computes within it.
        seconds: for which calls are timed; :data:`SECONDS` where none are given.

    Returns:
        Median and 95th percentile in microseconds a digit.
    """
    batch = min(batch, len(inputs))
    pieces = [inputs[start : start + batch] for start in range(0, len(inputs) - batch + 1, batch)]
    least = LEAST_CALLS if batch == 1 else _LEAST_OF_BATCHES
    found = time_calls(read, pieces, least, SECONDS if seconds is None else seconds)
    return Latency(runtime, 1, delegate, batch, found.median_us / batch, found.p95_us / batch, load=found.load)
