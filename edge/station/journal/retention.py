"""What is deleted: pieces by their age, pictures by the room that they take, the oldest first.

What an output has not delivered, what waits to be keyed, and what a person was given is never deleted.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from edgedigits.core.files import disk_errors
from edgedigits.edge.station.journal.crops import CROPS, MEGABYTE
from edgedigits.edge.station.journal.database import Database
from edgedigits.edge.station.journal.replacing import JournalFile
from edgedigits.edge.station.journal.storing import last_sequence

BATCH, PAUSE = 100, 0.01
"""Pieces that one transaction deletes, and seconds to the next: the station wants to write meanwhile."""

JUMP_SECONDS = 3600.0
"""By which a clock may run ahead of one that never jumps before it is not believed."""

DISBELIEF_SECONDS = 86_400.0
"""For so long after a jump nothing is deleted by its age: a clock that was set wrong may be set right meanwhile."""

_DAY = timedelta(days=1).total_seconds()
_VACUUM_PAGES = 1000
_log = logging.getLogger(__name__)

_OLD = """
SELECT number, crop, crop_bytes FROM pieces
WHERE sequence <= ? AND decided < ? AND number NOT IN (SELECT piece FROM claims)
ORDER BY number LIMIT ?
"""
_SIZE = "SELECT coalesce(sum(crop_bytes), 0) FROM pieces WHERE crop IS NOT NULL"
_PICTURED = """
SELECT number, crop, crop_bytes FROM pieces
WHERE crop IS NOT NULL AND sequence IS NOT NULL AND number NOT IN (SELECT piece FROM claims)
ORDER BY number LIMIT ?
"""


@dataclass(frozen=True)
class Tidied:
    """What was deleted.

    Attributes:
        pieces: with all that is known of them.
        crops: pictures, those of the pieces included.
        size: bytes of the pictures.
    """

    pieces: int = 0
    crops: int = 0
    size: int = 0

    def __add__(self, other: Tidied) -> Tidied:
        return Tidied(self.pieces + other.pieces, self.crops + other.crops, self.size + other.size)


class Believed:
    """Whether a clock can be believed when it says that something is old.

    A clock that was set forward makes everything old at once. One that ran ahead of the clock that never jumps by
    more than :data:`JUMP_SECONDS` is believed after :data:`DISBELIEF_SECONDS`.

    Args:
        steady: seconds of a clock that never jumps.
    """

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._ahead: float | None = None
        self._from = steady()

    def at(self, now: float) -> bool:
        """Whether the time ``now`` (seconds since 1970) is believed."""
        ahead = now - self._steady()
        if self._ahead is not None and ahead - self._ahead > JUMP_SECONDS:
            _log.warning("the clock was set forward: for a day, no piece is deleted for its age")
            self._from = self._steady() + DISBELIEF_SECONDS
        self._ahead = ahead
        return self._steady() >= self._from


class Retention:
    """Deletes what is no longer kept, of one journal, from one thread.

    Args:
        file: of the journal.
        folder: of the journal.
    """

    def __init__(self, file: JournalFile, folder: Path) -> None:
        self._file, self._folder = file, folder
        self._opened = time.time()
        self._strays_sought = False
        self._believed = Believed()

    def tidy(self, now: float, keep_days: int, keep_megabytes: int, outputs: Collection[str]) -> Tidied:
        """Do so, as :meth:`.Journal.tidy` says."""
        if not self._strays_sought:
            self._strays_sought = True
            self._file.within(lambda database: delete_strays(database, self._folder, self._opened))
        done = self._file.within(lambda database: delete_pictures(database, self._folder, keep_megabytes))
        if self._believed.at(now) and keep_days:
            before = now - keep_days * _DAY
            done += self._file.within(lambda database: delete_old(database, self._folder, before, outputs))
        self._file.within(give_back_room)
        return done


def delete_old(database: Database, folder: Path, before: float, outputs: Collection[str]) -> Tidied:
    """Delete pieces that were decided before a time and that every output has delivered.

    Args:
        database: the journal's.
        folder: of the journal.
        before: seconds since 1970.
        outputs: those that deliver; one that has delivered nothing keeps all.
    """
    done = Tidied()
    while True:
        with database.reading() as connection:
            delivered = _delivered_by_all(connection, outputs)
            rows = connection.execute(_OLD, (delivered, before, BATCH)).fetchall()
        if not rows:
            return done
        _unlink(folder, rows)
        with database.writing(flush=False) as connection:
            connection.execute("UPDATE beginnings SET sequence = ?", (last_sequence(connection),))
            connection.executemany("DELETE FROM pieces WHERE number = ?", [(row["number"],) for row in rows])
        done += Tidied(len(rows), *_pictures(rows))
        time.sleep(PAUSE)


def _delivered_by_all(connection: sqlite3.Connection, outputs: Collection[str]) -> int:
    sequences = {row["name"]: row["sequence"] for row in connection.execute("SELECT name, sequence FROM outputs")}
    return min((sequences.get(name, 0) for name in outputs), default=last_sequence(connection))


def delete_pictures(database: Database, folder: Path, megabytes: int) -> Tidied:
    """Delete the oldest pictures until all take no more than some megabytes; their pieces are reviewed no more."""
    done = Tidied()
    while True:
        with database.reading() as connection:
            size = connection.execute(_SIZE).fetchone()[0]
            rows = connection.execute(_PICTURED, (BATCH,)).fetchall()
        rows = _oldest(rows, size - megabytes * MEGABYTE)
        if not rows:
            return done
        _unlink(folder, rows)
        with database.writing(flush=False) as connection:
            connection.executemany(
                "UPDATE pieces SET crop = NULL, crop_bytes = 0, review = NULL WHERE number = ?",
                [(row["number"],) for row in rows],
            )
        done += Tidied(0, *_pictures(rows))
        time.sleep(PAUSE)


def _oldest(rows: Iterable[sqlite3.Row], excess: int) -> list[sqlite3.Row]:
    """As many of the rows as have ``excess`` bytes."""
    taken: list[sqlite3.Row] = []
    for row in rows:
        if excess <= 0:
            break
        taken.append(row)
        excess -= row["crop_bytes"]
    return taken


def _pictures(rows: Collection[sqlite3.Row]) -> tuple[int, int]:
    return sum(row["crop"] is not None for row in rows), sum(row["crop_bytes"] for row in rows)


def _unlink(folder: Path, rows: Iterable[sqlite3.Row]) -> None:
    """Delete pictures, before their rows: one that is left without its row would never be."""
    paths = [folder / row["crop"] for row in rows if row["crop"]]
    for path in paths:
        with disk_errors(path):
            path.unlink(missing_ok=True)
    newest = max((path.name for path in (folder / CROPS).glob("*")), default="")
    for day in {path.parent for path in paths}:
        if day.name != newest:  # into which a picture may be written now
            with suppress(OSError):  # others are left in it
                day.rmdir()


def delete_strays(database: Database, folder: Path, before: float) -> int:
    """Delete pictures of which no piece knows, as a killed program leaves one; says how many.

    Args:
        database: the journal's.
        folder: of the journal.
        before: only files that were written before this time, seconds since 1970.
    """
    found = 0
    days = sorted((folder / CROPS).glob("*"))[-2:]  # it was killed on one of its last
    for path in sorted(file for day in days for file in day.iterdir() if file.stat().st_mtime < before):
        with database.reading() as connection:
            known = connection.execute("SELECT 1 FROM pieces WHERE id = ?", (path.stem,)).fetchone()
        if not known:
            with disk_errors(path):
                path.unlink(missing_ok=True)
            found += 1
    return found


def give_back_room(database: Database) -> None:
    """Return pages of the file that became free to the disk, some at a time."""
    with database.writing(flush=False) as connection:
        free = connection.execute("PRAGMA freelist_count").fetchone()[0]
        for _ in range(min(free, _VACUUM_PAGES)):
            connection.execute("PRAGMA incremental_vacuum(1)")  # Python's module makes one step of it, whatever N is
