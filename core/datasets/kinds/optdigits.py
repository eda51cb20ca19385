"""Scikit-learn's digits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.datasets.kind import DatasetKind

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Dataset


def _load(_spec: str, _paths: list[Path]) -> Dataset:
    from edgedigits.core.datasets.formats.arrays import load_optdigits

    return load_optdigits()


KIND = DatasetKind("optdigits", "1,797 digits of 8x8 pixels that scikit-learn carries, enlarged", 1_797, _load)
