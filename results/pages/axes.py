"""How a table is drawn, on the page as in the picture: colours, symbols and axes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgedigits.results.row import Accuracy, Row
from edgedigits.results.table import Entry

# Paul Tol's "bright" and "muted" colours (https://sronpersonalpages.nl/~pault/), for colour-blind readers too, and
# after them some of his "vibrant" and "light" ones.
COLOURS = (
    *("#4477aa", "#ee6677", "#228833", "#aa3377", "#66ccee", "#ccbb44"),
    *("#332288", "#882255", "#44aa99", "#999933", "#cc6677", "#555555"),
    *("#ee7733", "#ffaabb", "#bbcc33", "#cc3311", "#aa4499", "#0077bb"),
)
# Name in plotly, name in matplotlib.
SYMBOLS = (
    *(("circle", "o"), ("square", "s"), ("diamond", "D"), ("triangle-up", "^"), ("triangle-down", "v")),
    *(("cross", "P"), ("x", "X"), ("star", "*"), ("pentagon", "p"), ("hexagon", "h")),
    *(("triangle-left", "<"), ("triangle-right", ">"), ("diamond-tall", "d"), ("octagon", "8"), ("hexagon2", "H")),
)
_LOGARITHMIC_COST = 8.0  # dearest over cheapest
_LOGARITHMIC_ERROR = 3.0  # most errors over fewest
_LEAST_RANGE = 0.5  # points
_MOST_MARKS = 12
_MARKS = (0, 50, 80, 90, 95, 97, 98, 98.5, 99, 99.2, 99.4, 99.5, 99.6, 99.7, 99.8, 99.9, 99.95, 99.98)


def kind_of(row: Row) -> str:
    """The recipe without a number at its end, so that ``trial 1`` and ``trial 2`` share a symbol."""
    return re.sub(r"[\s=]+\d+$", "", row.recipe) or row.recipe


@dataclass(frozen=True)
class Look:
    """The one colour and the one shape by which a kind of recipe is known in every plot.

    Attributes:
        colour: as ``#rrggbb``.
        symbol: its name in plotly.
        marker: the same in matplotlib.
    """

    colour: str
    symbol: str
    marker: Any


REFERENCE = Look("#555555", "star-diamond-open", (4, 1, 0))
"""Of the points that others have published: a hollow star of four points, which no kind of recipe has."""


def looks_of(entries: Sequence[Entry]) -> dict[str, Look]:
    """The look of each kind of recipe that has a point to draw, in the order of the rows.

    Colours and shapes are counted through side by side, so that two kinds share both only after 90 of them.
    """
    kinds = dict.fromkeys(kind_of(entry.row) for entry in entries if entry.row.accuracy)
    return {
        kind: Look(COLOURS[place % len(COLOURS)], *SYMBOLS[place % len(SYMBOLS)]) for place, kind in enumerate(kinds)
    }


def logarithmic(costs: Sequence[float]) -> bool:
    """Whether the range of costs asks for a logarithmic axis."""
    return bool(costs) and min(costs) > 0 and max(costs) / min(costs) >= _LOGARITHMIC_COST


@dataclass(frozen=True)
class AccuracyAxis:
    """Accuracy upwards; where it ranges widely, drawn by the logarithm of the errors.

    Nine digits in ten and 99 in a hundred are then as far from each other as 99 in a hundred and 999 in a thousand.

    Attributes:
        by_errors: whether what is drawn is the error in percent, on a logarithmic axis that points down.
        marks: accuracies to write at the axis; empty where the drawing library shall choose.
        ends: least and greatest accuracy to draw; None where the drawing library shall choose.
    """

    by_errors: bool
    marks: tuple[float, ...] = ()
    ends: tuple[float, float] | None = None

    def height(self, accuracy: Accuracy) -> float:
        """What to draw, percent: the accuracy, or the error, at least that of half a digit."""
        return _errors(accuracy) if self.by_errors else accuracy.percent

    def around(self, accuracy: Accuracy) -> tuple[float, float]:
        """How far the 95 % interval reaches below and above :meth:`height`, in its unit."""
        low, high = accuracy.interval
        ends = (100 - high, 100 - low) if self.by_errors else (low, high)
        height = self.height(accuracy)
        return max(height - ends[0], 0.0), max(ends[1] - height, 0.0)


def accuracy_axis(accuracies: Sequence[Accuracy]) -> AccuracyAxis:
    """The axis for these accuracies."""
    errors = [_errors(accuracy) for accuracy in accuracies]
    if not errors:
        return AccuracyAxis(False)
    if max(errors) / min(errors) < _LOGARITHMIC_ERROR:
        low, high = 100 - max(errors), 100 - min(errors)
        margin = max(high - low, _LEAST_RANGE) / 10
        return AccuracyAxis(False, ends=(low - margin, high + margin))
    apart = (max(errors) / min(errors)) ** (1 / _MOST_MARKS)
    marks: list[float] = []
    for mark in _MARKS:
        inside = min(errors) / 1.3 <= 100 - mark <= max(errors) * 1.3
        if inside and (not marks or (100 - marks[-1]) / (100 - mark) >= apart):
            marks.append(mark)
    return AccuracyAxis(True, tuple(marks))


def _errors(accuracy: Accuracy) -> float:
    return max(100.0 - accuracy.percent, 50.0 / max(accuracy.count, 1))
