"""Real file systems with little room."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(disk: Path, room: int, *unmounting: str) -> Iterator[Path]:
    """A file system of so many bytes in a new folder; skips where none can be had. ``unmounting``: umount's options."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", str(disk)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"this system does not let root mount a tmpfs: {done.stderr.strip()}")
    yield disk
    subprocess.run(["umount", *unmounting, str(disk)], check=True)
