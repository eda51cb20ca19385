"""The columns of a readable table: what each row says in them, as text for people and as a number to sort by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from edgedigits.core.machine.load import busy_share
from edgedigits.results.figures import Figure, figures_of
from edgedigits.results.front import answer_latency, core_costs, figures_on
from edgedigits.results.row import DIGIT_TASK, NOT_MADE, Accuracy, CoreFigures, Drop, Latency, Row
from edgedigits.results.table import Entry, Table

Value = TypeVar("Value")
NOTHING = "-"
BUSY_MARK = "busy"
"""What stands beside a latency that was measured while other programs worked, with their share."""
EMULATED = "‡"
"""Beside times that an emulated machine took."""

FIGURES = figures_of(Row)

_REASON = 60


@dataclass(frozen=True)
class Cell:
    """What one row says in one column.

    Attributes:
        lines: of text, at least one.
        number: to sort by; None where the text is no number or there is none.
    """

    lines: tuple[str, ...]
    number: float | None = None


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes:
        title: its head.
        cells: one a row.
        is_text: True where it is sorted by its text.
        core: the microcontroller that it is about; empty where it is about none.
    """

    title: str
    cells: tuple[Cell, ...]
    is_text: bool = False
    core: str = ""


def columns_of(table: Table) -> tuple[Column, ...]:
    """The columns of a table; those that no row has anything to say in are left out."""
    entries = table.entries
    rows = [entry.row for entry in entries]
    drops = [row.drop for row in rows]
    sources = [entry.source for entry in entries]
    machines = [_machine(entry) for entry in entries]
    columns = [
        _texts("model", [row.model for row in rows]),
        _texts("recipe", [row.recipe for row in rows]),
        *([_texts("from", sources)] if len(set(sources)) > 1 else []),
        *([_texts("machine", machines)] if len(set(machines) - {""}) > 1 else []),
        Column(
            f"{table.measure} % (95 % interval)",
            tuple(_accuracy(entry.row, table.on_the_digits(entry)) for entry in entries),
        ),
        Column(f"{table.measure} % on its split's test part", tuple(_own_accuracy(row.split_accuracy) for row in rows)),
        Column(f"{table.measure} % on validation {table.task}s", tuple(_own_accuracy(row.validation) for row in rows)),
        Column("drop, points (95 % interval)", tuple(_drop(drop) for drop in drops)),
        Column("McNemar p", tuple(_of(drop, lambda d: (p_text(d.p_value), d.p_value)) for drop in drops)),
        Column("agreement %", tuple(_of(drop, lambda d: (f"{d.agreement:.2f}", d.agreement)) for drop in drops)),
        *(_figure(one, one.title, [of(row) for row in rows]) for one, of in FIGURES),
        _latencies(entries, table.task),
        *_cores(rows),
        _texts("on the front of", ["; ".join(_fronts(table, place)) for place in range(len(entries))]),
    ]
    return tuple(column for column in columns if any(cell.lines != (NOTHING,) for cell in column.cells))


def brief_columns(table: Table, *, stacked: bool = False) -> tuple[Column, ...]:
    """A few columns for a terminal, the first ones texts, the last one the fronts.

    Args:
        table: of the rows.
        stacked: whether a row takes two lines, so that all of it is narrower.
    """
    entries = table.entries
    rows = [entry.row for entry in entries]
    sources = [entry.source for entry in entries]
    gap = "\n" if stacked else " "
    names = [_texts("model", [row.model for row in rows]), _texts("recipe", [row.recipe for row in rows])]
    named = [_stacked("row", names)] if stacked else names
    columns = (
        *named,
        *([_texts("from", sources)] if len(set(sources)) > 1 else []),
        Column(
            f"{table.measure} %{gap}(95 % interval)",
            tuple(_accuracy(entry.row, table.on_the_digits(entry), gap) for entry in entries),
        ),
        Column(f"drop, points{gap}(95 % interval)", tuple(_drop(row.drop, gap) for row in rows)),
        *(_figure(one, one.brief, [of(row) for row in rows]) for one, of in FIGURES if one.brief),
        Column(
            "latency µs" if table.task == DIGIT_TASK else f"µs a {table.task}",
            tuple(_brief_latency(entry, gap) for entry in entries),
        ),
        *(replace(column, title=column.title.removesuffix(", bytes")) for column in _cores(rows)),
    )
    told = [column for column in columns if any(cell.lines != (NOTHING,) for cell in column.cells)]
    plain = {cost.name: cost.kind for cost in table.costs if not cost.core}
    fronts = [
        ", ".join(dict.fromkeys(plain[name] for name in table.fronts_of(place) if name in plain))
        for place in range(len(entries))
    ]
    return (*told, _texts("on the front of", fronts))


def _fronts(table: Table, place: int) -> list[str]:
    """The costs on whose front a row stands, in the words of the columns."""
    words = {cost.name: cost.words for cost in table.costs}
    return [words[name] for name in table.fronts_of(place)]


def _stacked(title: str, columns: Sequence[Column]) -> Column:
    """Texts of several columns below one another."""
    lines = zip(*([cell.lines[0] for cell in column.cells] for column in columns), strict=True)
    return Column(title, tuple(Cell(("\n".join(one),)) for one in lines), is_text=True)


def _machine(entry: Entry) -> str:
    if not entry.row.latency:
        return ""
    return entry.machine.processor + (f" {EMULATED}" if entry.machine.emulated else "")


