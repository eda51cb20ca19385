"""Digits that a model has not seen: what it may be measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.cards import Card
from edgedigits.core.dataset_spec import spec_with, split_spec
from edgedigits.core.datasets.digits import Dataset, Digits, Split
from edgedigits.core.datasets.overlap import Training, unseen_split, without_seen
from edgedigits.core.datasets.registry import check_dataset, load_dataset
from edgedigits.core.datasets.splits import is_split, split_dataset
from edgedigits.core.errors import EdgedigitsError


def split_of(card: Card | None, spec: str | None = None, name: str | None = None) -> Split:
    """The split that a model was trained on, or one of another data set.

    A model that started from another one was trained on that one's data set, too. Digits that lie in several data sets
    of the model validate and test it only where none of its trainings had them.

    Args:
        card: the model's; None where it has none.
        spec: of a data set; None takes the card's, or MNIST.
        name: of a split; None takes the card's for a data set that the model was trained on, else ``default``.

    Raises:
        EdgedigitsError: a data set of the card with another split, whose test digits the model was trained on; data
            that is no longer what the model was trained on; or what loading and dividing raise.
    """
    dataset, trained = _look_up(card, spec)
    return unseen_split(_split(dataset, trained, name), _others(card, trained))


@dataclass(frozen=True)
class Unseen:
    """Digits that a model was not trained on.

    Attributes:
        spec: of the data set that they are of.
        digits: to measure the model on.
        are_all: whether they are all that the data set has, as nothing of it was trained on.
        split: whose test part they are; None where they are all, or the set's own test digits as it brings them.
        left_out: digits of the data set that would be among them, but are those of another one that the model was
            trained on.
        others: digits of the data set that are not among them, by which something may be found out or chosen; None
            where they are all.
    """

    spec: str
    digits: Digits
    are_all: bool = False
    split: Split | None = None
    left_out: int = 0
    others: Digits | None = None


def unseen_part(card: Card | None, spec: str | None = None, name: str | None = None) -> Unseen:
    """What to measure a model on: the test part of its own split, or all that another data set has to test with.

    Of a data set that the model was not trained on these are the set's own test digits, or all where it has none,
    unless ``name`` asks for the test part of a split.

    Raises:
        EdgedigitsError: as :func:`split_of`.
    """
    dataset, trained = _look_up(card, spec)
    split = _split(dataset, trained, name) if trained or name else None
    whole = not split and dataset.test is None
    found = split.test if split else dataset.test or dataset.divisible
    kept = without_seen(found, dataset.spec, _others(card, trained))
    left_out = len(found) - len(kept)
    others = split.validation if split else dataset.divisible if dataset.test else None
    return Unseen(dataset.spec, kept, whole and not left_out, split, left_out, others)


def unseen_by_all(cards: Sequence[Card | None], spec: str) -> Digits:
    """Digits of a data set on which several models can be compared, as none of them was trained on one of them.

    They are the set's own test digits; where it brings none, the test part of the one split of it that models were
    trained on, or all of it where none was.

    Args:
        cards: of the models; None for one that has none.
        spec: of the data set.

    Raises:
        EdgedigitsError: models were trained on two splits of a data set without test digits of its own; no digit is
            left that all have not seen; or what loading the data set raises.
    """
    dataset = load_dataset(spec)
    trained = [_training_on(dataset, card) for card in cards]
    found = dataset.test
    if found is None:
        divisions = {_division(one): one for one in trained if one}
        if len(divisions) > 1:
            splits = " and ".join(sorted(str(one["split"]) for one in divisions.values()))
            raise EdgedigitsError(
                f"the models were trained on several divisions of {dataset.spec} ({splits}), which has no test digits "
                "of its own",
                "compare them on a data set that has, such as mnist",
            )
        found = _split(dataset, next(iter(divisions.values())), None).test if divisions else dataset.divisible
    for card, one in zip(cards, trained, strict=True):
        found = without_seen(found, dataset.spec, _others(card, one))
    return found


def unseen_digits(card: Card | None, spec: str | None = None, name: str | None = None) -> Digits:
    """The digits of :func:`unseen_part`."""
    return unseen_part(card, spec, name).digits


def continued_split(card: Card, dataset: Dataset, name: str, seed: int) -> Split:
    """A split for a training that starts from a model: digits that the model was trained on do not judge it.

    Args:
        card: of the model to start from.
        dataset: to train on.
        name: of its split.
        seed: of the draw.

    Raises:
        EdgedigitsError: the model was trained on another split of the data set, or on an earlier state of it; it was
            trained on all digits that would judge it; or what dividing raises.
    """
    remedy = "start from a model that has not seen it, such as builtin, or train without --from"
    trained = _training_on(dataset, card, remedy)
    if trained and (trained["split"], trained["seed"]) != (name, seed):
        raise EdgedigitsError(
            f"{card.file} was trained on the split {trained['split']!r} of {dataset.spec} with seed {trained['seed']}: "
            f"it has seen validation and test digits of the split {name!r} with seed {seed}",
            f"give --split {trained['split']} --seed {trained['seed']} and no --folds, or train without --from",
        )
    return unseen_split(split_dataset(dataset, name, seed), _others(card, trained))


def trainings(card: Card | None) -> list[Training]:
    """What a model was trained on, each once, the latest first; nothing where nobody knows, as of a foreign one."""
    each: dict[object, Training] = {}
    for one in (card.dataset, *card.pretrained_on) if card else ():
        if one:
            each.setdefault(_division(one), one)
    return list(each.values())


def check_own_dataset(card: Card) -> list[Path]:
    """The paths of the data set that a model was trained on, checked as far as that takes no time.

    Raises:
        EdgedigitsError: it does not lie where the card says.
    """
    spec = str(card.dataset.get("spec", "mnist"))
    words = split_spec(spec)[1]
    try:
        return check_dataset(spec)[1]
    except EdgedigitsError as error:
        raise EdgedigitsError(
            f"{error.what}: the card of {card.file} names the data set {spec}",
            f"say where it lies now: --dataset {spec_with(split_spec(spec)[0].partition(':')[0] + ':PATH', words)}",
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


def _others(card: Card | None, trained: Training | None) -> list[Training]:
    """The trainings of a model without the one that used the data set in question."""
    return [one for one in trainings(card) if one is not trained]


def _division(trained: Training) -> tuple[object, ...]:
    """What is the same of two trainings on the same digits, whose validation and test digits are the same, too."""
    return tuple(trained.get(name) for name in ("split", "seed", "train_sha256"))


def _holds(dataset: Dataset, trained: Training) -> bool:
    """Whether a data set, divided as it was for a training, gives that training's digits."""
    if len(dataset.divisible) < trained.get("train", 0) + trained.get("validation", 0):
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
