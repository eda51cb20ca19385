"""Fitting a classical baseline: every setting of its sweep judged on validation digits, the best one fitted."""

from __future__ import annotations

import itertools
import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from edgedigits.core.datasets import Digits, stratified_sample
from edgedigits.core.digit import CLASSES
from edgedigits.core.stages import StageCallback, untold
from edgedigits.train.baselines.boosting import boost
from edgedigits.train.baselines.estimators import NO_CLASS, Features, digits_of, estimator, features, targets
from edgedigits.train.baselines.reports.baseline import Baseline

_CHUNK = 1000


@dataclass(frozen=True)
class Tried:
    """A setting of the sweep and its top-1 accuracy on the validation digits, percent."""

    settings: dict[str, Any]
    percent: float


@dataclass(frozen=True)
class FittedBaseline:
    """A fitted estimator and how its settings were chosen.

    Attributes:
        model: of scikit-learn or XGBoost, which uses one thread.
        settings: that were chosen.
        tried: every setting of the sweep, in its order; none where there was nothing to choose.
        percent: of the fitted model on the validation digits.
        seconds: of fitting with the chosen settings.
        sweep_seconds: of trying them all.
    """

    model: Any
    settings: dict[str, Any]
    tried: tuple[Tried, ...]
    percent: float
    seconds: float
    sweep_seconds: float


def fit(entry: Baseline, train: Digits, validation: Digits, seed: int, told: StageCallback = untold) -> FittedBaseline:
    """Choose a baseline's settings on the validation digits and fit it on the training digits.

    Args:
        entry: a classical baseline.
        train: digits to fit on.
        validation: digits to choose by; nothing is fitted on them.
        seed: of what is drawn.
        told: of progress.
    """
    began = time.monotonic()
    inputs, held = features(train.images, entry), features(validation.images, entry)
    # One thread for each product of matrices: the settings, not the products, are spread over the cores.
    with warnings.catch_warnings(), threadpool_limits(1, user_api="blas"):
        warnings.simplefilter("ignore", ConvergenceWarning)  # told in the row instead
        if entry.kind == "xgboost":
            model, percents, seconds = boost(entry, inputs, train.labels, held, validation.labels, seed, told)
            tried = tuple(Tried({"n_estimators": rounds}, percent) for rounds, percent in enumerate(percents, 1))
        else:
            tried = _sweep(entry, inputs, train.labels, held, validation.labels, seed, told)
            chosen = best(tried).settings if tried else {}
            sweep_end = time.monotonic()
            told("fit", 0, 1, _words(chosen))
            model = estimator(entry, chosen, seed, -1).fit(inputs, targets(entry, train.labels))
            seconds = time.monotonic() - sweep_end
            told("fit", 1, 1)
    if "n_jobs" in model.get_params():
        model.set_params(n_jobs=1)
    percent = accuracy(entry, model, validation, told, "read validation digits")
    chosen = best(tried).settings if tried else {}
    return FittedBaseline(model, chosen, tried, percent, seconds, time.monotonic() - began)


def best(tried: tuple[Tried, ...]) -> Tried:
    """The setting that did best; of equals the first."""
    return max(tried, key=lambda one: one.percent)


def read(
    entry: Baseline,
    model: Any,
    images: NDArray[np.uint8],
    told: StageCallback = untold,
    stage: str = "read digits",
) -> NDArray[np.intp]:
    """The digits that a fitted model reads; uses every core.

    Args:
        entry: the baseline.
        model: of it, fitted.
        images: uint8 of shape (count, 28, 28).
        told: of every thousand.
        stage: what it is told as.

    Returns:
        Digits of shape (count,); :data:`edgedigits.train.baselines.estimators.NO_CLASS` where there is none.
    """
    starts = range(0, len(images), _CHUNK)
    told(stage, 0, len(images))
    running = Parallel(n_jobs=-1, prefer="threads", return_as="generator")(
        delayed(lambda start: digits_of(model.predict(features(images[start : start + _CHUNK], entry))))(start)
        for start in starts
    )
    parts = []
    for start, part in zip(starts, running, strict=True):
        parts.append(part)
        told(stage, min(start + _CHUNK, len(images)), len(images))
    every: NDArray[np.intp] = np.concatenate(parts)
    return every


