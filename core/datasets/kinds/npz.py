"""Keras' archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.datasets.kind import DatasetKind

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Dataset


def _load(spec: str, paths: list[Path]) -> Dataset:
    from edgedigits.core.datasets.formats.arrays import read_npz

    return read_npz(paths[0], spec)


KIND = DatasetKind("npz:FILE", "Keras' mnist.npz: x_train, y_train, x_test, y_test", 0, _load, suffix=".npz")
