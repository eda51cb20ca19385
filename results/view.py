"""A table as people see it, worked out once and handed to every writer: columns, what stands below them, looks."""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.results.pages.axes import Look, looks_of
from edgedigits.results.table import Table
from edgedigits.results.tables.columns import Column, columns_of
from edgedigits.results.tables.remarks import Remarks, remarks_on


@dataclass(frozen=True)
class TableView:
    """What Markdown, the page and the picture of a table share.

    Attributes:
        table: the rows.
        columns: all that a row has something to say in.
        remarks: what stands below it.
        looks: colour and symbol of each kind of recipe.
    """

    table: Table
    columns: tuple[Column, ...]
    remarks: tuple[Remarks, ...]
    looks: dict[str, Look]


def view_of(table: Table) -> TableView:
    """Work out how a table is shown."""
    return TableView(table, columns_of(table), remarks_on(table), looks_of(table.entries))
