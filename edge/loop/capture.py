"""A thread that reads a source, and the slot in which it leaves the newest frame."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.sources.base import FrameUnreadable, Image, Source, SourceAway

_log = logging.getLogger(__name__)

_JOIN_SECONDS = 0.5
"""How long a stopping program waits for a read in progress. A silent stream can hold it for seconds; the thread is
then left to end by itself, so that the program ends within a second."""


@dataclass(frozen=True)
class Frame:
    """One picture of a source.

    Attributes:
        index: number of the frame since the source was first opened, from 0; skipped frames count.
        time: when it was at hand, seconds since 1970 (UTC).
        image: uint8 of shape (height, width, 3), BGR.
        started: ``time.perf_counter`` when fetching it began.
        fetch_seconds: spent on fetching and decoding it; for a camera this is mostly the wait for it.
        rate: frames per second of the source, as far as it tells.
        position: seconds from the start of the recording, None for a live source or a folder.
        live: whether the source is: its frames come when they come, at no fixed rate.
        file: that the picture alone is in, None where it is one of a recording or a live source.
    """

    index: int
    time: float
    image: Image
    started: float
    fetch_seconds: float
    rate: float
    position: float | None = None
    live: bool = False
    file: Path | None = None


class Slot:
    """Room for one frame between the thread that captures and the thread that reads digits.

    ``_changed`` protects the frame, the count of skipped ones and the end mark: the capturing thread writes them
    in :meth:`put`, the reading thread in :meth:`take`, both in :meth:`finish`.

    Attributes:
        skipped: frames that were replaced by a newer one before anybody took them.
    """

    def __init__(self, *, keep_newest: bool) -> None:
        """Make an empty slot.

        Args:
            keep_newest: there is always room: a new frame replaces one that was not taken (live sources). Otherwise
                there is room only once the frame before was taken (files).
        """
        self._keep_newest = keep_newest
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._finished = False
        self._error: BaseException | None = None
        self.skipped = 0

    def wait_for_room(self) -> None:
        """Wait until the slot takes a frame without losing one: at once for a live source, or once it is finished."""
        with self._changed:
            if not self._keep_newest:
                self._changed.wait_for(lambda: self._frame is None or self._finished)

    def put(self, frame: Frame) -> None:
        """Leave a frame; one that nobody took is replaced by it and counted. Dropped where the slot is finished."""
        with self._changed:
            if self._finished:
                return
            if self._frame is not None:
                self.skipped += 1
            self._frame = frame
            self._changed.notify_all()

    def take(self, timeout: float) -> Frame | None:
        """Take the frame, waiting up to ``timeout`` seconds for one; None where there was none.

        Raises:
            BaseException: the error with which the capturing thread ended, once the last frame is taken.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._finished, timeout)
            frame, self._frame = self._frame, None
            self._changed.notify_all()
            if frame is None and self._error is not None:
                raise self._error
            return frame

    def finish(self, error: BaseException | None = None) -> None:
        """Say that no more frames come, and why if it was an error. A frame in the slot can still be taken."""
        with self._changed:
            self._finished = True
            self._error = error
            self._changed.notify_all()

    @property
    def drained(self) -> bool:
        """No more frames come and none is left."""
        with self._changed:
            return self._finished and self._frame is None


class Backoff:
    """Waiting times before the next try: 0.5 s, doubled each time up to 30 s.

    They start again from 0.5 s once a connection held for 5 seconds, not as soon as it stands: a camera that opens
    and dies at once is not hammered.
    """

    FIRST = 0.5
    MOST = 30.0
    MOST_AT_START = 5.0  # somebody stands there and switches the camera on
    STEADY = 5.0

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._next = self.FIRST
        self._since = clock()

    def connected(self) -> None:
        """Remember when the connection came to stand."""
        self._since = self._clock()

    def lost(self) -> None:
        """Start from the shortest time again where the connection had held."""
        if self._clock() - self._since >= self.STEADY:
            self._next = self.FIRST

    def delay(self) -> float:
        """Seconds to wait before the next try."""
        delay, self._next = self._next, min(self._next * 2, self.MOST)
        return delay


