"""A float network fine-tuned by the phases of a recipe."""

from __future__ import annotations

import contextlib
import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.contract.contract import OUR_CONTRACT, InputContract
from edgedigits.core.datasets import Split
from edgedigits.core.digit import CLASSES
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.backend import keras, tf
from edgedigits.core.keras.preprocessing import rescale_of, without_rescale
from edgedigits.core.keras.steps import create_variables
from edgedigits.core.lessons import Lessons
from edgedigits.core.stages import StageCallback
from edgedigits.quantize.tuning.batches import tuning_batches
from edgedigits.quantize.tuning.budget import Phase, Tuning
from edgedigits.quantize.tuning.flattening import flattened
from edgedigits.quantize.tuning.folding import as_it_infers
from edgedigits.quantize.tuning.lesson_batches import lesson_batches
from edgedigits.quantize.tuning.wrapped import Wrapped

_VALIDATION_BATCH = 500
_TOLD = 100
_RANGE_DIGITS = 1000


@dataclass(frozen=True)
class TunedEpoch:
    """One epoch of fine-tuning.

    Attributes:
        technique: of the phase.
        epoch: of the phase, counted from 1.
        loss: Kullback-Leibler divergence from the targets, mean over the epoch.
        validation_loss: from the labels of the validation digits.
        validation_accuracy: percent.
        seconds: that it took.
        kept: whether the next phase, or the conversion, starts from its weights.
    """

    technique: str
    epoch: int
    loss: float
    validation_loss: float
    validation_accuracy: float
    seconds: float
    kept: bool = False


@dataclass(frozen=True)
class Tuned:
    """A fine-tuned network, the epochs that led to it, and what it is fed."""

    model: Any
    history: tuple[TunedEpoch, ...]
    contract: InputContract


def tune(
    model: Any,
    tuning: Tuning,
    split: Split,
    seed: int = 0,
    progress: StageCallback | None = None,
    contract: InputContract = OUR_CONTRACT,
    lessons: Lessons | None = None,
    spoilt: float = 0.0,
) -> Tuned:
    """Fine-tune a copy of a float network, phase after phase.

    Networks in it become a part of it. Layers at its start that rescale the input are left out, as pruning and
    quantization-aware training do not know them; the tuned network is fed what they would have made.

    Args:
        model: tf_keras model that gives probabilities; it stays as it is.
        tuning: phases and budget.
        split: its training digits are learned from, its validation digits choose the epoch of each phase.
        seed: of order and distortion.
        progress: told of the steps of each phase.
        contract: of the network.
        lessons: to learn from in place of the digits and what the network says of them, a pass an epoch.
        spoilt: share of the lessons' pictures that are spoilt.

    Raises:
        EdgedigitsError: a network that cannot be tuned so, naming the layer; a loss that is no number.
    """
    _refuse_code(model)
    model = flattened(model)
    rescale = rescale_of(model)
    contract = without_rescale(contract, rescale) if rescale.layers else contract
    teacher = None if lessons else _teacher(model, rescale.layers)
    network = as_it_infers(model, rescale.layers)
    ranges = contract.values(split.train.images[:_RANGE_DIGITS])
    held = contract.values(split.validation.images), split.validation.labels
    history: list[TunedEpoch] = []
    with _advice_hidden():
        for number, phase in enumerate(tuning.phases):
            lot, size = (seed, number), tuning.batch_size
            if lessons:
                count = len(split.train)
                batches, steps = lesson_batches(lessons, count, size, phase.epochs, lot, contract, spoilt)
            else:
                batches, steps = tuning_batches(teacher, split.train, tuning, phase.epochs, lot, contract)
            wrapped = phase.prepare(network, tuning, steps, ranges)
            history += fit_phase(wrapped, batches, steps, phase, held, progress)
            network = wrapped.finish()
    return Tuned(network, tuple(history), contract)


def _teacher(model: Any, left_out: tuple[str, ...]) -> Any:
    """The float network where a pipeline runs, to be asked about each batch."""
    with tf.device("/CPU:0"):
        return as_it_infers(model, left_out)


def _refuse_code(model: Any) -> None:
    """Raise where a network has layers of Python code, which copies of it would not have."""
    if named := [layer.name for layer in model._flatten_layers() if isinstance(layer, keras.layers.Lambda)]:
        raise EdgedigitsError(
            f"{model.name} has Lambda layers, which cannot be fine-tuned: {', '.join(named)}",
            "take a recipe that trains nothing, such as int8, or other layers in their place",
        )


