"""What a trained ``.keras`` model gets right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.cards import card_of
from edgedigits.core.datasets import Digits
from edgedigits.core.digit import CLASSES, SIDE, model_input
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras_file import check_keras_file
from edgedigits.core.metrics import Metrics, evaluate_scores
from edgedigits.core.paths import StrPath
from edgedigits.train.backend import keras

_BATCH = 500


def evaluate_keras(path: StrPath, digits: Digits) -> Metrics:
    """Judge a model file on labelled digits.

    Args:
        path: of a ``.keras`` file; a card beside it is checked.
        digits: to read.

    Raises:
        EdgedigitsError: as :func:`load_keras`.
    """
    path = Path(path)
    return evaluate_scores(keras_scores(load_keras(path), digits.images), digits.labels)


def keras_scores(model: Any, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Probabilities of the ten digits, float32 of shape (count, 10), for uint8 images of shape (count, 28, 28)."""
    parts = [
        np.asarray(model(model_input(images[start : start + _BATCH]), training=False), np.float32)
        for start in range(0, len(images), _BATCH)
    ]
    return np.concatenate(parts) if parts else np.empty((0, CLASSES), np.float32)


def load_keras(path: Path) -> Any:
    """Load a trained model, checked: its card, its file, what it takes and gives.

    Returns:
        A ``tf_keras.Model``, not compiled. Code inside the file (Lambda layers) is never run.

    Raises:
        EdgedigitsError: missing, cut short, no ``.keras`` file, made by another Keras, changed since its card was
            written, or not a digit model.
    """
    card_of(path)
    check_keras_file(path)
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
        shapes = (model.input_shape, model.output_shape)
    except (ValueError, TypeError, KeyError, OSError, AttributeError, ImportError) as error:
        reason = " ".join(str(error).split())[:200]
        raise EdgedigitsError(
            f"Keras {keras.__version__} cannot load {path} ({reason})", "give a model that `edgedigits train` made"
        ) from error
    if shapes != ((None, SIDE, SIDE, 1), (None, CLASSES)):
        raise EdgedigitsError(
            f"{path} maps {shapes[0]} to {shapes[1]}", f"a digit model maps (None, {SIDE}, {SIDE}, 1) to (None, 10)"
        )
    return model
