"""The study of layers as JSON for scripts, CSV for spreadsheets and a plot for people."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from edgedigits.core.cards import code_version
from edgedigits.core.files import csv_text, whole_folder, write_json, write_text, write_with
from edgedigits.core.paths import StrPath
from edgedigits.quantize.studies.layer_error import LayerErrors

FORMAT = 1
ROUNDING = 12**-0.5
"""Root of the mean squared error of rounding alone, in steps: that of a uniform distribution one step wide."""

_COLUMNS = ("layer", "kind", "operator", "snr_db", "rmse", "scale", "rmse_steps", "largest", "tensor")


def write_layer_errors(study: LayerErrors, out: StrPath, *, force: bool = False) -> tuple[Path, ...]:
    """Write ``layer_error.json``, ``layer_error.csv`` and ``layer_error.png`` into ``out``, all or none.

    Raises:
        EdgedigitsError: ``out`` is not empty and ``force`` not set, or the disk refuses.
    """
    out = Path(out)
    names = ("layer_error.json", "layer_error.csv", "layer_error.png")
    content = {
        "format": FORMAT,
        "edgedigits": code_version(),
        **asdict(study),
        "layers": table(study),
        "noisiest": study.noisiest.layer,
    }
    del content["kinds"]
    figure = _plot(study)
    with whole_folder(out, force) as work:
        write_json(work / names[0], content)
        write_text(work / names[1], csv_text(_COLUMNS, (row.values() for row in table(study))))
        write_with(work / names[2], lambda path: figure.savefig(path, format="png", metadata={"Software": None}))
    return tuple(out / name for name in names)


def table(study: LayerErrors) -> list[dict[str, str | float]]:
    """A row for each layer, in the order of the network."""
    rows = [asdict(layer) | {"kind": kind} for layer, kind in zip(study.layers, study.kinds, strict=True)]
    return [{name: row[name] for name in _COLUMNS} for row in rows]


def _plot(study: LayerErrors) -> Figure:
    """Signal-to-noise ratio and error in steps of each layer, first layer on top, the noisiest marked."""
    figure = Figure(figsize=(11, 1.6 + 0.36 * len(study.layers)), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(f"{study.model} as int8: noise that each layer adds, {study.digits:,} digits", fontsize=11)
    left, right = figure.subplots(1, 2, sharey=True)
    places = range(len(study.layers))
    colours = ["tab:red" if layer == study.noisiest else "tab:blue" for layer in study.layers]
    left.barh(places, [layer.snr_db for layer in study.layers], color=colours)
    left.set(xlabel="signal to noise, dB")
    left.set_yticks(places, [f"{one.layer}: {kind}" for one, kind in zip(study.layers, study.kinds, strict=True)])
    left.invert_yaxis()
    right.barh(places, [layer.rmse_steps for layer in study.layers], color=colours)
    right.axvline(ROUNDING, color="0.3", linestyle=":", label="rounding alone")
    right.set(xlabel="root mean squared error, steps")
    right.legend(fontsize=8)
    for axes in (left, right):
        axes.grid(alpha=0.3, axis="x")
    return figure
