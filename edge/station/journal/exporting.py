"""All pieces of a journal as a table, for which the station need not stop."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import refuse_to_replace, write_with
from edgedigits.core.paths import StrPath
from edgedigits.edge.station.journal.read_only import opened_to_read
from edgedigits.edge.station.results import moment

Format = Literal["csv", "parquet"]

HEAD = (
    *("sequence", "id", "station", "entered", "decided", "latency_ms", "code", "outcome", "why", "bin", "confidence"),
    *("alternatives", "frames", "model", "person", "crop", "label", "labelled_by", "labelled", "live"),
)
"""Columns of an exported table."""

_ALL = """
SELECT pieces.*, labels.code AS label, labels.person AS labelled_by, labels.time AS labelled, labels.live AS live
FROM pieces LEFT JOIN labels ON labels.piece = number ORDER BY sequence IS NULL, sequence, number
"""
_ROWS = 10_000  # of a table that are in memory at a time
_TIMES = ("entered", "decided", "labelled")


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        out: the file.
        pieces: its rows.
        labelled: those that a person labelled.
    """

    out: Path
    pieces: int
    labelled: int


def export_journal(folder: StrPath, out: StrPath, format: Format | None = None, *, force: bool = False) -> Exported:
    """Write all pieces with their labels as one table, whole or not at all, in the order of their events.

    Pieces that still wait for a person come last and have no sequence. Times are UTC: ISO 8601 in CSV, milliseconds in
    Parquet. ``label`` is what a person keyed: empty where nobody could read it, missing where nobody did (both are
    nothing in CSV, and ``labelled_by`` tells them apart).

    Args:
        folder: of the journal, or a file of one.
        out: the file.
        format: by the end of its name where it is not given.
        force: replace a file that is there.

    Raises:
        EdgedigitsError: no journal, a format that is not known or needs a package, or a file that cannot be written.
    """
    out = Path(out)
    form = format or _format_of(out)
    if form == "parquet":
        check_pyarrow()
    refuse_to_replace(out, force, "--out")
    write = _write_csv if form == "csv" else _write_parquet
    counter = _Counter()
    with opened_to_read(folder) as connection:
        write_with(out, lambda path: write(path, counter.counted(connection.execute(_ALL))))
    return Exported(out, counter.pieces, counter.labelled)


class _Counter:
    """Counts rows that pass."""

    def __init__(self) -> None:
        self.pieces = self.labelled = 0

    def counted(self, rows: sqlite3.Cursor) -> Iterator[dict[str, Any]]:
        for row in rows:
            self.pieces += 1
            self.labelled += row["label"] is not None
            yield _values(row)


def _values(row: sqlite3.Row) -> dict[str, Any]:
    told: dict[str, Any] = {"latency_ms": 1000 * row["latency"], "alternatives": json.loads(row["alternatives"])}
    told["live"] = None if row["live"] is None else bool(row["live"])
    return {name: told[name] if name in told else row[name] for name in HEAD}


def _format_of(out: Path) -> Format:
    suffix = out.suffix.lower()
    if suffix == ".csv":
        return "csv"
    if suffix in {".parquet", ".pq"}:
        return "parquet"
    raise EdgedigitsError(f"{out} says no format that a table is written in", "let its name end in .csv or .parquet")


def check_pyarrow() -> None:
    """Raise where Parquet cannot be written.

    Raises:
        EdgedigitsError: there is no pyarrow, or one that does not load.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise EdgedigitsError(
            f"Parquet needs pyarrow ({error})", 'pip install "edgedigits[parquet]", or write .csv'
        ) from error


def _write_csv(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEAD)
        writer.writerows(_cells(row) for row in rows)


def _cells(row: Mapping[str, Any]) -> Iterator[Any]:
    for name, value in row.items():
        if name in _TIMES:
            yield None if value is None else moment(value)
        elif name == "alternatives":
            yield json.dumps(value)
        elif name == "live":
            yield None if value is None else str(value).lower()
        else:
            yield value


def _write_parquet(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    import pyarrow
    import pyarrow.parquet

    schema = _parquet_schema()
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        while batch := list(islice(rows, _ROWS)):
            writer.write_table(pyarrow.Table.from_pylist([_typed(row) for row in batch], schema))


def _parquet_schema() -> Any:
    import pyarrow

    time = pyarrow.timestamp("ms", "UTC")
    alternative = pyarrow.struct([("code", pyarrow.string()), ("probability", pyarrow.float64())])
    special = {
        "sequence": pyarrow.int64(),
        "frames": pyarrow.int64(),
        "latency_ms": pyarrow.float64(),
        "confidence": pyarrow.float64(),
        "alternatives": pyarrow.list_(alternative),
        "live": pyarrow.bool_(),
    } | dict.fromkeys(_TIMES, time)
    return pyarrow.schema([(name, special.get(name, pyarrow.string())) for name in HEAD])


def _typed(row: Mapping[str, Any]) -> dict[str, Any]:
    times = {name: None if row[name] is None else datetime.fromtimestamp(row[name], UTC) for name in _TIMES}
    alternatives = [{"code": code, "probability": chance} for code, chance in row["alternatives"]]
    return {**row, **times, "alternatives": alternatives}
