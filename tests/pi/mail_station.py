"""A recording of simulated mail, and a station that reads it: in the root for arm64 and on this machine."""

from __future__ import annotations

import json
import shutil
import socket
import threading
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from install_section import with_settings
from programs import CannotRun, Done, run_program

MAIL = ("--level", "ordinary", "--pieces", "12", "--frames", "8")
THRESHOLD = 0.9
"""Far from all confidences in this recording: where kernels round otherwise, no outcome hangs on it."""

RECORDING, CODES, LINES = "lossless.avi", "codes.csv", "pieces.jsonl"

STORE = """
import sys, cv2
taken = cv2.VideoCapture(sys.argv[1])
kept = cv2.VideoWriter(sys.argv[2], cv2.VideoWriter_fourcc(*"MPNG"), taken.get(cv2.CAP_PROP_FPS), (1280, 720))
count = 0
while (frame := taken.read()[1]) is not None:
    kept.write(frame)
    count += 1
kept.release()
print(count)
"""
"""FFmpeg decodes Motion JPEG otherwise on ARM than on x86 (a frame's mean was 112, here 110); PNG is exact."""


def simulate_mail(edgedigits: Path, environment: Mapping[str, str], folder: Path) -> str:
    """Write a recording of mail, and a list of valid codes with bins, into a folder; what it says of it.

    The list has each piece's code, and those that differ from it in one digit.
    """
    shutil.rmtree(folder, ignore_errors=True)
    run_program((str(edgedigits), "simulate", "station", *MAIL, "--out", str(folder)), environment)
    python = edgedigits.with_name("python")
    run_program((str(python), "-c", STORE, str(folder / "mail.avi"), str(folder / RECORDING)), environment)
    truth = json.loads((folder / "mail.json").read_text())
    codes = sorted({near for piece in truth["pieces"] for near in _near(piece["code"])})
    (folder / CODES).write_text("".join(f"{code},bin {code[0]}\n" for code in codes))
    return f"{len(truth['pieces'])} pieces in {truth['frames']} frames, {len(codes)} valid codes"


def _near(code: str) -> list[str]:
    return [f"{code[:place]}{digit}{code[place + 1 :]}" for place in range(len(code)) for digit in "0123456789"]


def settings_of(mail: str, state: str, port: int) -> dict[tuple[str, str], str]:
    """What is changed in the configuration that `edgedigits station init` writes.

    Args:
        mail: folder of the recording.
        state: folder that the station writes into.
        port: of the page.
    """
    return {
        ("camera", "source"): f'"{mail}/{RECORDING}"',
        ("reading", "codes"): f'"{mail}/{CODES}"',
        ("reading", "threshold"): str(THRESHOLD),
        ("journal", "folder"): f'"{state}/journal"',
        ("json_lines", "file"): f'"{state}/{LINES}"',
        ("page", "listen"): f'"127.0.0.1:{port}"',
    }


def free_port() -> int:
    """A port of this machine, whose network programs in the root use as well."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@dataclass
class PageWatch:
    """Asks a station's page until it answers; a context around the station's run.

    Attributes:
        port: of this machine.
        answered: title of the page; empty where it never answered.
    """

    port: int
    answered: str = ""
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> PageWatch:
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _ask(self) -> None:
        plain = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy leads to this machine
        while not self._over.wait(0.2) and not self.answered:
            try:
                with plain.open(f"http://127.0.0.1:{self.port}/", timeout=60) as answer:
                    page = answer.read().decode()
            except OSError:  # it does not listen yet, or not any more
                continue
            self.answered = page.partition("<title>")[2].partition("</title>")[0]


@dataclass(frozen=True)
class Read:
    """What a station did.

    Attributes:
        lines: of JSON, one a piece.
        done: its process.
        page: title of its page.
    """

    lines: list[str]
    done: Done
    page: str


def run_station(run: Callable[[], Done], lines: Path, port: int) -> Read:
    """Run a station to the end of its recording.

    Raises:
        CannotRun: it failed, told of nothing, or its page never answered.
    """
    with PageWatch(port) as page:
        done = run()
    if not lines.exists():
        raise CannotRun(f"the station told of no piece:\n{done.stderr}")
    if not page.answered:
        raise CannotRun(f"the station's page never answered on port {port}:\n{done.stderr}")
    return Read(lines.read_text().splitlines(), done, page.answered)


def run_station_here(edgedigits: Path, environment: Mapping[str, str], text: str, mail: Path, folder: Path) -> Read:
    """Run the station of a configuration on this machine, with other paths in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port = free_port()
    config = folder / "station.toml"
    config.write_text(with_settings(text, settings_of(str(mail), str(folder), port)))
    command = (str(edgedigits), "station", "--config", str(config))
    return run_station(lambda: run_program(command, environment, folder), folder / LINES, port)
