"""Two tables, of pixels and of labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.datasets.kind import pool

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Digits


def _read(images: Path, labels: Path) -> Digits:
    from edgedigits.core.datasets.formats.tables import read_csv_pair

    return read_csv_pair(images, labels)


KIND = pool("csv-pair:IMAGES,LABELS", "784 pixels a line and one label a line, in two files", _read)
