"""The training loop: an epoch at a time, the state saved after each."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from edgedigits.core.datasets import Split
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.backend import keras, tf
from edgedigits.core.keras.steps import create_optimizer_variables, create_variables
from edgedigits.core.lessons import Lessons
from edgedigits.train.fitting.checkpoint import Saved
from edgedigits.train.fitting.devices import Devices
from edgedigits.train.fitting.epochs import PipelineTraining, Training
from edgedigits.train.fitting.optimizers import make_optimizer, rate_at, rate_plan
from edgedigits.train.fitting.resident import ResidentTraining, can_hold
from edgedigits.train.networks.reported import build
from edgedigits.train.recipes import TrainingRecipe, augmentation
from edgedigits.train.training_request import EpochRecord, Progress, ProgressCallback, TrainingRequest

_ROUNDING = 1e-3
"""Percentage points: accuracies come as float32."""

FEW_TO_VALIDATE = 1000
"""Validation digits from which the best epoch is the one that reads most of them right."""


@dataclass(frozen=True)
class Fitter:
    """A compiled network with what trains it.

    Attributes:
        model: the Keras model, on its devices.
        variables: ``tf.train.Checkpoint`` of the model and its optimizer.
        batch_size: the recipe's, or the number of training digits where there are fewer.
        steps: an epoch.
        plan: learning rate, a number or a schedule.
        devices: that it trains on.
    """

    model: Any
    variables: Any
    batch_size: int
    steps: int
    plan: Any
    devices: Devices


def prepare(
    request: TrainingRequest,
    recipe: TrainingRecipe,
    train_count: int,
    devices: Devices,
    network: Callable[[], Any] | None = None,
) -> Fitter:
    """Build and compile the request's network of digits on its devices: :func:`prepare_network`.

    Args:
        request: network, its first weights, seed.
        recipe: how it will be trained.
        train_count: training digits.
        devices: to train on.
        network: builds another network than the request's of the zoo.
    """
    build_it = network or partial(build, request.network, weights=request.weights)
    return prepare_network(build_it, DIGITS, recipe, train_count, request.seed, devices)


@dataclass(frozen=True)
class Task:
    """What networks of one kind are trained by: makers of their loss and of the metric that is called accuracy."""

    loss: Callable[[], Any]
    accuracy: Any


DIGITS = Task(keras.losses.CategoricalCrossentropy, "accuracy")


def prepare_network(
    network: Callable[[], Any], task: Task, recipe: TrainingRecipe, train_count: int, seed: int, devices: Devices
) -> Fitter:
    """Build and compile a network on its devices, with weights that depend on nothing but the seed.

    Clears Keras' global state and sets the global seeds of Python, NumPy and TensorFlow.

    Args:
        network: builds it.
        task: what it is trained by.
        recipe: how it will be trained.
        train_count: what there is to learn from in an epoch.
        seed: of the weights.
        devices: to train on.
    """
    keras.backend.clear_session()
    # The only kind of generator that can be set anew for each epoch.
    keras.backend.experimental.enable_tf_random_generator()
    keras.utils.set_random_seed(seed)
    batch_size = min(recipe.batch_size, train_count)
    steps = recipe.steps_an_epoch(train_count)
    plan = rate_plan(recipe, recipe.steps(train_count))
    before = keras.mixed_precision.global_policy()
    with devices.strategy().scope():
        keras.mixed_precision.set_global_policy(devices.policy)
        try:
            model = network()
            optimizer = make_optimizer(recipe, plan, devices.policy)
        finally:
            keras.mixed_precision.set_global_policy(before)
        model.compile(optimizer, task.loss(), metrics=[task.accuracy])
        if task is DIGITS:
            create_variables(model)
        else:
            create_optimizer_variables(model)
    return Fitter(model, tf.train.Checkpoint(model=model, optimizer=optimizer), batch_size, steps, plan, devices)


def fit(
    fitter: Fitter,
    recipe: TrainingRecipe,
    split: Split,
    seed: int,
    saved: Saved,
    keep: Callable[[Saved], None],
    progress: ProgressCallback | None,
    lessons: Lessons | None = None,
) -> Saved:
    """Train from the epoch after ``saved`` to the recipe's last one.

    Args:
        fitter: from :func:`prepare`.
        recipe: epochs, passes and augmentation.
        split: training and validation digits; the test digits are not looked at.
        seed: of order and distortion.
        saved: the state to go on from.
        keep: called with the state after each epoch.
        progress: told of the steps.
        lessons: to learn from in place of the training digits.

    Raises:
        EdgedigitsError: the loss is no number any more.
    """
    passed = split if lessons else replace(split, train=split.train.repeated(recipe.passes))
    spoilt = recipe.spoilt or augmentation(recipe.augmentation).spoilt
    clear = len(split.validation) >= FEW_TO_VALIDATE and not spoilt and not lessons
    with closing(_training(fitter, recipe, passed, seed, lessons)) as training:
        return run_epochs(fitter, recipe, training, len(split.validation), clear, seed, saved, keep, progress)


def run_epochs(
    fitter: Fitter,
    recipe: TrainingRecipe,
    training: Training,
    validation: int,
    clear: bool,
    seed: int,
    saved: Saved,
    keep: Callable[[Saved], None],
    progress: ProgressCallback | None,
) -> Saved:
    """Train from the epoch after ``saved`` to the recipe's last one, whatever is learned from.

    Args:
        fitter: the network with what trains it.
        recipe: epochs.
        training: brings what is learned from to the network.
        validation: how many validation examples judge.
        clear: whether they tell epochs apart, see :func:`takes_its_place`.
        seed: of dropout.
        saved: the state to go on from.
        keep: called with the state after each epoch.
        progress: told of the steps.

    Raises:
        EdgedigitsError: the loss is no number any more.
    """
    first = len(saved.history)
    teller = _Teller(progress, recipe.epochs, fitter.steps, str(fitter.devices)) if progress else None
    if teller and first < recipe.epochs:
        teller.tell(first, 0, {})
    for epoch in range(first, recipe.epochs):
        began = time.monotonic()
        _reseed_dropout(fitter.model, seed, epoch)
        figures = training.train(epoch, partial(teller.tell, epoch) if teller else None)
        figures |= {f"val_{name}": value for name, value in training.judge().items()}
        if not (math.isfinite(figures["loss"]) and math.isfinite(figures["val_loss"])):
            raise EdgedigitsError(
                f"the loss is {figures['loss']} after epoch {epoch + 1}",
                "train with a smaller learning rate or another seed",
            )
        rate = rate_at(fitter.plan, (epoch + 1) * fitter.steps - 1)
        record = _record(epoch, figures, rate, time.monotonic() - began)
        saved = _with_epoch(saved, record, fitter.model, validation, clear)
        keep(saved)
        if teller:
            teller.tell(epoch, fitter.steps, figures)
    return saved


def _training(fitter: Fitter, recipe: TrainingRecipe, split: Split, seed: int, lessons: Lessons | None) -> Training:
    """The one of the two ways to bring digits to a network that its devices allow."""
    devices, batch_size = fitter.devices, fitter.batch_size
    if not lessons and can_hold(devices, recipe, split.train, batch_size):
        return ResidentTraining(fitter.model, devices, batch_size, recipe, split, seed)
    return PipelineTraining(fitter.model, batch_size, recipe, split, seed, lessons)


def _record(epoch: int, figures: Mapping[str, float], rate: float, seconds: float) -> EpochRecord:
    return EpochRecord(
        epoch=epoch + 1,
        loss=figures["loss"],
        accuracy=100 * figures["accuracy"],
        val_loss=figures["val_loss"],
        val_accuracy=100 * figures["val_accuracy"],
        rate=rate,
        seconds=seconds,
    )


def _reseed_dropout(model: Any, seed: int, epoch: int) -> None:
    """Let dropout depend on seed and epoch alone: Keras' checkpoints leave its generators out."""
    for place, layer in enumerate(model.layers):
        if isinstance(layer, keras.layers.Dropout):
            lot = np.random.SeedSequence((seed, epoch, place)).generate_state(1)[0] & 0x7FFFFFFF
            layer._random_generator._generator.reset_from_seed(int(lot))


