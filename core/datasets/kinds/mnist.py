"""MNIST."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.datasets.kind import DatasetKind

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Dataset


def _load(_spec: str, _paths: list[Path]) -> Dataset:
    from edgedigits.core.datasets.mnist import load_mnist

    return load_mnist()


KIND = DatasetKind("mnist", "MNIST's original files: 60,000 digits and 10,000 that only report", 70_000, _load)
