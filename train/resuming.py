"""Trainings that may be there already: finished ones are taken as they are, interrupted ones go on."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from edgedigits.core.cards import CARD_NAME, Card, card_of
from edgedigits.core.datasets import load_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.resumable import check_identity
from edgedigits.train.artifacts import MODEL
from edgedigits.train.fitting import checkpoint
from edgedigits.train.training import train
from edgedigits.train.training_request import ProgressCallback, TrainingRequest, resolve


def train_or_take(
    request: TrainingRequest, out: Path, *, resume: bool = False, progress: ProgressCallback | None = None
) -> Card:
    """Have the training of ``request`` in ``out``, and do no more of it than is left to do.

    Args:
        request: what to train.
        out: folder of the training.
        resume: whether the same training may lie there, finished or interrupted.
        progress: told of the steps.

    Returns:
        The card of the trained model.

    Raises:
        EdgedigitsError: another training lies there, or as :func:`edgedigits.train.train`.
    """
    if resume and checkpoint.state_file(out).is_file():
        return train(request, out, resume=True, progress=progress).card
    if resume and (out / CARD_NAME).is_file():
        return finished_training(request, out)
    return train(request, out, force=resume, progress=progress).card


def finished_training(request: TrainingRequest, folder: Path) -> Card:
    """The card of a finished training, checked to be the one that ``request`` asks for.

    Raises:
        EdgedigitsError: none is there, its model was changed since, or it is another one; the message names the first
            difference.
    """
    if checkpoint.state_file(folder).is_file():
        raise EdgedigitsError(
            f"the training in {folder} is not finished", "go on with it by `edgedigits train --resume`"
        )
    card = card_of(folder / MODEL)
    if card is None:
        raise EdgedigitsError(f"{folder} holds a model without a card", "name a folder that `edgedigits train` made")
    data = request.divide(load_dataset(request.dataset)).describe()
    recipe = resolve(request, data["train"])
    start = request.opened_start()
    earlier = {"passes": 1, "least_steps": recipe.least_steps}  # where cards do not speak of them yet
    before = {"network": card.network, "parent": card.parent, **earlier, **card.dataset, **card.settings}
    wanted = {key: data[key] for key in ("spec", "split", "seed", "train_sha256", "test_sha256")}
    wanted |= {"network": request.network, "parent": start.parent if start else {}}
    check_identity("training", folder, before, {**wanted, **asdict(recipe)})
    return card
