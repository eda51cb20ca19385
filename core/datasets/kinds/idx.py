"""Files in MNIST's format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.datasets.kind import DatasetKind, pool

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Digits

ABOUT = "MNIST's file format, plain or .gz"


def _read(images: Path, labels: Path) -> Digits:
    from edgedigits.core.datasets.idx import read_idx_pair

    return read_idx_pair(images, labels)


KIND = DatasetKind("idx:IMAGES,LABELS", ABOUT, 0, 2, pool(ABOUT, _read))
