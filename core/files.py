"""Files that are written whole or not at all, and folders that are never overwritten by accident."""

from __future__ import annotations

import csv
import errno
import gzip
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.paths import StrPath

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_PLACE = {
    errno.ENOTDIR,
    errno.ENOENT,
    errno.EEXIST,  # a file stands where a folder is needed
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.EBUSY,  # a mount point cannot be replaced by renaming
    errno.EXDEV,
}


_WRITTEN = (
    *("card.json", "proof.json", "row.json", "rows.json", "results.*", "index.html", "error.txt"),
    *("firmware.json", "*.firmware.json"),
    *("model.keras", "model.*.tflite", "model.npz", "model.joblib", "history.csv", "tuning.csv", "flips.png"),
    *("curves.png", "confusion.png", "front.png", "sweep.csv", "sweep.png", "calibration.*", "layer_error.*"),
    *("fold.json", "folds.json", "folds.csv", "study.db", "trials.csv", "trials.png"),
    *("test_lines.npz", "validation_lines.npz", "calibration_lines.npz"),
    *("truth.csv", *(f"{name}-{'[0-9]' * 6}.png" for name in ("line", "digit", "piece"))),
    *("mail.avi", "mail.json"),
)
"""Names of the files in folders that commands make as a whole, as :func:`fnmatch.fnmatchcase` reads them."""


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what a disk can refuse (full, read-only, forbidden) into an error that says what to do about it."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise EdgedigitsError(f"no room left to write {path}", "free some disk space and run again") from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise EdgedigitsError(f"may not write {path}", "choose a folder that you may write to") from error
        if error.errno in {errno.ENOTDIR, errno.EEXIST} and (place := _no_folder_above(path)):
            what = "a file" if place.is_file() else "no folder"
            raise EdgedigitsError(f"cannot write {path}: {place} is {what}", "name another folder") from error
        if error.errno in _NO_PLACE:
            raise EdgedigitsError(f"cannot write {path} ({error.strerror})", "choose another path") from error
        raise


def _no_folder_above(path: Path) -> Path | None:
    return next((place for place in reversed(path.parents) if place.exists() and not place.is_dir()), None)


def write_with(path: Path, write: Callable[[Path], object]) -> None:
    """Have ``write`` fill a temporary file beside ``path``, then flush it to disk and rename it into place.

    Args:
        path: the file to make; its folder is made too.
        write: called with the temporary path (same suffix as ``path``, so that writers which look at it work).

    What root writes belongs to the folder's owner: a service that runs as somebody else has to read and replace it.

    Raises:
        EdgedigitsError: the disk is full or may not be written; ``path`` is then as it was before.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        try:
            write(temporary)
            with temporary.open("rb+") as written:
                os.fsync(written.fileno())
            temporary.chmod(0o666 & ~_umask())
            _give_to_owner(temporary, path.parent)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _give_to_owner(file: Path, folder: Path) -> None:
    """Where root writes into somebody's folder, let the file be theirs."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return
    owner = folder.stat()
    if owner.st_uid != 0:
        os.chown(file, owner.st_uid, owner.st_gid)


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``, whole or not at all."""
    write_with(path, lambda temporary: temporary.write_bytes(data))


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` as UTF-8 with unix line ends, whole or not at all."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def csv_text(head: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """A table as comma-separated values with unix line ends; nothing stands for ``None``."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


def read_json(path: Path, remedy: str) -> Any:
    """The content of a JSON file of ours.

    Args:
        path: of the file.
        remedy: what to do where it is half-written or damaged.

    Raises:
        EdgedigitsError: it is half-written or damaged, or cannot be read.
    """
    refuse_no_file(path, remedy)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise EdgedigitsError(f"{path} is half-written or damaged ({error})", remedy) from error
    except OSError as error:
        raise EdgedigitsError(f"cannot read {path} ({error.strerror})", "check the path") from error


def refuse_no_file(path: Path, remedy: str) -> None:
    """Raise where a folder, a pipe or a device has the name of a file: reading a pipe would wait for ever.

    Args:
        path: of the file; one that is not there is no matter.
        remedy: what to do.
    """
    if path.exists() and not path.is_file():
        raise EdgedigitsError(f"{path} is no file", remedy)


