"""One station to a journal: two would deliver each other's pieces."""

from __future__ import annotations

import os
from pathlib import Path

from edgedigits.core.claiming import Claim
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import disk_errors

LOCK = "station.lock"
"""An empty file in the journal's folder; its lock is the kernel's and goes with the program, however that ends."""


def is_running(folder: Path) -> bool:
    """Whether a station works with the journal in a folder now; not where that cannot be told."""
    if not os.access(folder / LOCK, os.R_OK | os.W_OK):
        return False
    try:
        Claim(folder / LOCK).release()
    except BlockingIOError:
        return True
    return False


class StationLock:
    """Keeps other stations from a journal's folder until :meth:`release`."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it is made where it is missing.

        Raises:
            EdgedigitsError: another station has it, or it may not be written.
        """
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / LOCK).touch()
            try:
                self._claim = Claim(folder / LOCK)
            except BlockingIOError:
                raise EdgedigitsError(
                    f"another station works with the journal in {folder}",
                    "give each its own folder in the table journal",
                ) from None

    def release(self) -> None:
        """Let others have it."""
        self._claim.release()
