"""What can be told of a float model and its data at once, before TensorFlow, which takes seconds, is loaded."""

from __future__ import annotations

import re
from pathlib import Path

from edgedigits.core.cards import Card, card_of, refuse_line_network
from edgedigits.core.datasets import check_dataset, check_own_dataset, check_split, fold_name
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import refuse_inputs_inside
from edgedigits.core.model_files.keras_file import check_keras_file
from edgedigits.core.paths import StrPath


def check_source(
    model: StrPath, dataset: str | None = None, split: str | None = None, out: StrPath | None = None
) -> None:
    """Raise where a model or its data cannot be what :func:`edgedigits.quantize.source.open_source` opens.

    Args:
        model: the ``.keras`` file.
        dataset: spec of a data set; None takes the one of the model's card, or MNIST.
        split: name of its split; None takes the card's.
        out: folder that will be replaced.

    Raises:
        EdgedigitsError: no such model, or a damaged one; a card of another file; an unknown data set or split; a file
            of the data that is missing; the model or its data lie in ``out``.
    """
    model = Path(model)
    paths = check_dataset(dataset)[1] if dataset else []
    if split:
        check_split(split)
    check_keras_file(model)
    card = card_of(model)
    refuse_line_network(model, card)
    if card and not dataset:
        paths = check_own_dataset(card)
    if out is not None:
        refuse_inputs_inside([model, *paths], Path(out))


def fold_models(folder: StrPath) -> tuple[Path, ...]:
    """The networks of a cross-validation, in the order of its folds, each with its card.

    Args:
        folder: that ``edgedigits train --folds`` has filled.

    Raises:
        EdgedigitsError: no folds, one that is missing or not finished, or folds of different trainings.
    """
    folder = Path(folder)
    counts = {int(found[1]) for path in folder.iterdir() if (found := re.fullmatch(r"fold-\d+-of-(\d+)", path.name))}
    if len(counts) != 1:
        raise EdgedigitsError(
            f"{folder} holds {'folds of different numbers' if counts else 'no folds'}",
            "give a .keras file, or a folder that `edgedigits train --folds` has made",
        )
    folds = counts.pop()
    names = [fold_name(fold, folds) for fold in range(1, folds + 1)]
    models = tuple(folder / name / "model.keras" for name in names)
    cards = [card_of(model) if model.is_file() else None for model in models]
    for name, card in zip(names, cards, strict=True):
        if card is None:
            raise EdgedigitsError(
                f"{name} of {folder} is not finished", "go on by the same `edgedigits train --folds` with --resume"
            )
        if card.dataset.get("split") != name or _training(card) != _training(cards[0]):
            raise EdgedigitsError(f"{name} of {folder} is of another training", "make the folds anew with --force")
    return models


def _training(card: Card | None) -> tuple[object, ...]:
    """What the folds of one cross-validation have in common."""
    return (card.network, card.dataset.get("spec"), card.seed, card.settings) if card else ()