def gzip_size(data: bytes) -> int:
    """Bytes of ``data`` after ``gzip -9``, as an update of a device's firmware would carry it."""
    return len(gzip.compress(data, 9))


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes in lower-case hexadecimal; of a folder that of the digests and names in it."""
    if path.is_dir():
        names = sorted(one.relative_to(path).as_posix() for one in path.rglob("*") if one.is_file())
        lines = "".join(f"{sha256_of(path / name)}  {name}\n" for name in names)
        return hashlib.sha256(lines.encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def refuse_to_overwrite(folder: Path, force: bool, option: str = "--out") -> None:
    """Raise where ``folder`` holds something already and ``force`` does not allow to replace it, or cannot be made.

    Raises:
        EdgedigitsError: the folder has content, is a file, or lies where nothing may be written.
    """
    _refuse_content(folder, force, option)
    try_to_write(folder, folder)


def _refuse_content(folder: Path, force: bool, option: str = "--out") -> None:
    with disk_errors(folder):
        if folder.exists() and not folder.is_dir():
            raise EdgedigitsError(f"{folder} is a file", f"name a folder for {option}")
        if not force and folder.is_dir() and any(folder.iterdir()):
            raise EdgedigitsError(
                f"{folder} exists and is not empty", f"choose another {option}, or add --force to replace it"
            )


def refuse_to_replace_folder(folder: Path, force: bool, option: str = "--out") -> None:
    """Raise where :func:`whole_folder` could not put a new folder in the place of this one.

    Raises:
        EdgedigitsError: the folder has content and ``force`` is not set; it is or holds the working folder or the
            user's home, is a mount point, or holds a file of another kind than such folders hold; or nothing may
            be written beside it.
    """
    _refuse_irreplaceable(folder, force, option)
    try_to_write(folder, folder)
    try_to_write(folder.parent, folder)


def _refuse_irreplaceable(folder: Path, force: bool, option: str = "--out") -> None:
    _refuse_content(folder, force, option)
    refuse_own_ground(folder, option)
    refuse_foreign_files(folder, option)
    if folder.is_mount():
        raise EdgedigitsError(
            f"{folder} is a mount point, which cannot be replaced as a whole", "name a folder inside it"
        )


def refuse_foreign_files(folder: Path, option: str = "--out") -> None:
    """Raise where a folder that would be replaced as a whole holds a file with a name that no command writes.

    Raises:
        EdgedigitsError: it does.
    """
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*")):
        if not path.is_dir() and not any(fnmatchcase(path.name, name) for name in _WRITTEN):
            raise EdgedigitsError(
                f"{path} is none of the files that such a folder holds, and {folder} is replaced as a whole",
                f"move the file away, or choose another {option}",
            )


def refuse_to_replace(file: Path, force: bool, option: str) -> None:
    """Raise where there is a file already and ``force`` does not allow to replace it, or where it cannot be written.

    Raises:
        EdgedigitsError: it exists, is a folder, or lies where nothing may be written.
    """
    with disk_errors(file):
        if file.is_dir():
            raise EdgedigitsError(f"{file} is a folder", f"name a file for {option}")
        if file.exists() and not force:
            raise EdgedigitsError(f"{file} exists", f"choose another {option}, or add --force to replace it")
    try_to_write(file.parent, file)


def try_to_write(folder: Path, wanted: Path) -> None:
    """Make something in ``folder``, or in what there is of the way to it, and take it away again.

    Raises:
        EdgedigitsError: that cannot be done; the message is about ``wanted``.
    """
    with disk_errors(wanted):
        there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        tempfile.TemporaryDirectory(dir=there, prefix=f".{wanted.name}-").cleanup()


def refuse_inputs_inside(inputs: Iterable[StrPath], out: Path, option: str = "--out") -> None:
    """Raise where something that a command reads is its output, or lies in the folder that it replaces.

    Args:
        inputs: models, pictures, folders of results or of data.
        out: the file or folder that is written.
        option: that names it.

    Raises:
        EdgedigitsError: one of them would be replaced.
    """
    for path in map(Path, inputs):
        if path.resolve() == out.resolve():
            raise EdgedigitsError(f"{path} is read and would be replaced", f"choose another {option}")
        if path.resolve().is_relative_to(out.resolve()):
            raise EdgedigitsError(f"{path} lies in {out}, which would be replaced", f"choose another {option}")


@contextmanager
def whole_folder(folder: Path, force: bool) -> Iterator[Path]:
    """Fill a folder whole or not at all: work in a temporary sibling, then put it in place.

    What lay in ``folder`` before is replaced only on success and only with ``force``.

    Raises:
        EdgedigitsError: as :func:`refuse_to_replace_folder`; or the disk refuses.
    """
    _refuse_irreplaceable(folder, force)
    with disk_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
        try:
            yield work
            work.chmod(0o777 & ~_umask())
            _refuse_content(folder, force)  # somebody else may have filled it meanwhile
            replace_folder(work, folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def refuse_own_ground(folder: Path, option: str = "--out") -> None:
    """Raise where replacing ``folder`` would take away the ground that the user stands on, with all that lies there."""
    own = (Path.cwd(), Path(os.environ.get("HOME") or "."))
    if any(place.resolve().is_relative_to(folder.resolve()) for place in own):
        raise EdgedigitsError(
            f"{folder} is or holds the folder you work in or your home, and {option} is replaced as a whole",
            f"choose another {option}",
        )


def replace_folder(work: Path, folder: Path) -> None:
    """Rename ``work`` to ``folder``; what lay there is kept aside until the new one stands."""
    if not folder.exists():
        work.rename(folder)
        return
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-old-"))
    try:
        folder.rename(aside / folder.name)
        try:
            work.rename(folder)
        except OSError:
            (aside / folder.name).rename(folder)
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
