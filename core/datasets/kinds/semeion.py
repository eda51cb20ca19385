"""Semeion's digits, of 80 persons who wrote each of them twice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.datasets.kind import DatasetKind

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Dataset

_SIDE, _CLASSES = 16, 10


def _load(spec: str, paths: list[Path]) -> Dataset:
    """Read ``semeion.data``: 256 pixels of 0 or 1 and ten columns of which that of the label is 1, a digit a line.

    Source: Semeion Research Center, "Semeion Handwritten Digit", UCI, 1998.
    """
    import numpy as np

    from edgedigits.core.datasets.coarse import from_coarse
    from edgedigits.core.datasets.digits import Dataset, checked_digits
    from edgedigits.core.datasets.formats.text import open_table
    from edgedigits.core.errors import EdgedigitsError

    path = paths[0]
    table = open_table(path)
    if table.columns != _SIDE * _SIDE + _CLASSES:
        raise EdgedigitsError(f"{path} has {table.columns} columns, not 266", "give semeion.data")
    rows = np.concatenate(list(table.rows()))
    pixels, labels = np.split(rows, [_SIDE * _SIDE], axis=1)
    wrong = np.flatnonzero(~np.isin(rows, (0, 1)).all(axis=1) | (labels.sum(axis=1) != 1))
    if len(wrong):
        raise EdgedigitsError(
            f"{path} holds other numbers than 0 and 1, or not one label, at digit {wrong[0] + 1}", "give semeion.data"
        )
    images = from_coarse(np.asarray(pixels * 255, np.uint8).reshape(-1, _SIDE, _SIDE))
    pool = checked_digits(images, labels.argmax(axis=1), str(path))
    return Dataset(spec, f"Semeion's digits in {path.name}, 16x16 enlarged", pool)


KIND = DatasetKind("semeion:FILE", "semeion.data, 16x16 pixels enlarged", 1_593, _load)
