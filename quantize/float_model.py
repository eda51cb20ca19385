"""The float network that is to be quantized: loaded from its file and run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras
from numpy.typing import NDArray

from edgedigits.core.digit import CLASSES, SIDE, model_input
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras_file import check_keras_file
from edgedigits.core.paths import StrPath
from edgedigits.core.quiet import native_logs_hidden

_BATCH = 500


def load_float_model(path: StrPath) -> Any:
    """Load a ``.keras`` file.

    Returns:
        A tf_keras model that maps (batch, 28, 28, 1) to (batch, 10).

    Raises:
        EdgedigitsError: missing, cut short, foreign, or no digit network.
    """
    path = Path(path)
    check_keras_file(path)
    try:
        with native_logs_hidden():  # the first model wakes TensorFlow's devices, which log
            model = tf_keras.models.load_model(path, compile=False, safe_mode=True)
        shapes = tuple(model.input_shape), tuple(model.output_shape)
    except (ValueError, TypeError, KeyError, OSError, AttributeError, ImportError) as error:
        reason = " ".join(str(error).split())[:200]
        raise EdgedigitsError(
            f"{path} cannot be loaded ({reason})", "give a model.keras as `edgedigits train` writes it"
        ) from error
    if shapes[0][1:] != (SIDE, SIDE, 1) or shapes[1][1:] != (CLASSES,):
        raise EdgedigitsError(
            f"{path} maps {shapes[0]} to {shapes[1]}",
            f"a digit network maps (batch, {SIDE}, {SIDE}, 1) to (batch, {CLASSES})",
        )
    return model


def float_scores(
    model: Any, images: NDArray[np.uint8], progress: Callable[[int], object] | None = None
) -> NDArray[np.float32]:
    """Scores of the ten digits, float32 of shape (count, 10), for uint8 images of shape (count, 28, 28)."""
    shape = tf.TensorSpec((None, SIDE, SIDE, 1), tf.float32)  # traced once: TensorFlow warns of one trace a network
    run = tf.function(lambda batch: model(batch, training=False)).get_concrete_function(shape)
    scores = []
    for start in range(0, len(images), _BATCH):
        batch = images[start : start + _BATCH]
        scores.append(run(tf.constant(model_input(batch))).numpy())
        if progress:
            progress(start + len(batch))
    together: NDArray[np.float32] = np.concatenate(scores)
    return together
