"""What OpenCV and FFmpeg say is kept from the screen while a video is open, and is as it was afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.sources.opencv_logs import opencv_quiet
from edgedigits.edge.sources.video_file import VideoFile

LEVELS = "home = cv2 if hasattr(cv2, 'getLogLevel') else cv2.utils.logging\n"
READ_BROKEN = f"""
import cv2, os, sys
{LEVELS}
from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge import open_source
before = dict(os.environ), home.getLogLevel()
try:
    with open_source(sys.argv[1]) as frames:
        list(frames)
except EdgedigitsError as error:
    print(error.what)
assert (dict(os.environ), home.getLogLevel()) == before
"""


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A file that is called a video and is none: FFmpeg and OpenCV both complain of it."""
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"no video" * 100)
    return path


def read(path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Read a video in a fresh interpreter: FFmpeg takes its level once in a process."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("OPENCV_")}
    command = [sys.executable, "-c", READ_BROKEN, str(path)]
    done = subprocess.run(command, env=plain | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def test_a_broken_video_is_an_error_with_a_remedy_and_nothing_else(broken: Path) -> None:
    done = read(broken)
    assert done.stdout.strip() == f"{broken} is not a video that OpenCV reads, or it is cut short"
    assert done.stderr == ""


def test_who_asks_ffmpeg_to_speak_hears_it(broken: Path) -> None:
    done = read(broken, OPENCV_FFMPEG_LOGLEVEL="48")
    assert "[OPENCV:FFMPEG:" in done.stdout + done.stderr  # OpenCV's versions differ in where to


def test_who_asks_opencv_to_speak_hears_it(broken: Path) -> None:
    done = read(broken, OPENCV_LOG_LEVEL="DEBUG")
    assert "VIDEOIO" in done.stderr
    assert "[OPENCV:FFMPEG:" not in done.stdout + done.stderr


def level() -> int:
    return int((cv2 if hasattr(cv2, "getLogLevel") else cv2.utils.logging).getLogLevel())


def test_the_level_is_restored_when_the_last_one_is_out() -> None:
    before = level()
    assert before > 0
    with opencv_quiet():
        with opencv_quiet():
            assert level() == 0
        assert level() == 0
    assert level() == before


def test_the_level_is_restored_after_an_error(broken: Path) -> None:
    before = level()
    with pytest.raises(EdgedigitsError):
        VideoFile(broken).open()
    assert level() == before
    assert "OPENCV_FFMPEG_LOGLEVEL" not in os.environ
