"""Files in MNIST's format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.datasets.kind import pool

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Digits


def _read(images: Path, labels: Path) -> Digits:
    from edgedigits.core.datasets.formats.idx import read_idx_pair

    return read_idx_pair(images, labels)


KIND = pool("idx:IMAGES,LABELS", "MNIST's file format, plain or .gz", _read)
