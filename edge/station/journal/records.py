"""What the journal hands out: events, pieces that wait for a person, and counts."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import astuple, dataclass, fields
from typing import Any

from edgedigits.edge.station.results import PieceResult

COLUMNS = tuple(one.name for one in fields(PieceResult))
"""The columns of a result, in the order of its fields."""

_FRACTIONS = {one.name for one in fields(PieceResult) if one.type == "float"}
_ALTERNATIVES = COLUMNS.index("alternatives")


@dataclass(frozen=True)
class Event:
    """One final result.

    Attributes:
        sequence: 1, 2, 3 and so on without a gap, in the order in which results became final.
        result: what became final.
    """

    sequence: int
    result: PieceResult


@dataclass(frozen=True)
class Audit:
    """Why an accepted piece is to be checked: it was drawn at random, whatever it says.

    Attributes:
        threshold: by which it was accepted.
        expected: sha256 of what a code may be.
        digits: sha256 of the network of single digits.
    """

    threshold: float
    expected: str
    digits: str


@dataclass(frozen=True)
class Waiting:
    """A piece that one person was given to say its code.

    Attributes:
        result: what the station says of it.
        until: seconds since 1970 before which the code that is keyed becomes its result; None where it is final.
        leased: seconds since 1970 until which nobody else is given it.
        audited: it was accepted, and drawn at random to be checked.
    """

    result: PieceResult
    until: float | None
    leased: float
    audited: bool = False


@dataclass(frozen=True)
class Keyed:
    """What became of a code that a person keyed.

    Attributes:
        piece: its id.
        code: the code that stands, empty where nobody can read it.
        person: who said that.
        first: whether this was the code that was keyed first; False where somebody else was faster, and what stands is
            theirs.
        event: the piece's result, where the code became it; None where it is a label only.
    """

    piece: str
    code: str
    person: str
    first: bool
    event: Event | None


@dataclass(frozen=True)
class Counts:
    """How many pieces there are.

    Attributes:
        accepted: read and sure enough, decided since a time.
        rejected: not so, decided since then, and final.
        keyed: whose result a person said, decided since then.
        held: that wait for a person now, and are not final.
        waiting: to be reviewed now, those held included.
    """

    accepted: int
    rejected: int
    keyed: int
    held: int
    waiting: int


def row_of(result: PieceResult) -> list[Any]:
    """A result as values of :data:`COLUMNS`."""
    row = [float(value) if name in _FRACTIONS else value for name, value in zip(COLUMNS, astuple(result), strict=True)]
    row[_ALTERNATIVES] = json.dumps([(code, float(chance)) for code, chance in result.alternatives])
    return row


def result_of(row: sqlite3.Row) -> PieceResult:
    """The result in a row that has :data:`COLUMNS`."""
    values = {name: row[name] for name in COLUMNS}
    alternatives = tuple((code, chance) for code, chance in json.loads(values["alternatives"]))
    return PieceResult(**values | {"alternatives": alternatives})
