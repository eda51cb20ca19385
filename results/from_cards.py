"""Rows of pretrained models, of what their cards keep: nothing is measured."""

from __future__ import annotations

from edgedigits.core.cards import Card
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import gzip_size
from edgedigits.core.pretrained.catalogue import INT8_FOLDER, PretrainedModel
from edgedigits.core.pretrained.figures import Figures, figures_of
from edgedigits.core.tflite.costs import costs_of
from edgedigits.results.folder import Header, Results
from edgedigits.results.machine import this_machine
from edgedigits.results.published import MNIST_TEST
from edgedigits.results.row import Accuracy, Drop, Row

PRETRAINED = "pretrained"
_MNIST = "mnist"


def pretrained_results(model: PretrainedModel) -> Results:
    """The one row of a pretrained model, as a folder of results would have it.

    Raises:
        EdgedigitsError: its card keeps no figures, or its files cannot be read.
    """
    card = model.int8_card()
    figures = figures_of(card)
    if figures is None:
        raise EdgedigitsError(
            f"the card of {model.int8_path} keeps no figures",
            f"measure them: `edgedigits models {model.folder} --measure`",
        )
    header = Header(PRETRAINED, model.name, (INT8_FOLDER,), {}, this_machine(), figures.software)
    return Results(model.folder, header, (_row(model, card, figures),), (), ())


def _row(model: PretrainedModel, card: Card, figures: Figures) -> Row:
    data = model.int8_path.read_bytes()
    count, runtime = figures.digits[_MNIST], figures.software["runtime"]
    return Row(
        model=model.name,
        recipe=PRETRAINED,
        about=f"network {card.network}, {card.settings.get('recipe', 'int8')}",
        file=card.file,
        sha256=card.sha256,
        accuracy=Accuracy(f"{_MNIST}, its own test digits", MNIST_TEST, count, figures.int8_accuracy, runtime),
        drop=_drop(card),
        bytes=len(data),
        gzip_bytes=gzip_size(data),
        macs=figures.macs,
        arena_bytes=costs_of(model.int8_path).arena_bytes,
        parameter_bytes=figures.parameter_bytes,
    )


def _drop(card: Card) -> Drop | None:
    """What the proof found, where it read MNIST's test digits."""
    found = card.proof.get("comparison")
    if not found or card.dataset.get("test_sha256") != MNIST_TEST:
        return None
    return Drop(found["drop"], found["drop_low"], found["drop_high"], found["p_value"], found["agreement"])