@contextlib.contextmanager
def _advice_hidden() -> Iterator[None]:
    """Keep TensorFlow's advice off the screen: clusters leave the kernel itself untrained, that graphs are new."""
    logger = tf.get_logger()
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def fit_phase(
    wrapped: Wrapped,
    batches: Any,
    steps: int,
    phase: Phase,
    validation: tuple[NDArray[np.float32], NDArray[np.uint8]],
    progress: StageCallback | None,
) -> list[TunedEpoch]:
    """Train a network that was prepared for a phase, and leave it with the weights of its best epoch.

    Args:
        wrapped: the network.
        batches: ``tf.data.Dataset`` of what the network is fed, float32 (n, ...), and what to learn, float32 (n, 10).
        steps: batches an epoch.
        phase: epochs and learning rate.
        validation: tells the best epoch: what the network is fed of each digit, and its label.
        progress: told of about a hundred steps.

    Returns:
        A record for each epoch, one of them marked as kept.

    Raises:
        EdgedigitsError: the loss is no number any more.
    """
    rate = keras.optimizers.schedules.CosineDecay(phase.rate, steps * phase.epochs)
    wrapped.model.compile(keras.optimizers.Adam(rate), keras.losses.KLDivergence(), metrics=["accuracy"])
    create_variables(wrapped.model)
    keeper = _Keeper(phase, wrapped.first, steps, progress)
    truth = np.eye(CLASSES, dtype=np.float32)[validation[1]]
    wrapped.model.fit(
        batches,
        epochs=phase.epochs,
        steps_per_epoch=steps,
        validation_data=(validation[0], truth),
        validation_batch_size=_VALIDATION_BATCH,
        callbacks=[*wrapped.callbacks, keeper],
        verbose=0,
    )
    return keeper.restore()


class _Keeper(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes down each epoch, keeps the weights of the best, and tells of about a hundred steps a phase."""

    def __init__(self, phase: Phase, first: int, steps: int, progress: StageCallback | None) -> None:
        super().__init__()
        self._phase, self._first, self._steps, self._progress = phase, first, steps, progress
        self._every = max(1, steps * phase.epochs // _TOLD)
        self._epochs: list[TunedEpoch] = []
        self._best: tuple[float, float] | None = None
        self._kept: tuple[int, list[NDArray[Any]]] | None = None
        self._began = 0.0
        self._supports_tf_logs = True

    def on_epoch_begin(self, *_: Any) -> None:
        """Start the clock."""
        self._began = time.monotonic()
        if self._progress:
            self._progress(self._stage(), 0, self._steps)

    def on_train_batch_end(self, batch: int, *_: Any) -> None:
        """Pass on how far the epoch is; its last step is followed by the validation."""
        step = batch + 1
        if self._progress and step < self._steps and (len(self._epochs) * self._steps + step) % self._every == 0:
            self._progress(self._stage(), step, self._steps)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keep the weights if they read more validation digits right than those kept; of equal ones, the surer."""
        figures = {name: float(value) for name, value in (logs or {}).items()}
        loss, validation_loss = figures["loss"], figures["val_loss"]
        if not (math.isfinite(loss) and math.isfinite(validation_loss)):
            raise EdgedigitsError(
                f"the loss is {loss} after epoch {epoch + 1} of {self._phase.technique}",
                "tune from another float model",
            )
        if self._progress:
            note = f"validation accuracy {100 * figures['val_accuracy']:.2f} %"
            self._progress(self._stage(), self._steps, self._steps, note)
        seconds = time.monotonic() - self._began
        accuracy = 100 * figures["val_accuracy"]
        self._epochs.append(TunedEpoch(self._phase.technique, epoch + 1, loss, validation_loss, accuracy, seconds))
        rank = (accuracy, -validation_loss)
        if epoch >= min(self._first, self._phase.epochs - 1) and (self._best is None or rank > self._best):
            self._best = rank
            self._kept = (epoch, [variable.numpy() for variable in self.model.weights])

    def _stage(self) -> str:
        return f"{self._phase.technique} epoch {len(self._epochs) + 1}/{self._phase.epochs}"

    def restore(self) -> list[TunedEpoch]:
        """Give the model the weights that were kept; the epochs, one of them marked."""
        assert self._kept is not None
        best, weights = self._kept
        for variable, value in zip(self.model.weights, weights, strict=True):
            variable.assign(value)
        return [replace(one, kept=number == best) for number, one in enumerate(self._epochs)]
