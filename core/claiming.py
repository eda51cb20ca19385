"""Files that belong to one running program at a time."""

from __future__ import annotations

import os
import sys
from pathlib import Path


class Claim:
    """Marks a file as this program's, for as long as it lives or until :meth:`release`.

    The lock is the kernel's and goes with the program, however it ends. Where there is none (Windows), an open file
    cannot be removed anyway.
    """

    def __init__(self, path: Path) -> None:
        """Claim a file that exists.

        Raises:
            BlockingIOError: another program has claimed it.
        """
        self._handle = os.open(path, os.O_RDWR)
        if sys.platform == "win32":
            return
        import fcntl

        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._handle)
            raise

    def release(self) -> None:
        """Give the file up."""
        os.close(self._handle)
