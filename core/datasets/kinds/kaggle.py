"""Kaggle's digit recognizer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.datasets.kind import pool

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Digits


def _read(path: Path) -> Digits:
    from edgedigits.core.datasets.formats.tables import read_kaggle

    return read_kaggle(path)


KIND = pool("kaggle:train.csv", "Kaggle's train.csv: header label,pixel0,...", _read)
