"""How long a model takes for one digit on a runtime of this machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.paths import StrPath
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.runtime import Refused, Runtime
from edgedigits.results import Latency
from edgedigits.results.timing import CALLS, time_calls


def latency_on(
    runtime: Runtime, path: StrPath, images: NDArray[np.uint8], threads: int = 1, *, own_kernels: bool = False
) -> Latency:
    """Time single digits: handing the digit over, inference, fetching the scores.

    Args:
        runtime: to run on.
        path: of the ``.tflite`` file.
        images: real digits, uint8 of shape (count, 28, 28); those after the first ``CALLS`` are not needed.
        threads: that the runtime may use.
        own_kernels: run the runtime's own kernels, without the delegate that it would take.

    Returns:
        Median and 95th percentile in microseconds; the reason where the runtime refuses the model.
    """
    path = Path(path)
    try:
        model = DigitModel(path, threads=threads, on=runtime, own_kernels=own_kernels)
    except Refused as error:
        return Latency(str(runtime), threads, "none", 1, None, None, error.reason)
    found = time_calls(model.run, list(model.inputs(images[:CALLS])))
    times = round(found.median_us, 2), round(found.p95_us, 2)
    return Latency(str(runtime), threads, model.delegate, 1, *times, load=found.load)
