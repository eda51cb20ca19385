"""Lessons for fine-tuning: pictures that teachers have seen, with what they say of them as targets."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.contract.contract import OUR_CONTRACT, InputContract
from edgedigits.core.digit import CLASSES, SIDE
from edgedigits.core.keras.backend import tf
from edgedigits.core.lessons import Lessons
from edgedigits.quantize.tuning.batches import as_input, batches_of

_PASSES_KEPT = 2
"""The last batches of a pass are made beside the first ones of the next."""


def lesson_batches(
    lessons: Lessons,
    count: int,
    size: int,
    epochs: int,
    seed: tuple[int, ...],
    contract: InputContract = OUR_CONTRACT,
    spoilt: float = 0.0,
) -> tuple[Any, int]:
    """The batches of so many epochs, a pass each, the same in every run for the same seed.

    Args:
        lessons: whole ones.
        count: pictures of a pass.
        size: pictures a step.
        epochs: after the last pass comes the first again, in another order, and others of its pictures are spoilt.
        seed: of the order.
        contract: of the network.
        spoilt: share of the pictures that are spoilt.

    Returns:
        A ``tf.data.Dataset`` of what the network is fed, float32 (batch, ...), and float32 targets (batch, 10), and the
        batches of an epoch. What is left over after the last full batch of a pass is left out.
    """
    size = min(size, count)
    steps = count // size
    orders = [np.random.default_rng((*seed, number)).permutation(count)[: steps * size] for number in range(epochs)]
    lot = int(np.random.SeedSequence(seed).generate_state(1)[0])
    read = lru_cache(_PASSES_KEPT)(partial(lessons.read, spoilt=spoilt, seed=lot))

    def take(number: NDArray[np.int64], indices: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        images, scores = read(int(number))
        return images[indices], scores[indices]

    def batch(number: Any, indices: Any) -> tuple[Any, Any]:
        images, scores = tf.numpy_function(take, (number, indices), (tf.uint8, tf.float32))
        images = tf.ensure_shape(images, (size, SIDE, SIDE))
        fed = as_input(tf.cast(images, tf.float32)[..., tf.newaxis] / 255.0, contract)
        return fed, tf.ensure_shape(scores, (size, CLASSES))

    rows = (np.repeat(np.arange(len(orders)), steps), np.concatenate(orders).reshape(-1, size))
    return batches_of(rows, batch), steps
