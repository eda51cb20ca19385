"""Writing several files into a folder that may hold more: all of them or none."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import disk_errors, whole_folder, write_bytes

_SOURCES = (".c", ".h", ".cpp", ".ino")
_MARK = b"edgedigits"
"""Stands in the head of each C file that is written."""


def write_files(folder: Path, texts: Mapping[str, str | bytes], force: bool) -> None:
    """Write files by their relative paths; with ``force`` replace these and leave everything else where it is.

    Files are replaced in a folder that an export was written into before: one of the C files that would be replaced
    says so.

    Raises:
        EdgedigitsError: the folder has content and ``force`` is not set, a file of the user's own would be replaced, a
            file or folder is in the way, or the disk is full or may not be written.
    """
    if folder.is_dir() and (force or not any(folder.iterdir())):
        _replace_files(folder, texts)
        return
    with whole_folder(folder, force) as work:
        for file, text in texts.items():
            _write(work / file, text)


def _replace_files(folder: Path, texts: Mapping[str, str | bytes]) -> None:
    """Write everything that can fail for want of room first, then rename file by file."""
    for file in texts:
        _refuse_what_is_in_the_way(folder, file)
    _refuse_files_of_others(folder, texts)
    with disk_errors(folder), tempfile.TemporaryDirectory(dir=folder, prefix=".") as stage:
        for file, text in texts.items():
            _write(Path(stage) / file, text)
        for place in {PurePosixPath(file).parent for file in texts}:
            (folder / place).mkdir(parents=True, exist_ok=True)
        for file in texts:
            (Path(stage) / file).replace(folder / file)


def _refuse_files_of_others(folder: Path, texts: Mapping[str, str | bytes]) -> None:
    """Raise where files would be replaced and nothing shows that they were written here."""
    there = [folder / file for file in texts if (folder / file).is_file()]
    if there and not any(path.suffix in _SOURCES and _MARK in path.read_bytes() for path in there):
        raise EdgedigitsError(
            f"{there[0]} is there already, in a folder that no export was written into",
            "choose another --out; --force replaces an earlier export",
        )


def _refuse_what_is_in_the_way(folder: Path, file: str) -> None:
    """Raise where a folder has the name of the file, or a file that of one of its folders."""
    folders = [folder / parent for parent in PurePosixPath(file).parents]
    wrong = [place for place in folders if place.exists() and not place.is_dir()]
    if (folder / file).is_dir():
        wrong.append(folder / file)
    if wrong:
        raise EdgedigitsError(
            f"cannot write {folder / file}: {wrong[0]} is in the way", "remove it, or choose another --out"
        )


def _write(path: Path, content: str | bytes) -> None:
    write_bytes(path, content if isinstance(content, bytes) else content.encode())
