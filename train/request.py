"""What is asked of a training run, what it tells while it goes on, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from edgedigits.core.cards import Card
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.metrics import Metrics
from edgedigits.core.paths import StrPath
from edgedigits.train.catalogue import network
from edgedigits.train.recipes import Recipe, augmentation

Device = Literal["auto", "cpu", "gpu"]


@dataclass(frozen=True)
class TrainingRequest:
    """A training run. Where a setting is None, the network's own recipe fills it in.

    Attributes:
        network: name in the zoo.
        dataset: spec of the data set, as :func:`edgedigits.core.datasets.load_dataset` takes it.
        split: name of the rule that divides it.
        epochs: passes over the training digits, at least 1.
        batch_size: digits a step over all devices together, at least 1.
        seed: of the split, the first weights, the order of the digits and their distortion.
        device: ``auto`` takes every GPU there is, else the CPU; ``gpu`` insists on one.
        augmentation: name of the distortion.
        rate: learning rate.
        weights: file with ImageNet weights (``fakebank-resnet50`` only); without it they are fetched.
        tensorboard: write logs for TensorBoard too.
    """

    network: str = "small"
    dataset: str = "mnist"
    split: str = "default"
    epochs: int | None = None
    batch_size: int | None = None
    seed: int = 0
    device: Device = "auto"
    augmentation: str | None = None
    rate: float | None = None
    weights: StrPath | None = None
    tensorboard: bool = False

    def __post_init__(self) -> None:
        """Keep the path as a :class:`pathlib.Path`, so that requests for one file are equal however it was named."""
        if self.weights is not None:
            object.__setattr__(self, "weights", Path(self.weights))


@dataclass(frozen=True)
class EpochRecord:
    """One epoch, as a row of ``history.csv``.

    Attributes:
        epoch: counted from 1.
        loss: mean over the (distorted) training digits.
        accuracy: on them, percent.
        val_loss: mean over the validation digits.
        val_accuracy: on them, percent.
        rate: learning rate at the epoch's end.
        seconds: that the epoch took, validation included.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    rate: float
    seconds: float


@dataclass(frozen=True)
class Progress:
    """Where a training run is.

    Attributes:
        epoch: counted from 1.
        epochs: of the run.
        step: steps done in this epoch; 0 tells once that the run begins or goes on.
        steps: an epoch.
        metrics: running means of ``loss`` and ``accuracy`` over the epoch's training digits, as shares of 1; once the
            epoch is over and its state is kept, the last step is told again with ``val_loss`` and ``val_accuracy`` of
            the validation digits.
        devices: that it runs on, for people.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    metrics: Mapping[str, float]
    devices: str = ""


class ProgressCallback(Protocol):
    """What a caller gives to be told of progress; called about a hundred times an epoch, so it should be quick."""

    def __call__(self, progress: Progress) -> object:
        """Take note of the progress."""
        ...


@dataclass(frozen=True)
class TrainingResult:
    """A finished training run.

    Attributes:
        request: that was carried out.
        recipe: the settings after the request's own were put in.
        model: path of ``model.keras``; card, history and plots lie beside it.
        card: the model's card.
        history: one record an epoch.
        best_epoch: whose weights were kept.
        metrics: on the test digits.
    """

    request: TrainingRequest
    recipe: Recipe
    model: Path
    card: Card
    history: tuple[EpochRecord, ...]
    best_epoch: int
    metrics: Metrics


def resolve(request: TrainingRequest) -> Recipe:
    """The recipe of the request's network with the request's own settings in place.

    Raises:
        EdgedigitsError: unknown network or augmentation, a number that makes no sense, weights for a network that
            takes none.
    """
    entry = network(request.network)
    own = entry.recipe
    recipe = Recipe(
        epochs=own.epochs if request.epochs is None else request.epochs,
        batch_size=own.batch_size if request.batch_size is None else request.batch_size,
        optimizer=own.optimizer,
        rate=own.rate if request.rate is None else request.rate,
        schedule=own.schedule,
        momentum=own.momentum,
        label_smoothing=own.label_smoothing,
        augmentation=own.augmentation if request.augmentation is None else request.augmentation,
    )
    augmentation(recipe.augmentation)
    for name, value in (("number of epochs", recipe.epochs), ("batch size", recipe.batch_size)):
        if value < 1:
            raise EdgedigitsError(f"the {name} is {value}", "give a whole number of at least 1")
    if not recipe.rate > 0:
        raise EdgedigitsError(f"the learning rate is {recipe.rate}", "give a number greater than 0")
    if not 0 <= request.seed < 2**32:
        raise EdgedigitsError(f"the seed is {request.seed}", "give a whole number from 0 to 4294967295")
    if request.device not in ("auto", "cpu", "gpu"):
        raise EdgedigitsError(f"no device is called {request.device!r}", "choose auto, cpu or gpu")
    if request.weights is not None and not entry.pretrained:
        raise EdgedigitsError(f"{entry.name} takes no weights", "leave the weights out: it is trained from nothing")
    return recipe