class Capture:
    """Reads a source in a thread of its own from ``with`` to the end of the block.

    Live sources drop what nobody took in time, and are opened again with growing pauses when they fall silent; the
    first opening must succeed unless it is waited for. Files are read frame by frame, one frame ahead, none dropped.

    Attributes:
        given: frames that the source gave since it was first opened, those that were skipped or unreadable too.
        reopened: how often a source that was lost came back.
        unreadable: pictures that could not be read; each is logged with its reason.
    """

    def __init__(
        self,
        source: Source,
        *,
        wait: bool = False,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            source: to open, read and close; nobody else may touch it meanwhile.
            wait: for a source that is away (:class:`edgedigits.edge.sources.base.SourceAway`), until it comes.
            clock: seconds, for judging whether a connection held.
            pause: waits so many seconds between tries; by default a wait that ends early when the capture stops.
        """
        self._source = source
        self._wait = wait
        self._slot = Slot(keep_newest=source.live)
        self._stop = threading.Event()
        self._pause = pause or self._stop.wait
        self._backoff = Backoff(clock)
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self.given = 0
        self.reopened = 0
        self.unreadable = 0

    @property
    def skipped(self) -> int:
        """Frames that nobody took in time."""
        return self._slot.skipped

    @property
    def ended(self) -> bool:
        """The source is at its end and every frame was taken."""
        return self._slot.drained

    def take(self, timeout: float) -> Frame | None:
        """The newest frame that was not taken yet, waiting up to ``timeout`` seconds for it; None without one.

        Raises:
            EdgedigitsError: the source could not be opened, or is damaged.
        """
        return self._slot.take(timeout)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._slot.finish()
        self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        try:
            try:
                if self._opened():
                    self._backoff.connected()
                    self._pump()
            finally:
                self._source.close()
        except BaseException as error:
            # Raised again in the thread that takes frames: an error must not die unseen with this one.
            self._slot.finish(error)
        else:
            self._slot.finish()

    def _opened(self) -> bool:
        """Open the source for the first time; False where the capture was stopped while waiting for it."""
        while not self._stop.is_set():
            try:
                self._source.open()
            except SourceAway as error:
                if not self._wait:
                    raise
                delay = min(self._backoff.delay(), Backoff.MOST_AT_START)
                _log.warning("%s: waiting for it, trying again in %.1f s", error.what, delay)
                self._pause(delay)
            else:
                return True
        return False

    def _pump(self) -> None:
        while not self._stop.is_set():
            # Before fetching, so that a file is read one frame ahead of its reader and not two.
            self._slot.wait_for_room()
            started = time.perf_counter()
            try:
                image = self._source.read()
            except FrameUnreadable as error:
                _log.error("%s", error)
                self.unreadable += 1
                self.given += 1
                continue
            if image is None:
                if self._source.live and not self._source.ended and self._reopen():
                    continue
                return
            fetched = time.perf_counter() - started
            source = self._source
            told = source.rate, source.position, source.live, source.file
            self._slot.put(Frame(self.given, time.time(), image, started, fetched, *told))
            self.given += 1

    def _reopen(self) -> bool:
        """Open a lost source again, however long it takes; False where the capture was stopped meanwhile."""
        self._source.close()
        self._backoff.lost()
        while not self._stop.is_set():
            delay = self._backoff.delay()
            _log.warning("%s is lost, trying again in %.1f s", self._source.name, delay)
            self._pause(delay)
            if self._stop.is_set():
                return False
            try:
                self._source.open()
            except EdgedigitsError as error:
                _log.info("%s", error)
                continue
            self._backoff.connected()
            self.reopened += 1
            _log.warning("%s is back", self._source.name)
            return True
        return False
