"""Pieces and their events, as rows. Every function works within the transaction that its connection is in."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any

from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.station.journal.records import COLUMNS, Audit, Counts, Event, result_of, row_of
from edgedigits.edge.station.journal.schema import AUDITED, DOUBTFUL, HELD, REJECTED
from edgedigits.edge.station.results import PieceResult

_LAST = "SELECT max((SELECT coalesce(max(sequence), 0) FROM pieces), (SELECT max(sequence) FROM beginnings))"
_FINAL = ("sequence", "until", "held_for", "review", "crop", "crop_bytes", "boxes")
_INSERT = f"INSERT INTO pieces ({', '.join((*COLUMNS, *_FINAL))}) VALUES ({', '.join('?' * len((*COLUMNS, *_FINAL)))})"


@dataclass(frozen=True)
class Crop:
    """A piece's picture, as its row names it.

    Attributes:
        path: in the journal's folder.
        size: bytes.
    """

    path: str
    size: int


def boxes_text(boxes: Sequence[Box]) -> str:
    """Boxes as ``x,y,w,h x,y,w,h``, which is how tables of truth have them."""
    return " ".join(",".join(str(int(number)) for number in box) for box in boxes)


def insert_final(
    connection: sqlite3.Connection,
    result: PieceResult,
    crop: Crop | None,
    boxes: Sequence[Box],
    doubtful: bool,
    audit: Audit | None = None,
) -> Event:
    """A piece whose result stands, with the next event; one that is there already is not written twice.

    One without a picture cannot be checked, and is not audited.

    Raises:
        ValueError: another piece has its id.
    """
    known = connection.execute("SELECT * FROM pieces WHERE id = ?", (result.id,)).fetchone()
    if known is not None:
        if known["sequence"] is not None and result_of(known) == result:
            return Event(known["sequence"], result)
        raise ValueError(f"a piece with the id {result.id} is in the journal with another result")
    event = Event(last_sequence(connection) + 1, result)
    review = None if crop is None else _review_of(result, doubtful, audit)
    number = _insert(connection, result, (event.sequence, None, None, review), crop, boxes)
    if audit and review == AUDITED:
        connection.execute("INSERT INTO audits VALUES (?, ?, ?, ?)", (number, *astuple(audit)))
    return event


def _review_of(result: PieceResult, doubtful: bool, audit: Audit | None) -> int | None:
    if result.outcome == "rejected":
        return REJECTED
    return AUDITED if audit else DOUBTFUL if doubtful else None


def insert_held(
    connection: sqlite3.Connection, result: PieceResult, crop: Crop | None, boxes: Sequence[Box], until: float
) -> None:
    """A piece that waits for a person.

    Raises:
        ValueError: another piece has its id.
    """
    if connection.execute("SELECT 1 FROM pieces WHERE id = ?", (result.id,)).fetchone():
        raise ValueError(f"a piece with the id {result.id} is in the journal")
    held_for = max(0.0, until - result.decided)
    _insert(connection, result, (None, until, held_for, HELD), crop, boxes)


def _insert(
    connection: sqlite3.Connection,
    result: PieceResult,
    final: tuple[int | None, float | None, float | None, int | None],
    crop: Crop | None,
    boxes: Sequence[Box],
) -> int | None:
    """Write a row; its number."""
    picture = (crop.path, crop.size) if crop else (None, 0)
    return connection.execute(_INSERT, (*row_of(result), *final, *picture, boxes_text(boxes))).lastrowid


def finish(connection: sqlite3.Connection, row: sqlite3.Row, result: PieceResult, review: int | None) -> Event:
    """Make the result of a held piece final."""
    event = Event(last_sequence(connection) + 1, result)
    changed = ", ".join(f"{name} = ?" for name in COLUMNS)
    connection.execute(
        f"UPDATE pieces SET {changed}, sequence = ?, until = NULL, held_for = NULL, review = ? WHERE number = ?",
        (*row_of(result), event.sequence, review, row["number"]),
    )
    return event


def shorten_waits(connection: sqlite3.Connection, now: float) -> None:
    """Let no held piece wait longer from now than it was to wait at first: a clock may have been set back."""
    connection.execute(
        "UPDATE pieces SET until = ? + held_for WHERE review = ? AND until - ? > held_for", (now, HELD, now)
    )


def any_held(connection: sqlite3.Connection) -> bool:
    """Whether any piece waits for a person."""
    return connection.execute("SELECT 1 FROM pieces WHERE review = ? LIMIT 1", (HELD,)).fetchone() is not None


def settle(connection: sqlite3.Connection, now: float) -> list[Event]:
    """Make held pieces final whose deadline passed, in the order of their deadlines."""
    shorten_waits(connection, now)
    due = connection.execute(
        "SELECT pieces.*, labels.code AS label FROM pieces LEFT JOIN labels ON labels.piece = number"
        " WHERE review = ? AND until <= ? ORDER BY until, number",
        (HELD, now),
    ).fetchall()
    events = []
    for row in due:
        result = replace(result_of(row), decided=max(now, row["decided"]))
        to_review = row["crop"] is not None and row["label"] is None
        events.append(finish(connection, row, result, REJECTED if to_review else None))
    return events


def events(connection: sqlite3.Connection, after: int, limit: int) -> list[Event]:
    """The events that follow one, in order."""
    rows = connection.execute("SELECT * FROM pieces WHERE sequence > ? ORDER BY sequence LIMIT ?", (after, limit))
    return [Event(row["sequence"], result_of(row)) for row in rows]


def latest(connection: sqlite3.Connection, limit: int) -> list[PieceResult]:
    """The last final results, the newest first."""
    rows = connection.execute(
        "SELECT * FROM pieces WHERE sequence IS NOT NULL ORDER BY sequence DESC LIMIT ?", (limit,)
    )
    return [result_of(row) for row in rows]


def row(connection: sqlite3.Connection, piece: str) -> sqlite3.Row | None:
    """All that is written of the piece with an id; None where there is none."""
    found: sqlite3.Row | None = connection.execute("SELECT * FROM pieces WHERE id = ?", (piece,)).fetchone()
    return found


def last_sequence(connection: sqlite3.Connection) -> int:
    """Of the newest event; 0 where there was none."""
    return int(connection.execute(_LAST).fetchone()[0])


def delivered(connection: sqlite3.Connection, output: str) -> int:
    """The sequence up to which an output has delivered; that before the oldest event where it has nothing yet."""
    row = connection.execute("SELECT sequence FROM outputs WHERE name = ?", (output,)).fetchone()
    if row is not None:
        return int(row["sequence"])
    oldest = connection.execute("SELECT min(sequence) FROM pieces").fetchone()[0]
    return last_sequence(connection) if oldest is None else int(oldest) - 1


def mark_delivered(connection: sqlite3.Connection, output: str, sequence: int) -> None:
    """Keep the sequence up to which an output has delivered."""
    connection.execute(
        "INSERT INTO outputs VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET sequence = max(sequence, excluded.sequence)",
        (output, sequence),
    )


def counts(connection: sqlite3.Connection, since: float) -> Counts:
    """How many pieces there are, by outcome and to be reviewed."""
    final = _by(connection, "outcome", "sequence IS NOT NULL AND decided >= ?", since)
    review = _by(connection, "review", "review IS NOT NULL")
    accepted, rejected, keyed = (final.get(outcome, 0) for outcome in ("accepted", "rejected", "keyed"))
    return Counts(accepted, rejected, keyed, held=review.get(HELD, 0), waiting=sum(review.values()))


def _by(connection: sqlite3.Connection, column: str, which: str, *values: float) -> dict[Any, int]:
    rows = connection.execute(f"SELECT {column}, count(*) FROM pieces WHERE {which} GROUP BY {column}", values)
    return dict(rows.fetchall())
