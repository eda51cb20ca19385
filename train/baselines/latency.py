"""How long a baseline takes to read a digit on one core."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from edgedigits.core.results import Latency

BATCHES = (1, 1000)
"""Digits a call: as they come from a camera, and as a set is read."""

_SECONDS = 2.0  # of calls that are timed
_CALLS = (5, 500)  # at least and at most


def timed(read: Callable[[Any], object], inputs: Any, batch: int, runtime: str, delegate: str = "none") -> Latency:
    """Time calls on one thread; who calls has to see that there is only one.

    A first call is not timed; then calls are for two seconds, but at least 5 and at most 500.

    Args:
        read: takes ``batch`` inputs.
        inputs: digits in the form that ``read`` takes; used over and over.
        batch: digits a call; no more than there are.
        runtime: name and version.
        delegate: what computes within it.
    """
    batch = min(batch, len(inputs))
    starts = np.arange(0, len(inputs) - batch + 1, batch)
    read(inputs[:batch])
    spent: list[float] = []
    while len(spent) < _CALLS[0] or (sum(spent) < _SECONDS and len(spent) < _CALLS[1]):
        start = starts[len(spent) % len(starts)]
        piece = inputs[start : start + batch]
        began = time.perf_counter()
        read(piece)
        spent.append(time.perf_counter() - began)
    micro = 1e6 * np.array(spent) / batch
    return Latency(runtime, 1, delegate, batch, float(np.median(micro)), float(np.percentile(micro, 95)))
