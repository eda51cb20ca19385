"""The last warnings and errors that the station logged."""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

from edgedigits.edge.station.results import moment

KEPT = 50
LONGEST = 500


@dataclass(frozen=True)
class LogLine:
    """One line of the log: when (ISO 8601, UTC), how grave, and what."""

    time: str
    level: str
    words: str

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON takes it."""
        return asdict(self)


class RecentLog(logging.Handler):
    """Keeps the last 50 warnings and errors of the package, the newest first."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: deque[LogLine] = deque(maxlen=KEPT)
        self._lines_lock = threading.Lock()  # any thread logs while a page reads

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line, without its traceback."""
        try:
            words = record.getMessage()
        except Exception:  # a wrong call of the logger must not end what logs
            self.handleError(record)
            return
        line = LogLine(moment(record.created), record.levelname.lower(), words[:LONGEST])
        with self._lines_lock:
            self._lines.appendleft(line)

    def lines(self) -> list[LogLine]:
        """The lines that are kept, the newest first."""
        with self._lines_lock:
            return list(self._lines)

    def attach(self) -> None:
        """Begin to listen."""
        logging.getLogger("edgedigits").addHandler(self)

    def detach(self) -> None:
        """Stop listening."""
        logging.getLogger("edgedigits").removeHandler(self)
