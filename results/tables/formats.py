"""A table as Markdown for people, as CSV for spreadsheets and as JSON for scripts."""

from __future__ import annotations

import json
import re
from typing import Any

from edgedigits.core.files import csv_text
from edgedigits.results.row import Accuracy, Row
from edgedigits.results.table import Entry, Table
from edgedigits.results.tables.columns import columns_of, one_line
from edgedigits.results.tables.remarks import remarks_on

_MARKUP = re.compile(r"[\\|`*\[\]~]|\b_|_\b")  # an underscore inside a word marks nothing
_FORMULA = ("=", "+", "-", "@")


def markdown(table: Table) -> str:
    """The table as GitHub shows it, with what stands below it."""
    columns = columns_of(table)
    lines = [f"# {_plain(table.title)}", ""]
    if table.entries:
        lines.append(_line([column.title for column in columns]))
        lines.append("|" + "|".join(" --- " if column.is_text else " ---: " for column in columns) + "|")
        for place in range(len(table.entries)):
            lines.append(_line(["<br>".join(map(_plain, column.cells[place].lines)) for column in columns]))
    else:
        lines.append("There is no row.")
    for remarks in remarks_on(table):
        lines += ["", f"## {remarks.title}", ""]
        lines += [f"- {f'**{_plain(about)}**: ' if about else ''}{_plain(text)}" for about, text in remarks.lines]
    return "\n".join(lines) + "\n"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, in one line."""
    escaped = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(r"\\\g<0>", escaped)


def rows_json(table: Table) -> list[dict[str, Any]]:
    """All rows as JSON takes them, each with where it comes from and the fronts that it stands on."""
    return [
        {
            "label": entry.label,
            "source": entry.source,
            "machine": vars(entry.machine),
            "on_the_digits": table.on_the_digits(entry),
            "fronts": list(table.fronts_of(place)),
            **entry.row.as_dict(),
        }
        for place, entry in enumerate(table.entries)
    ]


def table_csv(table: Table) -> str:
    """The table as CSV, a line a row: every figure as a plain number, nothing where there is none.

    A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    rows = [entry.row for entry in table.entries]
    latencies = max((len(row.latencies) for row in rows), default=0)
    cores = tuple(dict.fromkeys(one.core for row in rows for one in row.cores))
    records = [_record(table, place, latencies, cores) for place in range(len(rows))]
    head = list(records[0]) if records else []
    return csv_text(head, ([_value(record[name]) for name in head] for record in records))


def _value(value: Any) -> Any:
    if not isinstance(value, str):
        return "" if value is None else f"{value:.10g}" if isinstance(value, float) else value
    text = one_line(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _record(table: Table, place: int, latencies: int, cores: tuple[str, ...]) -> dict[str, Any]:
    entry = table.entries[place]
    row = entry.row
    return {
        **_origin(entry),
        "failure": row.failure,
        "file": row.file,
        "sha256": row.sha256,
        "on_the_digits": table.on_the_digits(entry),
        "fronts": "; ".join(table.fronts_of(place)),
        **_accuracy("accuracy", row.accuracy),
        **_drop(row),
        **_accuracy("split_accuracy", row.split_accuracy),
        **_accuracy("validation", row.validation),
        **{name: getattr(row, name) for name in ("bytes", "gzip_bytes", "parameters", "macs", "arena_bytes")},
        **_latencies(row, latencies),
        **_cores(row, cores),
        "seconds": row.seconds,
        "checks": json.dumps(row.checks, ensure_ascii=False),
        "settings": json.dumps(row.settings, ensure_ascii=False),
        "notes": "; ".join(row.notes),
    }


def _origin(entry: Entry) -> dict[str, Any]:
    return {
        "model": entry.row.model,
        "recipe": entry.row.recipe,
        "source": entry.source,
        "about": entry.row.about,
        **{f"machine_{name}": value for name, value in vars(entry.machine).items()},
    }


def _accuracy(prefix: str, accuracy: Accuracy | None) -> dict[str, Any]:
    names = ("percent", "count", "digits", "digits_sha256", "runtime")
    return {f"{prefix}_{name}": getattr(accuracy, name, None) for name in names}


def _drop(row: Row) -> dict[str, Any]:
    names = ("points", "low", "high", "p_value", "agreement")
    return {f"drop_{name}": getattr(row.drop, name, None) for name in names}


def _latencies(row: Row, most: int) -> dict[str, Any]:
    names = ("runtime", "threads", "delegate", "batch", "median_us", "p95_us", "refused", "load")
    padded = (*row.latencies, *[None] * (most - len(row.latencies)))
    return {
        f"latency_{number}_{name}": getattr(one, name, None)
        for number, one in enumerate(padded, start=1)
        for name in names
    }


def _cores(row: Row, cores: tuple[str, ...]) -> dict[str, Any]:
    names = ("flash_bytes", "ram_bytes", "instructions", "unit", "equal")
    known = {one.core: one for one in row.cores}
    return {f"{core}_{name}": getattr(known.get(core), name, None) for core in cores for name in names}
