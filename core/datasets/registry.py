"""Data sets by name: ``NAME`` or ``NAME:PATH[,PATH]``, with words after it: :mod:`edgedigits.core.dataset_spec`."""

from __future__ import annotations

import warnings
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.dataset_spec import AS_IS, INVERTED, ORIENTATIONS, WORDS, spec_with, split_spec
from edgedigits.core.datasets.kind import DatasetKind
from edgedigits.core.errors import EdgedigitsError, EdgedigitsWarning
from edgedigits.core.lines.naming import is_lines
from edgedigits.core.naming import suggestion

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Dataset

MODULES = (
    "mnist",
    "optdigits",
    "samples",
    "kaggle",
    "csv",
    "csv_pair",
    "idx",
    "npz",
    "folder",
    "emnist",
    "usps",
    "semeion",
    "svhn",
)
"""Modules of ``kinds``, each with a ``KIND``, in the order in which users see them."""

_ALL: list[DatasetKind] = [import_module(f"{__package__}.kinds.{module}").KIND for module in MODULES]

KINDS = {kind.name: kind for kind in _ALL}
"""What can be loaded, by name."""


def load_dataset(spec: str) -> Dataset:
    """Load a data set, its digits upright and bright on dark, and looked at by the built-in model.

    Args:
        spec: as :data:`KINDS` writes them: ``mnist``, ``optdigits``, ``csv:digits.csv``, ``idx:images.gz,labels.gz``...
            with words after a plus sign, such as ``csv:digits.csv+transposed``.

    Raises:
        EdgedigitsError: unknown name or word, wrong number of paths, files that are not what they should be, or digits
            that lie on their side, are mirrored or dark on bright.
    """
    from edgedigits.core.datasets.copies import warn_of_copies
    from edgedigits.core.datasets.orientation import check_orientation, treated

    name, paths = check_dataset(spec)
    plain, words = split_spec(spec)
    spec = spec_with(plain, words)
    dataset = treated(replace(KINDS[name].load(spec, paths), spec=spec), words)
    if AS_IS not in words and (paths or words):
        check_orientation(dataset)
    if paths:
        warn_of_copies(dataset)
    if paths and not KINDS[name].folder:  # of a folder the digits that it lacks are told
        _warn_of_one_label(dataset)
    return dataset


def _warn_of_one_label(dataset: Dataset) -> None:
    """Warn where all digits have one label, as those of another column than that of the labels have."""
    labels = dataset.divisible.labels
    if len(labels) > 1 and (labels == labels[0]).all():
        warnings.warn(
            EdgedigitsWarning(
                f"all {len(labels):,} digits of {dataset.spec} are labelled {labels[0]}",
                "look whether their labels stand where they were looked for",
            ),
            stacklevel=3,
        )


def check_dataset(spec: str) -> tuple[str, list[Path]]:
    """The kind and the paths of a data set, checked as far as that takes no time: nothing is read.

    Args:
        spec: as :func:`load_dataset` takes it.

    Raises:
        EdgedigitsError: unknown name or word, wrong number of paths, or a path where nothing lies.
    """
    plain, words = split_spec(spec)
    name, _, rest = plain.partition(":")
    if is_lines(plain):
        raise EdgedigitsError(
            f"{spec!r} names lines, and this is for networks that read single digits",
            "name digits, or give a line network: `edgedigits train --model line` makes one",
        )
    if name not in KINDS:
        known = ", ".join(kind.spec for kind in KINDS.values())
        raise EdgedigitsError(f"no data set is called {name!r}", f"{_guess(plain, name)}choose one of {known}")
    kind = KINDS[name]
    _check_words(kind, spec, words)
    parts = rest.split(",") if kind.paths > 1 else [rest]
    paths = [Path(part).expanduser() for part in parts if part]
    if len(paths) != kind.paths:
        raise EdgedigitsError(f"{spec!r} names {len(paths)} paths, not {kind.paths}", f"write it as {kind.spec}")
    for path in paths:
        if not path.exists():
            raise EdgedigitsError(f"no {'folder' if kind.folder else 'file'} {path}", f"check the path{_typo(path)}")
    return name, paths


def _check_words(kind: DatasetKind, spec: str, words: tuple[str, ...]) -> None:
    of_all = (*ORIENTATIONS, INVERTED)
    wrong = [word for word in words if word not in of_all and word not in kind.words]
    if wrong:
        whose = ", ".join(one.spec for one in _ALL if wrong[0] in one.words)
        raise EdgedigitsError(f"{spec} cannot be taken with {wrong[0]!r}, which is of {whose}", "leave it out")
    if sum(word in ORIENTATIONS for word in words) > 1:
        raise EdgedigitsError(f"{spec} names more than one orientation", "leave all but one out")


def _typo(path: Path) -> str:
    """What to add where the path may be followed by a word that is none."""
    head, plus, word = str(path).rpartition("+")
    return f"; or {word!r} is no word for a data set: {', '.join(WORDS)}" if plus and Path(head).exists() else ""


def _guess(spec: str, name: str) -> str:
    """What may have been meant: a path without its kind, or a name with a typo."""
    path = Path(spec).expanduser()
    for kind in _ALL:
        if (kind.folder and path.is_dir()) or (
            kind.suffix and path.name.removesuffix(".gz").endswith(kind.suffix) and path.is_file()
        ):
            return f"did you mean {kind.name}:{spec}? "
    return suggestion(name, KINDS)
