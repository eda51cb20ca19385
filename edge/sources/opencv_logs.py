"""What OpenCV and the FFmpeg inside it write to standard error while videos and cameras are open.

What they warn of (no such device, no such file, a damaged frame) is raised in this room as an error with a remedy, or
counted. Importing this room changes nothing: levels are lowered for a call and raised again after it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cv2

LEVEL, FFMPEG_LEVEL = "OPENCV_LOG_LEVEL", "OPENCV_FFMPEG_LOGLEVEL"
"""OpenCV's environment variables. A user who sets one says what is to be seen, and what it governs is left alone."""

_SILENT = 0
_FFMPEG_SILENT = "-8"  # AV_LOG_QUIET

_lock = threading.Lock()  # guards _inside and _kept, and with them OpenCV's level, from other threads with a video
_inside = 0
_kept: Any = None


@contextmanager
def opencv_quiet() -> Iterator[None]:
    """Have OpenCV write nothing meanwhile.

    May be nested and used by several threads at once: the last one out restores the level.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


@contextmanager
def opening_quietly() -> Iterator[None]:
    """Have neither OpenCV nor FFmpeg write anything while a video is opened.

    FFmpeg reads its level from the environment when the first video of a process is opened, and keeps it: what it
    finds in damaged frames later is not shown either. The variable is set no longer than that takes.
    """
    with opencv_quiet():
        if FFMPEG_LEVEL in os.environ:
            yield
            return
        os.environ[FFMPEG_LEVEL] = _FFMPEG_SILENT
        try:
            yield
        finally:
            os.environ.pop(FFMPEG_LEVEL, None)


def open_capture(*what: Any) -> cv2.VideoCapture:
    """``cv2.VideoCapture`` of these arguments, which may have failed to open; what it complains of is not shown."""
    with opening_quietly():
        return cv2.VideoCapture(*what)


def _levels() -> Any:
    """What has ``getLogLevel`` and ``setLogLevel``: OpenCV 5 moved them."""
    home: Any = cv2  # the types of OpenCV 4 know nothing of 5
    return home if hasattr(home, "setLogLevel") else home.utils.logging


def _enter() -> None:
    global _inside, _kept  # noqa: PLW0603  (OpenCV's level is the whole process's)
    with _lock:
        _inside += 1
        if _inside == 1 and LEVEL not in os.environ:
            _kept = _levels().getLogLevel()
            _levels().setLogLevel(_SILENT)


def _leave() -> None:
    global _inside, _kept  # noqa: PLW0603
    with _lock:
        _inside -= 1
        if _inside == 0 and _kept is not None:
            _levels().setLogLevel(_kept)
            _kept = None
