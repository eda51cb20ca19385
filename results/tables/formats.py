"""A table as Markdown for people, as CSV for spreadsheets and as JSON for scripts."""

from __future__ import annotations

import re
from typing import Any

from edgedigits.core.files import csv_text
from edgedigits.results.table import Table
from edgedigits.results.tables.columns import one_line
from edgedigits.results.tables.flattening import flattened
from edgedigits.results.view import TableView

_MARKUP = re.compile(r"[\\|`*\[\]~]|\b_|_\b")  # an underscore inside a word marks nothing
_FORMULA = ("=", "+", "-", "@")


def markdown(view: TableView) -> str:
    """The table as GitHub shows it, with what stands below it."""
    table, columns = view.table, view.columns
    lines = [f"# {plain_markdown(table.title)}", ""]
    if table.entries:
        lines.append(_line([column.title for column in columns]))
        lines.append("|" + "|".join(" --- " if column.is_text else " ---: " for column in columns) + "|")
        for place in range(len(table.entries)):
            lines.append(_line(["<br>".join(map(plain_markdown, column.cells[place].lines)) for column in columns]))
    else:
        lines.append("There is no row.")
    for remarks in view.remarks:
        lines += ["", f"## {remarks.title}", ""]
        lines += [
            f"- {f'**{plain_markdown(about)}**: ' if about else ''}{plain_markdown(text)}"
            for about, text in remarks.lines
        ]
    return "\n".join(lines) + "\n"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def plain_markdown(text: str) -> str:
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
    records = [
        {
            **record,
            "source": entry.source,
            **{f"machine_{name}": value for name, value in vars(entry.machine).items()},
            "on_the_digits": table.on_the_digits(entry),
            "fronts": "; ".join(table.fronts_of(place)),
        }
        for place, (entry, record) in enumerate(
            zip(table.entries, flattened([entry.row for entry in table.entries]), strict=True)
        )
    ]
    head = list(records[0]) if records else []
    return csv_text(head, ([_value(record[name]) for name in head] for record in records))


def _value(value: Any) -> Any:
    if not isinstance(value, str):
        return "" if value is None else f"{value:.10g}" if isinstance(value, float) else value
    text = one_line(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
