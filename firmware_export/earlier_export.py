"""What an earlier export wrote into a folder: by the list that it left there, or by names and first lines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import read_json, write_json
from edgedigits.firmware_export.targets.contract import HEADER, SOURCE
from edgedigits.firmware_export.targets.registry import TARGETS

LIST = ".edgedigits.json"
"""The list's name in the folder: each file that was written, with the SHA-256 of its bytes."""

_FILES = "exported"
_MADE_BY = (b"Made by edgedigits ", b"Made by `edgedigits export`; do not edit")
_BLOB = b"EDGW"
_FIRST_LINES = 600
"""Bytes in which a file says who made it."""

_EXAMPLES = ("read_digit", "run_model")
_ARRAYS = "_model.c"


@dataclass(frozen=True)
class EarlierExport:
    """What an export left in a folder.

    Attributes:
        listed: whether there is a list of its files; exports of before wrote none.
        digests: SHA-256 of each file's bytes, by its path below the folder; empty where the export left no list.
    """

    listed: bool
    digests: Mapping[str, str]

    def wrote(self, folder: Path, file: str) -> bool:
        """Whether a file is still as the export wrote it; without a list, whether its first lines say so."""
        path = folder / file
        if self.listed:
            return hashlib.sha256(path.read_bytes()).hexdigest() == self.digests[file]
        return _says_so(path)


def earlier_export(folder: Path) -> EarlierExport | None:
    """What an earlier export left in a folder; None where none is known to have written there.

    Raises:
        EdgedigitsError: its list is damaged.
    """
    if (folder / LIST).exists():
        return EarlierExport(True, _listed(folder / LIST))
    found = {file for file in _candidates(folder) if (folder / file).is_file()}
    return EarlierExport(False, dict.fromkeys(sorted(found), "")) if found else None


def write_list(folder: Path, digests: Mapping[str, str]) -> None:
    """Leave the list of exported files in their folder."""
    write_json(folder / LIST, {_FILES: dict(sorted(digests.items()))})


def _listed(path: Path) -> dict[str, str]:
    remedy = "remove it and run again, or choose another --out"
    content = read_json(path, remedy)
    files = content.get(_FILES) if isinstance(content, dict) else None
    if not isinstance(files, dict) or not all(
        isinstance(digest, str) and _is_below(file) for file, digest in files.items()
    ):
        raise EdgedigitsError(f"{path} is no list of exported files", remedy)
    return files


def _is_below(file: str) -> bool:
    path = PurePosixPath(file)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def _says_so(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(_FIRST_LINES)
    return start.startswith(_BLOB) if path.suffix == ".bin" else any(mark in start for mark in _MADE_BY)


def _candidates(folder: Path) -> Iterator[str]:
    """Paths that exports without a list may have written: all that the layout of a library found there names."""
    for path in folder.glob(f"*{_ARRAYS}"):
        if path.is_file() and _says_so(path):
            yield from (path.name, path.with_suffix(".h").name)
    for layout in (target.layout for target in TARGETS.values() if target.layout):
        source, header = (
            next(path for path, content in layout.items() if content is kind) for kind in (SOURCE, HEADER)
        )
        for path in folder.glob(source.format(name="*")):
            name = path.stem
            beside = folder / header.format(name=name)
            if path.is_file() and beside.is_file() and _says_so(path) and _says_so(beside):
                yield from _of_library(folder, layout, header, name)


def _of_library(folder: Path, layout: Mapping[str, str], header: str, name: str) -> Iterator[str]:
    for example in _EXAMPLES:
        facts = {"name": name, "example": example, "Example": example.title().replace("_", "")}
        yield from (path.format_map(facts) for path in layout)
    yield header.format(name=f"{name}_weights")
    yield from (f"weights/{path.name}" for path in folder.glob(f"weights/{name}_weights_*.bin"))
