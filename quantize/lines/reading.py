"""What float line networks say of lines, and how long a line takes in a ``.tflite`` file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.keras.line_networks import line_logits, load_line_network
from edgedigits.core.paths import StrPath
from edgedigits.core.tflite.line_model import LineModel
from edgedigits.core.tflite.runtime import Refused, Runtime
from edgedigits.results import Latency
from edgedigits.results.timing import CALLS, time_calls


def float_logits(
    model: StrPath, strips: Sequence[NDArray[np.uint8]], progress: Callable[[int], object] | None = None
) -> list[NDArray[np.float32]]:
    """What a float line network in a ``.keras`` file says of strips, each float32 of shape (steps, 11).

    Raises:
        EdgedigitsError: as :func:`edgedigits.core.keras.line_networks.load_line_network`.
    """
    return line_logits(load_line_network(model), strips, progress)


def line_latency_on(runtime: Runtime, path: StrPath, strips: Sequence[NDArray[np.uint8]]) -> Latency:
    """Time single lines on one thread: handing the strip over, inference, fetching the scores.

    Args:
        runtime: to run on.
        path: of the ``.tflite`` file, its card beside it.
        strips: real lines, each filled up to the least of the widths a network runs on.

    Returns:
        Median and 95th percentile in microseconds a line; the reason where the runtime refuses the model.
    """
    try:
        model = LineModel(path, on=runtime)
        tensors = [model.tensor(strip) for strip in strips[:CALLS]]
        for one in {tensor.shape: tensor for tensor in tensors}.values():
            model.run(one)  # builds what runs strips of this width, before the clock runs
    except Refused as error:
        return Latency(str(runtime), 1, "none", 1, None, None, error.reason)
    found = time_calls(model.run, tensors)
    return Latency(
        str(runtime), 1, model.delegate, 1, round(found.median_us, 2), round(found.p95_us, 2), load=found.load
    )
