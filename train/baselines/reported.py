"""What the reports say of their systems beside what was measured here, and why the two differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.results import Accuracy, Row, read_results
from edgedigits.results.folder import HEADER
from edgedigits.train.baselines.catalogue import BASELINES
from edgedigits.train.baselines.reports.baseline import NOTHING_REPORTED, Baseline
from edgedigits.train.folds import SUMMARY, CrossValidation, read_folds

SEEN = "accuracy on its own training digits"
"""Key of :attr:`edgedigits.results.Row.checks`, percent; measured where a report gives such a figure."""

THEIRS = "validation accuracy of the report's setting"
"""Key of :attr:`edgedigits.results.Row.settings`, percent; there where that setting is known."""

MNIST = "mnist"
"""The data set whose digits the reports divided."""

HEAD = (
    "system",
    "reported, %",
    "measured on the report's split, %",
    "measured on the data set's own test digits, %",
    "cross-validated, %",
    "why they differ",
)


@dataclass(frozen=True)
class Measured:
    """A system of the reports and what was measured of it: a row, a cross-validation or both."""

    entry: Baseline
    row: Row | None = None
    folds: CrossValidation | None = None


def gather_measured(folders: Sequence[Path]) -> tuple[Measured, ...]:
    """What folders of ``edgedigits baseline`` and ``edgedigits train --folds`` hold, in the order of the catalogue.

    Raises:
        EdgedigitsError: a folder holds neither, holds an unfinished one or one of no report, or is damaged; two
            folders hold the same.
    """
    found: dict[str, Measured] = {}
    for folder in folders:
        if not (folder / HEADER).is_file() and not (folder / SUMMARY).is_file():
            raise EdgedigitsError(f"{folder} holds no baseline", "name folders that `edgedigits baseline` made")
        for one in (*_rows(folder), *_folds(folder)):
            before = found.get(one.entry.name, Measured(one.entry))
            if (one.row and before.row) or (one.folds and before.folds):
                raise EdgedigitsError(f"{folder} holds {one.entry.name} once more", "name one folder of each")
            found[one.entry.name] = replace(before, row=one.row or before.row, folds=one.folds or before.folds)
    return tuple(found[name] for name in BASELINES if name in found)


def _rows(folder: Path) -> list[Measured]:
    if not (folder / HEADER).is_file():
        return []
    results = read_results(folder)
    if results.missing:
        raise EdgedigitsError(f"{folder} lacks {', '.join(results.missing)}", "finish it with --resume")
    return [Measured(_entry(folder, row.model), row=row) for row in results.rows]


def _folds(folder: Path) -> list[Measured]:
    if not (folder / SUMMARY).is_file():
        return []
    found = read_folds(folder)
    if len(found.scores) < found.folds:
        raise EdgedigitsError(f"{folder} has {len(found.scores)} of {found.folds} folds", "finish it with --resume")
    return [Measured(_entry(folder, str(found.request["model"])), folds=found)]


def _entry(folder: Path, name: str) -> Baseline:
    if name not in BASELINES:
        raise EdgedigitsError(f"{folder} holds {name}, which no report describes", "leave it out")
    return BASELINES[name]


def reported_markdown(measured: Sequence[Measured]) -> str:
    """The table of what was reported, what was measured and why they differ, in Markdown."""
    lines = ["| " + " | ".join(HEAD) + " |", "|---" * len(HEAD) + "|"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in _cells(one)) + " |" for one in measured]
    return "\n".join(lines) + "\n"


def _cells(one: Measured) -> tuple[str, ...]:
    reported = "; ".join(f"{figure.percent} ({figure.how})" for figure in one.entry.reported)
    return (
        f"`{one.entry.name}`",
        reported or no_figure(one.entry),
        *_accuracies(one.row),
        folds_cell(one.folds),
        why(one),
    )


def no_figure(entry: Baseline) -> str:
    """What stands where a system has no figure of a report."""
    return f"none: {entry.report} `{entry.beside}`" if entry.beside else f"{entry.report} gives no figure"


def _accuracies(row: Row | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    if row.split_accuracy is None:
        return "", _percent(row.accuracy)
    return _percent(row.split_accuracy), _percent(row.accuracy)


def _percent(accuracy: Accuracy | None) -> str:
    return "" if accuracy is None else f"{accuracy.percent:.2f} ({accuracy.digits}: {accuracy.count:,})"


def folds_cell(found: CrossValidation | None) -> str:
    """Mean, 95 % interval and range of a cross-validation in a line."""
    if found is None:
        return ""
    percents = [score.percent for score in found.scores]
    return (
        f"{found.mean:.2f}, 95 % interval {found.low:.2f} to {found.high:.2f} "
        f"({found.folds} folds: {min(percents):.2f} to {max(percents):.2f})"
    )


def why_ours_differ(entry: Baseline, data: dict[str, Any] | None = None, folds: dict[str, Any] | None = None) -> str:
    """Why what was measured may differ from what the report says, in sentences.

    Args:
        entry: the system.
        data: what it was fitted on, as :meth:`edgedigits.core.datasets.Split.describe` tells it.
        folds: what was asked of its cross-validation; counts where there is no ``data``.
    """
    if entry.differs == NOTHING_REPORTED:
        return entry.differs
    if data and (data["spec"], data["split"]) == (MNIST, entry.split):
        words = entry.divided
    elif data:
        digits = f"{data['train']:,} digits of {data['spec']} (split {data['split']})"
        words = f"It is fitted on {digits}, not on those of the report."
    elif folds:
        words = f"It is cross-validated on {folds['folds']} folds of {folds['dataset']}, not on those of the report."
    else:
        words = ""
    return f"{words} {entry.differs}".strip()


def why(one: Measured) -> str:
    """Why a system's figures differ from the report's, with what was measured to tell."""
    row = one.row
    data, folds = row.settings.get("data") if row else None, one.folds.request if one.folds else None
    words = [why_ours_differ(one.entry, data, folds)]
    if row and THEIRS in row.settings:
        setting = ", ".join(f"{name} {value}" for name, value in one.entry.theirs.items())
        words.append(
            f"The report's setting ({setting}) gets {row.settings[THEIRS]:.2f} % of the validation digits right."
        )
    if row and SEEN in row.checks:
        seen = next(figure.percent for figure in one.entry.reported if figure.seen)
        words.append(
            f"Read on its own training digits, ours gets {row.checks[SEEN]:.2f} %: that is what a figure like {seen} % "
            "shows."
        )
    return " ".join(words)


def reported_json(measured: Sequence[Measured]) -> list[dict[str, Any]]:
    """The same as JSON takes it: a system each, its figures in percent, None where nothing was measured."""
    return [
        {
            "system": one.entry.name,
            "reported": [asdict(figure) for figure in one.entry.reported],
            "split_accuracy": one.row and one.row.split_accuracy and asdict(one.row.split_accuracy),
            "accuracy": one.row and one.row.accuracy and asdict(one.row.accuracy),
            "cross_validation": one.folds and asdict(one.folds),
            "why_they_differ": why(one),
        }
        for one in measured
    ]
