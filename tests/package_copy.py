"""The package ``edgedigits`` with rooms that a test may change, in a folder that stands first on the path."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = ("core", "results", "train", "quantize", "firmware_export", "edge", "cli")


def copied_package(folder: Path, copied: Sequence[str] = ROOMS) -> Path:
    """Make ``edgedigits`` in a folder: these rooms are copies of the checkout's, the others are links to them."""
    package = folder / "edgedigits"
    shutil.copytree(ROOT / "package", package)
    for room in ROOMS:
        if room in copied:
            shutil.copytree(ROOT / room, package / room, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (package / room).symlink_to(ROOT / room)
    return package
