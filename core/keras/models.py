"""Keras models of digits: loaded from their files, checked, and run on many images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.contract.contract import OUR_CONTRACT, InputContract
from edgedigits.core.digit import CLASSES
from edgedigits.core.keras.backend import keras, tf
from edgedigits.core.keras.opening import open_float_model
from edgedigits.core.paths import StrPath

_BATCH = 500


def load_keras(path: StrPath, *, trust: bool = False) -> Any:
    """Load a trained model, checked: its card, its file, what it takes and gives.

    Args:
        path: of a ``.keras`` or ``.h5`` file of Keras 2 or 3, or of a SavedModel folder.
        trust: run code that it holds, such as Lambda layers.

    Returns:
        A ``tf_keras.Model`` that maps a picture of a digit to (batch, 10), not compiled.

    Raises:
        EdgedigitsError: as :func:`edgedigits.core.keras.opening.open_float_model`.
    """
    return open_float_model(path, trust=trust).model


def keras_scores(
    model: Any,
    images: NDArray[np.uint8],
    progress: Callable[[int], object] | None = None,
    contract: InputContract = OUR_CONTRACT,
) -> NDArray[np.float32]:
    """What a model says of images.

    Args:
        model: a ``tf_keras.Model`` of digits.
        images: uint8 of shape (count, 28, 28).
        progress: told how many images are done.
        contract: of the model.

    Returns:
        Probabilities of the ten digits, float32 of shape (count, 10).
    """
    run = raw_scores(model)
    scores = [np.empty((0, CLASSES), np.float32)]
    for start in range(0, len(images), _BATCH):
        batch = images[start : start + _BATCH]
        scores.append(run(contract.values(batch)))
        if progress:
            progress(start + len(batch))
    return contract.probabilities(np.concatenate(scores))


def raw_scores(model: Any) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """A function from what a model is fed, float32 of shape (count, ...), to what it gives, float32 (count, 10)."""
    shape = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)  # traced once: TensorFlow warns of many traces
    run = tf.function(lambda batch: model(batch, training=False)).get_concrete_function(shape)

    def scores(values: NDArray[np.float32]) -> NDArray[np.float32]:
        parts = [run(tf.constant(values[start : start + _BATCH])).numpy() for start in range(0, len(values), _BATCH)]
        return np.concatenate(parts) if parts else np.empty((0, CLASSES), np.float32)

    return scores


def with_softmax(model: Any) -> Any:
    """A network that gives the probabilities of another one's logits; the two share their layers."""
    return keras.Model(model.inputs, keras.layers.Softmax()(model.outputs[0]), name=model.name)
