"""Pictures in folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.datasets.kind import DatasetKind, pool

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Digits

ABOUT = "DIR/<digit>/*.png of any size, dark on light or light on dark"


def _read(path: Path) -> Digits:
    from edgedigits.core.datasets.pictures import read_folder

    return read_folder(path)


KIND = DatasetKind("folder:DIR", ABOUT, 0, 1, pool(ABOUT, _read), folder=True)
