"""A table with a digit a line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.datasets.kind import pool

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Digits


def _read(path: Path) -> Digits:
    from edgedigits.core.datasets.tables import read_csv

    return read_csv(path)


KIND = pool("csv:FILE", "label first, then 784 pixels; with or without a header", _read, suffix=".csv")
