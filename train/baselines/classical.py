"""Classical baselines: fitted, stored and measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import sklearn
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from edgedigits.core.datasets import Digits, Split
from edgedigits.core.files import csv_text, write_text
from edgedigits.core.stages import StageCallback, untold
from edgedigits.results import Latency, Row
from edgedigits.results.accuracies import validation_accuracy
from edgedigits.train.baselines.accuracy import accuracies
from edgedigits.train.baselines.choosing import FittedBaseline, Tried, accuracy, fit, read
from edgedigits.train.baselines.estimators import NO_CLASS, anatomy, features
from edgedigits.train.baselines.latency import BATCHES, timed
from edgedigits.train.baselines.plots import sweep_png
from edgedigits.train.baselines.reported import THEIRS
from edgedigits.train.baselines.reports.baseline import Baseline
from edgedigits.train.baselines.storing import store
from edgedigits.train.folds import FoldScore

UNREAD = "test digits without a class"
"""Key of :attr:`edgedigits.results.Row.checks` of a baseline on one-hot labels."""


def classical_row(entry: Baseline, split: Split, seed: int, folder: Path, told: StageCallback = untold) -> Row:
    """Choose, fit, store and measure a classical baseline.

    Writes the model, and ``sweep.csv`` and ``sweep.png`` where there is something to choose.

    Args:
        entry: a classical baseline.
        split: digits to fit on, to choose by and to measure on.
        seed: of what is drawn.
        folder: to write into.
        told: of progress.
    """
    fitted = fit(entry, split.train, split.validation, seed, told)
    if fitted.tried:
        write_text(folder / "sweep.csv", sweep_csv(fitted.tried))
        sweep_png(entry, fitted.tried, folder / "sweep.png")
    chosen = "settings chosen on validation digits" if entry.sweep else "settings given"
    told("store", 0, 1)
    stored = store(entry, fitted.model, split.train, folder)
    told("store", 1, 1)
    runtime = _runtime(entry)
    unread: list[int] = []

    def reading(images: NDArray[np.uint8]) -> NDArray[np.intp]:
        digits = read(entry, fitted.model, images, told, "read test digits")
        unread.append(int((digits == NO_CLASS).sum()))
        return digits

    common, own = accuracies(split, reading, runtime)
    parameters, found, notes = anatomy(entry, fitted.model)
    if entry.one_hot:
        found = {**found, UNREAD: unread[0]}
    return Row(
        model=entry.name,
        recipe=entry.maker,
        about=f"fitted with {entry.maker}, {chosen}",
        file=stored.file,
        sha256=stored.sha256,
        accuracy=common,
        split_accuracy=own,
        validation=validation_accuracy(split, fitted.percent, runtime),
        bytes=stored.bytes,
        gzip_bytes=stored.gzip_bytes,
        parameters=parameters,
        latencies=_latencies(entry, fitted, split.test, told),
        seconds=fitted.seconds,
        checks=found,
        settings=_settings(entry, fitted, split),
        notes=(*stored.notes, *notes),
    )


def classical_fold(entry: Baseline, split: Split, seed: int, folder: Path, told: StageCallback = untold) -> FoldScore:
    """Choose and fit a classical baseline on one fold and judge it on the digits held out; the sweep is kept."""
    fitted = fit(entry, split.train, split.validation, seed, told)
    if fitted.tried:
        write_text(folder / "sweep.csv", sweep_csv(fitted.tried))
    return FoldScore(
        fold=0,
        percent=accuracy(entry, fitted.model, split.test, told, "read test digits"),
        count=len(split.test),
        digits_sha256=split.test.sha256(),
        validation_percent=fitted.percent,
        seconds=fitted.seconds,
        settings=fitted.settings,
    )


def _runtime(entry: Baseline) -> str:
    """Name and version of what computes a classical baseline."""
    if entry.maker == "xgboost":
        import xgboost

        return f"xgboost {xgboost.__version__}"
    return f"scikit-learn {sklearn.__version__}"


def _latencies(entry: Baseline, fitted: FittedBaseline, digits: Digits, told: StageCallback) -> tuple[Latency, ...]:
    inputs = features(digits.images[: max(BATCHES)], entry)
    found: list[Latency] = []
    told("time", 0, len(BATCHES))
    with threadpool_limits(1):
        for batch in BATCHES:
            found.append(timed(fitted.model.predict, inputs, batch, _runtime(entry)))
            told("time", len(found), len(BATCHES))
    return tuple(found)


def _settings(entry: Baseline, fitted: FittedBaseline, split: Split) -> dict[str, Any]:
    """How a baseline was made, as JSON takes it."""
    theirs = next((one for one in fitted.tried if one.settings == entry.theirs), None)
    return {
        "system": entry.about,
        "data": split.describe(),
        "labels": "one-hot" if entry.one_hot else "digits",
        "pixels": "0 to 255" if entry.grey else "0 to 1",
        "fixed": entry.fixed,
        "sweep": {name: list(values) for name, values in entry.sweep.items()},
        "digits of the sweep": min(entry.sweep_digits or len(split.train), len(split.train)),
        "seconds of the sweep": round(fitted.sweep_seconds, 1),
        "chosen": fitted.settings,
        "validation accuracy": round(fitted.percent, 4),
        **({THEIRS: round(theirs.percent, 4)} if theirs else {}),
    }


def sweep_csv(tried: tuple[Tried, ...]) -> str:
    """The sweep as a table: a column for each setting, and accuracy on the validation digits in percent."""
    lines = ([*one.settings.values(), f"{one.percent:.4f}"] for one in tried)
    return csv_text([*tried[0].settings, "validation_percent"], lines)