def _with_epoch(saved: Saved, record: EpochRecord, model: Any, validation: int, clear: bool) -> Saved:
    """The state after one more epoch."""
    history = (*saved.history, record)
    if saved.best_epoch and not takes_its_place(record, saved.history, saved.best_epoch, validation, clear):
        return Saved(history, saved.best_epoch, saved.best)
    return Saved(history, record.epoch, tuple(model.get_weights()))


def takes_its_place(
    record: EpochRecord, before: tuple[EpochRecord, ...], best_epoch: int, validation: int, clear: bool
) -> bool:
    """Whether the weights of an epoch are kept instead of those of the best epoch before it.

    They are where it reads more validation digits right, or as many with a smaller loss. Fewer than
    :data:`FEW_TO_VALIDATE` digits hardly tell epochs apart, nor do digits as they are tell what was learned of spoilt
    ones or of teachers; and the late epochs, whose learning rate is low, are the better ones: there an epoch is kept
    unless it is worse than the best one by more than a standard error of that one's accuracy, or a digit where that is
    more (after the one-standard-error rule of L. Breiman et al., "Classification and Regression Trees", 1984).

    Args:
        record: the epoch.
        before: all epochs before it.
        best_epoch: that is kept by now, counted from 1.
        validation: how many validation digits there are.
        clear: whether they tell epochs apart.
    """
    if clear:
        best = before[best_epoch - 1]
        return (record.val_accuracy, -record.val_loss) > (best.val_accuracy, -best.val_loss)
    most = max(one.val_accuracy for one in before)
    error = math.sqrt(most * (100 - most) / validation)
    return record.val_accuracy >= most - max(error, 100 / validation) - _ROUNDING


@dataclass(frozen=True)
class _Teller:
    """Tells a caller's callback where the run is."""

    progress: ProgressCallback
    epochs: int
    steps: int
    devices: str

    def tell(self, epoch: int, step: int, metrics: Mapping[str, float]) -> None:
        """Pass on how many steps of the epoch, counted from 0, are done."""
        self.progress(Progress(epoch + 1, self.epochs, step, self.steps, metrics, self.devices))
