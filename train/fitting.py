"""The training loop: an epoch at a time, the state saved after each."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgedigits.core.datasets import Split
from edgedigits.core.errors import EdgedigitsError
from edgedigits.train.backend import keras, tf
from edgedigits.train.checkpoint import Saved
from edgedigits.train.devices import Devices
from edgedigits.train.networks import build
from edgedigits.train.optimizers import make_optimizer, rate_at, rate_plan
from edgedigits.train.pipeline import plain_batches, training_batches
from edgedigits.train.recipes import Recipe
from edgedigits.train.request import EpochRecord, Progress, ProgressCallback, TrainingRequest

_VALIDATION_BATCH = 500
_TOLD_PER_EPOCH = 100


@dataclass(frozen=True)
class Fitter:
    """A compiled network with what trains it.

    Attributes:
        model: the Keras model, on its devices.
        variables: ``tf.train.Checkpoint`` of the model and its optimizer.
        batch_size: the recipe's, or the number of training digits where there are fewer.
        steps: an epoch.
        plan: learning rate, a number or a schedule.
    """

    model: Any
    variables: Any
    batch_size: int
    steps: int
    plan: Any


def prepare(
    request: TrainingRequest,
    recipe: Recipe,
    train_count: int,
    devices: Devices,
    network: Callable[[], Any] | None = None,
) -> Fitter:
    """Build and compile the request's network on its devices, with weights that depend on nothing but the seed.

    Clears Keras' global state and sets the global seeds of Python, NumPy and TensorFlow.

    Args:
        request: network, its first weights, seed.
        recipe: how it will be trained.
        train_count: training digits.
        devices: to train on.
        network: builds another network than the request's of the zoo.
    """
    keras.backend.clear_session()
    # The only kind of generator that can be set anew for each epoch.
    keras.backend.experimental.enable_tf_random_generator()
    keras.utils.set_random_seed(request.seed)
    batch_size = min(recipe.batch_size, train_count)
    steps = train_count // batch_size
    plan = rate_plan(recipe, steps * recipe.epochs)
    before = keras.mixed_precision.global_policy()
    with devices.strategy().scope():
        keras.mixed_precision.set_global_policy(devices.policy)
        try:
            model = network() if network else build(request.network, weights=request.weights)
            optimizer = make_optimizer(recipe, plan, devices.policy)
        finally:
            keras.mixed_precision.set_global_policy(before)
        model.compile(optimizer, keras.losses.CategoricalCrossentropy(), metrics=["accuracy"])
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        inner.build(model.trainable_variables)
    return Fitter(model, tf.train.Checkpoint(model=model, optimizer=optimizer), batch_size, steps, plan)


def fit(
    fitter: Fitter,
    recipe: Recipe,
    split: Split,
    seed: int,
    saved: Saved,
    keep: Callable[[Saved], None],
    progress: ProgressCallback | None,
) -> Saved:
    """Train from the epoch after ``saved`` to the recipe's last one.

    Args:
        fitter: from :func:`prepare`.
        recipe: epochs and augmentation.
        split: training and validation digits; the test digits are not looked at.
        seed: of order and distortion.
        saved: the state to go on from.
        keep: called with the state after each epoch.
        progress: told of the steps.

    Raises:
        EdgedigitsError: the loss is no number any more.
    """
    validation = plain_batches(split.validation, _VALIDATION_BATCH)
    for epoch in range(len(saved.history), recipe.epochs):
        began = time.monotonic()
        _reseed_dropout(fitter.model, seed, epoch)
        batches = training_batches(split.train, fitter.batch_size, seed, epoch, recipe)
        tell = [_Teller(progress, epoch + 1, recipe.epochs, fitter.steps)] if progress else []
        fitted = fitter.model.fit(batches, verbose=0, callbacks=tell).history
        loss, accuracy = float(fitted["loss"][0]), float(fitted["accuracy"][0])
        val_loss, val_accuracy = (float(value) for value in fitter.model.evaluate(validation, verbose=0))
        if not (math.isfinite(loss) and math.isfinite(val_loss)):
            raise EdgedigitsError(
                f"the loss is {loss} after epoch {epoch + 1}", "train with a smaller learning rate or another seed"
            )
        rate = rate_at(fitter.plan, (epoch + 1) * fitter.steps - 1)
        seconds = time.monotonic() - began
        record = EpochRecord(epoch + 1, loss, 100 * accuracy, val_loss, 100 * val_accuracy, rate, seconds)
        saved = _with_epoch(saved, record, fitter.model)
        keep(saved)
        if progress:
            figures = {"loss": loss, "accuracy": accuracy, "val_loss": val_loss, "val_accuracy": val_accuracy}
            progress(Progress(epoch + 1, recipe.epochs, fitter.steps, fitter.steps, figures))
    return saved


def _reseed_dropout(model: Any, seed: int, epoch: int) -> None:
    """Let dropout depend on seed and epoch alone: Keras' checkpoints leave its generators out."""
    for place, layer in enumerate(model.layers):
        if isinstance(layer, keras.layers.Dropout):
            lot = np.random.SeedSequence((seed, epoch, place)).generate_state(1)[0] & 0x7FFFFFFF
            layer._random_generator._generator.reset_from_seed(int(lot))


def _with_epoch(saved: Saved, record: EpochRecord, model: Any) -> Saved:
    """The state after one more epoch; of equal validation accuracies the smaller loss is better."""
    history = (*saved.history, record)
    if saved.best_epoch:
        best = saved.history[saved.best_epoch - 1]
        if (record.val_accuracy, -record.val_loss) <= (best.val_accuracy, -best.val_loss):
            return Saved(history, saved.best_epoch, saved.best)
    return Saved(history, record.epoch, tuple(model.get_weights()))


class _Teller(keras.callbacks.Callback):  # type: ignore[misc]
    """Tells a progress callback of about a hundred steps an epoch: each telling waits for the device."""

    def __init__(self, progress: ProgressCallback, epoch: int, epochs: int, steps: int) -> None:
        super().__init__()
        self._progress, self._epoch, self._epochs, self._steps = progress, epoch, epochs, steps
        self._every = max(1, steps // _TOLD_PER_EPOCH)
        self._supports_tf_logs = True

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Pass on the step and the running means."""
        step = batch + 1
        if step % self._every == 0 or step == self._steps:
            metrics = {name: float(value) for name, value in (logs or {}).items()}
            self._progress(Progress(self._epoch, self._epochs, step, self._steps, metrics))
