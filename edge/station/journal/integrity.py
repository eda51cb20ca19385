"""Opening the journal's file: what is damaged or not ours is set aside, never deleted, and a new one begins."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import disk_errors
from edgedigits.edge.station.journal.database import DAMAGED, connect, connect_to_read, primary_code, sqlite_errors
from edgedigits.edge.station.journal.schema import create, standing, upgrade
from edgedigits.edge.station.journal.sharing import Use
from edgedigits.edge.station.journal.storing import last_sequence

FILE = "journal.sqlite"
"""Name of the file in the journal's folder."""

CHECK_SECONDS = 0.5
"""A file so large that its check takes longer is checked as far as it goes: the station has to start."""

_WHY = {"foreign": "is no journal of edgedigits", "newer": "is of another version of edgedigits"}
_BESIDE = ("", "-wal", "-shm")
_STEPS = 10_000  # of SQLite's machine between two looks at the clock
_log = logging.getLogger(__name__)


def prepare(folder: Path, use: Use, *, durable: bool, last: int = 0) -> Path | None:
    """Make ``FOLDER/journal.sqlite`` ready to be opened.

    Args:
        folder: of the journal, which is there.
        use: of that folder.
        durable: whether what is written is flushed to the disk.
        last: sequence of the last event before a file that is new; of one that is set aside its own, if it can tell.

    Returns:
        Where the file lies that was found and is none, or none any more; None where all is well.

    Raises:
        EdgedigitsError: the file cannot be made or read; or another program uses it, and it would be set aside.
    """
    path = folder / FILE
    why = _why_not(path)
    aside = None
    if why:
        last = max(last, _last_sequence(path))
        aside = set_aside(path, use, why)
    if why == "":
        _upgrade(path, durable=durable)
    else:
        _make(path, last, durable=durable)
    return aside


def _why_not(path: Path) -> str | None:
    """Why a file cannot go on as a journal, in words; empty where it can, None where nothing is there yet."""
    if not path.exists():
        return None
    if not path.is_file():
        return "is no file"
    with sqlite_errors(path):
        try:
            connection = connect_to_read(path)  # one that writes would change what it closes
            try:
                found = standing(connection)
                return None if found == "new" else _WHY.get(found) or _damage(connection)
            finally:
                connection.close()
        except sqlite3.DatabaseError as error:
            if primary_code(error) in DAMAGED:
                return f"is damaged ({error})"
            raise


def _make(path: Path, last: int, *, durable: bool) -> None:
    with sqlite_errors(path):
        connection = connect(path, durable=durable)
        try:
            create(connection, last)
        finally:
            connection.close()


def _upgrade(path: Path, *, durable: bool) -> None:
    with sqlite_errors(path):
        connection = connect(path, durable=durable)
        try:
            if standing(connection) == "older":
                upgrade(connection)
        finally:
            connection.close()


def _damage(connection: sqlite3.Connection) -> str:
    """What a quick check of the file says; empty where it says nothing within :data:`CHECK_SECONDS`."""
    end = time.monotonic() + CHECK_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        _log.info("the journal is large: checked for %.1f s, not wholly", CHECK_SECONDS)
        return ""
    finally:
        connection.set_progress_handler(None, 0)
    return "" if said == "ok" else f"is damaged ({' '.join(said.split())})"


def _last_sequence(path: Path) -> int:
    """Of the last event in a damaged file, as far as it can be read, so that the new one goes on from there."""
    try:
        connection = connect_to_read(path)
        try:
            return last_sequence(connection)
        finally:
            connection.close()
    except (sqlite3.Error, TypeError, ValueError):
        return 0


def set_aside(path: Path, use: Use, why: str) -> Path:
    """Rename a file, with what SQLite keeps beside it, to a free name with the time, and log it.

    Args:
        path: of the file, which this program has closed.
        use: of its folder.
        why: what is wrong with it, in words.

    Raises:
        EdgedigitsError: another program uses it, or it cannot be renamed.
    """
    stamp = f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}"
    aside = next(free for free in _names(path, stamp) if not free.exists())
    if not use.take_alone():
        raise EdgedigitsError(f"{path} {why}, and another program uses it", "end that program, and start again")
    try:
        with disk_errors(path):
            for end in reversed(_BESIDE):
                beside = path.with_name(path.name + end)
                if beside.exists():
                    beside.rename(aside.with_name(aside.name + end))
    finally:
        use.share()
    _log.warning("%s %s: it is kept as %s, and a new one begins", path, why, aside.name)
    return aside


def _names(path: Path, stamp: str) -> Iterator[Path]:
    first = path.with_stem(f"{path.stem}-set-aside-{stamp}")
    yield first
    yield from (first.with_stem(f"{first.stem}-{number}") for number in count(2))
