"""Cross-validation: every digit of the pool is tested once, by a model that has not seen it."""

from __future__ import annotations

import json
import math
import shutil
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from edgedigits.core.datasets import Dataset, check_folds, fold_name, load_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import csv_text, disk_errors, read_json, write_json, write_text
from edgedigits.core.paths import StrPath
from edgedigits.core.resumable import Resumable, identity_of
from edgedigits.results.row import dataclass_from
from edgedigits.train.advice import Advise, advice
from edgedigits.train.training_request import ProgressCallback, TrainingRequest, resolve

SUMMARY, TABLE, FOLD = "folds.json", "folds.csv", "fold.json"
FORMAT = 1
_COLUMNS = ("fold", "percent", "count", "validation_percent", "seconds", "settings")
FOLDS = Resumable("cross-validation", lambda out: (out / SUMMARY).is_file())
NETWORK = "float network"
"""What the recipe of a network that is not quantized is called in tables."""
INTERVAL = "95 % interval of the mean by Student's t over the folds (their training digits overlap: it is approximate)"
"""T. Dietterich, "Approximate statistical tests for comparing supervised classification learning algorithms", Neural
Computation 10, 1998, on what the overlap does; Y. Bengio and Y. Grandvalet, JMLR 5, 2004, on why no estimate of the
variance is free of it."""


@dataclass(frozen=True)
class FoldScore:
    """What the model of one fold got right.

    Attributes:
        fold: counted from 1.
        percent: top-1 accuracy on the fold's own digits, which the model has not seen.
        count: how many these are.
        digits_sha256: of them.
        validation_percent: on the digits that epoch or hyperparameters were chosen by.
        seconds: of fitting.
        settings: that were chosen, as JSON takes them.
    """

    fold: int
    percent: float
    count: int
    digits_sha256: str
    validation_percent: float
    seconds: float
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CrossValidation:
    """A cross-validation, whole or as far as it went.

    Attributes:
        request: model, recipe, data and everything else that makes it this one, as JSON takes it.
        scores: one a finished fold.
        mean: of the folds' accuracies, percent.
        deviation: their standard deviation (n - 1), percentage points.
        low: lower end of the 95 % interval of the mean (:data:`INTERVAL`).
        high: upper end.
    """

    request: dict[str, Any]
    scores: tuple[FoldScore, ...]
    mean: float
    deviation: float
    low: float
    high: float

    @property
    def folds(self) -> int:
        """How many folds were asked for."""
        return int(self.request["folds"])


Measure = Callable[[str, Path, bool], FoldScore]
"""Fits and judges one fold: name of its split, folder to work in, whether an interrupted one may lie there. The number
of the fold is filled in."""

ToldFold = Callable[[FoldScore, int], object]
"""Told of a finished fold, and how many there are."""


def cross_validate(
    what: dict[str, Any],
    dataset: Dataset,
    folds: int,
    seed: int,
    out: Path,
    measure: Measure,
    *,
    force: bool = False,
    resume: bool = False,
    told: ToldFold | None = None,
) -> CrossValidation:
    """Measure a model on every fold and write ``folds.json`` and ``folds.csv``.

    Each finished fold is a file of its own (``fold-2-of-5/fold.json``), so that a killed run goes on with the fold that
    was running.

    Args:
        what: what is measured (model, recipe, settings), as JSON takes it.
        dataset: whose pool is cut; its own test digits are left alone.
        folds: how many, 2 to the count of the rarest digit.
        seed: of the cut.
        out: folder to write into.
        measure: does one fold.
        force: replace what lies in ``out`` from another run.
        resume: go on with the interrupted run of the same request in ``out``.
        told: told of each fold that was measured.

    Raises:
        EdgedigitsError: too few or too many folds, ``out`` not empty, nothing to resume, another request than the one
            to resume, a damaged file of a fold, a full disk, and what ``measure`` raises.
    """
    check_folds(dataset.divisible.labels, folds)
    request = {
        **what,
        "dataset": dataset.spec,
        "digits": dataset.divisible.sha256(),
        "folds": folds,
        "seed": seed,
    }
    request = identity_of(request)
    _begin(out, request, force, resume)
    scores: list[FoldScore] = []
    for fold in range(1, folds + 1):
        folder = out / fold_name(fold, folds)
        score = _read_fold(folder / FOLD)
        if score is None:
            score = replace(measure(folder.name, folder, resume), fold=fold)
            write_json(folder / FOLD, asdict(score))
            if told:
                told(score, folds)
        scores.append(score)
        _write(out, request, tuple(scores))
    return _summarised(request, tuple(scores))


def check_folder(out: Path, force: bool, resume: bool) -> None:
    """Raise where a cross-validation cannot begin or go on in ``out``.

    Raises:
        EdgedigitsError: ``out`` is not empty and ``force`` not set, or holds nothing to resume.
    """
    FOLDS.check_folder(out, force=force, resume=resume)


def _begin(out: Path, request: dict[str, Any], force: bool, resume: bool) -> None:
    check_folder(out, force, resume)
    if resume:
        FOLDS.check_same(out, read_folds(out).request, request)
        return
    with disk_errors(out):
        for folder in out.glob("fold-*-of-*"):
            shutil.rmtree(folder)
    _write(out, request, ())


