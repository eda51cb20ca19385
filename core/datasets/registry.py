"""Data sets by name: ``NAME`` or ``NAME:PATH[,PATH]``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.datasets.digits import Dataset, Digits
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.naming import suggestion


@dataclass(frozen=True)
class DatasetKind:
    """A kind of data set: how its spec is written, what it is, and how many digits it has (0: depends)."""

    spec: str
    about: str
    digits: int
    paths: int


KINDS = {
    "mnist": DatasetKind("mnist", "MNIST's original files: 60,000 digits and 10,000 that only report", 70_000, 0),
    "optdigits": DatasetKind("optdigits", "1,797 digits of 8x8 pixels that scikit-learn carries, enlarged", 1_797, 0),
    "samples": DatasetKind(
        "samples", "500 digits drawn by code that ship: to check a device, not to quote accuracy", 500, 0
    ),
    "kaggle": DatasetKind("kaggle:train.csv", "Kaggle's train.csv: header label,pixel0,...", 0, 1),
    "csv": DatasetKind("csv:FILE", "label first, then 784 pixels; with or without a header", 0, 1),
    "csv-pair": DatasetKind("csv-pair:IMAGES,LABELS", "784 pixels a line and one label a line, in two files", 0, 2),
    "idx": DatasetKind("idx:IMAGES,LABELS", "MNIST's file format, plain or .gz", 0, 2),
    "npz": DatasetKind("npz:FILE", "Keras' mnist.npz: x_train, y_train, x_test, y_test", 0, 1),
    "folder": DatasetKind("folder:DIR", "DIR/<digit>/*.png of any size, dark on light or light on dark", 0, 1),
}


def load_dataset(spec: str) -> Dataset:
    """Load a data set.

    Args:
        spec: as :data:`KINDS` writes them: ``mnist``, ``optdigits``, ``csv:digits.csv``, ``idx:images.gz,labels.gz``...

    Raises:
        EdgedigitsError: unknown name, wrong number of paths, or files that are not what they should be.
    """
    name, paths = check_dataset(spec)
    return _LOADERS[name](spec, paths)


def check_dataset(spec: str) -> tuple[str, list[Path]]:
    """The kind and the paths of a data set, checked as far as that takes no time: nothing is read.

    Args:
        spec: as :func:`load_dataset` takes it.

    Raises:
        EdgedigitsError: unknown name, wrong number of paths, or a path where nothing lies.
    """
    name, _, rest = spec.partition(":")
    if name not in KINDS:
        known = ", ".join(kind.spec for kind in KINDS.values())
        raise EdgedigitsError(f"no data set is called {name!r}", f"{_guess(spec, name)}choose one of {known}")
    kind = KINDS[name]
    parts = rest.split(",") if kind.paths > 1 else [rest]
    paths = [Path(part).expanduser() for part in parts if part]
    if len(paths) != kind.paths:
        raise EdgedigitsError(f"{spec!r} names {len(paths)} paths, not {kind.paths}", f"write it as {kind.spec}")
    for path in paths:
        if not path.exists():
            raise EdgedigitsError(f"no {'folder' if name == 'folder' else 'file'} {path}", "check the path")
    return name, paths


_KIND_OF_FILE = {".csv": "csv", ".npz": "npz"}


def _guess(spec: str, name: str) -> str:
    """What may have been meant: a path without its kind, or a name with a typo."""
    path = Path(spec).expanduser()
    if path.is_dir():
        return f"did you mean folder:{spec}? "
    if path.is_file() and path.suffix in _KIND_OF_FILE:
        return f"did you mean {_KIND_OF_FILE[path.suffix]}:{spec}? "
    return suggestion(name, KINDS)


def _mnist(_spec: str, _paths: list[Path]) -> Dataset:
    from edgedigits.core.datasets.mnist import load_mnist

    return load_mnist()


def _optdigits(_spec: str, _paths: list[Path]) -> Dataset:
    from edgedigits.core.datasets.arrays import load_optdigits

    return load_optdigits()


def _samples(_spec: str, _paths: list[Path]) -> Dataset:
    from edgedigits.core.datasets.sample_digits import load_samples

    return load_samples()


def _npz(spec: str, paths: list[Path]) -> Dataset:
    from edgedigits.core.datasets.arrays import read_npz

    return read_npz(paths[0], spec)


def _with(read: str) -> Callable[[str, list[Path]], Dataset]:
    """A loader that hands the paths to a reader of one pool of digits, imported when it is needed."""

    def load(spec: str, paths: list[Path]) -> Dataset:
        from edgedigits.core.datasets import idx, pictures, tables

        readers: dict[str, Callable[..., Digits]] = {
            "kaggle": tables.read_kaggle,
            "csv": tables.read_csv,
            "csv-pair": tables.read_csv_pair,
            "idx": idx.read_idx_pair,
            "folder": pictures.read_folder,
        }
        return Dataset(spec, f"{KINDS[read].about} ({', '.join(path.name for path in paths)})", readers[read](*paths))

    return load


_LOADERS: dict[str, Callable[[str, list[Path]], Dataset]] = {
    "mnist": _mnist,
    "optdigits": _optdigits,
    "samples": _samples,
    "npz": _npz,
    **{name: _with(name) for name in ("kaggle", "csv", "csv-pair", "idx", "folder")},
}
