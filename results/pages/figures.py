"""The interactive plots of a table: accuracy against each cost, the front of the best drawn as a line."""

from __future__ import annotations

import html
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go

from edgedigits.core.machine.load import busy_words
from edgedigits.results.front import Cost, timed_by
from edgedigits.results.pages.axes import REFERENCE, AccuracyAxis, Look, accuracy_axis, kind_of, logarithmic
from edgedigits.results.published import Published, published_beside
from edgedigits.results.row import Row
from edgedigits.results.table import Table, value_of
from edgedigits.results.tables.columns import NOTHING, one_line
from edgedigits.results.view import TableView

_INK, _GRID = "#1d2430", "#e3e7ec"
_FONT = {"family": "system-ui, sans-serif", "size": 13, "color": _INK}
_ABOUT = 90
_FEW_DECADES = 1000  # dearest over cheapest
_NARROW = 1.1
_PALE = 0.35  # opacity


@dataclass(frozen=True)
class Plot:
    """One plot of the page.

    Attributes:
        cost: on its horizontal axis.
        figure: data and layout as plotly.js takes them.
        front: rows on the front, from the cheapest to the dearest, each in words.
        published: reference points of others, likewise; they compete with no row.
    """

    cost: Cost
    figure: dict[str, Any]
    front: tuple[str, ...]
    published: tuple[str, ...]


def plots_of(view: TableView) -> tuple[Plot, ...]:
    """A plot for each cost that a row with an accuracy has a figure of."""
    found = (_plot(view, cost) for cost in view.table.costs)
    return tuple(plot for plot in found if plot)


def _plot(view: TableView, cost: Cost) -> Plot | None:
    table = view.table
    rows = [entry.row for entry in table.entries]
    drawn = [
        place for place, row in enumerate(rows) if row.accuracy and value_of(table.entries[place], cost) is not None
    ]
    if not drawn:
        return None
    others = published_beside(table, cost)
    accuracies = [accuracy for place in drawn if (accuracy := rows[place].accuracy)]
    axis = accuracy_axis([*accuracies, *(one.accuracy for one in others)])
    values = [value for place in drawn if (value := cost.of(rows[place])) is not None]
    values += [float(one.bytes) for one in others]
    figure = go.Figure(layout=_layout(table.measure, cost, axis, values))
    figure.add_trace(_front_line(table, cost, axis))
    for model, kind in dict.fromkeys((rows[place].model, kind_of(rows[place])) for place in drawn):
        places = [place for place in drawn if (rows[place].model, kind_of(rows[place])) == (model, kind)]
        figure.add_trace(_points(view, cost, axis, places, view.looks[kind]))
    if others:
        figure.add_trace(_reference_points(others, axis))
    front = tuple(_in_words(table, cost, place) for place in table.fronts[cost.name])
    told = tuple(f"{one.name} ({one.percent:.2f} %, {one.bytes:,} {cost.unit})" for one in others)
    return Plot(cost, figure.to_plotly_json(), front, told)


def _layout(measure: str, cost: Cost, axis: AccuracyAxis, values: list[float]) -> go.Layout:
    lines = {"gridcolor": _GRID, "linecolor": _INK, "showline": True, "zeroline": False, "ticks": "outside"}
    across: dict[str, Any] = {**lines, "title": {"text": _escaped(cost.unit)}, "tickformat": "~s"}
    if logarithmic(values):
        few = max(values) / min(values) < _FEW_DECADES
        across |= {"type": "log", "dtick": "D2" if few else 1}  # D2: at 1, 2 and 5 of each power of ten
    elif max(values) < _NARROW * min(values):
        across["range"] = [0, 1.2 * max(values)]
    up: dict[str, Any] = {**lines, "title": {"text": f"{measure}, %", "standoff": 8}, "automargin": True}
    if axis.by_errors:
        up |= {"type": "log", "autorange": "reversed"}
        up |= {"tickvals": [100 - mark for mark in axis.marks], "ticktext": [f"{mark:g}" for mark in axis.marks]}
    elif axis.ends:
        up["range"] = list(axis.ends)
    return go.Layout(
        template=go.layout.Template(),
        height=430,
        margin={"l": 64, "r": 16, "t": 16, "b": 56},
        font=_FONT,
        paper_bgcolor="white",
        plot_bgcolor="white",
        hovermode="closest",
        hoverlabel={"bgcolor": "white", "bordercolor": _INK, "align": "left", "font": _FONT},
        showlegend=False,
        xaxis=across,
        yaxis=up,
    )


