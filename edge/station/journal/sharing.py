"""Who uses a journal: a file is set aside only where nobody else works in it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from edgedigits.core.files import disk_errors

LOCK = "journal.lock"
"""An empty file in the journal's folder; its lock is the kernel's and goes with the program, however that ends."""


class Use:
    """Marks a journal as used, for as long as this is not released or the program lives.

    SQLite deletes a write-ahead log by its name: a program that ends its work in a file which was set aside meanwhile
    would delete that of the new one. Where there are no such locks (Windows), an open file cannot be renamed anyway.

    Args:
        folder: of the journal.

    Raises:
        EdgedigitsError: the folder may not be written.
    """

    def __init__(self, folder: Path) -> None:
        with disk_errors(folder / LOCK):
            self._handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        self.share()

    def share(self) -> None:
        """Let others use the journal, too."""
        if sys.platform == "win32":
            return
        import fcntl

        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def take_alone(self) -> bool:
        """Keep others from using the journal until :meth:`share`; False where they do."""
        if sys.platform == "win32":
            return True
        import fcntl

        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.share()  # the kernel may have let go of it
            return False
        return True

    def release(self) -> None:
        """Use it no more."""
        os.close(self._handle)