def _brief_latency(entry: Entry, gap: str) -> Cell:
    row, alone = entry.row, answer_latency(entry.row)
    if alone and alone.median_us is not None:
        mark = f" {EMULATED}" if entry.machine.emulated else ""
        busy = _busy_mark(alone).replace(", ", ",\n" if gap == "\n" else ", ")
        return Cell((microseconds(alone.median_us) + busy + mark,), alone.median_us)
    loads = not row.latencies or row.latency
    return Cell((NOTHING if loads else "does not load",))


def _busy_mark(latency: Latency) -> str:
    share = busy_share(latency.load)
    return f", {BUSY_MARK} {share}" if share else ""


def one_line(text: str) -> str:
    """Text without line breaks and without runs of blanks."""
    return " ".join(text.split())


def shortened(text: str, most: int = _REASON) -> str:
    """The beginning of a text, in one line."""
    line = one_line(text)
    return line if len(line) <= most else line[: most - 3].rstrip() + "..."


def p_text(value: float) -> str:
    """A p-value as one writes it."""
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def microseconds(value: float) -> str:
    """A time with three digits or more."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


Setting = tuple[str, int, str, int]


def setting_of(latency: Latency) -> Setting:
    """What latencies have in common that were measured in the same way: runtime, threads, delegate, batch."""
    return latency.runtime, latency.threads, latency.delegate, latency.batch


def settings_of(rows: Sequence[Row]) -> dict[Setting, str]:
    """The letter by which the table calls each way to measure latencies: a, b, c, in the order of the rows."""
    found = dict.fromkeys(setting_of(latency) for row in rows for latency in row.latencies)
    return {setting: _letter(place) for place, setting in enumerate(found)}


def _letter(place: int) -> str:
    more, last = divmod(place, 26)
    return ("" if more == 0 else _letter(more - 1)) + chr(ord("a") + last)


def setting_text(setting: Setting, task: str = DIGIT_TASK) -> str:
    """A way to measure latencies in words; ``task`` is what is read: a digit, or a line."""
    runtime, threads, delegate, batch = setting
    digits = f"one {task} a call" if batch == 1 else f"{batch:,} {task}s a call"
    beside = f"{threads} thread{'' if threads == 1 else 's'}"
    return f"{one_line(runtime)}, {beside}, delegate {one_line(delegate)}, {digits}"


def _texts(title: str, texts: Sequence[str]) -> Column:
    return Column(title, tuple(Cell((one_line(text) or NOTHING,)) for text in texts), is_text=True)


def _figure(figure: Figure, title: str, values: Sequence[float | None]) -> Column:
    return Column(title, tuple(_of(value, lambda number: (figure.text(number), float(number))) for value in values))


def _of(value: Value | None, say: Callable[[Value], tuple[str, float]]) -> Cell:
    if value is None:
        return Cell((NOTHING,))
    text, number = say(value)
    return Cell((text,), number)


def _accuracy(row: Row, on_the_digits: bool, gap: str = " ") -> Cell:
    if row.failure:
        return Cell((f"{NOT_MADE}:{gap}time limit" if row.not_made else "failed",))
    if row.accuracy is None:
        return Cell((NOTHING,))
    low, high = row.accuracy.interval
    mark = "" if on_the_digits else " *"
    return Cell((f"{row.accuracy.percent:.2f}{mark}{gap}({low:.2f} to {high:.2f})",), row.accuracy.percent)


def _own_accuracy(accuracy: Accuracy | None) -> Cell:
    return _of(accuracy, lambda found: (f"{found.percent:.2f}", found.percent))


def _drop(drop: Drop | None, gap: str = " ") -> Cell:
    return _of(drop, lambda found: (f"{found.points:+.2f}{gap}({found.low:+.2f} to {found.high:+.2f})", found.points))


def _latencies(entries: Sequence[Entry], task: str) -> Column:
    letters = settings_of([entry.row for entry in entries])
    cells = tuple(_latency(entry, letters) for entry in entries)
    return Column(f"latency, µs a {task}, median / 95th percentile", cells)


def _latency(entry: Entry, letters: dict[Setting, str]) -> Cell:
    alone = answer_latency(entry.row)
    mark = f" {EMULATED}" if entry.machine.emulated else ""
    lines = [
        f"{_latency_line(one, letters[setting_of(one)])}{'' if one.refused else mark}" for one in entry.row.latencies
    ]
    return Cell(tuple(lines) or (NOTHING,), alone.median_us if alone else None)


def _latency_line(latency: Latency, letter: str) -> str:
    if latency.refused:
        return f"does not load ({letter}): {shortened(latency.refused)}"
    times = (NOTHING if one is None else microseconds(one) for one in (latency.median_us, latency.p95_us))
    return f"{' / '.join(times)} ({letter}){_busy_mark(latency)}"


def _cores(rows: Sequence[Row]) -> list[Column]:
    units = {one.core: one.unit for row in rows for one in row.cores}
    columns = []
    for core, unit in units.items():
        figures = [figures_on(row, core) for row in rows]
        for cost, counted in zip(core_costs(core, unit), (False, False, True), strict=True):
            cells = tuple(_core_cell(found, cost.of(row), counted) for found, row in zip(figures, rows, strict=True))
            columns.append(Column(cost.label if counted else f"{cost.label}, bytes", cells, core=core))
    return columns


def _core_cell(found: CoreFigures | None, value: float | None, counted: bool) -> Cell:
    if found is None or value is None:
        return Cell((NOTHING,))
    return Cell((f"{value:,.0f}{' †' if counted and not found.equal else ''}",), value)
