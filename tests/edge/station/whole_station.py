"""A whole station as a process of its own: `edgedigits station` with a configuration, its page looked at over HTTP."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.journal.records import Event

PATIENCE = 120.0
"""Seconds after which a test gives up: the machine may be busy."""

PROGRAM = (sys.executable, "-m", "edgedigits")

NO_CAMERA = "http://127.0.0.1:9/none"
"""A source that is waited for and never comes."""

_FIGURE = re.compile(r"^(\w+(?:\{[^}]*\})?) (\S+)$", re.MULTILINE)
_PAGE = re.compile(r"The page: (\S+)")
_ENDED = re.compile(
    r"^(\d[\d,]*) pieces? .*?in (\d[\d,]*) of (\d[\d,]*) frames?,\s+(\d[\d,]*) skipped", re.DOTALL | re.MULTILINE
)


def write_config(folder: Path, source: str, *more: str, name: str = "north", top: str = "", journal: str = "") -> Path:
    """A station's configuration that prints a line for each piece and serves its page on a free port.

    Args:
        folder: of the file.
        source: of the frames.
        more: further tables.
        name: of the station.
        top: further lines of the table ``pieces``.
        journal: further lines of the table ``journal``.
    """
    path = folder / "station.toml"
    folder.mkdir(parents=True, exist_ok=True)
    tables = (
        f'name = "{name}"',
        f'[camera]\nsource = "{source}"',
        "[reading]\nthreshold = 0.97",
        f"[pieces]\n{top}",
        f"[journal]\nkeep_megabytes = 200\n{journal}",
        '[page]\nlisten = "127.0.0.1:0"',
        *more,
    )
    path.write_text("\n".join(tables) + "\n", encoding="utf-8")
    return path


PRINTS = '[json_lines]\nfile = "-"'


def tells(port: int) -> str:
    """A broker that the station tells."""
    return f'[mqtt]\nhost = "127.0.0.1"\nport = {port}'


@dataclass(frozen=True)
class Told:
    """What a station says of itself when it ends: pieces, frames looked at, of how many, and skipped ones."""

    pieces: int
    frames: int
    given: int
    skipped: int


class RunningStation:
    """The station's process, what it printed, and what its page says.

    Attributes:
        said: lines of its standard error.
        printed: lines of its standard output, each one JSON object; a line that a kill cut off is left out.
    """

    def __init__(
        self, config: Path, *, program: Sequence[str] = PROGRAM, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start it.

        Args:
            config: its file.
            program: that takes the words of `edgedigits`.
            environment: variables in addition to this process's.
        """
        self.config = config
        self.started = time.monotonic()
        command = [*program, "station", "--config", str(config)]
        given = os.environ | {"COLUMNS": "400"} | dict(environment or {})
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=given, encoding="utf-8"
        )
        self.said: list[str] = []
        self.printed: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=one) for one in (self._hear, self._read)]
        for thread in self._threads:
            thread.start()

    def _hear(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._changed:
                self.said.append(line)
                self._changed.notify_all()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith("\n"):
                with self._changed:
                    self.printed.append(json.loads(line))
                    self._changed.notify_all()

    @property
    def log(self) -> str:
        """All that it said so far."""
        with self._changed:
            return "".join(self.said)

    def wait_for(self, met: Callable[[], Any], what: str) -> None:
        """Wait until ``met()`` holds, looked at whenever the station prints or says something."""
        until = time.monotonic() + PATIENCE
        with self._changed:
            while not met():
                assert self.process.poll() is None or met(), f"it ended before {what}: {''.join(self.said)}"
                assert time.monotonic() < until, f"no {what} within {PATIENCE:.0f} s: {''.join(self.said)}"
                self._changed.wait(0.1)

    def wait_for_printed(self, count: int) -> None:
        """Wait until it printed so many pieces."""
        self.wait_for(lambda: len(self.printed) >= count, f"{count} pieces")

    @property
    def url(self) -> str:
        """Of its page, waited for."""
        self.wait_for(lambda: _PAGE.search("".join(self.said)), "page")
        found = _PAGE.search(self.log)
        assert found
        return found[1]

    def ask(self, path: str) -> bytes:
        """What its page answers."""
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
            return answer.read()

    def figures(self) -> dict[str, float]:
        """Its figures for Prometheus, by name with labels."""
        return {name: float(value) for name, value in _FIGURE.findall(self.ask("/metrics").decode())}

    def alarms(self) -> set[str]:
        """Names of the active alarms."""
        found = (re.fullmatch(r'edgedigits_alarm\{name="(.*)"\}', name) for name in self.figures())
        return {one[1] for one in found if one}

    def state(self) -> str:
        """What its page shows, as JSON."""
        return self.ask("/api/state").decode()

    def wait_for_alarm(self, name: str, *, ended: bool = False) -> None:
        """Wait until an alarm is raised, or has ended."""
        self.wait_for(lambda: (name in self.alarms()) is not ended, f"{'end of ' * ended}alarm {name}")

    def wait_for_frames(self, count: int) -> None:
        """Wait until it has looked at so many frames since its start."""
        self.wait_for(lambda: self.figures()["edgedigits_frames_total"] >= count, f"{count} frames")

    def kill(self) -> None:
        """As a loss of power does to a process, without a word."""
        self.process.kill()
        self._end()

    def stop(self) -> Told:
        """End it as a service manager does; what it tells at last."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        assert self._end() == 0, self.log
        found = _ENDED.search(self.log)
        assert found, self.log
        return Told(*(int(one.replace(",", "")) for one in found.groups()))

    def wait_until_ended(self) -> int:
        """Wait for its own end; the exit code."""
        return self._end()

    def _end(self) -> int:
        try:
            code = self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            for thread in self._threads:
                thread.join(PATIENCE)
            for pipe in (self.process.stdout, self.process.stderr):
                assert pipe is not None
                pipe.close()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.returncode is None:
            self.process.kill()
            self._end()


class OpenPage:
    """Somebody who has the page open: the stream of events, and the live picture several times a second.

    Attributes:
        events: that came.
        pictures: that came.
        failures: requests that were not answered as they should.
    """

    def __init__(self, url: str, rate: float = 5.0) -> None:
        """Look at the page of this address, at so many pictures a second."""
        self.events = self.pictures = self.failures = 0
        self._url, self._pause = url, 1 / rate
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._listen, self._look)]

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                with urllib.request.urlopen(f"{self._url}/api/events", timeout=PATIENCE) as stream:
                    for line in stream:
                        self.events += line.startswith(b"event:")
                        if self._stop.is_set():
                            return
            except OSError:
                self._failed()

    def _look(self) -> None:
        number = "0"
        while not self._stop.wait(self._pause):
            try:
                asked = f"{self._url}/api/live.jpg?width=960&after={number}"
                with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
                    number = answer.headers.get("x-frame-number", number)
                    self.pictures += answer.read(2) == b"\xff\xd8"
            except OSError:
                self._failed()

    def _failed(self) -> None:
        if not self._stop.is_set():
            self.failures += 1
            self._stop.wait(0.5)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._threads[1].join(PATIENCE)  # the other one ends with the next event, or with the station


def key_one(visitor: Any, code: str) -> bool:
    """Have a visitor of the page (as of `page_station`) key the next piece of the review queue.

    Returns:
        whether there was a piece, and what was keyed became its result.
    """
    who = {"person": "ann", "window": "abcdefgh"}
    piece = visitor.post("/api/review/claim", who).json()["piece"]
    return bool(piece) and visitor.post("/api/review/key", {**who, "piece": piece["id"], "code": code}).json()["final"]


def events_of(config: Path, folder: Path | None = None) -> list[Event]:
    """What the journal of a station has, once it is stopped: every event in order, and held pieces made final."""
    journal = Journal(folder or config.parent / "journal")
    try:
        assert journal.set_aside is None
        journal.settle(time.time() + 10 * 365 * 86400)
        return journal.events(0, 10_000_000)
    finally:
        journal.close()


def wait_until_told(config: Path, source: str) -> None:
    """Start the station again without mail, until its outputs have all that the journal has."""
    config.write_text(config.read_text(encoding="utf-8").replace(source, NO_CAMERA), encoding="utf-8")
    with RunningStation(config) as station:
        station.wait_for(
            lambda: all(not value for name, value in station.figures().items() if name.startswith("edgedigits_queue")),
            "delivery of the rest",
        )
        station.stop()
