"""Reading lines with line networks of any form: floats, and ``.tflite`` files that a benchmark makes and times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.keras.line_networks import line_logits, load_line_network
from edgedigits.core.lines.decoding import greedy
from edgedigits.core.lines.strip import BLANK, HEIGHT, WIDTHS, padded
from edgedigits.core.paths import StrPath
from edgedigits.core.quiet import native_logs_hidden
from edgedigits.core.tflite.line_model import LOWEST
from edgedigits.core.tflite.runtime import Refused, Runtime
from edgedigits.results import Latency
from edgedigits.results.timing import CALLS, time_calls

_DELEGATE = "XNNPACK"


def float_logits(
    model: StrPath, strips: Sequence[NDArray[np.uint8]], progress: Callable[[int], object] | None = None
) -> list[NDArray[np.float32]]:
    """What a float line network in a ``.keras`` file says of strips, each float32 of shape (steps, 11).

    Raises:
        EdgedigitsError: as :func:`edgedigits.core.keras.line_networks.load_line_network`.
    """
    return line_logits(load_line_network(model), strips, progress)


class LineFile:
    """A ``.tflite`` line network of int8 or float32 whose file we have just made.

    Attributes:
        runtime: that runs it.
        delegate: what runs its operators: ``XNNPACK`` or ``none``.
    """

    def __init__(self, path: Path, runtime: Runtime) -> None:
        """Load the file, once for each width of strips.

        Raises:
            Refused: the runtime does not load it.
        """
        self.runtime = runtime
        try:
            self._interpreters = {width: _interpreter(path, runtime, width) for width in WIDTHS}
        except (ValueError, RuntimeError) as error:
            raise Refused(runtime, path, str(error)) from error
        first = self._interpreters[WIDTHS[0]]
        self._input, self._output = first.get_input_details()[0], first.get_output_details()[0]
        nodes = first._get_ops_details()
        self.delegate = _DELEGATE if any("DELEGATE" in node["op_name"].upper() for node in nodes) else "none"

    def tensor(self, strip: NDArray[np.uint8]) -> NDArray[Any]:
        """What the network is fed of a strip, uint8 of shape (32, width): shape (1, 32, one of the widths, 1)."""
        filled = padded(strip)[None, ..., None]
        if self._input["dtype"] is np.int8:
            return (filled.astype(np.int16) + LOWEST).astype(np.int8)
        return filled.astype(np.float32) / 255

    def run(self, tensor: NDArray[Any]) -> NDArray[Any]:
        """Scores of a strip, of shape (steps, 11) and the type of the file's output."""
        interpreter = self._interpreters[tensor.shape[2]]
        interpreter.set_tensor(self._input["index"], tensor)
        interpreter.invoke()
        scores: NDArray[Any] = interpreter.get_tensor(self._output["index"])
        return scores.reshape(-1, BLANK + 1)

    def read(self, strips: Sequence[NDArray[np.uint8]], progress: Callable[[int], object] | None = None) -> list[str]:
        """The digits of strips, greedily decoded; ``progress`` is told how many are done."""
        texts = []
        for place, strip in enumerate(strips, start=1):
            texts.append(greedy(self.run(self.tensor(strip))))
            if progress and (place % 50 == 0 or place == len(strips)):
                progress(place)
        return texts


def _interpreter(path: Path, runtime: Runtime, width: int) -> Any:
    with native_logs_hidden():
        made = runtime.module.Interpreter(model_path=str(path), num_threads=1)
        made.resize_tensor_input(made.get_input_details()[0]["index"], (1, HEIGHT, width, 1), strict=False)
        made.allocate_tensors()
    return made


def line_latency_on(runtime: Runtime, path: Path, strips: Sequence[NDArray[np.uint8]]) -> Latency:
    """Time single lines on one thread: handing the strip over, inference, fetching the scores.

    Args:
        runtime: to run on.
        path: of the ``.tflite`` file.
        strips: real lines, each filled up to the least of the widths a network runs on.

    Returns:
        Median and 95th percentile in microseconds a line; the reason where the runtime refuses the model.
    """
    try:
        model = LineFile(path, runtime)
    except Refused as error:
        return Latency(str(runtime), 1, "none", 1, None, None, error.reason)
    found = time_calls(model.run, [model.tensor(strip) for strip in strips[:CALLS]])
    return Latency(
        str(runtime), 1, model.delegate, 1, round(found.median_us, 2), round(found.p95_us, 2), load=found.load
    )
