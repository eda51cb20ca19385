"""Training curves and confusion matrices as PNG files, drawn without a screen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from edgedigits.core.digit import LABELS
from edgedigits.core.files import write_with
from edgedigits.core.paths import StrPath
from edgedigits.core.statistics.metrics import Metrics
from edgedigits.train.training_request import EpochRecord


def curves_png(history: tuple[EpochRecord, ...], best_epoch: int, path: StrPath) -> None:
    """Write loss and accuracy over the epochs, the kept epoch marked.

    Args:
        history: at least one epoch.
        best_epoch: whose weights were kept, counted from 1.
        path: of the PNG file.

    Raises:
        EdgedigitsError: the disk is full or may not be written.
    """
    path = Path(path)
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [record.epoch for record in history]
    best = history[best_epoch - 1]
    left.plot(epochs, [record.loss for record in history], marker=".", label="training")
    left.plot(epochs, [record.val_loss for record in history], marker=".", label="validation")
    left.set(xlabel="epoch", ylabel="loss", yscale="log")
    right.plot(epochs, [record.accuracy for record in history], marker=".", label="training")
    right.plot(epochs, [record.val_accuracy for record in history], marker=".", label="validation")
    right.plot(best.epoch, best.val_accuracy, "o", fillstyle="none", markersize=10, color="black")
    right.set(xlabel="epoch", ylabel="accuracy in %", title=f"kept: epoch {best.epoch}, {best.val_accuracy:.2f} %")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend()
    write_png(figure, path)


def confusion_png(metrics: Metrics, path: StrPath) -> None:
    """Write a confusion matrix: true digits down, read digits across, each cell's count; colours show the errors.

    Raises:
        EdgedigitsError: the disk is full or may not be written.
    """
    path = Path(path)
    figure = Figure(figsize=(5.6, 5.2), layout="constrained")
    axes = figure.subplots()
    counts = np.array(metrics.confusion)
    errors = counts - np.diag(counts.diagonal())
    worst = max(1, int(errors.max()))
    axes.imshow(errors, cmap="Reds", vmin=0, vmax=worst)
    for row, line in enumerate(metrics.confusion):
        for column, count in enumerate(line):
            if count:
                colour = "grey" if row == column else "white" if count > 0.6 * worst else "black"
                axes.text(column, row, str(count), ha="center", va="center", fontsize=8, color=colour)
    axes.set_xticks(range(len(LABELS)), LABELS)
    axes.set_yticks(range(len(LABELS)), LABELS)
    axes.set(xlabel="read", ylabel="true", title=f"{metrics.accuracy:.2f} % of {metrics.count:,} right")
    write_png(figure, path)


def write_png(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all.

    Raises:
        EdgedigitsError: the disk is full or may not be written.
    """
    canvas = FigureCanvasAgg(figure)
    # No date and no version inside: the same figures give the same bytes.
    write_with(path, lambda temporary: canvas.print_png(str(temporary), metadata={"Software": None}))
