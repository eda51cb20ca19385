"""The model that a training starts from: what its card says of it, and its weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.cards import Card, card_of, refuse_line_network
from edgedigits.core.datasets import Dataset, Split, continued_split, trainings
from edgedigits.core.digit import SIDE
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.model_files.kinds import checked_kind, is_tflite
from edgedigits.core.paths import StrPath
from edgedigits.train.networks.catalogue import NETWORKS

_REMEDY = "start from a model.keras that `edgedigits train` made, or from builtin"
_NEARLY = 1e-3
"""Probabilities of one network on one machine differ by less."""


@dataclass(frozen=True)
class Start:
    """A trained model of the zoo that another training starts from, with its card."""

    path: Path
    card: Card

    @property
    def parent(self) -> dict[str, str]:
        """What the card of the model that comes of it says of this one."""
        return {"file": self.path.name, "sha256": self.card.sha256}

    @property
    def pretrained_on(self) -> list[dict[str, Any]]:
        """What this model and those that it was made of were trained on, the latest first."""
        return trainings(self.card)

    def divide(self, dataset: Dataset, split: str, seed: int) -> Split:
        """A split whose validation and test digits are none that the model has learned from.

        Raises:
            EdgedigitsError: as :func:`edgedigits.core.datasets.continued_split`.
        """
        return continued_split(self.card, dataset, split, seed)

    def weights(self) -> list[NDArray[np.float32]]:
        """The model's weights, as ``set_weights`` of the network takes them.

        Raises:
            EdgedigitsError: the file is damaged, or no network as this version builds it.
        """
        from edgedigits.core.keras.models import keras_scores, load_keras
        from edgedigits.train.networks.reported import build

        model = load_keras(self.path)
        weights: list[NDArray[np.float32]] = model.get_weights()
        network = build(self.card.network, pretrained=False)
        if [value.shape for value in weights] == [value.shape for value in network.get_weights()]:
            network.set_weights(weights)
            noise = np.random.default_rng(0).integers(0, 256, (8, SIDE, SIDE), dtype=np.uint8)
            if np.allclose(keras_scores(model, noise), keras_scores(network, noise), atol=_NEARLY):
                return weights
        raise EdgedigitsError(f"{self.path} is no {self.card.network} as this version builds it", _REMEDY)


def open_start(path: StrPath, network: str | None = None) -> Start:
    """Find the card of a model to start from, and see that a training of ``network`` can.

    Loads no TensorFlow: whether the file holds what the card says is seen when its weights are read.

    Args:
        path: of a ``model.keras``.
        network: that shall be trained; None: the model's own.

    Raises:
        EdgedigitsError: no such model, no card, a card of another file, a quantized model, or another network.
    """
    path = Path(path)
    card = card_of(path)
    refuse_line_network(path, card)
    if is_tflite(path) or (card and card.kind != "keras"):
        made_of = f" ({card.parent['file']}, sha256 {card.parent['sha256'][:12]}...)" if card and card.parent else ""
        raise EdgedigitsError(
            f"{path} is quantized, and a training needs floats", f"start from the model.keras it was made of{made_of}"
        )
    checked_kind(path)
    if card is None:
        raise EdgedigitsError(f"{path} has no card.json, which says what network it is and what it has seen", _REMEDY)
    if card.network not in NETWORKS:
        raise EdgedigitsError(f"{path} is {card.network!r}, no network of `edgedigits models`", _REMEDY)
    if network and card.network != network:
        raise EdgedigitsError(f"{path} is the network {card.network}, not {network}", "leave --model out")
    return Start(path, card)
