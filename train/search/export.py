"""A study as files: the front as rows for tables, every trial as a line, a picture of all."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter
from optuna.study import Study

from edgedigits.core.counting import counted
from edgedigits.core.datasets import Split
from edgedigits.core.files import csv_text, disk_errors, gzip_size, sha256_of, write_text
from edgedigits.core.keras.models import keras_scores, load_keras
from edgedigits.core.statistics.metrics import compare
from edgedigits.core.tflite.costs import costs_of
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.runtime import runtime
from edgedigits.results import Accuracy, Drop, Row, row_from, write_row
from edgedigits.results.accuracies import own_name, validation_accuracy
from edgedigits.train.artifacts import MODEL
from edgedigits.train.plots import write_png
from edgedigits.train.search.experiment import CALIBRATION, INT8_MODEL
from edgedigits.train.search.presets import Preset, plan_of
from edgedigits.train.search.search_request import TrialRecord

TABLE, PICTURE = "trials.csv", "trials.png"
_SECONDS_BETWEEN_LOOKS = 0.5


def lies_here(out: Path, record: TrialRecord) -> bool:
    """Whether the model that a trial came to is in this folder: it is elsewhere where another worker trained it."""
    model = out / record.name / MODEL
    return model.is_file() and sha256_of(model) == record.run.get("sha256")


def drop_beaten(out: Path, trials: Sequence[TrialRecord], front: Sequence[TrialRecord]) -> None:
    """Remove the models of complete trials that are not on the front: once beaten, a trial never comes back to it."""
    kept = {record.number for record in front}
    for record in trials:
        if record.state == "complete" and record.number not in kept and (out / record.name).is_dir():
            with disk_errors(out):
                shutil.rmtree(out / record.name)


def measured_row(preset: Preset, record: TrialRecord, split: Split, out: Path) -> Row:
    """Measure a model of the front on the test digits, for reporting: the study is over, nothing is chosen by them."""
    folder, test = out / record.name, split.test
    int8 = DigitModel(folder / INT8_MODEL, on=runtime())
    before = keras_scores(load_keras(folder / MODEL), test.images).argmax(axis=1)
    after = int8.probabilities(test.images).argmax(axis=1)
    found = compare(before, after, test.labels)
    content = (folder / INT8_MODEL).read_bytes()
    costs = costs_of(folder / INT8_MODEL)
    held = split.validation
    right = int8.probabilities(held.images).argmax(axis=1) == held.labels
    return Row(
        model=preset.name,
        recipe=f"trial {record.number}",
        about=f"int8: {plan_of(preset, record.settings).network}",
        file=INT8_MODEL,
        sha256=sha256_of(folder / INT8_MODEL),
        accuracy=Accuracy(own_name(split), test.sha256(), len(test), found.after, str(int8.runtime)),
        validation=validation_accuracy(split, 100.0 * float(right.mean()), str(int8.runtime)),
        drop=Drop(found.drop, found.drop_low, found.drop_high, found.p_value, found.agreement),
        bytes=len(content),
        gzip_bytes=gzip_size(content),
        parameters=int(record.run["parameters"]),
        macs=costs.macs,
        arena_bytes=costs.arena_bytes,
        seconds=float(record.run["seconds"]),
        settings=_settings(preset, record, split),
    )


def _settings(preset: Preset, record: TrialRecord, split: Split) -> dict[str, Any]:
    return {
        "preset": preset.name,
        "trial": record.number,
        **record.settings,
        "training_digits": preset.digits or len(split.train),
        "validation_accuracy": record.accuracy,
        "calibration": CALIBRATION,
    }


def _unmeasured_row(preset: Preset, record: TrialRecord, split: Split) -> Row:
    return Row(
        model=preset.name,
        recipe=f"trial {record.number}",
        about=f"int8: {plan_of(preset, record.settings).network}",
        bytes=record.int8_bytes,
        macs=record.macs,
        parameters=record.run.get("parameters"),
        seconds=record.run.get("seconds"),
        settings=_settings(preset, record, split),
        notes=("not measured on the test digits yet",),
    )


def rows_of(
    study: Study,
    preset: Preset,
    front: Sequence[TrialRecord],
    split: Split,
    out: Path,
    patience: float,
    tell: Callable[[str, bool], object],
) -> tuple[Row, ...]:
    """A row for each trial of the front.

    Each worker measures the models that lie in its folder and leaves the rows in the study for the others.

    Args:
        study: that is over.
        preset: that was searched.
        front: of the study.
        split: its test digits are measured on.
        out: this worker's folder.
        patience: seconds to wait for what other workers measure.
        tell: called with what is waited for.
    """
    for record in front:
        if lies_here(out, record) and _key(record) not in study.user_attrs:
            study.set_user_attr(_key(record), measured_row(preset, record, split, out).as_dict())
    _wait_for_rows(study, front, patience, tell)
    known = study.user_attrs
    rows = []
    for record in front:
        row = row_from(known[_key(record)]) if _key(record) in known else _unmeasured_row(preset, record, split)
        if not lies_here(out, record):
            with disk_errors(out):
                shutil.rmtree(out / record.name, ignore_errors=True)  # of a worker that was taken for dead
            elsewhere = f"its model lies in {record.run.get('place')}"
            row = replace(row, file="", sha256="", notes=(*row.notes, elsewhere))
        write_row(out, record.name, row)
        rows.append(row)
    return tuple(rows)


def _wait_for_rows(
    study: Study, front: Sequence[TrialRecord], patience: float, tell: Callable[[str, bool], object]
) -> None:
    end, told = time.monotonic() + patience, False
    while missing := [record for record in front if _key(record) not in study.user_attrs]:
        if time.monotonic() > end:
            return
        if not told:
            tell(f"waiting for the test accuracy of {counted(len(missing), 'model')} elsewhere", False)
            told = True
        time.sleep(_SECONDS_BETWEEN_LOOKS)


def _key(record: TrialRecord) -> str:
    """Of the study's user attribute that holds the row of a trial."""
    return f"row of trial {record.number}"


