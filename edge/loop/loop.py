"""The loop: take a frame, read its digits, tell everybody who wants to know."""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol, TextIO

import numpy as np

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.machine.load import LoadWatch
from edgedigits.edge.loop.capture import Capture, Frame
from edgedigits.edge.reading.reading import Reading
from edgedigits.edge.sources.base import Image, Source

_log = logging.getLogger(__name__)

_PATIENCE = 0.1
"""Seconds after which a loop that waits for a frame looks whether it shall stop."""

_REMEMBERED = 10_000
"""Frames whose latencies are kept for the percentiles: a station runs for months."""

Ending = Literal["end", "limit", "stop", "sink"]


class Reader(Protocol):
    """What finds and reads the digits of a picture, as ``DigitReader`` does."""

    def read(self, image: Image, /) -> Reading:
        """Read a picture, uint8 (height, width, 3) BGR."""


@dataclass(frozen=True)
class Latencies:
    """Milliseconds spent on one frame.

    Attributes:
        capture: fetching and decoding it; with a camera mostly the wait for it.
        find: finding its digits and cutting them out.
        classify: in the network.
        total: from the start of fetching until its digits are known, its wait in the slot included.
    """

    capture: float
    find: float
    classify: float
    total: float


@dataclass(frozen=True)
class FrameReading:
    """A frame, what was read in it, and how long that took."""

    frame: Frame
    reading: Reading
    latencies: Latencies

    def as_dict(self) -> dict[str, Any]:
        """What stands in a line of JSON.

        ``time`` (ISO 8601, UTC, milliseconds: when the frame was at hand), ``frame``, for videos ``position``
        (seconds from their start), ``text``, where there is none ``why``, ``boxes`` (x, y, width, height in pixels),
        ``confidences`` and ``latencies`` (milliseconds).
        """
        moment = datetime.fromtimestamp(self.frame.time, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"time": moment.replace("+00:00", "Z"), "frame": self.frame.index}
        if self.frame.position is not None:
            line["position"] = round(self.frame.position, 3)
        digits = self.reading.digits
        line["text"] = self.reading.text
        if self.reading.why:
            line["why"] = self.reading.why
        return line | {
            "boxes": [list(digit.box) for digit in digits],
            "confidences": [round(digit.confidence, 4) for digit in digits],
            "latencies": {stage: round(spent, 3) for stage, spent in asdict(self.latencies).items()},
        }


class Sink(Protocol):
    """Somebody who wants to know what was read: a file of lines, a window, a video."""

    def take(self, frame_reading: FrameReading, /) -> bool:
        """Take what was seen; False ends the loop (a closed window, a reader of our output that went away)."""


class JsonLines:
    """Writes what was read in each frame as one line of JSON and flushes it."""

    def __init__(self, output: TextIO) -> None:
        self._output = output

    def take(self, frame_reading: FrameReading) -> bool:
        """Write a line; False once nobody reads them any more (``| head``)."""
        try:
            self._output.write(json.dumps(frame_reading.as_dict()) + "\n")
            self._output.flush()
        except BrokenPipeError:
            # Python flushes stdout once more when it ends; what cannot be delivered must go somewhere silent.
            with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
                os.dup2(nowhere.fileno(), self._output.fileno())
            return False
        except OSError as error:
            raise EdgedigitsError(f"cannot write what was read ({error.strerror})", "free some disk space") from error
        return True


class Transcript:
    """Remembers the text of each frame, for comparing it with the truth of a recording.

    Attributes:
        texts: frame index to text.
    """

    def __init__(self) -> None:
        self.texts: dict[int, str] = {}

    def take(self, frame_reading: FrameReading) -> bool:
        """Remember a text."""
        self.texts[frame_reading.frame.index] = frame_reading.reading.text
        return True


@dataclass(frozen=True)
class StageLatency:
    """Milliseconds of one stage: the median and the 99th percentile of the last 10,000 frames."""

    p50: float
    p99: float


