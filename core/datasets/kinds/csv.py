"""A table with a digit a line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.datasets.kind import DatasetKind, pool

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Digits

ABOUT = "label first, then 784 pixels; with or without a header"


def _read(path: Path) -> Digits:
    from edgedigits.core.datasets.tables import read_csv

    return read_csv(path)


KIND = DatasetKind("csv:FILE", ABOUT, 0, 1, pool(ABOUT, _read), suffix=".csv")
