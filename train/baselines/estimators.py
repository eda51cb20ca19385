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

from edgedigits.core.digit import model_input
from edgedigits.train.baselines.catalogue import Baseline

Features = NDArray[np.float32]


def features(images: NDArray[np.uint8]) -> Features:
    """The pixels of digits as columns: float32 of shape (count, 784) between 0 and 1, from uint8 (count, 28, 28)."""
    return model_input(images).reshape(len(images), -1)


def estimator(entry: Baseline, settings: dict[str, Any], seed: int, threads: int) -> Any:
    """An estimator that is not fitted yet.

    Args:
        entry: a classical baseline.
        settings: those that were chosen; the entry's fixed ones are added.
        seed: of what the estimator draws.
        threads: that it may use; -1: one a core.
    """
    every = {**entry.fixed, **settings}
    match entry.name:
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
    match entry.name:
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
