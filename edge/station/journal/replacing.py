"""The file that the journal works in, which is another one after damage."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from edgedigits.edge.station.journal.database import Database, JournalClosed, JournalDamaged
from edgedigits.edge.station.journal.integrity import FILE, begin_anew, prepare
from edgedigits.edge.station.journal.storing import last_sequence

Found = TypeVar("Found")


class JournalFile:
    """Does work in ``FOLDER/journal.sqlite``; where that is damaged, sets it aside and does the work in a new one.

    Args:
        folder: of the journal.
        durable: whether what was committed also outlives a loss of power.

    Attributes:
        set_aside: where the file lies that was damaged or no journal, when it was opened or since; None if all is well.
        last: the greatest sequence that was written, after which a new file goes on.

    Raises:
        EdgedigitsError: folder or file cannot be made, read or written.
    """

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.set_aside = prepare(folder, durable=durable)
        self._durable = durable
        self._replacing = threading.Lock()  # guards the next, and that one thread alone replaces it
        self._database = Database(folder / FILE, durable=durable)
        self.last = 0
        self.last = self.read(last_sequence)

    def read(self, work: Callable[[sqlite3.Connection], Found]) -> Found:
        """What ``work`` finds in what is committed.

        Raises:
            JournalUnwritable: the system does not let it be read now.
            JournalClosed: the journal was closed.
        """

        def read(database: Database) -> Found:
            with database.reading() as connection:
                return work(connection)

        return self.within(read)

    def write(self, work: Callable[[sqlite3.Connection], Found]) -> Found:
        """Do ``work`` in one transaction, all of it or nothing.

        Raises:
            JournalUnwritable: the system does not let it be written now.
            JournalClosed: the journal was closed.
        """

        def write(database: Database) -> Found:
            with database.writing() as connection:
                return work(connection)

        return self.within(write)

    def within(self, work: Callable[[Database], Found]) -> Found:
        """Do ``work``, which may be many transactions.

        Raises:
            JournalUnwritable, JournalClosed: as :meth:`write`.
        """
        database = self._database
        try:
            return work(database)
        except (JournalDamaged, JournalClosed) as error:
            self._replace(database, error)
        return work(self._database)

    def _replace(self, database: Database, error: JournalDamaged | JournalClosed) -> None:
        """Begin a new file, unless another thread did so since ``database`` was asked."""
        with self._replacing:
            if self._database is not database:
                return
            if isinstance(error, JournalClosed):
                raise error
            database.close()
            self.set_aside = begin_anew(database.path, f"is damaged ({error.what})", self.last, durable=self._durable)
            self._database = Database(database.path, durable=self._durable)

    def close(self) -> None:
        """Close the file."""
        with self._replacing:
            self._database.close()
