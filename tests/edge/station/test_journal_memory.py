"""What the journal keeps in memory does not grow with its file."""

from __future__ import annotations

from pathlib import Path

from journal_pieces import picture, rejected

from edgedigits.edge.station.journal.database import CACHE_KIB, Database
from edgedigits.edge.station.journal.journal import Journal


def test_no_connection_caches_more_than_a_quarter_of_a_megabyte(tmp_path: Path):
    """Those of four connections with SQLite's own size took eight megabytes in the course of days."""
    journal = Journal(tmp_path, durable=False)
    journal.add(rejected("piece"), picture())
    journal.close()
    database = Database(tmp_path / "journal.sqlite", durable=False)
    with database.writing() as writer, database.reading() as reader:
        sizes = [one.execute("PRAGMA cache_size").fetchone()[0] for one in (writer, reader)]
    database.close()
    assert sizes == [-CACHE_KIB, -CACHE_KIB]
    assert CACHE_KIB <= 256
