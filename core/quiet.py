"""Keep the logs of native libraries, which go past Python to file descriptor 2, off the screen."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()  # guards _inside and _kept, and with them descriptor 2, from other threads that hide logs
_inside = 0
_kept = -1


@contextmanager
def native_logs_hidden() -> Iterator[None]:
    """Throw away what is written to file descriptor 2 meanwhile; exceptions carry their own words.

    May be nested and used by several threads at once: the last one out shows the descriptor again.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _inside, _kept  # noqa: PLW0603  (descriptor 2 is the whole process's)
    with _lock:
        _inside += 1
        if _inside > 1:
            return
        try:
            _kept = os.dup(2)
        except OSError:  # a service without standard error has nothing to hide
            _kept = -1
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)


def _leave() -> None:
    global _inside, _kept  # noqa: PLW0603
    with _lock:
        _inside -= 1
        if _inside or _kept < 0:
            return
        os.dup2(_kept, 2)
        os.close(_kept)
        _kept = -1
