"""How long a model takes for one digit, on each runtime of this machine."""

from __future__ import annotations

import gc
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.results import Latency
from edgedigits.core.runtime import DigitModel, Refused, Runtime

CALLS = 1000
"""Calls that are timed, each with the next digit."""

WARM_UP = 50
"""Calls before, which fill caches and let a delegate prepare itself."""

MOST_SECONDS = 3.0
"""After which no further call is begun, once there are enough for a percentile."""

LEAST_CALLS = 40


def latency_on(runtime: Runtime, path: Path, images: NDArray[np.uint8]) -> Latency:
    """Time single digits on one thread: handing the digit over, inference, fetching the scores.

    Args:
        runtime: to run on.
        path: of the ``.tflite`` file.
        images: real digits, uint8 of shape (count, 28, 28); those after the first :data:`CALLS` are not needed.

    Returns:
        Median and 95th percentile in microseconds; the reason where the runtime refuses the model.
    """
    try:
        model = DigitModel(path, threads=1, on=runtime)
    except Refused as error:
        return Latency(str(runtime), 1, "none", 1, None, None, error.reason)
    digits = model.inputs(images[:CALLS])
    seconds = _timed(model, digits)
    median, late = (1e6 * float(value) for value in np.percentile(seconds, (50, 95)))
    return Latency(str(runtime), model.threads, model.delegate, 1, round(median, 2), round(late, 2))


def _timed(model: DigitModel, digits: NDArray[np.int8] | NDArray[np.int16] | NDArray[np.float32]) -> list[float]:
    """Seconds of each call."""
    collected = gc.isenabled()
    gc.disable()  # a collection in the middle would count as inference
    try:
        begin = time.perf_counter()
        for number in range(WARM_UP):
            model.run(digits[number % len(digits)])
            if time.perf_counter() - begin > MOST_SECONDS / 3:
                break
        seconds: list[float] = []
        begin = time.perf_counter()
        while len(seconds) < CALLS:
            digit = digits[len(seconds) % len(digits)]
            start = time.perf_counter()
            model.run(digit)
            end = time.perf_counter()
            seconds.append(end - start)
            if end - begin > MOST_SECONDS and len(seconds) >= LEAST_CALLS:
                break
        return seconds
    finally:
        if collected:
            gc.enable()
