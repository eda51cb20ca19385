"""The sweep of a baseline as a picture."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from edgedigits.train.baselines.choosing import Tried, best
from edgedigits.train.baselines.reports.baseline import Baseline
from edgedigits.train.plots import write_png


def sweep_png(entry: Baseline, tried: tuple[Tried, ...], path: Path) -> None:
    """Write validation accuracy against the setting that the entry names as its axis, a line for each of the others.

    Args:
        entry: the baseline.
        tried: at least one setting.
        path: of the PNG file.

    Raises:
        EdgedigitsError: the disk is full or may not be written.
    """
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    lines: dict[str, list[Tried]] = {}
    for one in tried:
        name = ", ".join(f"{key} {value}" for key, value in one.settings.items() if key != entry.axis)
        lines.setdefault(name, []).append(one)
    for name, points in lines.items():
        values = [one.settings[entry.axis] for one in points]
        axes.plot(values, [one.percent for one in points], marker=".", label=name)
    chosen = best(tried)
    axes.plot(chosen.settings[entry.axis], chosen.percent, "o", fillstyle="none", markersize=10, color="black")
    axes.set(
        xlabel=entry.axis,
        ylabel="accuracy on validation digits in %",
        title=f"{entry.name}: {', '.join(f'{key} {value}' for key, value in chosen.settings.items())}, "
        f"{chosen.percent:.2f} %",
    )
    if entry.axis == "C":
        axes.set_xscale("log")
    axes.grid(alpha=0.3)
    if len(lines) > 1:
        axes.legend()
    write_png(figure, path)
