"""A corruption suite as a picture: a row a model, a column a kind, the darker the worse, with the numbers."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from edgedigits.results.robustness.suite import CorruptionSuite
from edgedigits.results.robustness.words import VIEWS, best_places, heads_of, number_text, suite_title
from edgedigits.results.tables.columns import shortened

_INK = "#1d2430"
_DPI = 120
_WIDTH, _ROW, _AROUND = 11.0, 0.27, 1.5  # inches
_LABEL = 34
_COLOURS = colormaps["YlOrRd"]
_CURVE = 0.4  # exponent that gives small percentages more of the colours
_DARK = 0.55  # of the colours, above which numbers are white


def heat_map_png(suite: CorruptionSuite) -> bytes:
    """Draw a suite, as PNG; the same one gives the same bytes."""
    figure = Figure(figsize=(_WIDTH, _AROUND + 2 * _ROW * (len(suite.models) + 1)), dpi=_DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    panels = np.atleast_1d(figure.subplots(len(VIEWS), 1))
    values = [[one.percents(anew=anew) for one in suite.models] for anew in VIEWS]
    norm = PowerNorm(_CURVE, 0, max(float(np.max(values)), 1.0))
    figure.suptitle(_literal(suite_title(suite), 200), fontsize=11, color=_INK)
    for place, (axes, about) in enumerate(zip(panels, VIEWS.values(), strict=True)):
        _draw(axes, suite, about.partition(",")[0], np.array(values[place]), norm, heads=place == 0)
    if len(suite.models) > 1:
        figure.supxlabel("framed: the best of a column; the mean is that of the fifteen kinds", fontsize=9, color=_INK)
    out = io.BytesIO()
    canvas.print_png(out, metadata={"Software": None})  # no version inside: the same suite gives the same bytes
    return out.getvalue()


def _draw(axes: Axes, suite: CorruptionSuite, about: str, values: Any, norm: PowerNorm, *, heads: bool) -> None:
    """One table; ``values`` of shape (models, columns), percent."""
    axes.imshow(norm(values), cmap=_COLOURS, vmin=0, vmax=1, aspect="auto")
    names = heads_of(suite)
    axes.set_xticks(range(len(names)), names if heads else [""] * len(names), rotation=40, ha="left", fontsize=9)
    labels = [about, *(_literal(one.label, _LABEL) for one in suite.models)]
    axes.set_ylim(len(values) - 0.5, -1.4)  # room for what the table is about, above the labels of its rows
    axes.set_yticks(range(-1, len(values)), labels, fontsize=9)
    axes.get_yticklabels()[0].set_fontstyle("italic")
    axes.tick_params(top=False, bottom=False, left=False, labeltop=heads, labelbottom=False, colors=_INK)
    for spine in axes.spines.values():
        spine.set_visible(False)
    for border in (0.5, len(names) - 1.5):  # the clean digits and the mean stand apart
        axes.axvline(border, color="white", linewidth=5)
    best = best_places(values.tolist())
    for (row, column), value in np.ndenumerate(values):
        chosen = (row, column) in best
        dark = float(norm(value)) > _DARK
        axes.text(
            *(column, row, number_text(float(value))),
            ha="center",
            va="center",
            fontsize=8.5,
            fontweight="bold" if chosen else "normal",
            color="white" if dark else _INK,
        )
        if chosen:
            axes.add_patch(
                Rectangle((column - 0.43, row - 0.42), 0.86, 0.84, fill=False, edgecolor=_INK, linewidth=1.2)
            )


def _literal(text: str, most: int) -> str:
    """Text in which matplotlib sees no formula."""
    return shortened(text, most).replace("$", r"\$")
