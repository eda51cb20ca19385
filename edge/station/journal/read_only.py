"""Journals opened to read, beside the station or without it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.paths import StrPath
from edgedigits.edge.station.journal.database import connect_to_read, sqlite_errors
from edgedigits.edge.station.journal.integrity import FILE
from edgedigits.edge.station.journal.schema import VERSION, standing
from edgedigits.edge.station.journal.storing import latest
from edgedigits.edge.station.results import PieceResult


def file_of(folder: StrPath) -> Path:
    """The file of a journal's folder; a file is taken as it is, such as one that was set aside.

    Raises:
        EdgedigitsError: there is none.
    """
    folder = Path(folder)
    path = folder / FILE if folder.is_dir() else folder
    if not path.is_file():
        raise EdgedigitsError(f"no journal at {path}", "give the folder that [journal] in the station's file names")
    return path


@contextmanager
def opened_to_read(folder: StrPath) -> Iterator[sqlite3.Connection]:
    """A journal as it is at this moment, whatever the station writes meanwhile.

    Raises:
        EdgedigitsError: there is none, it cannot be read, or it is of another version.
    """
    path = file_of(folder)
    with sqlite_errors(path):
        connection = connect_to_read(path)
        try:
            connection.execute("BEGIN")
            if (found := standing(connection)) not in {"ours", "older"}:
                raise EdgedigitsError(*_not_ours(path, found))
            yield connection
        finally:
            connection.close()


def _not_ours(path: Path, found: str) -> tuple[str, str]:
    if found == "newer":
        return f"{path} is of another version than {VERSION}", "read it with the edgedigits that wrote it"
    return f"{path} is no journal of edgedigits", "give the folder that [journal] in the station's file names"


def last_results(folder: StrPath, limit: int) -> list[PieceResult]:
    """The last final results of a journal, the newest first.

    Raises:
        EdgedigitsError: as :func:`opened_to_read`.
    """
    with opened_to_read(folder) as connection:
        return latest(connection, limit)
