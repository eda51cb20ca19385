"""Writing several files into a folder that may hold more: all of them or none."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import disk_errors, whole_folder, write_bytes
from edgedigits.firmware_export.earlier_export import EarlierExport, earlier_export, write_list

_SOURCES = (".c", ".h", ".cpp", ".ino")
_MARK = b"edgedigits"
"""Stands in the head of each C file that is written."""


@dataclass(frozen=True)
class Placed:
    """What became of a folder that files were written into.

    Attributes:
        files: that were written, beside the list of them.
        removed: of an earlier export, which the new one does not write.
        stayed: the same, but changed since, or of an export that left no list and without a line that says so.
    """

    files: tuple[Path, ...]
    removed: tuple[Path, ...] = ()
    stayed: tuple[Path, ...] = ()


def write_files(folder: Path, texts: Mapping[str, str | bytes], force: bool) -> Placed:
    """Write files by their relative paths; with ``force`` replace an earlier export, and leave everything else.

    Files are replaced in a folder that an export was written into before: it holds the list of them, or a C file that
    says so.

    Raises:
        EdgedigitsError: the folder has content and ``force`` is not set, a file of the user's own would be replaced, a
            file or folder is in the way, or the disk is full or may not be written.
    """
    if folder.is_dir() and (force or not any(folder.iterdir())):
        return _replace_files(folder, texts)
    with whole_folder(folder, force) as work:
        for file, text in texts.items():
            write_bytes(work / file, _bytes(text))
        write_list(work, _digests(texts))
    return Placed(tuple(folder / file for file in texts))


def _replace_files(folder: Path, texts: Mapping[str, str | bytes]) -> Placed:
    """Write everything that can fail for want of room first, then rename file by file.

    While files are renamed, the list names old and new ones: what is stopped there goes on with the next export.
    """
    for file in texts:
        _refuse_what_is_in_the_way(folder, file)
    earlier = earlier_export(folder)
    _refuse_files_of_others(folder, texts, earlier)
    before = {
        file: digest for file, digest in (earlier.digests if earlier else {}).items() if (folder / file).is_file()
    }
    left = [file for file in before if file not in texts]
    with disk_errors(folder), tempfile.TemporaryDirectory(dir=folder, prefix=".") as stage:
        for file, text in texts.items():
            write_bytes(Path(stage) / file, _bytes(text))
        stale = [file for file in left if earlier and earlier.wrote(folder, file)]
        write_list(folder, {**before, **_digests(texts)})
        for place in {PurePosixPath(file).parent for file in texts}:
            (folder / place).mkdir(parents=True, exist_ok=True)
        for file in texts:
            (Path(stage) / file).replace(folder / file)
        for file in stale:
            _remove(folder, file)
        write_list(folder, _digests(texts))
    stayed = tuple(folder / file for file in left if file not in stale)
    return Placed(tuple(folder / file for file in texts), tuple(folder / file for file in stale), stayed)


def _remove(folder: Path, file: str) -> None:
    """Take a file away, and the folders that held nothing else."""
    (folder / file).unlink()
    for parent in list(PurePosixPath(file).parents)[:-1]:
        if any((folder / parent).iterdir()):
            return
        (folder / parent).rmdir()


def _digests(texts: Mapping[str, str | bytes]) -> dict[str, str]:
    return {file: hashlib.sha256(_bytes(text)).hexdigest() for file, text in texts.items()}


def _refuse_files_of_others(folder: Path, texts: Mapping[str, str | bytes], earlier: EarlierExport | None) -> None:
    """Raise where files would be replaced and nothing shows that they were written here."""
    there = [file for file in texts if (folder / file).is_file()]
    if earlier and earlier.listed:
        if own := [file for file in there if file not in earlier.digests]:
            raise EdgedigitsError(
                f"{folder / own[0]} is there already, and the export into this folder has not written it",
                "move it away, or choose another --out",
            )
        return
    sources = (folder / file for file in there if PurePosixPath(file).suffix in _SOURCES)
    if there and not earlier and not any(_MARK in path.read_bytes() for path in sources):
        raise EdgedigitsError(
            f"{folder / there[0]} is there already, in a folder that no export was written into",
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


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()
