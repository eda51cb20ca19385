"""Epochs of training whose batches a pipeline on the processor makes, a few ahead of the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from edgedigits.core.datasets import Split
from edgedigits.core.keras.backend import keras
from edgedigits.core.lessons import Lessons
from edgedigits.train.fitting.pipeline import plain_batches, training_batches
from edgedigits.train.recipes import TrainingRecipe

_VALIDATION_BATCH = 500
_TOLD_PER_EPOCH = 100

Told = Callable[[int, Mapping[str, float]], object]
"""Told of the steps that are done in an epoch, and of the running means of loss and accuracy."""


class Training(Protocol):
    """How an epoch's digits come to a network."""

    def train(self, epoch: int, told: Told | None) -> dict[str, float]:
        """Train for the epoch of that number, counted from 0; the means of loss and accuracy over it."""
        ...

    def judge(self) -> dict[str, float]:
        """The means of loss and accuracy over the validation digits."""
        ...

    def close(self) -> None:
        """Let go of the digits."""
        ...


class PipelineTraining:
    """Trains a compiled network on what a pipeline hands over."""

    def __init__(
        self,
        model: Any,
        batch_size: int,
        recipe: TrainingRecipe,
        split: Split,
        seed: int,
        lessons: Lessons | None = None,
    ) -> None:
        """Prepare the validation digits.

        Args:
            model: compiled.
            batch_size: digits a step over all devices together.
            recipe: augmentation, label smoothing, scale of the inputs.
            split: whose training digits train and whose validation digits judge.
            seed: of order and distortion.
            lessons: to learn from in place of the training digits.
        """
        self._model, self._batch_size, self._recipe, self._split, self._seed = model, batch_size, recipe, split, seed
        self._lessons = lessons
        self._validation = plain_batches(split.validation, _VALIDATION_BATCH, recipe)

    def train(self, epoch: int, told: Told | None) -> dict[str, float]:
        """Train for an epoch; ``told`` about a hundred times."""
        batches = training_batches(self._split.train, self._batch_size, self._seed, epoch, self._recipe, self._lessons)
        callbacks = [StepsDone(told, len(self._split.train) // self._batch_size)] if told else []
        history = self._model.fit(batches, verbose=0, callbacks=callbacks).history
        return {name: float(values[0]) for name, values in history.items()}

    def judge(self) -> dict[str, float]:
        """The means of loss and accuracy over the validation digits."""
        values = self._model.evaluate(self._validation, verbose=0)
        return dict(zip(self._model.metrics_names, map(float, values), strict=True))

    def close(self) -> None:
        """Nothing to do: the digits go with the pipeline."""


class StepsDone(keras.callbacks.Callback):  # type: ignore[misc]
    """Tells of about a hundred steps an epoch: each telling waits for the device."""

    def __init__(self, told: Told, steps: int) -> None:
        super().__init__()
        self._told, self._steps = told, steps
        self._every = max(1, steps // _TOLD_PER_EPOCH)
        self._supports_tf_logs = True

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Pass on the step and the running means."""
        step = batch + 1
        if step % self._every == 0 or step == self._steps:
            self._told(step, {name: float(value) for name, value in (logs or {}).items()})
