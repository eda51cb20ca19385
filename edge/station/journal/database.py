"""The journal's SQLite file: one connection that writes, and others that read meanwhile."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError

BUSY_SECONDS = 1.0
"""How long to wait for another program that writes to the file: the station must not stand still."""

MOST_WAL_BYTES = 8 << 20
"""To which the write-ahead log is cut once its content is in the file."""

MOST_IDLE = 3
"""Connections that are kept to be read by: many at once are few moments, and each has a cache."""

CACHE_KIB = 256
"""Of each connection. SQLite's usual 2,000 fill as the journal grows, so that a station seems to lose memory for days;
the system keeps the file in memory anyway."""

DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
"""Primary codes of errors that say: no SQLite file, or none any more."""

_REMEDIES = {
    sqlite3.SQLITE_FULL: "free some disk space",
    sqlite3.SQLITE_IOERR: "look whether the disk is full or failing",
    sqlite3.SQLITE_CANTOPEN: "look who may write to its folder, or copy that to where you may",
    sqlite3.SQLITE_READONLY: "look who may write to that file, and whether the disk is mounted for reading only",
    sqlite3.SQLITE_PERM: "look who may write to that file",
    sqlite3.SQLITE_BUSY: "end the other program that keeps it locked",
    sqlite3.SQLITE_LOCKED: "end the other program that keeps it locked",
}


class JournalUnwritable(EdgedigitsError):
    """The disk, the system or another program does not let the journal be read or written now; it may later."""


class JournalClosed(EdgedigitsError):
    """The journal was closed."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is closed", "open it again")


class JournalDamaged(EdgedigitsError):
    """The journal's file is damaged, or none."""


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
        code = primary_code(error)
        if code in DAMAGED:
            raise JournalDamaged(
                f"{path} is damaged ({error})", "start the station again, which sets it aside"
            ) from error
        if code in _REMEDIES:
            raise JournalUnwritable(f"cannot read or write {path} ({error})", _REMEDIES[code]) from error
        raise


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's code of an error without what is particular; 0 of an error that is Python's."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


class Database:
    """Connections to one file.

    Args:
        path: of a file with the tables.
        durable: whether what was committed also outlives a loss of power.

    Attributes:
        closed: it was closed.
    """

    def __init__(self, path: Path, *, durable: bool) -> None:
        self.path = path
        self._durable = durable
        self._writing = threading.Lock()  # guards the connection that writes
        with sqlite_errors(path):
            self._writer = connect(path, durable=durable)
        self._returned = threading.Condition()  # guards what follows
        self._idle: list[sqlite3.Connection] = []
        self._lent = 0
        self.closed = False

    @contextmanager
    def writing(self, *, flush: bool = True) -> Iterator[sqlite3.Connection]:
        """A transaction, with which nobody else writes meanwhile; all of it is committed, or nothing.

        Args:
            flush: whether it must outlive a loss of power where the database is durable.

        Raises:
            JournalUnwritable, JournalDamaged: as :func:`sqlite_errors`.
            JournalClosed: it was closed.
        """
        with self._writing, sqlite_errors(self.path):
            if self.closed:
                raise JournalClosed(self.path)
            self._writer.execute(f"PRAGMA synchronous = {'FULL' if flush and self._durable else 'NORMAL'}")
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
            JournalClosed: it was closed.
        """
        with sqlite_errors(self.path):
            connection = self._lend()
            try:
                yield connection
            finally:
                with self._returned:
                    if len(self._idle) < MOST_IDLE:
                        self._idle.append(connection)
                    else:
                        connection.close()
                    self._lent -= 1
                    self._returned.notify_all()

    def _lend(self) -> sqlite3.Connection:
        with self._returned:
            if self.closed:
                raise JournalClosed(self.path)
            connection = self._idle.pop() if self._idle else connect(self.path, durable=self._durable)
            self._lent += 1
            return connection

    def close(self) -> None:
        """Close all connections, once those in use are given back.

        SQLite deletes the write-ahead log by its name when the last connection closes: none may be open any more when
        the file gets another name.
        """
        with self._writing, self._returned:
            self.closed = True
            self._returned.wait_for(lambda: self._lent == 0)
            for connection in (*self._idle, self._writer):
                connection.close()
            self._idle.clear()


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing, as for programs beside the station.

    SQLite writes beside the file even to read it, unless it is told that nobody else can write: so it is on a card that
    is mounted for reading only, where the journal was closed.
    """
    closed = not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()
    address = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if closed else ''}"
    connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def connect(path: Path, *, durable: bool) -> sqlite3.Connection:
    """A connection whose transactions are begun by hand."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA journal_size_limit = {MOST_WAL_BYTES}")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
