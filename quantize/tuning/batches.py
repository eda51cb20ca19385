"""Training digits for fine-tuning: moved a little, with the float network's own probabilities as targets."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.contract.contract import DARK, OUR_CONTRACT, InputContract
from edgedigits.core.datasets import Digits
from edgedigits.core.digit import CLASSES, SIDE
from edgedigits.core.keras.backend import tf
from edgedigits.quantize.tuning.budget import Tuning

_AHEAD = 4
_WORKERS = os.cpu_count() or 1


def tuning_batches(
    teacher: Any,
    digits: Digits,
    tuning: Tuning,
    epochs: int,
    seed: tuple[int, ...],
    contract: InputContract = OUR_CONTRACT,
) -> tuple[Any, int]:
    """The batches of several epochs, the same in every run for the same seed.

    Args:
        teacher: the float network, its variables on the CPU, where a pipeline runs.
        digits: training digits.
        tuning: batch size, share of the truth, distortion.
        epochs: how many; each has an order and distortions of its own.
        seed: of the phase.
        contract: of the network.

    Returns:
        A ``tf.data.Dataset`` of what the network is fed, float32 (batch, ...), and float32 targets (batch, 10), and the
        batches of an epoch. What is left over after the last full batch waits for another epoch.
    """
    size = min(tuning.batch_size, len(digits))
    steps = len(digits) // size
    orders, lots = [], []
    for epoch in range(epochs):
        source = np.random.SeedSequence((*seed, epoch))
        orders.append(np.random.default_rng(source).permutation(len(digits))[: steps * size].reshape(steps, size))
        lots.append(source.generate_state(steps).astype(np.int64) & 0x7FFFFFFF)
    with tf.device("/CPU:0"):
        images, labels = tf.constant(digits.images), tf.constant(digits.labels)

    def batch(indices: Any, lot: Any) -> tuple[Any, Any]:
        moved = _moved(tf.cast(tf.gather(images, indices), tf.float32)[..., tf.newaxis] / 255.0, lot, tuning)
        fed = as_input(moved, contract)
        truth = tf.one_hot(tf.gather(labels, indices), CLASSES)
        return fed, tuning.truth * truth + (1 - tuning.truth) * teacher(fed, training=False)

    return batches_of((np.concatenate(orders), np.concatenate(lots).astype(np.int32)), batch), steps


def batches_of(rows: tuple[NDArray[Any], ...], batch: Callable[..., tuple[Any, Any]]) -> Any:
    """A ``tf.data.Dataset`` of what ``batch`` makes of each row, in their order, a few ahead of the training."""
    ready = tf.data.Dataset.from_tensor_slices(rows).map(batch, num_parallel_calls=_WORKERS, deterministic=True)
    return ready.prefetch(_AHEAD).with_options(_fixed())


def as_input(images: Any, contract: InputContract) -> Any:
    """The graph's own :meth:`InputContract.values` (a test holds them equal), of digits (n, 28, 28, 1) of 0 to 1."""
    height, width, channels = contract.field
    if (height, width) != (SIDE, SIDE):
        way = tf.image.ResizeMethod.AREA if height < SIDE and width < SIDE else tf.image.ResizeMethod.BILINEAR
        images = tf.image.resize(images, (height, width), way)
    if contract.polarity == DARK:
        images = 1.0 - images
    mean, deviation = contract.mean_and_deviation
    if (mean, deviation) != (0.0, 1.0):
        images = (images - mean) / deviation
    if channels > 1:
        images = tf.repeat(images, channels, axis=-1)
    return tf.reshape(images, (images.shape[0], *contract.shape))


def _moved(images: Any, lot: Any, tuning: Tuning) -> Any:
    """Each digit turned, slanted, stretched and shifted about the middle of its field in its own way."""
    count = images.shape[0]
    drawn = tf.random.stateless_uniform((6, count), tf.stack([lot, 0]), -1.0, 1.0)
    angle, slant = drawn[0] * math.radians(tuning.rotation), drawn[1] * tuning.shear
    wide, high = 1 + drawn[2] * tuning.zoom, 1 + drawn[3] * tuning.zoom
    across, down = tf.cos(angle), tf.sin(angle)
    # A pixel (x, y) of the result shows the digit at (a x + b y + c, d x + e y + f).
    a, b = across * wide, (across * slant - down) * high
    d, e = down * wide, (down * slant + across) * high
    middle = (SIDE - 1) / 2
    c = middle - (a + b) * middle + drawn[4] * tuning.shift
    f = middle - (d + e) * middle + drawn[5] * tuning.shift
    flat = tf.zeros_like(a)
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack([a, b, c, d, e, f, flat, flat], axis=1),
        output_shape=[SIDE, SIDE],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )
    return tf.ensure_shape(moved, images.shape)


def _fixed() -> Any:
    """A pipeline that does not tune itself: TensorFlow's tuner sleeps while it watches, and the end waits for it."""
    options = tf.data.Options()
    options.autotune.enabled = False
    return options
