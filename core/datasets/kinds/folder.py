"""Pictures in folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.datasets.kind import pool

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Digits


def _read(path: Path) -> Digits:
    from edgedigits.core.datasets.pictures import read_folder

    return read_folder(path)


KIND = pool("folder:DIR", "DIR/<digit>/*.png of any size, dark on light or light on dark", _read, folder=True)
