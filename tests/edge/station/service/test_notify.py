"""What the service manager hears, at a real socket."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from edgedigits.edge.station.service.notify import Watchdog, alive, notify, ready, stopping, watchdog_seconds


@pytest.fixture(params=["file", "abstract"])
def manager(request, tmp_path, monkeypatch):
    """The socket at which the service manager listens: a file, or a name outside the file system."""
    name = str(tmp_path / "notify") if request.param == "file" else f"@edgedigits-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(name.replace("@", "\0", 1))
        listening.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield listening


def test_the_station_is_ready_alive_and_stopping(manager):
    assert ready("reads the camera")
    assert alive()
    assert stopping("bye")
    assert [manager.recv(100) for _ in range(3)] == [
        b"READY=1\nSTATUS=reads the camera",
        b"WATCHDOG=1",
        b"STOPPING=1\nSTATUS=bye",
    ]


def test_a_status_is_one_line(manager):
    ready("first line\nMAINPID=1")
    assert manager.recv(100) == b"READY=1\nSTATUS=first line"


def test_without_a_manager_nobody_is_told(monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not ready()


def test_a_manager_that_is_gone_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    assert not notify("READY=1")


@pytest.mark.parametrize(
    ("microseconds", "pid", "seconds"),
    [
        ("30000000", None, 30),
        ("30000000", "own", 30),
        ("30000000", "1", None),
        (None, None, None),
        ("soon", None, None),
    ],
)
def test_the_watchdog_is_for_this_process_alone(microseconds, pid, seconds, monkeypatch):
    for name, value in (("WATCHDOG_USEC", microseconds), ("WATCHDOG_PID", str(os.getpid()) if pid == "own" else pid)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert watchdog_seconds() == seconds


def test_the_watchdog_hears_of_the_loop_three_times_in_its_time(manager, monkeypatch):
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    watchdog = Watchdog()
    assert [moment for moment in range(100, 131) if watchdog.beat(moment, "30 frames/s")] == [100, 110, 120, 130]
    assert manager.recv(100) == b"WATCHDOG=1\nSTATUS=30 frames/s"


def test_without_a_watchdog_no_beat_is_sent(manager, monkeypatch):
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    assert not Watchdog().beat(0.0)


def test_telling_takes_no_library(tmp_path):
    code = (
        "import sys, edgedigits.edge.station.service.notify; print(sorted({'numpy', 'cv2', 'paho'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
