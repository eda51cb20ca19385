"""Gradient boosting, where one fit shows every number of rounds."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import xgboost
from numpy.typing import NDArray

from edgedigits.core.stages import StageCallback
from edgedigits.train.baselines.estimators import Features, estimator
from edgedigits.train.baselines.reports.baseline import Baseline

PATIENCE = 20
"""Rounds without a better validation accuracy after which a fit is stopped."""


def boost(
    entry: Baseline,
    inputs: Features,
    labels: NDArray[np.uint8],
    held: Features,
    truth: NDArray[np.uint8],
    seed: int,
    told: StageCallback,
) -> tuple[Any, tuple[float, ...], float]:
    """Boost to the last round of the entry's sweep, or until validation has not gained for :data:`PATIENCE` rounds.

    Args:
        entry: of XGBoost.
        inputs: float32 of shape (count, 784) to fit on.
        labels: of them.
        held: validation digits, of the same form.
        truth: of them.
        seed: of what is drawn.
        told: of progress.

    Returns:
        The estimator cut down to the first round that did best, the validation accuracy in percent after each round
        that was made, and the seconds that the rounds up to the best one took.
    """
    rounds = max(entry.sweep["n_estimators"])
    clock = _Clock(rounds, told)
    model = estimator(entry, {"n_estimators": rounds}, seed, -1)
    model.set_params(eval_metric="merror", early_stopping_rounds=PATIENCE, callbacks=[clock])
    told("rounds", 0, rounds)
    model.fit(inputs, labels, eval_set=[(held, truth)], verbose=False)
    percents = tuple(_percent(wrong) for wrong in model.evals_result()["validation_0"]["merror"])
    if len(percents) < rounds:
        told("rounds", rounds, rounds, f"stopped after {len(percents)}, the best has {max(percents):.2f} %")
    kept = int(model.best_iteration) + 1
    cut = estimator(entry, {"n_estimators": kept}, seed, 1)
    cut.load_model(model.get_booster()[:kept].save_raw())
    return cut, percents, clock.ends[kept - 1]


def _percent(wrong: float) -> float:
    """Accuracy in percent from XGBoost's share of mistakes."""
    return 100.0 * (1.0 - float(wrong))


class _Clock(xgboost.callback.TrainingCallback):  # type: ignore[misc]
    """Notes when each round ended, in seconds from the start, and tells of it."""

    def __init__(self, rounds: int, told: StageCallback) -> None:
        super().__init__()
        self.ends: list[float] = []
        self._began, self._rounds, self._told = time.monotonic(), rounds, told

    def after_iteration(self, _model: Any, epoch: int, logs: Any) -> bool:
        """Take the time; never stops the fit."""
        self.ends.append(time.monotonic() - self._began)
        last = _percent(logs["validation_0"]["merror"][-1])
        self._told("rounds", epoch + 1, self._rounds, f"validation accuracy {last:.2f} %")
        return False
