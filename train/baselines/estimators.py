"""The estimators of scikit-learn and XGBoost that stand behind the classical baselines."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from edgedigits.core.digit import CLASSES, model_input
from edgedigits.train.baselines.reports.baseline import Baseline

Features = NDArray[np.float32]

NO_CLASS = -1
"""Read by an estimator on one-hot labels that gives a digit none, or more than one; never right."""


def features(images: NDArray[np.uint8], entry: Baseline | None = None) -> Features:
    """The pixels of digits as columns, as a baseline takes them.

    Args:
        images: uint8 of shape (count, 28, 28).
        entry: the baseline; None: one that takes them scaled.

    Returns:
        Float32 of shape (count, 784) between 0 and 1, or 0 and 255 where the baseline takes grey values.
    """
    pixels = images.astype(np.float32) if entry and entry.grey else model_input(images)
    return pixels.reshape(len(images), -1)


def targets(entry: Baseline, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What a baseline is fitted to: labels of shape (count,), or one-hot of shape (count, 10)."""
    return np.eye(CLASSES, dtype=np.uint8)[labels] if entry.one_hot else labels


def digits_of(predicted: NDArray[Any]) -> NDArray[np.intp]:
    """The digits that an estimator read, of shape (count,).

    Args:
        predicted: digits of shape (count,), or one-hot of shape (count, 10): a row that has not exactly one class is
            :data:`NO_CLASS`, as scikit-learn's accuracy counts it wrong.
    """
    if predicted.ndim == 1:
        return predicted.astype(np.intp)
    one = predicted.sum(axis=1) == 1
    return np.where(one, predicted.argmax(axis=1), NO_CLASS).astype(np.intp)


def estimator(entry: Baseline, settings: dict[str, Any], seed: int, threads: int) -> Any:
    """An estimator that is not fitted yet.

    Args:
        entry: a classical baseline.
        settings: those that were chosen; the entry's fixed ones are added.
        seed: of what the estimator draws.
        threads: that it may use; -1: one a core.
    """
    every = {**entry.fixed, **settings}
    match entry.kind:
        case "knn":
            return KNeighborsClassifier(**every, n_jobs=threads)
        case "decision-tree":
            return DecisionTreeClassifier(**every, random_state=seed)
        case "random-forest":
            return RandomForestClassifier(**every, n_jobs=threads, random_state=seed)
        case "xgboost":
            from xgboost import XGBClassifier

            return XGBClassifier(**every, n_jobs=None if threads == -1 else threads, random_state=seed)
        case "svm":
            return SVC(**every)
        case "logistic-regression":
            return LogisticRegression(**every)
    raise ValueError(f"{entry.name} is no classical baseline")


def anatomy(entry: Baseline, model: Any) -> tuple[int | None, dict[str, Any], tuple[str, ...]]:
    """What a fitted estimator consists of.

    Returns:
        Its weights and biases where it has such, what it is made of as JSON takes it, and what a reader has to know.
    """
    match entry.kind:
        case "knn":
            return None, {"digits kept": int(model.n_samples_fit_)}, ()
        case "decision-tree":
            return None, _size_of([model]), ()
        case "random-forest":
            return None, _size_of(model.estimators_), ()
        case "xgboost":
            rounds = int(model.get_booster().num_boosted_rounds())
            return None, {"rounds": rounds, "trees": rounds * int(model.n_classes_)}, ()
        case "svm":
            return None, {"support vectors": int(model.n_support_.sum()), "pairs of classes": 45}, ()
    steps = int(max(model.n_iter_))
    unfinished = f"stopped after {steps} iterations, before it converged"
    parameters = int(model.coef_.size + model.intercept_.size)
    return parameters, {"iterations": steps}, (unfinished,) if steps >= entry.fixed["max_iter"] else ()


def _size_of(trees: list[Any]) -> dict[str, Any]:
    return {
        "trees": len(trees),
        "nodes": sum(int(tree.tree_.node_count) for tree in trees),
        "leaves": sum(int(tree.tree_.n_leaves) for tree in trees),
        "depth": max(int(tree.tree_.max_depth) for tree in trees),
    }
