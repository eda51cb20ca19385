"""Training with the digits on the devices themselves: batches are made there, many steps a call.

A network this small keeps a GPU busy for less than a millisecond a step. A pipeline on the processor, with its copy of
every batch and a call of Python for every step, would let it wait most of the time. Here the digits are copied once; a
call carries out :data:`STEPS_A_CALL` steps, each of which gathers its digits, distorts and learns from them on the
device. Only random numbers' seeds and the place in the epoch come from the processor.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.datasets import Digits, Split
from edgedigits.core.keras.backend import tf
from edgedigits.train.augmentation.distortion import augment
from edgedigits.train.fitting.devices import Devices
from edgedigits.train.fitting.epochs import Told
from edgedigits.train.fitting.pipeline import as_network_sees, epoch_order, scaled, targets_of
from edgedigits.train.recipes import TrainingRecipe, augmentation

STEPS_A_CALL = 50
"""Training steps between two looks at the device: enough that a look costs nothing, few enough to tell of progress."""

LARGEST_BYTES = 1 << 30
"""Digits that take more are not copied to the devices."""

_JUDGED_AT_ONCE = 500


def can_hold(devices: Devices, recipe: TrainingRecipe, digits: Digits, batch_size: int) -> bool:
    """Whether these devices hold these digits and make their batches.

    Not with the augmentations ``reading``, ``robust`` and ``rough``, which are drawn by code that is no part of
    TensorFlow, not a data set that would fill a GPU, and not a batch that leaves a device without a digit.
    """
    settings = augmentation(recipe.augmentation)
    return (
        devices.hold_digits
        and not settings.fields
        and not settings.spoilt
        and digits.images.nbytes <= LARGEST_BYTES
        and batch_size >= len(devices.names)
    )


class ResidentTraining:
    """Trains a compiled network on digits that its devices hold."""

    def __init__(
        self, model: Any, devices: Devices, batch_size: int, recipe: TrainingRecipe, split: Split, seed: int
    ) -> None:
        """Copy the training and validation digits to the devices.

        Args:
            model: compiled under the strategy of ``devices``.
            devices: to train on.
            batch_size: digits a step over all devices together.
            recipe: augmentation, label smoothing, scale of the inputs.
            split: whose training digits train and whose validation digits judge.
            seed: of order and distortion.
        """
        self._model, self._devices, self._strategy = model, devices, devices.strategy()
        self._batch_size, self._recipe, self._seed = batch_size, recipe, seed
        self._count, self._judged = len(split.train), len(split.validation)
        with self._strategy.scope():
            self._train, self._validation = _held(split.train), _held(split.validation)
        self._several = tf.function(self._steps)
        self._judge = tf.function(self._judge_some, reduce_retracing=True)

    def train(self, epoch: int, told: Told | None) -> dict[str, float]:
        """Train for one epoch; the same digits in the same order as the pipeline's, the last part of a batch left out.

        Returns:
            The means of loss and accuracy over the epoch.
        """
        order, lots = epoch_order(self._count, self._batch_size, self._seed, epoch)
        shares = self._shared(lambda replica, replicas: np.array_split(order, replicas, axis=1)[replica])
        seeds = tf.constant(lots)
        self._model.reset_metrics()
        for first in range(0, len(order), STEPS_A_CALL):
            last = min(first + STEPS_A_CALL, len(order))
            self._several(shares, seeds, tf.constant(first), tf.constant(last))
            if told:
                told(last, self._means())
        return self._means()

    def judge(self) -> dict[str, float]:
        """The means of loss and accuracy over the validation digits."""
        rounds = -(-self._judged // (_JUDGED_AT_ONCE * self._strategy.num_replicas_in_sync))

        def part(one: int, replica: int, replicas: int) -> NDArray[np.int64]:
            indices: NDArray[np.int64] = np.array_split(np.arange(self._judged)[replica::replicas], rounds)[one]
            return indices

        self._model.reset_metrics()
        for one in range(rounds):
            self._judge(self._shared(partial(part, one)))
        return self._means()

    def close(self) -> None:
        """Give the memory of the digits back: TensorFlow 2.21 keeps every graph with a loop, and what it refers to."""
        for variable in (*self._train, *self._validation):
            variable.assign(tf.zeros((0, *variable.shape[1:]), variable.dtype))

    def _steps(self, shares: Any, seeds: Any, first: Any, last: Any) -> None:
        take = tf.autograph.experimental.do_not_convert(self._step)
        for step in tf.range(first, last):
            self._strategy.run(take, args=(shares, seeds, step))

    def _step(self, order: Any, seeds: Any, step: Any) -> None:
        """One step of one device: its share of the batch, made and learned from."""
        settings = augmentation(self._recipe.augmentation)
        images, labels = self._train
        indices = order[step]
        batch = scaled(tf.gather(images, indices))
        if settings.moves:
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            batch = augment(batch, tf.stack([seeds[step], replica]), settings, on_device=True)
        batch = as_network_sees(batch, self._recipe)
        self._model.train_step((batch, targets_of(tf.gather(labels, indices), self._recipe.label_smoothing)))

    def _judge_some(self, indices: Any) -> None:
        self._strategy.run(tf.autograph.experimental.do_not_convert(self._judge_share), args=(indices,))

    def _judge_share(self, indices: Any) -> None:
        images, labels = self._validation
        batch = as_network_sees(scaled(tf.gather(images, indices)), self._recipe)
        self._model.test_step((batch, targets_of(tf.gather(labels, indices))))

    def _shared(self, share: Callable[[int, int], NDArray[Any]]) -> Any:
        """To each device its own indices, as ``share`` makes them of its number and how many there are."""

        def value(context: Any) -> Any:
            replica = context.replica_id_in_sync_group
            with tf.device(self._devices.names[replica]):
                return tf.constant(share(replica, context.num_replicas_in_sync), tf.int64)

        return self._strategy.experimental_distribute_values_from_function(value)

    def _means(self) -> dict[str, float]:
        return {metric.name: float(metric.result()) for metric in self._model.metrics}


def _held(digits: Digits) -> tuple[Any, Any]:
    """Images and labels as variables on every device: TensorFlow has gathering of bytes on a GPU for these alone.

    Their shapes leave the count open, so that the memory can be given back.
    """
    images = tf.Variable(digits.images, trainable=False, shape=(None, *digits.images.shape[1:]))
    return images, tf.Variable(digits.labels, trainable=False, shape=(None,))
