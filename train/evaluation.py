"""What a trained ``.keras`` model gets right."""

from __future__ import annotations

from collections.abc import Callable

from edgedigits.core.datasets import Digits
from edgedigits.core.keras.models import keras_scores, load_keras
from edgedigits.core.paths import StrPath
from edgedigits.core.statistics.metrics import Metrics, evaluate_scores


def evaluate_keras(path: StrPath, digits: Digits, progress: Callable[[int], object] | None = None) -> Metrics:
    """Judge a model file on labelled digits.

    Args:
        path: of a ``.keras`` file; a card beside it is checked.
        digits: to read.
        progress: told how many are done.

    Raises:
        EdgedigitsError: as :func:`edgedigits.core.keras.models.load_keras`.
    """
    return evaluate_scores(keras_scores(load_keras(path), digits.images, progress), digits.labels)
