"""Why no row at all can be chosen from, and what a user can do about each reason."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from edgedigits.core.counting import counted
from edgedigits.core.errors import EdgedigitsError
from edgedigits.results.choosing.limits import NO_VALIDATION, Limits, measures_for
from edgedigits.results.front import figures_on
from edgedigits.results.table import MEASUREMENT, Entry, Table

NO_MODEL = "without a model"
NO_ACCURACY = "without a test accuracy"
OTHER_DIGITS = "on other test digits"
EMULATED_TIME = "timed on an emulated machine, which counts where --machine names it"
SAME_FILE = "name beside these the folder in which `edgedigits benchmark` made the same model files"
"""A row that was only measured has there what it lacks: rows of one file are joined by its sha256."""

NAMED = 3
"""Rows of a kind that a text names."""


def elsewhere(machine: str) -> str:
    """The reason against a row that another machine measured."""
    return f"not measured on {machine}"


def nothing_to_choose(table: Table, limits: Limits, reasons: dict[str, tuple[str, ...]]) -> EdgedigitsError:
    """The error where no row of a table can be held against the limits.

    Args:
        table: that was to be chosen from.
        limits: of the device.
        reasons: the labels of the rows that were set aside, by the reason.
    """
    if not table.entries:
        return EdgedigitsError("there is no row to choose from", "name folders with finished rows")
    what = f"none of {counted(len(table.entries), 'row')} can be chosen: {reasons_text(reasons)}"
    lacking = f"without figures of {limits.core}"
    if not limits.core or lacking not in reasons:
        remedies = dict.fromkeys(one for reason in reasons for one in _remedies(table, limits, reason))
        return EdgedigitsError(what, ", or ".join(remedies))
    if set(reasons) == {lacking}:
        known = ", ".join(dict.fromkeys(one.core for entry in table.entries for one in entry.row.cores))
        what = f"no row has figures of {limits.core}" + (f" (there are those of {known})" if known else "")
    return EdgedigitsError(what, _how_to_measure(table, limits.core))


def _remedies(table: Table, limits: Limits, reason: str) -> list[str]:
    """What takes a reason away, the nearest at hand first."""
    options = {measure.lacking: measure.option for measure in measures_for(limits).values()}
    if reason in options and (reason != NO_VALIDATION or limits.accuracy is not None):
        measured = any(entry.kind == MEASUREMENT for entry in table.entries)
        return [f"drop {options[reason]}", *([SAME_FILE] if measured else [])]
    if reason == NO_VALIDATION:
        return ["run the command that made these rows again, which measures it now"]
    timed = dict.fromkeys(entry.machine.processor for entry in table.entries if entry.row.latency)
    if reason == EMULATED_TIME or (limits.machine and reason == elsewhere(limits.machine) and timed):
        return ["name a machine that measured them: " + " or ".join(f'--machine "{name}"' for name in timed)]
    if limits.machine and reason == elsewhere(limits.machine):
        return ["name a folder that `edgedigits measure` made on that machine"]
    return ["name folders with other models"]


def _how_to_measure(table: Table, core: str) -> str:
    """What puts figures of a core beside the models, with the command for the first of them that lacks them."""
    entries = [entry for entry in table.entries if entry.row.accuracy and not figures_on(entry.row, core)]
    there = [entry for entry in entries if _model_of(entry)]
    if there:
        return f"for each model run, such as for this one, `{report_command(there[0], core)}`"
    return f"run `{report_command(None, core)}` for each model, then `edgedigits compare` of their folders again"


def _model_of(entry: Entry) -> Path | None:
    """The model file of a row, where it lies there."""
    path = entry.place / entry.row.file
    return path if entry.row.file and path.is_file() else None


def report_command(entry: Entry | None, core: str) -> str:
    """The command that puts the figures of a core beside a model: that of a row where it lies there."""
    model = _model_of(entry) if entry else None
    named = shlex.quote(str(model)) if model else "MODEL"
    return f"edgedigits firmware report {named} --core {core}"


def reasons_text(reasons: dict[str, tuple[str, ...]]) -> str:
    """How many rows were set aside for each reason, the first ones named."""
    return ", ".join(f"{len(labels)} {reason} ({some(labels)})" for reason, labels in reasons.items())


def some(labels: Sequence[str]) -> str:
    """The first few of many labels."""
    return ", ".join([*labels[:NAMED], *(["..."] if len(labels) > NAMED else [])])
