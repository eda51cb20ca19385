"""Plain figures of a row: each is declared where it stands in :class:`edgedigits.results.row.Row`, and nowhere else.

Columns, costs, fronts, plots, CSV and JSON take from the declaration what they need.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, dataclass, field, fields
from operator import attrgetter
from typing import Any

_FIGURE, _LATER = "figure", "later"


@dataclass(frozen=True)
class Figure:
    """What readers are told of a plain number of a row.

    Attributes:
        title: head of its column.
        unit: of the number.
        brief: head of its column on a terminal; empty where it has no room there.
        cost: its name as a cost, less being better, of which a front is drawn; empty where it is none.
        label: what it is as a cost, for people.
        note: what a reader has to know of it, below a table.
        decimals: that are shown.
    """

    title: str
    unit: str
    brief: str = ""
    cost: str = ""
    label: str = ""
    note: str = ""
    decimals: int = 0

    def text(self, value: float) -> str:
        """A number as tables show it."""
        return f"{value:,.{self.decimals}f}"


def figure(title: str, unit: str, *, later: bool = False, **more: Any) -> Any:
    """Declare a figure as a field of a row, None where it was not measured.

    Args:
        title: as the attributes of :class:`Figure`.
        unit: the same.
        later: whether rows were written before there was this figure: they are read all the same.
        more: the other attributes of :class:`Figure`.
    """
    return field(default=None, metadata={_FIGURE: Figure(title, unit, **more), _LATER: later})


def later(default: Any) -> Any:
    """Declare a field that older files lack: it has its default there, and they are read all the same."""
    return field(default=default, metadata={_LATER: True})


def is_later(item: Field[Any]) -> bool:
    """Whether older files lack a field."""
    return bool(item.metadata.get(_LATER))


def figure_of(item: Field[Any]) -> Figure | None:
    """What was declared of a field; None where it is no plain figure."""
    found: Figure | None = item.metadata.get(_FIGURE)
    return found


def figures_of(row: type) -> tuple[tuple[Figure, Callable[[Any], float | None]], ...]:
    """Every figure of a kind of row, in its order, with what takes its number from a row."""
    return tuple((found, attrgetter(item.name)) for item in fields(row) if (found := figure_of(item)))
