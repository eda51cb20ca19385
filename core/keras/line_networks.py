"""Float line networks: loaded from their files, checked, and run on strips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.cards import card_of
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.backend import keras, tf
from edgedigits.core.lines.strip import BLANK, HEIGHT, OUTPUTS, STRIDE, WIDEST, padded, width_of_network
from edgedigits.core.paths import StrPath

_BATCH = 64
_REMEDY = "train it again: edgedigits train --model line --dataset lines"


def load_line_network(path: StrPath) -> Any:
    """Load a trained line network, checked against its card.

    Returns:
        A ``tf_keras.Model`` that maps (batch, 32, width, 1) of 0 to 1 to logits (batch, 1, width / 4, 22).

    Raises:
        EdgedigitsError: missing, changed, damaged, or of another form.
    """
    path = Path(path)
    card_of(path)
    try:
        model = keras.models.load_model(path, compile=False)
    except Exception as error:  # whatever Keras makes of a damaged file
        raise EdgedigitsError(f"{path} cannot be loaded ({str(error)[:150]})", _REMEDY) from error
    given = model(tf.zeros((1, HEIGHT, WIDEST, 1))).shape if model.input_shape[1:] == (HEIGHT, None, 1) else None
    if given != (1, 1, WIDEST // STRIDE, OUTPUTS):
        raise EdgedigitsError(f"{path} is no line network by its shapes", _REMEDY)
    return model


def line_logits(
    model: Any, strips: Sequence[NDArray[np.uint8]], progress: Callable[[int], object] | None = None
) -> list[NDArray[np.float32]]:
    """What a line network says of strips, each float32 of shape (steps, 11).

    Args:
        model: of :func:`load_line_network`.
        strips: uint8 of shape (32, width), each filled up to the least of the widths a network runs on.
        progress: told how many are done.
    """
    spec = tf.TensorSpec((None, HEIGHT, None, 1), tf.float32)
    run = tf.function(lambda batch: model(batch, training=False)).get_concrete_function(spec)
    order = sorted(range(len(strips)), key=lambda place: strips[place].shape[1])
    found: dict[int, NDArray[np.float32]] = {}
    start = 0
    while start < len(order):
        width = width_of_network(strips[order[start]].shape[1])
        places = [place for place in order[start : start + _BATCH] if width_of_network(strips[place].shape[1]) == width]
        batch = np.stack([padded(strips[place], width) for place in places])[..., np.newaxis]
        logits = run(tf.constant(batch, tf.float32) / 255).numpy().reshape(len(places), -1, BLANK + 1)
        found.update(zip(places, logits, strict=True))
        start += len(places)
        if progress:
            progress(start)
    return [found[place] for place in range(len(strips))]
