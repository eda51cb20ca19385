"""The journal's SQLite file: one connection that writes, and others that read meanwhile."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError

BUSY_SECONDS = 10.0
"""How long to wait for another program that writes to the file."""

MOST_WAL_BYTES = 8 << 20
"""To which the write-ahead log is cut once its content is in the file."""

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_REMEDIES = {
    sqlite3.SQLITE_FULL: "free some disk space",
    sqlite3.SQLITE_IOERR: "look whether the disk is full or failing",
    sqlite3.SQLITE_CANTOPEN: "look who may write to that folder, and whether files can still be opened",
    sqlite3.SQLITE_READONLY: "look who may write to that file, and whether the disk is mounted for reading only",
    sqlite3.SQLITE_PERM: "look who may write to that file",
    sqlite3.SQLITE_BUSY: "end the other program that keeps it locked",
    sqlite3.SQLITE_LOCKED: "end the other program that keeps it locked",
}


class JournalUnwritable(EdgedigitsError):
    """The disk, the system or another program does not let the journal be read or written now; it may later."""


class JournalDamaged(EdgedigitsError):
    """The journal's file is damaged."""


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Turn what a disk or another program does to a file into an error that says what to do about it.

    Raises:
        JournalUnwritable: full, forbidden, locked, failing.
        JournalDamaged: no SQLite file (any more).
    """
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary one
        if code in _DAMAGED:
            raise JournalDamaged(f"{path} is damaged ({error})", "start the station again") from error
        if code in _REMEDIES:
            raise JournalUnwritable(f"cannot write {path} ({error})", _REMEDIES[code]) from error
        raise


class Database:
    """Connections to one file.

    Args:
        path: of a file with the tables.
        durable: whether what was committed also outlives a loss of power.
    """

    def __init__(self, path: Path, *, durable: bool) -> None:
        self.path = path
        self._durable = durable
        self._lock = threading.RLock()  # guards the writing connection, and the list below
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        self._writer = connect(path, durable=durable)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction, with which nobody else writes meanwhile; all of it is committed, or nothing.

        Raises:
            JournalUnwritable, JournalDamaged: as :func:`sqlite_errors`.
        """
        with self._lock, sqlite_errors(self.path):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees what is committed, and keeps nobody from writing.

        Raises:
            JournalUnwritable, JournalDamaged: as :func:`sqlite_errors`.
        """
        with sqlite_errors(self.path):
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            connection = connection or connect(self.path, durable=self._durable)
            try:
                yield connection
            finally:
                with self._lock:
                    if self._closed:
                        connection.close()
                    else:
                        self._idle.append(connection)

    def close(self) -> None:
        """Close all connections; those in use close when they are given back."""
        with self._lock:
            self._closed = True
            for connection in (*self._idle, self._writer):
                connection.close()
            self._idle.clear()


def connect(path: Path, *, durable: bool) -> sqlite3.Connection:
    """A connection whose transactions are begun by hand."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA journal_size_limit = {MOST_WAL_BYTES}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
