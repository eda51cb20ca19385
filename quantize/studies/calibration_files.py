"""Studies of calibration as JSON for scripts, CSV for spreadsheets and a plot for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from edgedigits.core.cards import code_version
from edgedigits.core.files import csv_text, whole_folder, write_json, write_text, write_with
from edgedigits.core.paths import StrPath
from edgedigits.quantize.studies.calibration import DRAWS, CalibrationStudy
from edgedigits.quantize.studies.recommending import Recommendation

FORMAT = 1
_MEASURES = (("agreement", "digits read as float reads them, %"), ("accuracy", "digits read right, %"))
_COLUMNS = ("model", "draw", "size", "seed", "accuracy", "agreement")


def write_calibration(
    studies: Sequence[CalibrationStudy], advice: Recommendation, out: StrPath, *, force: bool = False
) -> tuple[Path, ...]:
    """Write ``calibration.json``, ``calibration.csv`` and ``calibration.png`` into ``out``, all or none.

    Raises:
        EdgedigitsError: ``out`` is not empty and ``force`` not set, or the disk refuses.
    """
    out = Path(out)
    names = ("calibration.json", "calibration.csv", "calibration.png")
    content = {
        "format": FORMAT,
        "edgedigits": code_version(),
        "draws": {draw.name: draw.about for draw in DRAWS.values()},
        "recommendation": asdict(advice),
        "studies": [asdict(study) for study in studies],
    }
    with whole_folder(out, force) as work:
        write_json(work / names[0], content)
        write_text(work / names[1], _table(studies))
        write_with(work / names[2], lambda path: _plot(studies).savefig(path, format="png"))
    return tuple(out / name for name in names)


def _table(studies: Sequence[CalibrationStudy]) -> str:
    records = ({"model": study.model, **asdict(point)} for study in studies for point in study.points)
    return csv_text(_COLUMNS, ([record[name] for name in _COLUMNS] for record in records))


def _plot(studies: Sequence[CalibrationStudy]) -> Figure:
    """A row of axes for each network: mean over the seeds as a line, lowest to highest seed as a band."""
    figure = Figure(figsize=(11, 3.4 * len(studies)), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle("int8 on validation digits: mean over the draws, and from the worst to the best", fontsize=11)
    axes = figure.subplots(len(studies), len(_MEASURES), squeeze=False)
    for row, study in zip(axes, studies, strict=True):
        for place, (what, title) in zip(row, _MEASURES, strict=True):
            _draw(place, study, what)
            place.set_title(f"{study.model}: {title}", fontsize=10)
        row[1].axhline(study.float_accuracy, color="0.4", linestyle=":", label="float")
        row[1].legend(fontsize=8)
    for place in axes[-1]:
        place.set_xlabel("digits in the representative dataset")
    return figure


def _draw(axes: Axes, study: CalibrationStudy, what: str) -> None:
    for draw in DRAWS:
        cells = [study.values(draw, size, what) for size in study.sizes]
        (line,) = axes.plot(study.sizes, [cell.mean() for cell in cells], marker="o", markersize=4, label=draw)
        low, high = [cell.min() for cell in cells], [cell.max() for cell in cells]
        axes.fill_between(study.sizes, low, high, color=line.get_color(), alpha=0.15, linewidth=0)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(list(study.sizes)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels([f"{size:,}" for size in study.sizes])
    axes.grid(alpha=0.3)
