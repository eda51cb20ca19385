"""Digits that a model has not seen: what it may be measured on."""

from __future__ import annotations

from edgedigits.core.cards import Card
from edgedigits.core.datasets.digits import Digits, Split
from edgedigits.core.datasets.registry import load_dataset
from edgedigits.core.datasets.splits import is_split, split_dataset
from edgedigits.core.errors import EdgedigitsError


def split_of(card: Card | None, spec: str | None = None, name: str | None = None) -> Split:
    """The split that a model was trained on, or one of another data set.

    Args:
        card: the model's; None where it has none.
        spec: of a data set; None takes the card's, or MNIST.
        name: of a split; None takes the card's for the card's data set, else ``default``.

    Raises:
        EdgedigitsError: the card's data set with another split, whose test digits the model was trained on; data
            that is no longer what the model was trained on; or what loading and dividing raise.
    """
    trained = card.dataset if card else {}
    spec = spec or trained.get("spec", "mnist")
    if spec != trained.get("spec"):
        return split_dataset(load_dataset(spec), name or "default")
    if name and is_split(name) and name != trained["split"]:
        raise EdgedigitsError(
            f"the model was trained on the split {trained['split']!r}, whose training digits are among the test "
            f"digits of {name!r}",
            "leave --split out, or train with that split",
        )
    split = split_dataset(load_dataset(spec), name or trained["split"], int(trained["seed"]))
    if split.train.sha256() != trained["train_sha256"]:
        raise EdgedigitsError(
            f"{spec} is no longer the data that the model was trained on", "restore it, or train again"
        )
    return split


def unseen_digits(card: Card | None, spec: str | None = None, name: str | None = None) -> Digits:
    """Digits to measure a model on: the test part of its own split, or all that another data set has to test with.

    Of a data set that the model was not trained on these are the set's own test digits, or all where it has none,
    unless ``name`` asks for the test part of a split.

    Raises:
        EdgedigitsError: as :func:`split_of`.
    """
    trained = card.dataset if card else {}
    spec = spec or trained.get("spec", "mnist")
    if spec == trained.get("spec") or name:
        return split_of(card, spec, name).test
    dataset = load_dataset(spec)
    return dataset.test or dataset.pool
