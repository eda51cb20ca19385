"""Opening the journal's file: what is damaged or not ours is set aside, never deleted, and a new one begins."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from edgedigits.core.files import disk_errors
from edgedigits.edge.station.journal.database import connect, sqlite_errors
from edgedigits.edge.station.journal.schema import create, standing

FILE = "journal.sqlite"
"""Name of the file in the journal's folder."""

CHECK_SECONDS = 1.0
"""A file so large that its check takes longer is checked as far as it goes: the station has to start."""

_BESIDE = ("", "-wal", "-shm")
_STEPS = 10_000  # of SQLite's machine between two looks at the clock
_log = logging.getLogger(__name__)


def prepare(folder: Path, *, durable: bool) -> Path | None:
    """Make ``FOLDER/journal.sqlite`` ready to be opened.

    Returns:
        Where the file lies that was found and is none, or none any more; None where all is well.

    Raises:
        EdgedigitsError: the folder or the file cannot be made, read or written.
    """
    path = folder / FILE
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    why = "is no file" if path.exists() and not path.is_file() else _why_not(path, durable=durable)
    if not why:
        return None
    last = _last_sequence(path)
    aside = set_aside(path, why)
    with sqlite_errors(path):
        _create(path, durable=durable, last_sequence=last)
    return aside


def _why_not(path: Path, *, durable: bool) -> str:
    """Why a file cannot go on as a journal, in words; empty where it can."""
    with sqlite_errors(path):
        try:
            connection = connect(path, durable=durable)
            try:
                found = standing(connection)
                if found == "new":
                    create(connection)
                elif found == "ours":
                    return _damage(connection)
                else:
                    return "is of a newer edgedigits" if found == "newer" else "is no journal of edgedigits"
            finally:
                connection.close()
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                return f"is damaged ({error})"
            raise
    return ""


def _damage(connection: sqlite3.Connection) -> str:
    """What a quick check of the file says; empty where it says nothing within :data:`CHECK_SECONDS`."""
    end = time.monotonic() + CHECK_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        _log.info("the journal is large: checked for %.0f s, not wholly", CHECK_SECONDS)
        return ""
    finally:
        connection.set_progress_handler(None, 0)
    return "" if said == "ok" else f"is damaged ({' '.join(said.split())})"


def _last_sequence(path: Path) -> int:
    """Of the last event in a damaged file, as far as it can be read, so that the new one goes on from there."""
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            return int(connection.execute("SELECT coalesce(max(sequence), 0) FROM pieces").fetchone()[0])
        finally:
            connection.close()
    except (sqlite3.Error, TypeError, ValueError):
        return 0


def set_aside(path: Path, why: str) -> Path:
    """Rename a file, with what SQLite keeps beside it, to a free name with the time, and log it.

    Raises:
        EdgedigitsError: it cannot be renamed.
    """
    stamp = f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}"
    aside = next(free for free in _names(path, stamp) if not free.exists())
    with disk_errors(path):
        for end in reversed(_BESIDE):
            beside = path.with_name(path.name + end)
            if beside.exists():
                beside.rename(aside.with_name(aside.name + end))
    _log.warning("%s %s: it is kept as %s, and a new one begins", path, why, aside.name)
    return aside


def _names(path: Path, stamp: str) -> Iterator[Path]:
    first = path.with_stem(f"{path.stem}-set-aside-{stamp}")
    yield first
    yield from (first.with_stem(f"{first.stem}-{number}") for number in count(2))


def _create(path: Path, *, durable: bool, last_sequence: int) -> None:
    connection = connect(path, durable=durable)
    try:
        create(connection, last_sequence)
    finally:
        connection.close()
