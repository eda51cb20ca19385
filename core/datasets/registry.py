"""Data sets by name: ``NAME`` or ``NAME:PATH[,PATH]``."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.datasets.kind import DatasetKind
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.naming import suggestion

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Dataset

MODULES = ("mnist", "optdigits", "samples", "kaggle", "csv", "csv_pair", "idx", "npz", "folder")
"""Modules of ``kinds``, each with a ``KIND``, in the order in which users see them."""

_ALL: list[DatasetKind] = [import_module(f"{__package__}.kinds.{module}").KIND for module in MODULES]

KINDS = {kind.name: kind for kind in _ALL}
"""What can be loaded, by name."""


def load_dataset(spec: str) -> Dataset:
    """Load a data set.

    Args:
        spec: as :data:`KINDS` writes them: ``mnist``, ``optdigits``, ``csv:digits.csv``, ``idx:images.gz,labels.gz``...

    Raises:
        EdgedigitsError: unknown name, wrong number of paths, or files that are not what they should be.
    """
    name, paths = check_dataset(spec)
    return KINDS[name].load(spec, paths)


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
            raise EdgedigitsError(f"no {'folder' if kind.folder else 'file'} {path}", "check the path")
    return name, paths


def _guess(spec: str, name: str) -> str:
    """What may have been meant: a path without its kind, or a name with a typo."""
    path = Path(spec).expanduser()
    for kind in _ALL:
        if (kind.folder and path.is_dir()) or (kind.suffix and kind.suffix == path.suffix and path.is_file()):
            return f"did you mean {kind.name}:{spec}? "
    return suggestion(name, KINDS)
