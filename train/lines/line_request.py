"""What is asked of the training of a line network, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from edgedigits.core.cards import Card, card_of, is_line_card
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.naming import entry_named
from edgedigits.core.paths import StrPath
from edgedigits.core.statistics.line_metrics import LineMetrics
from edgedigits.train.lines.catalogue import LINE_NETWORKS, LineNetwork
from edgedigits.train.recipes import TrainingRecipe
from edgedigits.train.training_request import Device, EpochRecord

_FINE_TUNED = (12, 0.001)
"""Epochs and rate of a training that starts from trained weights."""


@dataclass(frozen=True)
class LineTrainingRequest:
    """The training of a line network. Where a setting is None, the network's own recipe fills it in.

    Attributes:
        network: name of a line network.
        dataset: ``lines`` or ``lines:FOLDER[,FOLDER]``.
        epochs: of :data:`edgedigits.train.lines.catalogue.LINES_AN_EPOCH` lines each.
        batch_size: lines a step.
        seed: of the weights, the lines and their order.
        device: ``auto``, ``cpu`` or ``gpu``.
        rate: highest learning rate.
        start: a ``model.keras`` of this network to start from.
    """

    network: str = "line"
    dataset: str = "lines"
    epochs: int | None = None
    batch_size: int | None = None
    seed: int = 0
    device: Device = "auto"
    rate: float | None = None
    start: StrPath | None = None

    def entry(self) -> LineNetwork:
        """The network's entry.

        Raises:
            EdgedigitsError: there is none of that name.
        """
        return entry_named(LINE_NETWORKS, self.network, "line network")

    def recipe(self) -> TrainingRecipe:
        """The network's recipe with the request's own settings in place.

        Raises:
            EdgedigitsError: an unknown network, or a number that makes no sense.
        """
        recipe = self.entry().recipe
        if self.start:
            recipe = replace(recipe, epochs=_FINE_TUNED[0], rate=_FINE_TUNED[1])
        for name, least in (("epochs", 1), ("batch_size", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                option = name.replace("_", "-")
                raise EdgedigitsError(f"--{option} is {value}", f"give {least} or more")
        if self.rate is not None and not 0 < self.rate < 1:
            raise EdgedigitsError(f"--rate is {self.rate}", "give a learning rate between 0 and 1")
        given = {name: getattr(self, name) for name in ("epochs", "batch_size", "rate")}
        return replace(recipe, **{name: value for name, value in given.items() if value is not None})

    def start_card(self) -> Card | None:
        """The card of the network to start from; None where the training starts from fresh weights.

        Raises:
            EdgedigitsError: it has none, or is another network.
        """
        if self.start is None:
            return None
        card = card_of(self.start)
        if card is None or not is_line_card(card) or card.kind != "keras":
            raise EdgedigitsError(
                f"{self.start} is no float line network with its card",
                "start from a model.keras that `edgedigits train --model line` made",
            )
        if card.network != self.network:
            raise EdgedigitsError(f"{self.start} is a {card.network}, not a {self.network}", "leave --model out")
        return card


@dataclass(frozen=True)
class LineTrainingResult:
    """A finished training of a line network.

    Attributes:
        request: that was carried out.
        recipe: the settings after the request's own were put in.
        model: path of ``model.keras``; card, history, curves and the lines that judge it lie beside it.
        card: the model's card.
        history: one record an epoch.
        best_epoch: whose weights were kept.
        metrics: on the test lines, by where they come from; ``all`` are all of them.
    """

    request: LineTrainingRequest
    recipe: TrainingRecipe
    model: Path
    card: Card
    history: tuple[EpochRecord, ...]
    best_epoch: int
    metrics: dict[str, LineMetrics]
