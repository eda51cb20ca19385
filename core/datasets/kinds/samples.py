"""The digits that ship."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.datasets.kind import DatasetKind

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Dataset


def _load(_spec: str, _paths: list[Path]) -> Dataset:
    from edgedigits.core.datasets.sample_digits import load_samples

    return load_samples()


ABOUT = "500 digits drawn by code that ship: to check a device, not to quote accuracy"
KIND = DatasetKind("samples", ABOUT, 500, _load)
