"""The file that the journal works in, which is another one after damage."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from edgedigits.core.files import disk_errors
from edgedigits.edge.station.journal.database import Database, JournalClosed, JournalDamaged
from edgedigits.edge.station.journal.integrity import FILE, prepare, set_aside
from edgedigits.edge.station.journal.sharing import Use
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
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._durable = folder, durable
        self._replacing = threading.Lock()  # guards what follows, and that one thread alone replaces the file
        self._ended = False
        self._use = Use(folder)
        try:
            self.set_aside = prepare(folder, self._use, durable=durable)
            self._database = Database(folder / FILE, durable=durable)
        except BaseException:
            self._use.release()
            raise
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

    def write(self, work: Callable[[sqlite3.Connection], Found], *, flush: bool = True) -> Found:
        """Do ``work`` in one transaction, all of it or nothing.

        Args:
            work: with the connection in that transaction.
            flush: whether it must outlive a loss of power where the journal is durable.

        Raises:
            JournalUnwritable: the system does not let it be written now.
            JournalClosed: the journal was closed.
        """

        def write(database: Database) -> Found:
            with database.writing(flush=flush) as connection:
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
        """Begin a new file, unless another thread did so since ``database`` was asked.

        Where that fails, as on a full disk, the next one who asks tries it again.
        """
        with self._replacing:
            if self._database is not database:
                return
            if self._ended:
                raise error
            path = self._folder / FILE
            database.close()
            if isinstance(error, JournalDamaged):
                self.set_aside = set_aside(path, self._use, "turned out to be damaged")
            self.set_aside = prepare(self._folder, self._use, durable=self._durable, last=self.last) or self.set_aside
            self._database = Database(path, durable=self._durable)

    def close(self) -> None:
        """Close the file."""
        with self._replacing:
            if not self._ended:
                self._ended = True
                self._database.close()
                self._use.release()
