"""A station without a loop: a journal, a page that is served, and a thread that publishes frames and results.

python tests/edge/station/page/page_station.py    serves it until Ctrl-C
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import cv2
import numpy as np

from edgedigits.core.datasets.sample_digits import load_samples
from edgedigits.edge.station.configuration.adjustments import Adjusted, Adjustments
from edgedigits.edge.station.configuration.settings import PageSettings
from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.messages.raspberry_pi import MachineState
from edgedigits.edge.station.page.live import LiveState
from edgedigits.edge.station.page.page_limits import PageLimits
from edgedigits.edge.station.page.parts import PageParts
from edgedigits.edge.station.page.server import PageServer
from edgedigits.edge.station.results import PieceResult

BINS = {"48": "north", "10": "capital", "73": "south"}
QUIET = PageLimits(requests_per_second=10_000, burst=10_000)
"""Tests ask faster than people do."""


class NoAlarms(dict[str, str]):
    """Alarms that a test raises by hand."""

    def active(self) -> dict[str, str]:
        return dict(self)


class TwoFigures:
    """Figures as Prometheus reads them."""

    def text(self) -> bytes:
        return b"# TYPE edgedigits_frames_total counter\nedgedigits_frames_total 12\n"


@dataclass
class Told:
    """An output that tells nobody."""

    name: str
    waiting: int = 0
    reconnects: int = 0
    last_error: str = ""

    @property
    def output(self) -> Told:
        return self

    @property
    def away(self) -> bool:
        return bool(self.last_error)


@dataclass
class PageStation:
    """All that the page needs of a station, in a folder, with its page served."""

    folder: Path
    listen: str = "127.0.0.1:0"
    password: str = ""
    limits: PageLimits = QUIET
    certificate: str = ""
    key: str = ""
    outputs: list[Told] = field(default_factory=lambda: [Told("mqtt")])
    name: str = "hall-2"

    def __post_init__(self) -> None:
        self.samples = load_samples().pool
        self.journal = Journal(self.folder, durable=False, bin_of=bin_of)
        self.live = LiveState()
        self.adjustments = Adjustments(self.folder, Adjusted(None, 0.97))
        self.alarms = NoAlarms()
        self.machine = MachineState(None, ())
        self.parts = PageParts(
            station=self.name,
            journal=self.journal,
            live=self.live,
            adjustments=self.adjustments,
            alarms=self.alarms,
            metrics=TwoFigures(),
            outputs=self.outputs,
            accepts=lambda code: len(code) == 5,
            forms=(r"\d{5}",),
            configured_threshold=lambda: 0.97,
            machine=lambda: self.machine,
        )
        settings = PageSettings(self.listen, self.password, self.certificate, self.key)
        self.server = PageServer(settings, self.parts, limits=self.limits)
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        try:
            self.server.start()
        except BaseException:
            self.journal.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()
        self.journal.close()

    @property
    def url(self) -> str:
        return self.server.url

    def result(self, code: str, outcome: str = "accepted", confidence: float = 0.999) -> PieceResult:
        """A result with a new id."""
        now = time.time()
        other = f"{code[:-1]}{(int(code[-1]) + 6) % 10}"
        why = f"{confidence:.1%} sure, and the threshold is 97 %" if outcome == "rejected" else ""
        return PieceResult(
            id=f"{self.name}-{next(self._numbers):05d}-{int(now * 1000)}",
            station=self.name,
            entered=now - 0.15,
            decided=now,
            latency=0.087,
            code=code,
            outcome=outcome,  # type: ignore[arg-type]
            why=why,
            bin=bin_of(code) if outcome == "accepted" else "",
            confidence=confidence,
            alternatives=((code, confidence), (other, round((1 - confidence) * 0.8, 4))),
            frames=4,
            model="0" * 64,
        )

    def add(self, code: str, outcome: str = "accepted", confidence: float = 0.999) -> PieceResult:
        """A piece that has its result."""
        result = self.result(code, outcome, confidence)
        self.journal.add(result, self.crop(code))
        return result

    def reject(self, code: str) -> PieceResult:
        """A piece that is to be reviewed."""
        return self.add(code, "rejected", 0.71)

    def hold(self, code: str, seconds: float) -> PieceResult:
        """A piece that waits for a person."""
        result = self.result(code, "rejected", 0.71)
        self.journal.hold(result, self.crop(code), time.time() + seconds)
        return result

    def crop(self, code: str) -> Any:
        """Digits on paper, uint8 BGR."""
        rng = np.random.default_rng(int(code))
        paper = np.full((64, 60 + 44 * len(code), 3), (206, 222, 228), np.uint8)
        for place, digit in enumerate(code):
            rows = np.flatnonzero(self.samples.labels == int(digit))
            ink = cv2.resize(self.samples.images[rng.choice(rows)], (44, 44), interpolation=cv2.INTER_CUBIC)
            x, y = 28 + 42 * place + int(rng.integers(-2, 3)), 10 + int(rng.integers(-3, 4))
            part = paper[y : y + 44, x : x + 44].astype(float)
            dark = (ink.astype(float) / 255 * 0.85)[..., None]
            paper[y : y + 44, x : x + 44] = part * (1 - dark) + np.array((90, 50, 30)) * dark
        return cv2.GaussianBlur(paper, (3, 3), 0)

    def publish(self, step: int, pieces: tuple[tuple[str, str], ...] = (("48213", "accepted"),)) -> None:
        """Show :meth:`frame`."""
        self.live.publish(*self.frame(step, pieces))

    def frame(self, step: int, pieces: tuple[tuple[str, str], ...] = (("48213", "accepted"),)) -> tuple[Any, list[Any]]:
        """A picture of 1280 x 720 with pieces on a belt, and what is to be drawn into it."""
        frame = np.full((720, 1280, 3), (74, 70, 66), np.uint8)
        frame[:, ::64] = (84, 80, 76)
        boxes = []
        for place, (code, outcome) in enumerate(pieces):
            x, y = 120 + 560 * place + step % 40, 190
            cv2.rectangle(frame, (x, y), (x + 500, y + 330), (206, 222, 228), cv2.FILLED)
            for line in range(3):
                cv2.rectangle(
                    frame, (x + 30, y + 30 + 22 * line), (x + 190 - 30 * line, y + 38 + 22 * line), (150, 150, 150), -1
                )
            cv2.rectangle(frame, (x + 420, y + 24), (x + 476, y + 92), (120, 100, 170), 3)
            crop = self.crop(code)
            frame[y + 200 : y + 200 + crop.shape[0], x + 150 : x + 150 + crop.shape[1]] = crop
            words = {"accepted": f"{code}  99.9%", "rejected": f"{code}  71%"}.get(outcome, "reading")
            boxes.append(((x, y, 500, 330), words, outcome))
        return frame, boxes

    def visit(self) -> Visitor:
        """Somebody who asks by HTTP."""
        return Visitor(self.url)


def bin_of(code: str) -> str:
    return BINS.get(code[:2], "other") if code else ""


class Visitor:
    """A client that keeps its cookie and its token."""

    def __init__(self, url: str) -> None:
        self.place = urlsplit(url)
        self.cookie = ""
        self.token = ""

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Any:
        """One request; the answer has ``status``, ``headers``, ``body``."""
        connection = HTTPConnection(self.place.hostname or "", self.place.port, timeout=30)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie:
            given.setdefault("cookie", self.cookie)
        try:
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers.items()), answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Any:
        return self.ask("GET", path, **headers)

    def post(self, path: str, told: Any, **headers: str) -> Any:
        """JSON as the page sends it."""
        if not self.token:
            self.token = self.get("/api/session").json().get("token", "none")
        given = {"content_type": "application/json", "x_csrf_token": self.token, **headers}
        return self.ask("POST", path, json.dumps(told).encode(), **given)

    def log_in(self, password: str) -> Any:
        answer = self.ask(
            "POST", "/api/login", json.dumps({"password": password}).encode(), content_type="application/json"
        )
        if answer.status == 200:
            self.cookie = answer.headers["set-cookie"].partition(";")[0]
            self.token = ""
        return answer


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def serve(folder: Path, listen: str) -> None:
    """A page to look at: pieces come, some are rejected, some wait for a person."""
    rng = np.random.default_rng(3)
    with PageStation(folder, listen) as station:
        print(station.url)
        pieces: tuple[tuple[str, str], ...] = ()
        for step in itertools.count():
            if step % 60 == 0:
                code = f"{rng.choice(['48', '10', '73', '22'])}{rng.integers(0, 1000):03d}"
                outcome = "rejected" if rng.random() < 0.3 else "accepted"
                pieces = ((code, outcome),)
                station.hold(code, 15) if outcome == "rejected" else station.add(code)
            station.journal.settle(time.time())
            station.publish(step, pieces)
            time.sleep(1 / 30)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen", default="127.0.0.1:8080")
    where = parser.parse_args().listen
    with tempfile.TemporaryDirectory() as made:
        serve(Path(made), where)
