"""A table as one HTML file with interactive plots that needs nothing else, no network either."""

from __future__ import annotations

import base64
from importlib.resources import files
from itertools import groupby

from jinja2 import Environment, StrictUndefined
from plotly.offline import get_plotlyjs

from edgedigits.results.pages.axes import kind_of
from edgedigits.results.pages.figures import plots_of
from edgedigits.results.pages.symbols import symbol_path
from edgedigits.results.table import Table
from edgedigits.results.view import TableView

SWEEP = "sweep.png"
"""Beside a row whose settings were chosen among several: accuracy of each that was tried on validation digits."""


def page(view: TableView) -> str:
    """The page: plots, every row in a table that can be sorted, what failed, machine and software.

    Names and reasons come from files: they are escaped, and the page's content security policy forbids every
    connection.
    """
    templates = files("edgedigits.results.pages").joinpath("templates")
    read = {name: templates.joinpath(f"page.{name}").read_text(encoding="utf-8") for name in ("html", "css", "js")}
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    table, plots = view.table, plots_of(view)
    return environment.from_string(read["html"]).render(
        table=table,
        columns=view.columns,
        first_core=next((plot.cost.core for plot in plots if plot.cost.core), ""),
        groups=[(core, list(group)) for core, group in groupby(plots, lambda plot: plot.cost.core)],
        figures={plot.cost.name: plot.figure for plot in plots},
        recipes={kind: (look.colour, look.symbol, symbol_path(look.marker)) for kind, look in view.looks.items()},
        models=list(dict.fromkeys(entry.row.model for entry in table.entries if entry.row.accuracy)),
        kind_of=kind_of,
        remarks=view.remarks,
        sweeps=_sweeps(table),
        style=read["css"],
        script=read["js"],
        plotly=get_plotlyjs(),
    )


def _sweeps(table: Table) -> list[tuple[str, str]]:
    """The label of each row that has a picture of the settings that were tried, and the picture as an address."""
    pictures = ((entry.label, entry.place / SWEEP) for entry in table.entries)
    return [
        (label, f"data:image/png;base64,{base64.b64encode(picture.read_bytes()).decode()}")
        for label, picture in pictures
        if picture.is_file()
    ]
