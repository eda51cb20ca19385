"""The review queue: pieces given to persons one at a time, and what they key.

A claim holds for its lease by the clock of the caller. Where that clock is set back, no claim holds longer from then on
than its lease was; where it is set forward, claims end early, and two persons may be given one piece: the code that is
keyed first stands, and the other person is told.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.journal.records import Keyed, Waiting, result_of
from edgedigits.edge.station.journal.schema import AUDITED, HELD
from edgedigits.edge.station.journal.storing import finish, shorten_waits
from edgedigits.edge.station.results import PieceResult

MOST_DIGITS = 40
"""Longer codes are refused: no sorting code is, and what comes from a page may be anything."""

MOST_OF_A_NAME = 100
"""Characters of a person's name."""

UNREADABLE = "nobody can read it"
"""Why a piece is rejected of which a person said so."""

_NEXT = """
SELECT pieces.* FROM pieces LEFT JOIN claims ON claims.piece = pieces.number
WHERE review IS NOT NULL AND claims.piece IS NULL AND (pieces.until IS NULL OR pieces.until > ?)
ORDER BY review, released, pieces.until, number LIMIT 1
"""


def claim(connection: sqlite3.Connection, person: str, now: float, lease: float) -> Waiting | None:
    """Give a person the next piece that nobody has; None where there is none."""
    check_person(person)
    shorten_waits(connection, now)
    connection.execute("UPDATE claims SET until = ? + lease WHERE until - ? > lease", (now, now))
    connection.execute("DELETE FROM claims WHERE until <= ?", (now,))
    row = connection.execute(_NEXT, (now,)).fetchone()
    if row is None:
        return None
    connection.execute("INSERT INTO claims VALUES (?, ?, ?, ?)", (row["number"], person, now + lease, lease))
    return Waiting(result_of(row), row["until"], now + lease, row["review"] == AUDITED)


def release(connection: sqlite3.Connection, piece: str | None, person: str) -> None:
    """Give a piece back that a person claimed, or all of theirs; those given back less often are given out before."""
    own = (
        "SELECT piece FROM claims JOIN pieces ON number = piece WHERE claims.person = :person AND :id IN (id, '')",
        {"person": person, "id": piece or ""},
    )
    numbers = [row["piece"] for row in connection.execute(*own)]
    for number in numbers:
        connection.execute("UPDATE pieces SET released = released + 1 WHERE number = ?", (number,))
        connection.execute("DELETE FROM claims WHERE piece = ?", (number,))


class ClaimedByAnother(EdgedigitsError):
    """A piece that somebody else was given."""


def key(
    connection: sqlite3.Connection,
    piece: str,
    code: str,
    person: str,
    now: float,
    bin_of: Callable[[str], str],
    claimant: str = "",
) -> Keyed:
    """Take a code that a person keyed: as the result of a piece that is held, else as its label.

    Raises:
        ClaimedByAnother: somebody else than ``claimant`` has claimed it; one that is not told ends any claim.
        EdgedigitsError: no such piece, no such code, or no name.
    """
    check_person(person)
    check_code(code)
    row = connection.execute("SELECT * FROM pieces WHERE id = ?", (piece,)).fetchone()
    if row is None:
        raise EdgedigitsError(f"no piece {piece!r} in the journal", "take the next one; old pieces are deleted")
    known = connection.execute("SELECT code, person FROM labels WHERE piece = ?", (row["number"],)).fetchone()
    if known is not None:
        return Keyed(piece, known["code"], known["person"], first=False, event=None)
    holder = connection.execute(
        "SELECT person FROM claims WHERE piece = ? AND until > ?", (row["number"], now)
    ).fetchone()
    if claimant and holder is not None and holder["person"] != claimant:
        raise ClaimedByAnother(f"{holder['person']} has this piece now", "take the next one")
    shorten_waits(connection, now)
    row = connection.execute("SELECT * FROM pieces WHERE id = ?", (piece,)).fetchone()
    live = row["review"] == HELD and now < row["until"]
    event = finish(connection, row, keyed_result(result_of(row), code, person, now, bin_of), None) if live else None
    connection.execute("INSERT INTO labels VALUES (?, ?, ?, ?, ?)", (row["number"], code, person, now, live))
    connection.execute("DELETE FROM claims WHERE piece = ?", (row["number"],))
    if not live and row["review"] != HELD:  # one that is held is settled before it leaves the queue
        connection.execute("UPDATE pieces SET review = NULL WHERE number = ?", (row["number"],))
    return Keyed(piece, code, person, first=True, event=event)


def keyed_result(result: PieceResult, code: str, person: str, now: float, bin_of: Callable[[str], str]) -> PieceResult:
    """The result of a held piece by what a person said of it; it stays rejected where that is: nobody can read it."""
    decided = max(now, result.decided)
    if not code:
        return replace(result, why=UNREADABLE, person=person, decided=decided)
    return replace(
        result, code=code, outcome="keyed", why="", bin=bin_of(code), confidence=1.0, person=person, decided=decided
    )


def check_code(code: str) -> None:
    """Raise where a code is more than ASCII digits.

    Raises:
        EdgedigitsError: it is, or is too long.
    """
    if code and not (code.isascii() and code.isdigit()):
        raise EdgedigitsError(f"{code[:MOST_DIGITS]!r} is no code", "key digits only, or nothing if none can be read")
    if len(code) > MOST_DIGITS:
        raise EdgedigitsError(f"a code of {len(code):,} digits", f"key at most {MOST_DIGITS}")


def check_person(person: str) -> None:
    """Raise where a person has no name, as an empty one says that nobody keyed a piece, or one that is none.

    Raises:
        EdgedigitsError: it is empty, too long, or has characters that cannot be printed.
    """
    if not person.strip():
        raise EdgedigitsError("no name of the person who reviews", "give one")
    if len(person) > MOST_OF_A_NAME or not person.isprintable():
        raise EdgedigitsError("that is no name of a person", f"give one line of at most {MOST_OF_A_NAME} characters")
