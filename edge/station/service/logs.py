"""The station's log: lines for the journal of systemd with their level, for people with their time."""

from __future__ import annotations

import logging
import os
import sys
from typing import TextIO

_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (0, 7))
"""Levels of Python and of syslog (sd-daemon(3))."""


class JournaldFormatter(logging.Formatter):
    """Begins every line with the level as systemd's journal reads it; the journal itself has the time."""

    def __init__(self) -> None:
        super().__init__("%(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The record's lines, a traceback's too: the journal makes an entry of each."""
        priority = next(number for level, number in _PRIORITIES if record.levelno >= level)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).splitlines() or [""])


def goes_to_journald(stream: TextIO) -> bool:
    """Whether what is written to a stream ends up in systemd's journal: device and inode are in ``JOURNAL_STREAM``."""
    named = os.environ.get("JOURNAL_STREAM", "")
    try:
        state = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return named == f"{state.st_dev}:{state.st_ino}"


def log_to(stream: TextIO | None = None, level: int = logging.INFO) -> logging.Handler:
    """Send the package's log to a stream, in the form that it wants.

    Args:
        stream: standard error where none is given.
        level: of what is written.

    Returns:
        What was added to the package's logger.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    if goes_to_journald(handler.stream):
        handler.setFormatter(JournaldFormatter())
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%Y-%m-%d %H:%M:%S"))
    logger = logging.getLogger("edgedigits")
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False
    return handler
