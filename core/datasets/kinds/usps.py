"""The postal codes of the US Postal Service, as the site of "The Elements of Statistical Learning" has them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.datasets.kind import DatasetKind

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Dataset, Digits

_SIDE = 16


def _load(spec: str, paths: list[Path]) -> Dataset:
    """Read ``zip.train`` and ``zip.test``, plain or .gz: a label and 256 pixels of -1 to 1 a line.

    Source: T. Hastie, R. Tibshirani, J. Friedman, "The Elements of Statistical Learning", data "ZIP code".
    """
    from edgedigits.core.datasets.digits import Dataset

    pool, test = (_part(paths[0], name) for name in ("zip.train", "zip.test"))
    return Dataset(spec, f"USPS postal codes in {paths[0].name}, 16x16 enlarged", pool, test)


def _part(folder: Path, name: str) -> Digits:
    import numpy as np

    from edgedigits.core.datasets.coarse import from_coarse
    from edgedigits.core.datasets.digits import checked_digits
    from edgedigits.core.datasets.formats.text import open_table
    from edgedigits.core.errors import EdgedigitsError

    path = next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)
    if path is None:
        raise EdgedigitsError(f"{folder} has no {name}", "put zip.train and zip.test there, plain or .gz")
    table = open_table(path)
    if table.columns != 1 + _SIDE * _SIDE:
        raise EdgedigitsError(f"{path} has {table.columns} columns, not 257", "give the USPS file with 16x16 pixels")
    rows = np.concatenate(list(table.rows()))
    pixels = rows[:, 1:]
    if pixels.min() < -1 or pixels.max() > 1:
        raise EdgedigitsError(
            f"{path} holds pixels from {pixels.min():g} to {pixels.max():g}, not -1 to 1", "give the USPS file"
        )
    grey = np.asarray(np.rint((pixels + 1) * 127.5), np.uint8).reshape(-1, _SIDE, _SIDE)
    return checked_digits(from_coarse(grey), np.asarray(np.rint(rows[:, 0]), np.int64), str(path))


KIND = DatasetKind("usps:DIR", "zip.train and zip.test of the USPS, 16x16 pixels enlarged", 9_298, _load, folder=True)