def _front_line(table: Table, cost: Cost, axis: AccuracyAxis) -> go.Scatter:
    """Steps: for what one can pay, the accuracy that one gets."""
    rows = [table.entries[place].row for place in table.fronts[cost.name]]
    return go.Scatter(
        x=[cost.of(row) for row in rows],
        y=[axis.height(row.accuracy) for row in rows if row.accuracy],
        mode="lines",
        line={"shape": "hv", "color": _INK, "width": 1.5, "dash": "dot"},
        hoverinfo="skip",
        meta={"front": True},
    )


def _points(view: TableView, cost: Cost, axis: AccuracyAxis, places: list[int], look: Look) -> go.Scatter:
    """Rows of one model and one kind of recipe; those on other digits, which do not compete, are pale."""
    table = view.table
    entries = [table.entries[place] for place in places]
    best = [place in table.fronts[cost.name] for place in places]
    accuracies = [entry.row.accuracy for entry in entries if entry.row.accuracy]
    around = [axis.around(accuracy) for accuracy in accuracies]
    late = [_to_p95(cost, entry.row) for entry in entries]
    bars = {"type": "data", "thickness": 1, "width": 2, "color": _translucent(look.colour)}
    return go.Scatter(
        x=[cost.of(entry.row) for entry in entries],
        y=[axis.height(accuracy) for accuracy in accuracies],
        error_y={**bars, "symmetric": False, "arrayminus": [a for a, _ in around], "array": [b for _, b in around]},
        error_x={**bars, "symmetric": False, "arrayminus": [0] * len(late), "array": late} if any(late) else None,
        mode="markers",
        marker={
            "symbol": look.symbol,
            "size": [15 if front else 10 for front in best],
            "color": look.colour,
            "opacity": [1 if table.on_the_digits(entry) else _PALE for entry in entries],
            "line": {"width": [1.5 if front else 0 for front in best], "color": _INK},
        },
        text=[_hover(view, cost, place) for place in places],
        hoverinfo="text",
        meta={"model": entries[0].row.model, "recipe": kind_of(entries[0].row)},
    )


def _reference_points(others: tuple[Published, ...], axis: AccuracyAxis) -> go.Scatter:
    """What others have published: hollow stars that stay whatever rows are shown."""
    return go.Scatter(
        x=[one.bytes for one in others],
        y=[axis.height(one.accuracy) for one in others],
        mode="markers+text",
        marker={"symbol": REFERENCE.symbol, "size": 11, "color": REFERENCE.colour, "line": {"width": 1.5}},
        text=[_escaped(one.name) for one in others],
        textposition="bottom right",
        textfont={"size": 10, "color": REFERENCE.colour},
        hovertext=[_about(one) for one in others],
        hoverinfo="text",
        meta={"published": True},
    )


def _about(one: Published) -> str:
    head = f"<b>{_escaped(one.system)}</b>"
    figures = f"{one.percent:.2f} %, {one.bytes:,} bytes of {one.what}"
    lines = [line for text in (figures, one.source, one.remark) for line in wrap(text, _ABOUT)]
    return "<br>".join([head, *(_escaped(line) for line in lines), "published by others, not compared"])


def _to_p95(cost: Cost, row: Row) -> float:
    """From the median of a time to its 95th percentile, microseconds; 0 of what is no time."""
    latency = timed_by(cost, row) if cost.timed else None
    if latency is None or latency.median_us is None or latency.p95_us is None:
        return 0.0
    return max(latency.p95_us - latency.median_us, 0.0)


def _translucent(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.45)"


def _hover(view: TableView, cost: Cost, place: int) -> str:
    """The row in short; what comes from files is escaped, as plotly.js reads tags."""
    table, entry = view.table, view.table.entries[place]
    lines = [f"<b>{_escaped(entry.label)}</b>", _escaped(entry.row.about[:_ABOUT])]
    for column in view.columns:
        cell = column.cells[place]
        told = not column.is_text and column.core in ("", cost.core) and cell.lines != (NOTHING,)
        lines += [f"{column.title}: {_escaped(line)}" for line in cell.lines if told]
    if place in table.fronts[cost.name]:
        lines.append("on this front")
    elif not table.compares(entry, cost):
        lines.append(f"not compared: other test {table.task}s")
    return "<br>".join(line for line in lines if line)


def _escaped(text: str) -> str:
    return html.escape(one_line(text), quote=False)


def _in_words(table: Table, cost: Cost, place: int) -> str:
    entry = table.entries[place]
    value = cost.of(entry.row)
    assert value is not None and entry.row.accuracy is not None
    loads = [one.load for one in entry.row.latencies if cost.timed and one.median_us == value]
    busy = busy_words(loads[0]) if loads else ""
    told = f"{entry.row.accuracy.percent:.2f} %, {value:,.0f} {cost.unit}{', while ' if busy else ''}{busy}"
    return f"{one_line(entry.label)} ({told})"
