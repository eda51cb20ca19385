"""What is wrong with the station now, for the page, the messages and the log: an alarm, not silence."""

from __future__ import annotations

import logging
import threading

_log = logging.getLogger(__name__)


class Alarms:
    """Alarms by name, each with words for people. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._active: dict[str, str] = {}

    def set(self, name: str, words: str) -> None:
        """Raise an alarm, or say it in other words; logged where it is new."""
        with self._lock:
            is_new = name not in self._active
            self._active[name] = words
        if is_new:
            _log.error("alarm %s: %s", name, words)

    def clear(self, name: str) -> None:
        """End an alarm, if it is on."""
        with self._lock:
            ended = self._active.pop(name, None)
        if ended is not None:
            _log.warning("alarm %s is over", name)

    def active(self) -> dict[str, str]:
        """The alarms that are on: name to words."""
        with self._lock:
            return dict(self._active)
