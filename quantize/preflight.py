"""What can be told of a float model and its data at once, before TensorFlow, which takes seconds, is loaded."""

from __future__ import annotations

from pathlib import Path

from edgedigits.core.cards import card_of
from edgedigits.core.datasets import check_dataset, check_split
from edgedigits.core.keras_file import check_keras_file
from edgedigits.core.paths import StrPath


def check_source(model: StrPath, dataset: str | None = None, split: str | None = None) -> None:
    """Raise where a model or its data cannot be what :func:`edgedigits.quantize.source.open_source` opens.

    Args:
        model: the ``.keras`` file.
        dataset: spec of a data set; None takes the one of the model's card, or MNIST.
        split: name of its split; None takes the card's.

    Raises:
        EdgedigitsError: no such model, or a damaged one; a card of another file; an unknown data set or split; a file
            of the data that is missing.
    """
    model = Path(model)
    if dataset:
        check_dataset(dataset)
    if split:
        check_split(split)
    check_keras_file(model)
    card = card_of(model)
    if card and not dataset:
        check_dataset(card.dataset["spec"])
