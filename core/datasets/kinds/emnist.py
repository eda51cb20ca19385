"""EMNIST's digits, whose files hold each picture transposed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.datasets.kind import DatasetKind

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Dataset, Digits

_NAMES = ("digits", "mnist")
_FILES = ("images-idx3", "labels-idx1")


def _load(spec: str, paths: list[Path]) -> Dataset:
    """Read ``emnist-digits-*`` or, where those are not there, ``emnist-mnist-*`` of a folder.

    Source: G. Cohen, S. Afshar, J. Tapson, A. van Schaik, "EMNIST: an extension of MNIST to handwritten letters", 2017.
    """
    from edgedigits.core.datasets.digits import Dataset

    name = _name_in(paths[0])
    pool, test = (_part(paths[0], name, part) for part in ("train", "test"))
    return Dataset(spec, f"EMNIST ({name}) in {paths[0].name}, put upright", pool, test)


def _name_in(folder: Path) -> str:
    from edgedigits.core.errors import EdgedigitsError

    wanted = [(part, what) for part in ("train", "test") for what in _FILES]
    for name in _NAMES:
        if all(_file(folder, name, *one) for one in wanted):
            return name
    raise EdgedigitsError(
        f"{folder} does not hold EMNIST's four files of digits",
        "put emnist-digits-{train,test}-{images-idx3,labels-idx1}-ubyte.gz there, or those of emnist-mnist",
    )


def _file(folder: Path, name: str, part: str, what: str) -> Path | None:
    """The file of a part, plain or .gz; None where it is not there."""
    plain = folder / f"emnist-{name}-{part}-{what}-ubyte"
    return next((path for path in (plain, plain.with_name(f"{plain.name}.gz")) if path.is_file()), None)


def _part(folder: Path, name: str, part: str) -> Digits:
    from dataclasses import replace

    from edgedigits.core.datasets.formats.idx import read_idx_pair
    from edgedigits.core.datasets.orientation import turned

    images, labels = (_file(folder, name, part, what) for what in _FILES)
    assert images and labels
    digits = read_idx_pair(images, labels)
    return replace(digits, images=turned(digits.images, "transposed"))


ABOUT = "EMNIST's digits, or its mnist, from NIST's IDX files, put upright"
KIND = DatasetKind("emnist:DIR", ABOUT, 0, _load, folder=True)