def trials_csv(trials: Sequence[TrialRecord], preset: Preset, front: Sequence[TrialRecord]) -> str:
    """Every trial as a line: what it was, what it came to, whether it is on the front."""
    names = [parameter.name for parameter in preset.parameters]
    best = {record.number for record in front}
    head = ("trial", "state", "front", "validation_accuracy", "int8_bytes", "macs", "parameters", "seconds")
    lines = [
        [
            record.number,
            record.state,
            int(record.number in best),
            "" if record.accuracy is None else f"{record.accuracy:.4f}",
            record.int8_bytes,
            record.macs,
            record.run.get("parameters"),
            record.run.get("seconds"),
            *(record.settings.get(name, "") for name in names),
            record.run.get("network"),
            record.run.get("place"),
            record.reason,
        ]
        for record in trials
    ]
    return csv_text([*head, *names, "network", "place", "reason"], lines)


def write_trials(
    trials: Sequence[TrialRecord], preset: Preset, front: Sequence[TrialRecord], out: Path
) -> tuple[Path, Path]:
    """Write the table of all trials, and the picture of the complete ones: accuracy against bytes and MACs."""
    write_text(out / TABLE, trials_csv(trials, preset, front))
    write_png(_picture(trials, front, preset), out / PICTURE)
    return out / TABLE, out / PICTURE


def _picture(trials: Sequence[TrialRecord], front: Sequence[TrialRecord], preset: Preset) -> Figure:
    complete = [record for record in trials if record.state == "complete"]
    figure = Figure(figsize=(9, 4), layout="constrained")
    for axes, label, cost in zip(figure.subplots(1, 2), ("int8 bytes", "MACs"), ("int8_bytes", "macs"), strict=True):
        for records, style in ((complete, {"color": "silver"}), (front, {"color": "tab:red"})):
            where = np.array([(getattr(record, cost), record.accuracy) for record in records], float).reshape(-1, 2)
            axes.scatter(where[:, 0], where[:, 1], s=28, **style)
        for record in front:
            place = (getattr(record, cost), record.accuracy)
            axes.annotate(str(record.number), place, xytext=(4, 3), textcoords="offset points", fontsize=8)
        axes.set(xlabel=label, ylabel="validation accuracy in %")
        axes.grid(alpha=0.3)
        if complete:  # a logarithmic axis needs something to show
            axes.set_xscale("log", subs=(2, 3, 5))
            axes.xaxis.set_major_formatter(EngFormatter(sep=""))
            axes.xaxis.set_minor_formatter(EngFormatter(sep=""))
    figure.suptitle(f"{preset.name}: {len(complete)} trials; red: the front of accuracy, bytes and MACs")
    return figure