@dataclass(frozen=True)
class LoopResult:
    """What a run of the loop came to.

    Attributes:
        frames: read.
        skipped: not read because a newer one had come.
        reopened: times that the source was lost and came back.
        seconds: from the start of fetching the first frame to the end of the last.
        stages: ``capture``, ``find``, ``classify``, ``total``; empty without a frame.
        ended: ``end`` of the source, ``limit`` reached, ``stop`` asked for, or a ``sink`` had enough.
        load: share of the cores, 0 to 1, that other programs took from the first frame to the last; None where it
            cannot be known.
        unreadable: pictures of a folder that could not be read, or lack the region to search; each was logged with its
            reason.
    """

    frames: int
    skipped: int
    reopened: int
    seconds: float
    stages: dict[str, StageLatency]
    ended: Ending
    load: float | None = None
    unreadable: int = 0

    @property
    def fps(self) -> float:
        """Frames read per second."""
        return self.frames / self.seconds if self.seconds > 0 else 0.0

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON takes it."""
        return asdict(self) | {"fps": round(self.fps, 2)}


def run_loop(
    reader: Reader,
    source: Source,
    sinks: Sequence[Sink] = (),
    *,
    limit: int | None = None,
    wait: bool = False,
    stop: threading.Event | None = None,
) -> LoopResult:
    """Read digits from a source until it ends.

    The reader, and with it the interpreter of the model, is the caller's and is used for every frame.

    Args:
        reader: finds and reads the digits.
        source: opened and closed here. Files are read frame by frame; of live sources the newest frame is read.
        sinks: told of each frame, in this order.
        limit: end after so many frames.
        wait: for a camera or stream that is not there yet, until it comes.
        stop: end soon after this is set (see :func:`stop_on_signals`); the frame at hand is finished.

    Raises:
        EdgedigitsError: the source cannot be opened or is damaged, or a sink cannot write.
    """
    spent: deque[tuple[float, ...]] = deque(maxlen=_REMEMBERED)
    frames = refused = 0
    first = last = 0.0
    watch: LoadWatch | None = None
    load: float | None = None
    ended: Ending = "end"
    with Capture(source, wait=wait) as capture:
        while True:
            if stop is not None and stop.is_set():
                ended = "stop"
                break
            if limit is not None and frames >= limit:
                ended = "limit"
                break
            frame = capture.take(_PATIENCE)
            if frame is None:
                if capture.ended:
                    break
                continue
            watch = watch or LoadWatch()
            frame_reading = _look(reader, frame)
            if frame_reading is None:
                refused += 1
                continue
            latencies = frame_reading.latencies
            spent.append((latencies.capture, latencies.find, latencies.classify, latencies.total))
            frames += 1
            first = first or frame.started
            going_on = [sink.take(frame_reading) for sink in sinks]
            last = time.perf_counter()
            if not all(going_on):
                ended = "sink"
                break
        load = watch.share() if watch else None
        skipped, reopened, unreadable = capture.skipped, capture.reopened, capture.unreadable + refused
    return LoopResult(frames, skipped, reopened, last - first, _stages(spent), ended, load, unreadable)


def _look(reader: Reader, frame: Frame) -> FrameReading | None:
    """Read a frame; None where the reader refuses it and it is a file of its own: the next may be of another size."""
    try:
        reading = reader.read(frame.image)
    except EdgedigitsError as error:
        if frame.file is None:
            raise
        _log.error("%s: %s", frame.file, error)
        return None
    total = time.perf_counter() - frame.started
    milliseconds = (frame.fetch_seconds, reading.find_seconds, reading.classify_seconds, total)
    return FrameReading(frame, reading, Latencies(*(1000 * seconds for seconds in milliseconds)))


def _stages(spent: Sequence[tuple[float, ...]]) -> dict[str, StageLatency]:
    if not spent:
        return {}
    low, high = np.percentile(np.asarray(spent), (50, 99), axis=0)
    names = [field.name for field in fields(Latencies)]
    return {name: StageLatency(round(float(low[i]), 3), round(float(high[i]), 3)) for i, name in enumerate(names)}


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Turn the first SIGINT (Ctrl-C) or SIGTERM into an event for ``run_loop``; main thread only.

    A second signal does what it did before, so that a program that hangs can still be ended.
    """
    stop = threading.Event()
    before: dict[int, Any] = {}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def ask_to_stop(_number: int, _frame: object) -> None:
        stop.set()
        restore()

    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, ask_to_stop)
    try:
        yield stop
    finally:
        restore()
