"""Kaggle's digit recognizer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.datasets.kind import DatasetKind, pool

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Digits

ABOUT = "Kaggle's train.csv: header label,pixel0,..."


def _read(path: Path) -> Digits:
    from edgedigits.core.datasets.tables import read_kaggle

    return read_kaggle(path)


KIND = DatasetKind("kaggle:train.csv", ABOUT, 0, 1, pool(ABOUT, _read))
