"""Runs of a model on a runtime, each in a process of its own, and what is said of those that fail."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import read_json, write_json
from edgedigits.results import Latency
from edgedigits.results.measuring.child import IMAGES, OUTPUTS, REQUEST, RESULT
from edgedigits.results.measuring.runtimes import InstalledRuntime
from edgedigits.results.row import dataclass_from

MOST_SILENCE = 300.0
"""Seconds without a sign of life after which a run counts as hung: a large model on a small board still gives one."""


@dataclass(frozen=True)
class Run:
    """A model on one runtime with one set of kernels.

    Attributes:
        runtime: that it ran on.
        own_kernels: whether the runtime's own kernels were asked for, without a delegate.
        latencies: one for each number of threads; of a refusal one that says why.
        outputs: the model's output tensor for each digit; None where it did not run.
        peak_bytes: the most memory that the process had, interpreter, Python and digits included.
    """

    runtime: InstalledRuntime
    own_kernels: bool
    latencies: tuple[Latency, ...]
    outputs: NDArray[Any] | None = None
    peak_bytes: int | None = None

    @property
    def delegate(self) -> str:
        """What ran the operators."""
        return self.latencies[0].delegate

    @property
    def refused(self) -> str:
        """Why the model did not run; empty where it did."""
        return self.latencies[0].refused


def run_model(
    model: Path,
    runtime: InstalledRuntime,
    images: NDArray[np.uint8],
    threads: tuple[int, ...],
    *,
    own_kernels: bool = False,
    progress: Callable[[int, int], object] | None = None,
    silence: float = MOST_SILENCE,
) -> Run:
    """Let a model read digits and time it, in a process of its own.

    Args:
        model: the ``.tflite`` file.
        runtime: to run on.
        images: uint8 of shape (count, 28, 28).
        threads: each number of threads to time it with.
        own_kernels: without the delegate that the runtime would take.
        progress: told how much is done and how much there is.
        silence: seconds after which a run that shows no progress is given up.

    Returns:
        What was measured; where the runtime refuses the model or crashes on it, the reason.

    Raises:
        EdgedigitsError: the model is missing, damaged or no digit reader, whatever the runtime.
    """
    with tempfile.TemporaryDirectory(prefix="edgedigits-") as name:
        folder = Path(name)
        request = {
            "model": str(model.resolve()),
            "runtime": asdict(runtime),
            "threads": list(threads),
            "own_kernels": own_kernels,
        }
        write_json(folder / REQUEST, request)
        np.save(folder / IMAGES, images)
        ended = _carry_out(folder, progress, silence)
        if not (folder / RESULT).is_file():
            return _refusal(runtime, own_kernels, ended)
        result = read_json(folder / RESULT, "measure again")
        if result["error"]:
            raise EdgedigitsError(*result["error"])
        if result["refused"]:
            return _refusal(runtime, own_kernels, str(result["refused"]))
        latencies = tuple(dataclass_from(one, Latency, "latency") for one in result["latencies"])
        return Run(runtime, own_kernels, latencies, np.load(folder / OUTPUTS), result["peak_bytes"])


def _refusal(runtime: InstalledRuntime, own_kernels: bool, reason: str) -> Run:
    return Run(runtime, own_kernels, (Latency(str(runtime), 1, "none", 1, None, None, reason),))


def _carry_out(folder: Path, progress: Callable[[int, int], object] | None, silence: float) -> str:
    """Run the child to its end, whatever that is, and say how it ended."""
    command = [sys.executable, "-P", "-m", "edgedigits.results.measuring.child", str(folder)]
    log = folder / "stderr.txt"
    with log.open("wb") as errors, ExitStack() as stack:
        with _interrupts_held():
            child = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors))
            stack.callback(child.kill)  # of a child that has ended already, nothing
        try:
            for line in _lines(child, silence):
                _show(line, progress)
            status = child.wait()
        except TimeoutError:
            return f"it gave no sign of life for {silence:.0f} seconds"
    if status < 0:
        return f"it crashes ({signal.Signals(-status).name})"
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else f"it ended with code {status} and said nothing"


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait: a ``Popen`` that they stop on its way leaves a child that nobody knows of."""
    if threading.current_thread() is not threading.main_thread():  # where no signal interrupts
        yield
        return
    held: list[int] = []
    ours = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) is not None]
    handlers = {number: signal.getsignal(number) for number in ours}  # None: set by C, not to be put back by Python
    for number in handlers:
        signal.signal(number, lambda number, _frame: held.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for came in held:
            signal.raise_signal(came)


def _lines(child: subprocess.Popen[bytes], silence: float) -> Iterator[bytes]:
    """What the child prints, line by line.

    Raises:
        TimeoutError: it printed nothing for too long.
    """
    assert child.stdout is not None
    begun = b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(child.stdout, selectors.EVENT_READ)
        while True:
            if not waiting.select(silence):
                raise TimeoutError
            piece = os.read(child.stdout.fileno(), 1 << 16)
            if not piece:
                return
            *whole, begun = (begun + piece).split(b"\n")
            yield from whole


def _show(line: bytes, progress: Callable[[int, int], object] | None) -> None:
    """Hand a line of progress on; a library that prints something of its own is not meant."""
    if progress and line.startswith(b'{"done"'):
        told = json.loads(line)
        progress(told["done"], told["total"])