def _write(out: Path, request: dict[str, Any], scores: tuple[FoldScore, ...]) -> None:
    content: dict[str, Any] = {"format": FORMAT, "request": request, "folds": [asdict(score) for score in scores]}
    if len(scores) > 1:
        found = _summarised(request, scores)
        content["mean"] = {"percent": found.mean, "deviation": found.deviation, "low": found.low, "high": found.high}
        content["interval"] = INTERVAL
    write_json(out / SUMMARY, content)
    write_text(out / TABLE, csv_text(_COLUMNS, map(_line, scores)))


def _line(score: FoldScore) -> list[Any]:
    """A fold's figures in the order of ``_COLUMNS``."""
    figures = [f"{score.percent:.4f}", score.count, f"{score.validation_percent:.4f}", f"{score.seconds:.1f}"]
    return [score.fold, *figures, json.dumps(score.settings)]


def _summarised(request: dict[str, Any], scores: tuple[FoldScore, ...]) -> CrossValidation:
    return CrossValidation(request, scores, *summary([score.percent for score in scores]))


def summary(percents: list[float]) -> tuple[float, float, float, float]:
    """Mean, standard deviation (n - 1), 95 % interval of the mean by Student's t, cut at 0 and 100; NaN for none.

    Args:
        percents: accuracy of each fold.
    """
    from scipy.stats import t as student

    if len(percents) < 2:
        return percents[0] if percents else math.nan, math.nan, math.nan, math.nan
    mean, deviation = statistics.mean(percents), statistics.stdev(percents)
    half = float(student.ppf(0.975, len(percents) - 1)) * deviation / math.sqrt(len(percents))
    return mean, deviation, max(mean - half, 0.0), min(mean + half, 100.0)


def read_folds(out: Path) -> CrossValidation:
    """Read a cross-validation, which may not be finished.

    Raises:
        EdgedigitsError: there is none, or its file is half-written, damaged or of another version.
    """
    path = out / SUMMARY
    if not path.is_file():
        raise EdgedigitsError(f"{out} holds no {SUMMARY}", "name a folder that --folds has written")
    content = read_json(path, "start anew with --force")
    found = content.get("format") if isinstance(content, dict) else None
    if found != FORMAT:
        raise EdgedigitsError(
            f"{path} has format {found}, this version reads format {FORMAT}", "start anew with --force"
        )
    try:
        scores = tuple(dataclass_from(score, FoldScore, "fold") for score in content["folds"])
        return _summarised(dict(content["request"]), scores)
    except (TypeError, KeyError, ValueError) as error:
        raise EdgedigitsError(f"{path} is damaged ({error})", "start anew with --force") from error


def _read_fold(path: Path) -> FoldScore | None:
    if not path.is_file():
        return None
    remedy = f"remove {path} and run the same command again with --resume"
    try:
        return dataclass_from(read_json(path, remedy), FoldScore, "fold")
    except ValueError as error:
        raise EdgedigitsError(f"{path} is no result of a fold ({error})", remedy) from error


def train_folds(
    request: TrainingRequest,
    folds: int,
    out: StrPath,
    *,
    name: str | None = None,
    force: bool = False,
    resume: bool = False,
    progress: ProgressCallback | None = None,
    told: ToldFold | None = None,
    advise: Advise | None = None,
) -> CrossValidation:
    """Cross-validate a network: train it once a fold, as :func:`edgedigits.train.train` does, and judge each training.

    Every fold leaves its model with card, history and plots; an interrupted fold goes on after its last whole epoch.

    Args:
        request: what to train; its split must be the default one, as each fold is a split of its own.
        folds: how many, 2 to the count of the rarest digit.
        out: folder to write into.
        name: what tables call it; None takes the network's.
        force: replace what lies in ``out`` from another run.
        resume: go on with the interrupted run of the same request in ``out``.
        progress: told of the steps of each training.
        told: told of each finished fold.
        advise: told, before it begins, what :mod:`edgedigits.train.advice` has to say.

    Raises:
        EdgedigitsError: as :func:`cross_validate` and :func:`edgedigits.train.train`.
    """
    out = Path(out)
    from edgedigits.train.resuming import train_or_take

    start = request.opened_start()
    if request.split != "default":
        raise EdgedigitsError(f"--folds makes its own splits, not {request.split!r}", "leave --split out")
    dataset = load_dataset(request.dataset)
    check_folds(dataset.divisible.labels, folds)
    digits = len(request.divide(dataset, fold_name(1, folds)).train)
    if start:  # which may have seen what judges a later fold
        for fold in range(2, folds + 1):
            request.divide(dataset, fold_name(fold, folds))
    recipe = resolve(request, digits)
    if advise:
        for sentence in advice(request, recipe, digits):
            advise(sentence)

    def measure(split: str, folder: Path, go_on: bool) -> FoldScore:
        card = train_or_take(replace(request, split=split), folder, resume=go_on, progress=progress)
        found = card.measured
        return FoldScore(
            fold=0,
            percent=found["test_accuracy"],
            count=card.dataset["test"],
            digits_sha256=card.dataset["test_sha256"],
            validation_percent=found["validation_accuracy"],
            seconds=found["seconds"],
            settings={"best_epoch": found["best_epoch"]},
        )

    what = {
        "model": name or request.network,
        "recipe": NETWORK,
        "settings": asdict(recipe),
        "parent": start.parent if start else None,
    }
    return cross_validate(what, dataset, folds, request.seed, out, measure, force=force, resume=resume, told=told)
