"""The front as a picture: accuracy against bytes of model file and parameters, as PNG, drawn without a screen."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text
from matplotlib.ticker import EngFormatter, FixedLocator, NullFormatter, NullLocator
from numpy.typing import NDArray

from edgedigits.results.front import COSTS, Cost
from edgedigits.results.pages.axes import REFERENCE, AccuracyAxis, Look, accuracy_axis, kind_of, logarithmic
from edgedigits.results.published import Published, published_beside
from edgedigits.results.table import Entry, Table
from edgedigits.results.tables.columns import shortened
from edgedigits.results.view import TableView

Box = tuple[float, float, float, float]

DRAWN = tuple(cost for cost in COSTS if cost.name in ("bytes", "parameters"))
"""Costs that the picture shows, the second one where rows have it."""

_INK = "#1d2430"
_DPI = 120
_GAP = 6.0  # pixels between labels
_LABEL = 36
_MOST_KEYS = 20
_PANEL, _KEY_HEIGHT = 6.0, 0.21  # inches
_STAR: dict[str, Any] = {
    **{"marker": REFERENCE.marker, "linestyle": "none", "markersize": 10},
    **{"markerfacecolor": "none", "markeredgecolor": REFERENCE.colour, "markeredgewidth": 1.2},
}
# Where a label may stand: offset from its point in points of 1/72 inch; the best place first.
_AROUND = ((0, 9), (-7, 5), (7, -5), (0, -9), (7, 5), (-7, -5), (9, 0), (-9, 0))
_PLACES = tuple((dx * far, dy * far) for far in (1, 2, 3.5, 5) for dx, dy in _AROUND)
_NEAR = 10.0  # points; a label farther off is tied to its point
_COVERED = 0.25  # share of a label that may cover something; it is left out otherwise


def front_png(view: TableView) -> bytes:
    """Draw all rows that compare, the front as a line and its rows named; the same table gives the same bytes.

    A second plot below has the bytes of parameters, where rows have them, and beside them what others have published.
    """
    table = view.table
    costs = [cost for cost in DRAWN if cost is DRAWN[0] or any(table.compares(entry, cost) for entry in table.entries)]
    panels = [_panel(view, cost) for cost in costs]
    keys = _keys(view.looks, [entry for panel in panels for entry in panel.entries], any(one.others for one in panels))
    height = max(_PANEL * len(panels), _KEY_HEIGHT * len(keys))
    figure = Figure(figsize=(10, height), dpi=_DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    all_axes = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
    if not any(panel.entries for panel in panels):
        all_axes[0].text(
            0.5, 0.5, "no row has an accuracy and a size", ha="center", va="center", transform=all_axes[0].transAxes
        )
        all_axes[0].set_axis_off()
        return _png(canvas)
    for axes, panel in zip(all_axes, panels, strict=True):
        _draw_panel(axes, view, panel)
    figure.legend(handles=keys, loc="outside right center", frameon=False, fontsize=9)
    _title(all_axes[0], table)
    canvas.draw()  # places the axes, which the labels need
    for axes, panel in zip(all_axes, panels, strict=True):
        _name(axes, canvas, panel)
    return _png(canvas)


@dataclass(frozen=True)
class _Panel:
    """One plot.

    Attributes:
        cost: on its horizontal axis.
        axis: the other one.
        entries: that are drawn.
        front: those of them on the front, from the cheapest to the dearest.
        places: where each entry is drawn, by its label.
        others: what is drawn that others have published.
    """

    cost: Cost
    axis: AccuracyAxis
    entries: list[Entry]
    front: list[Entry]
    places: dict[str, tuple[float, float]]
    others: tuple[Published, ...]

    def place_of(self, one: Published) -> tuple[float, float]:
        return float(one.bytes), self.axis.height(one.accuracy)

    @property
    def points(self) -> list[tuple[float, float]]:
        """Everything that is drawn as a point."""
        return [*self.places.values(), *map(self.place_of, self.others)]


def _panel(view: TableView, cost: Cost) -> _Panel:
    table = view.table
    entries = [entry for entry in table.entries if table.compares(entry, cost)]
    front = [table.entries[place] for place in table.fronts.get(cost.name, ())]
    others = published_beside(table, cost)
    accuracies = [entry.row.accuracy for entry in entries if entry.row.accuracy]
    axis = accuracy_axis([*accuracies, *(one.accuracy for one in others)])
    return _Panel(cost, axis, entries, front, {entry.label: _point(entry, cost, axis) for entry in entries}, others)


def _draw_panel(axes: Axes, view: TableView, panel: _Panel) -> None:
    _set_axes(axes, panel)
    if panel.front:
        steps = [panel.places[entry.label] for entry in panel.front]
        axes.plot(*zip(*steps, strict=True), ":", color=_INK, drawstyle="steps-post")
    axes.set_ylabel(f"{view.table.measure}, %")
    _draw_points(axes, view.looks, panel)


def _point(entry: Entry, cost: Cost, axis: AccuracyAxis) -> tuple[float, float]:
    value = cost.of(entry.row)
    assert value is not None and entry.row.accuracy is not None
    return float(value), axis.height(entry.row.accuracy)


def _title(axes: Axes, table: Table) -> None:
    assert table.digits is not None
    where = f"{table.digits.count:,} test {table.task}s ({shortened(table.digits.digits)})"
    axes.set_title(f"{table.measure.capitalize()} on {where}", fontsize=11)


def _set_axes(axes: Axes, panel: _Panel) -> None:
    axis = panel.axis
    cost = panel.cost
    axes.set(xlabel=cost.label if cost.label.startswith(cost.unit) else f"{cost.label}, {cost.unit}")
    if logarithmic([x for x, _ in panel.points]):
        axes.set_xscale("log")
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    if axis.by_errors:
        axes.set_yscale("log")
        axes.invert_yaxis()
        axes.yaxis.set_major_locator(FixedLocator([100 - mark for mark in axis.marks]))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(lambda error, _: f"{100 - error:g}")
    elif axis.ends:
        axes.set_ylim(*axis.ends)
        axes.ticklabel_format(axis="y", useOffset=False)
    axes.grid(alpha=0.3)
    axes.set_xmargin(0.08)


def _draw_points(axes: Axes, looks: dict[str, Look], panel: _Panel) -> None:
    front = {entry.label for entry in panel.front}
    for entry in panel.entries:
        best, look, place = entry.label in front, looks[kind_of(entry.row)], panel.places[entry.label]
        assert entry.row.accuracy is not None
        below, above = panel.axis.around(entry.row.accuracy)
        axes.errorbar(*place, yerr=[[below], [above]], ecolor=look.colour, elinewidth=0.6, alpha=0.4)
        axes.plot(
            *place,
            look.marker,
            color=look.colour,
            markersize=10 if best else 7,
            markeredgecolor=_INK if best else "none",
            zorder=4 if best else 3,
        )
    for one in panel.others:
        axes.plot(*panel.place_of(one), **_STAR, zorder=3)


def _keys(looks: dict[str, Look], entries: list[Entry], published: bool) -> list[Line2D]:
    """The recipes that are drawn with their colours and shapes, to stand beside the plot."""
    kinds = list(dict.fromkeys(kind_of(entry.row) for entry in entries))
    drawn = [(kind, looks[kind].marker, looks[kind].colour) for kind in kinds[:_MOST_KEYS]]
    drawn += [(f"{len(kinds) - _MOST_KEYS} more", "", "none")] if len(kinds) > _MOST_KEYS else []
    handles = [
        Line2D([], [], linestyle="none", marker=marker, color=colour, label=shortened(text, _LABEL), markersize=8)
        for text, marker, colour in drawn
    ]
    handles.append(Line2D([], [], linestyle=":", color=_INK, label="Pareto front"))
    return [*handles, *([Line2D([], [], label="published by others", **_STAR)] if published else [])]


def _name(axes: Axes, canvas: FigureCanvasAgg, panel: _Panel) -> None:
    """Write the names of the front, then those of reference points, where they cover no point, line or other name."""
    inside = np.array([axes.get_window_extent().extents])
    taken = [(x - 8, y - 8, x + 8, y + 8) for x, y in axes.transData.transform(panel.points)]
    named = [(entry.label, panel.places[entry.label], _INK) for entry in panel.front]
    steps: NDArray[np.float64] = np.empty((0, 2))
    if named:
        steps = axes.transData.transform([at for _, at, _ in named])
    for (left, low), (right, high) in pairwise(steps):
        taken += [(left, low - 1, right, low + 1), (right - 1, low, right + 1, high)]
    named += [(one.name, panel.place_of(one), REFERENCE.colour) for one in panel.others]
    for text, at, colour in named:
        point = axes.transData.transform(at)
        label = axes.annotate(
            _literal(text),
            at,
            (0, 0),
            textcoords="offset points",
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 4},
            fontsize=9 if colour == _INK else 8,
            color=colour,
            zorder=5,
        )
        size = Text.get_window_extent(label, canvas.get_renderer())
        width, height = size.width + _GAP, size.height + _GAP
        area = width * height
        boxes = [_box(point, place, width, height) for place in _PLACES]
        covered = [round(_overlap(box, np.array(taken)) + area - _overlap(box, inside)) for box in boxes]
        best = min(range(len(boxes)), key=lambda place: covered[place])
        if covered[best] > _COVERED * area:
            label.remove()
            continue
        taken.append(boxes[best])
        _put(label, _PLACES[best])


def _box(point: NDArray[np.float64], place: tuple[float, float], width: float, height: float) -> Box:
    """Left, lower, right and upper pixel of a label at an offset from its point."""
    x, y = (at + offset * _DPI / 72 for at, offset in zip(point, place, strict=True))
    left = x - {1: 0.0, 0: width / 2, -1: width}[_sign(place[0])]
    low = y - {1: 0.0, 0: height / 2, -1: height}[_sign(place[1])]
    return left, low, left + width, low + height


def _put(label: Annotation, place: tuple[float, float]) -> None:
    dx, dy = place
    across = {1: "left", 0: "center", -1: "right"}[_sign(dx)]
    label.set(position=place, ha=across, va={1: "bottom", 0: "center", -1: "top"}[_sign(dy)])
    assert label.arrow_patch is not None
    label.arrow_patch.set_visible(math.hypot(dx, dy) > _NEAR)


def _sign(offset: float) -> int:
    return (offset > 0) - (offset < 0)


def _literal(text: str) -> str:
    """Text in which matplotlib sees no formula."""
    return shortened(text, _LABEL).replace("$", r"\$")


def _overlap(box: Box, others: NDArray[np.float64]) -> float:
    """Pixels of a box that other ones, of shape (count, 4), cover, each counted for itself."""
    left, low, right, high = box
    wide = np.minimum(right, others[:, 2]) - np.maximum(left, others[:, 0])
    tall = np.minimum(high, others[:, 3]) - np.maximum(low, others[:, 1])
    return float((wide.clip(min=0) * tall.clip(min=0)).sum())


def _png(canvas: FigureCanvasAgg) -> bytes:
    out = io.BytesIO()
    # No date and no version inside: the same table gives the same bytes.
    canvas.print_png(out, metadata={"Software": None})
    return out.getvalue()
