"""Digits on their way into a network: shuffled, distorted, batched, a few batches ahead of the training."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.datasets import Digits
from edgedigits.core.digit import CLASSES, SIDE
from edgedigits.core.keras.backend import tf
from edgedigits.core.lessons import Lessons
from edgedigits.core.spoiling import some_spoilt
from edgedigits.train.augmentation.distortion import augment
from edgedigits.train.augmentation.fields import FieldPictures
from edgedigits.train.recipes import Augmentation, TrainingRecipe, augmentation

_AHEAD = 4
_WORKERS = os.cpu_count() or 1

Taken = tuple[NDArray[np.uint8], NDArray[np.float32]]
"""Pictures of shape (count, 28, 28) and their targets, (count, 10)."""

Pictures = TypeVar("Pictures")

EPOCHS_PER_PICTURE = 3
"""So many epochs in a row a picture drawn anew is shown, as making it takes longer than learning it."""


def training_batches(
    digits: Digits, batch_size: int, seed: int, epoch: int, recipe: TrainingRecipe, lessons: Lessons | None = None
) -> Any:
    """One epoch of training digits, the same in every run for the same seed and epoch.

    Args:
        digits: to train on.
        batch_size: digits a step; what is left over after the last full batch waits for another epoch's order, as
            a small last batch would disturb the statistics of batch normalization.
        seed: of the run.
        epoch: counted from 0.
        recipe: augmentation, label smoothing and the scale of the inputs.
        lessons: whose pictures and targets take the place of the digits and their labels.

    Returns:
        A ``tf.data.Dataset`` of float32 digits (batch, 28, 28, 1) between 0 and the recipe's scale, and float32
        targets (batch, 10).
    """
    settings = augmentation(recipe.augmentation)
    order, seeds = epoch_order(len(digits), batch_size, seed, epoch)
    if lessons:
        prepare = _from_lessons(lessons, epoch, seed, recipe.spoilt)
    elif settings.fields:
        prepare = _from_fields(digits, seed, epoch, settings)
    else:
        prepare = _from_rows(digits, recipe.label_smoothing)

    def batch(indices: Any, lot: Any) -> tuple[Any, Any]:
        images, targets = prepare(indices)
        images = spoilt_batch(_distorted(images, lot, settings), lot, settings.spoilt)
        return as_network_sees(images, recipe), targets

    rows = tf.data.Dataset.from_tensor_slices((order, seeds))
    return (
        rows.map(batch, num_parallel_calls=_WORKERS, deterministic=True).prefetch(_AHEAD).with_options(fixed_options())
    )


def epoch_order(count: int, batch_size: int, seed: int, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Which digits stand in which batch of an epoch, and a seed for the distortions of each batch.

    Args:
        count: digits to train on.
        batch_size: digits a step.
        seed: of the run.
        epoch: counted from 0.

    Returns:
        Indices of shape (steps, batch) and seeds of shape (steps,), none of them negative.
    """
    lots = np.random.SeedSequence((seed, epoch))
    order = np.random.default_rng(lots).permutation(count)
    order = order[: len(order) // batch_size * batch_size].reshape(-1, batch_size)
    return order, (lots.generate_state(len(order)) & 0x7FFFFFFF).astype(np.int32)


def plain_batches(digits: Digits, batch_size: int, recipe: TrainingRecipe) -> Any:
    """Digits in their own order, undistorted, in the form of :func:`training_batches`, none left out."""

    def batch(images: Any, labels: Any) -> tuple[Any, Any]:
        return as_network_sees(scaled(images), recipe), targets_of(labels)

    rows = tf.data.Dataset.from_tensor_slices((digits.images, digits.labels)).batch(batch_size)
    return (
        rows.map(batch, num_parallel_calls=_WORKERS, deterministic=True).prefetch(_AHEAD).with_options(fixed_options())
    )


def _from_rows(digits: Digits, smoothing: float) -> Any:
    with tf.device("/CPU:0"):  # a pipeline runs there, also where there is a GPU
        images, labels = tf.constant(digits.images), tf.constant(digits.labels)

    def prepare(indices: Any) -> tuple[Any, Any]:
        return scaled(tf.gather(images, indices)), targets_of(tf.gather(labels, indices), smoothing)

    return prepare


def _from_fields(digits: Digits, seed: int, epoch: int, settings: Augmentation) -> Any:
    fresh = (seed, epoch // EPOCHS_PER_PICTURE)
    key = (digits.sha256(), fresh, settings.fields)

    def take(indices: NDArray[np.intp]) -> Taken:
        return _SHELF.kept(key, lambda: FieldPictures(digits, fresh, settings.fields)).take(indices)

    return _taking(take)


def _from_lessons(lessons: Lessons, epoch: int, seed: int, spoilt: float) -> Any:
    """Pictures, a share of them spoilt, and what teachers say of them whole."""

    def take(indices: NDArray[np.intp]) -> Taken:
        images, scores = _SHELF.kept((lessons, epoch, seed, spoilt), lambda: lessons.read(epoch, spoilt, seed))
        return images[indices], scores[indices]

    return _taking(take)


def _taking(take: Callable[[NDArray[np.intp]], Taken]) -> Any:
    """What makes a batch of what ``take`` gives for indices."""

    def prepare(indices: Any) -> tuple[Any, Any]:
        images, targets = tf.numpy_function(take, (indices,), (tf.uint8, tf.float32))
        count = indices.shape[0]
        return scaled(tf.ensure_shape(images, (count, SIDE, SIDE))), tf.ensure_shape(targets, (count, CLASSES))

    return prepare


def spoilt_batch(images: Any, lot: Any, share: float) -> Any:
    """A batch, float32 of shape (count, 28, 28, 1) between 0 and 1, in which a share of the pictures is spoilt."""
    if not share:
        return images

    def spoil(grey: NDArray[np.uint8], lot: NDArray[np.int32]) -> NDArray[np.uint8]:
        return some_spoilt(grey, share, int(lot))

    grey = tf.cast(tf.round(255 * images[..., 0]), tf.uint8)
    return scaled(tf.ensure_shape(tf.numpy_function(spoil, (grey, lot), tf.uint8), grey.shape))


class _Shelf:
    """Keeps the pictures of one epoch for the next ones.

    TensorFlow never lets go of a function that it has called: such a function finds its pictures here, so that those
    of past epochs do not fill the memory.
    """

    def __init__(self) -> None:
        self._kept: tuple[object, Any] | None = None  # replaced as one: two threads look

    def kept(self, key: object, make: Callable[[], Pictures]) -> Pictures:
        kept = self._kept
        if kept is None or kept[0] != key:
            kept = self._kept = (key, make())
        return kept[1]


_SHELF = _Shelf()


def _distorted(images: Any, lot: Any, settings: Augmentation) -> Any:
    return augment(images, tf.stack([lot, 0]), settings) if settings.moves else images


def fixed_options() -> Any:
    """A pipeline that does not tune itself.

    TensorFlow's tuner sleeps 10 ms, 20 ms, 40 ms and so on while it watches, and the end of an epoch waits until it
    wakes: an epoch of 11 seconds then takes 20.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return options


def scaled(images: Any) -> Any:
    """The graph's own :func:`edgedigits.core.digit.model_input` (a test holds them equal)."""
    return (tf.cast(images, tf.float32) / 255.0)[..., tf.newaxis]


def as_network_sees(images: Any, recipe: TrainingRecipe) -> Any:
    """Digits between 0 and 1 on the scale that the recipe's network learns from."""
    return images if recipe.input_scale == 1 else images * recipe.input_scale


def targets_of(labels: Any, smoothing: float = 0.0) -> Any:
    """What a network shall say to digits of these labels, float32 of shape (batch, 10).

    Args:
        labels: uint8 of shape (batch,).
        smoothing: share of the truth that is spread over all ten digits.
    """
    truth = tf.one_hot(labels, CLASSES)
    return truth * (1 - smoothing) + smoothing / CLASSES if smoothing else truth