def accuracy(
    entry: Baseline, model: Any, digits: Digits, told: StageCallback = untold, stage: str = "read digits"
) -> float:
    """Top-1 accuracy of a fitted model, percent."""
    return _percent(read(entry, model, digits.images, told, stage), digits.labels)


def _sweep(
    entry: Baseline,
    inputs: Features,
    labels: NDArray[np.uint8],
    held: Features,
    truth: NDArray[np.uint8],
    seed: int,
    told: StageCallback,
) -> tuple[Tried, ...]:
    grid = [dict(zip(entry.sweep, values, strict=True)) for values in itertools.product(*entry.sweep.values())]
    if not entry.sweep:
        return ()
    if entry.kind == "knn":
        most = max(entry.sweep["n_neighbors"])
        reads = nearest_votes(inputs, labels, held, most, told, majority=entry.one_hot)
        return tuple(Tried(one, _percent(reads[one["n_neighbors"] - 1], truth)) for one in grid)
    if entry.sweep_digits and entry.sweep_digits < len(labels):
        drawn = stratified_sample(labels, entry.sweep_digits, seed)
        inputs, labels = inputs[drawn], labels[drawn]

    def judge(settings: dict[str, Any]) -> Tried:
        model = estimator(entry, settings, seed, 1).fit(inputs, targets(entry, labels))
        return Tried(settings, _percent(digits_of(model.predict(held)), truth))

    tried: list[Tried] = []
    told("settings", 0, len(grid))
    # Threads are enough, as scikit-learn fits without Python's lock.
    for one in Parallel(n_jobs=-1, prefer="threads", return_as="generator")(delayed(judge)(one) for one in grid):
        tried.append(one)
        leader = best(tuple(tried))
        told("settings", len(tried), len(grid), f"best {leader.percent:.2f} % with {_words(leader.settings)}")
    return tuple(tried)


def _words(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def nearest_votes(
    inputs: Features,
    labels: NDArray[np.uint8],
    held: Features,
    most: int,
    told: StageCallback = untold,
    *,
    majority: bool = False,
) -> NDArray[np.intp]:
    """What k nearest neighbours read, for every k at once: the ``most`` nearest are looked for a single time.

    Each of the k nearest has one vote; of equals the smallest digit wins, as with scikit-learn's
    ``KNeighborsClassifier``.

    Args:
        inputs: float32 of shape (digits, 784) to look among.
        labels: of them.
        held: float32 of shape (count, 784) to read.
        most: the largest k.
        told: of progress.
        majority: a digit needs more than half of the votes, else there is no class: so votes a
            ``KNeighborsClassifier`` that was fitted on one-hot labels.

    Returns:
        Digits of shape (most, count); row k - 1 is the vote of k neighbours.
    """
    finder = NearestNeighbors(n_neighbors=most, algorithm="brute", n_jobs=-1).fit(inputs)
    reads = []
    told("neighbours", 0, len(held))
    for start in range(0, len(held), _CHUNK):
        near = labels[finder.kneighbors(held[start : start + _CHUNK], return_distance=False)]
        votes = (near[:, :, np.newaxis] == np.arange(CLASSES)).cumsum(axis=1)
        reading = votes.argmax(axis=2).T
        if majority:
            half = np.arange(1, most + 1)[:, np.newaxis] / 2
            reading[half >= votes.max(axis=2).T] = NO_CLASS
        reads.append(reading)
        told("neighbours", min(start + _CHUNK, len(held)), len(held))
    return np.concatenate(reads, axis=1)


def _percent(read_digits: NDArray[Any], truth: NDArray[np.uint8]) -> float:
    return 100.0 * float((read_digits == truth).mean())
