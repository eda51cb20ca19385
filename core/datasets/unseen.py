"""Digits that a model has not seen: what it may be measured on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgedigits.core.cards import Card
from edgedigits.core.datasets.digits import Dataset, Digits, Split
from edgedigits.core.datasets.registry import check_dataset, load_dataset
from edgedigits.core.datasets.splits import is_split, split_dataset
from edgedigits.core.errors import EdgedigitsError

Training = dict[str, Any]
"""What a card says of the data of a training: ``spec``, ``split``, ``seed``, counts, sha256 of the training digits."""


def split_of(card: Card | None, spec: str | None = None, name: str | None = None) -> Split:
    """The split that a model was trained on, or one of another data set.

    A model that started from another one was trained on that one's data set, too.

    Args:
        card: the model's; None where it has none.
        spec: of a data set; None takes the card's, or MNIST.
        name: of a split; None takes the card's for a data set that the model was trained on, else ``default``.

    Raises:
        EdgedigitsError: a data set of the card with another split, whose test digits the model was trained on; data
            that is no longer what the model was trained on; or what loading and dividing raise.
    """
    dataset, trained = _look_up(card, spec)
    return _split(dataset, trained, name)


@dataclass(frozen=True)
class Unseen:
    """Digits that a model was not trained on.

    Attributes:
        spec: of the data set that they are of.
        digits: to measure the model on.
        are_all: whether they are all that the data set has, as nothing of it was trained on.
        split: whose test part they are; None where they are all, or the set's own test digits as it brings them.
    """

    spec: str
    digits: Digits
    are_all: bool = False
    split: Split | None = None


def unseen_part(card: Card | None, spec: str | None = None, name: str | None = None) -> Unseen:
    """What to measure a model on: the test part of its own split, or all that another data set has to test with.

    Of a data set that the model was not trained on these are the set's own test digits, or all where it has none,
    unless ``name`` asks for the test part of a split.

    Raises:
        EdgedigitsError: as :func:`split_of`.
    """
    dataset, trained = _look_up(card, spec)
    if trained or name:
        split = _split(dataset, trained, name)
        return Unseen(dataset.spec, split.test, split=split)
    if dataset.test:
        return Unseen(dataset.spec, dataset.test)
    return Unseen(dataset.spec, dataset.pool, are_all=True)


def unseen_digits(card: Card | None, spec: str | None = None, name: str | None = None) -> Digits:
    """The digits of :func:`unseen_part`."""
    return unseen_part(card, spec, name).digits


def refuse_seen(card: Card, dataset: Dataset, name: str, seed: int) -> None:
    """Raise where a training that starts from a model would judge itself by digits which that model was trained on.

    Args:
        card: of the model to start from.
        dataset: to train on.
        name: of its split.
        seed: of the draw.

    Raises:
        EdgedigitsError: the model was trained on another split of the data set, or on an earlier state of it.
    """
    remedy = "start from a model that has not seen it, such as builtin, or train without --from"
    trained = _training_on(dataset, card, remedy)
    if trained and (trained["split"], trained["seed"]) != (name, seed):
        raise EdgedigitsError(
            f"{card.file} was trained on the split {trained['split']!r} of {dataset.spec} with seed {trained['seed']}: "
            f"it has seen validation and test digits of the split {name!r} with seed {seed}",
            f"give --split {trained['split']} --seed {trained['seed']} and no --folds, or train without --from",
        )


def trainings(card: Card | None) -> list[Training]:
    """What a model was trained on, the latest first."""
    return [card.dataset, *card.pretrained_on] if card else []


def check_own_dataset(card: Card) -> list[Path]:
    """The paths of the data set that a model was trained on, checked as far as that takes no time.

    Raises:
        EdgedigitsError: it does not lie where the card says.
    """
    spec = str(card.dataset.get("spec", "mnist"))
    try:
        return check_dataset(spec)[1]
    except EdgedigitsError as error:
        raise EdgedigitsError(
            f"{error.what}: the card of {card.file} names the data set {spec}",
            f"say where it lies now: --dataset {spec.partition(':')[0]}:PATH",
        ) from error


def _look_up(card: Card | None, spec: str | None) -> tuple[Dataset, Training | None]:
    """A data set, and the training of the model that used it."""
    known = trainings(card)
    if card and not spec:
        check_own_dataset(card)
    dataset = load_dataset(spec or (known[0].get("spec", "mnist") if known else "mnist"))
    return dataset, _training_on(dataset, card)


def _training_on(dataset: Dataset, card: Card | None, remedy: str = "restore it, or train again") -> Training | None:
    """The training that used the digits of a data set, by whatever name; None where none did.

    Raises:
        EdgedigitsError: one used a data set of that name, and it held other digits.
    """
    for trained in trainings(card):
        if _holds(dataset, trained):
            return trained
        if trained.get("spec") == dataset.spec:
            raise EdgedigitsError(f"{dataset.spec} is no longer the data that the model was trained on", remedy)
    return None


def _holds(dataset: Dataset, trained: Training) -> bool:
    """Whether a data set, divided as it was for a training, gives that training's digits."""
    counts = [trained.get(part, 0) for part in ("train", "validation", "test")]
    if len(dataset.pool) not in (sum(counts), sum(counts[:2])):
        return False
    try:
        split = split_dataset(dataset, trained["split"], int(trained["seed"]))
    except EdgedigitsError:  # too few digits of a kind: it is another data set
        return False
    return split.train.sha256() == str(trained["train_sha256"])


def _split(dataset: Dataset, trained: Training | None, name: str | None) -> Split:
    if trained is None:
        return split_dataset(dataset, name or "default")
    if name and is_split(name) and name != trained["split"]:
        raise EdgedigitsError(
            f"the model was trained on the split {trained['split']!r}, whose training digits are among the test "
            f"digits of {name!r}",
            "leave --split out, or train with that split",
        )
    return split_dataset(dataset, name or trained["split"], int(trained["seed"]))
