"""The tables of the journal's file, and how one knows that a file is a journal."""

from __future__ import annotations

import sqlite3
from typing import Literal

APPLICATION = 0x4564_4A6C
"""``application_id`` of a journal's file ("EdJl"); SQLite keeps it in the file's head."""

VERSION = 3
"""``user_version`` of the tables below."""

HELD, REJECTED, AUDITED, DOUBTFUL = 1, 2, 3, 4
"""Column ``review``: why a piece is to be reviewed, the most urgent first; NULL where it is not, or has its label."""

Standing = Literal["new", "ours", "older", "foreign", "newer"]

_AUDITS = """
CREATE TABLE audits (          -- accepted pieces that were drawn at random to be checked
    piece INTEGER PRIMARY KEY REFERENCES pieces (number) ON DELETE CASCADE,
    threshold REAL NOT NULL,   -- by which it was accepted
    expected TEXT NOT NULL,    -- sha256 of what a code may be
    digits TEXT NOT NULL       -- sha256 of the network of single digits; empty where version 2 wrote it
) STRICT;
"""

TABLES = (
    """
CREATE TABLE pieces (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    station TEXT NOT NULL,
    entered REAL NOT NULL,
    decided REAL NOT NULL,
    latency REAL NOT NULL,
    code TEXT NOT NULL,
    outcome TEXT NOT NULL,
    why TEXT NOT NULL,
    bin TEXT NOT NULL,
    confidence REAL NOT NULL,
    alternatives TEXT NOT NULL,
    frames INTEGER NOT NULL,
    model TEXT NOT NULL,
    person TEXT NOT NULL,
    sequence INTEGER UNIQUE,   -- of the event; NULL while it is held
    until REAL,                -- deadline of a held piece
    held_for REAL,             -- the longest that it may wait, whatever clocks do
    review INTEGER,
    released INTEGER NOT NULL DEFAULT 0,
    crop TEXT,                 -- path in the journal's folder
    crop_bytes INTEGER NOT NULL DEFAULT 0,
    boxes TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX pieces_decided ON pieces (decided, outcome) WHERE sequence IS NOT NULL;
CREATE INDEX pieces_review ON pieces (review, released, until, number) WHERE review IS NOT NULL;
CREATE INDEX pieces_crop ON pieces (number, crop_bytes) WHERE crop IS NOT NULL;
CREATE TABLE labels (
    piece INTEGER PRIMARY KEY REFERENCES pieces (number) ON DELETE CASCADE,
    code TEXT NOT NULL,        -- empty: nobody can read it
    person TEXT NOT NULL,
    time REAL NOT NULL,
    live INTEGER NOT NULL      -- keyed before the deadline
) STRICT;
CREATE TABLE claims (
    piece INTEGER PRIMARY KEY REFERENCES pieces (number) ON DELETE CASCADE,
    person TEXT NOT NULL,
    until REAL NOT NULL,
    lease REAL NOT NULL
) STRICT;
CREATE TABLE outputs (name TEXT PRIMARY KEY, sequence INTEGER NOT NULL) STRICT;
CREATE TABLE beginnings (sequence INTEGER NOT NULL) STRICT;  -- of the last event before this file began
"""
    + _AUDITS
)


def standing(connection: sqlite3.Connection) -> Standing:
    """What kind of file an open one is.

    Raises:
        sqlite3.DatabaseError: no SQLite file, or a damaged one.
    """
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application == APPLICATION:
        return "ours" if version == VERSION else "older" if 0 < version < VERSION else "newer"
    empty = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    return "new" if empty and application == version == 0 else "foreign"


def create(connection: sqlite3.Connection, last_sequence: int = 0) -> None:
    """Make the tables in an empty file, all of them or none.

    Args:
        connection: to the file.
        last_sequence: of the event before the first one that this file will hold.
    """
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # only before the first table
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(
        f"BEGIN IMMEDIATE; {TABLES} INSERT INTO beginnings VALUES ({last_sequence:d});"
        f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;"
    )


def upgrade(connection: sqlite3.Connection) -> None:
    """Bring the tables of an older version up to this one, all of them or none; those of this one stay as they are."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if standing(connection) == "older":
            _add_audits(connection)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _add_audits(connection: sqlite3.Connection) -> None:
    """What versions 2 and 3 brought."""
    if connection.execute("PRAGMA user_version").fetchone()[0] == 1:
        connection.execute(_AUDITS)
        connection.execute("UPDATE pieces SET review = 4 WHERE review = 3")  # doubtful ones; 3 is audited now
    else:
        connection.execute("ALTER TABLE audits ADD COLUMN digits TEXT NOT NULL DEFAULT ''")
