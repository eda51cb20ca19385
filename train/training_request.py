"""What is asked of a training run, what it tells while it goes on, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from edgedigits.core.cards import Card
from edgedigits.core.datasets import Dataset, Split, split_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lessons import open_lessons
from edgedigits.core.paths import StrPath
from edgedigits.core.statistics.metrics import Metrics
from edgedigits.train.networks.catalogue import Network, network
from edgedigits.train.recipes import TrainingRecipe, augmentation, fine_tuning
from edgedigits.train.starting import Start, open_start

Device = Literal["auto", "cpu", "gpu"]


@dataclass(frozen=True)
class TrainingRequest:
    """A training run. Where a setting is None, the network's own recipe fills it in.

    Attributes:
        network: name in the zoo.
        dataset: spec of the data set, as :func:`edgedigits.core.datasets.load_dataset` takes it.
        split: name of the rule that divides it.
        epochs: passes over the training digits, at least 1. Where the network's own recipe says how many, few digits
            are passed over more often, as a training needs a number of steps whatever there is to learn from.
        batch_size: digits a step over all devices together, at least 1; smaller where there are few digits, unless it
            is given.
        seed: of the split, the first weights, the order of the digits and their distortion. Where there are lessons the
            split has their seed.
        device: ``auto`` takes every GPU there is, else the CPU; ``gpu`` insists on one.
        augmentation: name of the distortion; beside lessons, whose pictures are distorted, none unless it is given.
        rate: learning rate.
        weights: file with ImageNet weights (``fakebank-resnet50`` only); without it they are fetched.
        start: a ``model.keras`` of this network with its card, to start from its weights: fine-tuning, for which
            epochs, rate and schedule are others (:data:`edgedigits.train.recipes.FINE_TUNING`).
        lessons: folder of lessons to learn from in place of the training digits; a pass in each epoch.
        spoilt: share of the lessons' pictures that are spoilt.
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
    start: StrPath | None = None
    lessons: StrPath | None = None
    spoilt: float | None = None

    def __post_init__(self) -> None:
        """Keep paths as :class:`pathlib.Path`, so that requests for one file are equal however it was named."""
        for name in ("weights", "start", "lessons"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, Path(getattr(self, name)))

    def opened_start(self) -> Start | None:
        """The model to start from, its card checked; None where the training starts from fresh weights.

        Raises:
            EdgedigitsError: as :func:`edgedigits.train.starting.open_start`.
        """
        return open_start(self.start, self.network) if self.start else None

    def divide(self, dataset: Dataset, split: str | None = None) -> Split:
        """The digits to train on, to choose by and to report on.

        Args:
            dataset: the request's, loaded.
            split: name of a rule; None takes the request's.

        Raises:
            EdgedigitsError: they cannot be divided so, or the model to start from has seen those that would judge it.
        """
        start, name = self.opened_start(), split or self.split
        seed = open_lessons(self.lessons).recipe.seed if self.lessons else self.seed
        return start.divide(dataset, name, seed) if start else split_dataset(dataset, name, seed)


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
    recipe: TrainingRecipe
    model: Path
    card: Card
    history: tuple[EpochRecord, ...]
    best_epoch: int
    metrics: Metrics


def resolve(request: TrainingRequest, digits: int | None = None) -> TrainingRecipe:
    """The recipe of the request's network with the request's own settings in place.

    Args:
        request: what to train.
        digits: how many there are to train on: where they are few, and the request leaves it to the recipe, batches are
            smaller and passes more. None: as if there were many.

    Raises:
        EdgedigitsError: unknown network or augmentation, a number that makes no sense, weights for a network that
            takes none, a model to start from that is none.
    """
    entry = network(request.network)
    recipe = fine_tuning(entry.recipe) if request.opened_start() else entry.recipe
    given: dict[str, Any] = {
        "epochs": request.epochs,
        "batch_size": request.batch_size,
        "rate": request.rate,
        "augmentation": request.augmentation,
        "spoilt": request.spoilt,
    }
    recipe = replace(recipe, augmentation="none") if request.lessons else replace(recipe, spoilt=0.0)
    recipe = replace(recipe, **{name: value for name, value in given.items() if value is not None})
    _check(request, recipe, entry)
    if digits is None:
        return recipe
    if request.batch_size is None:
        recipe = recipe.with_small_batches(digits)
    return recipe if request.epochs else recipe.with_enough_passes(digits)


def _check(request: TrainingRequest, recipe: TrainingRecipe, entry: Network) -> None:
    augmentation(recipe.augmentation)
    for name, value in (("number of epochs", recipe.epochs), ("batch size", recipe.batch_size)):
        if value < 1:
            raise EdgedigitsError(f"the {name} is {value}", "give a whole number of at least 1")
    if not recipe.rate > 0:
        raise EdgedigitsError(f"the learning rate is {recipe.rate}", "give a number greater than 0")
    if not 0 <= recipe.spoilt <= 1 or (request.spoilt and not request.lessons):
        raise EdgedigitsError(
            f"the share of spoilt pictures is {recipe.spoilt}",
            "give 0 to 1, beside --lessons; without these, --augment rough or robust spoils pictures",
        )
    if not 0 <= request.seed < 2**32:
        raise EdgedigitsError(f"the seed is {request.seed}", "give a whole number from 0 to 4294967295")
    if request.device not in ("auto", "cpu", "gpu"):
        raise EdgedigitsError(f"no device is called {request.device!r}", "choose auto, cpu or gpu")
    if request.weights is not None and not entry.pretrained:
        raise EdgedigitsError(f"{entry.name} takes no weights", "leave the weights out: it is trained from nothing")
    if request.weights is not None and request.start is not None:
        raise EdgedigitsError("--weights and --from both name first weights", "leave one of them out")
