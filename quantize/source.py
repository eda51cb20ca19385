"""The float model that recipes start from, with the digits that it is calibrated, tuned and judged on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgedigits.core.cards import Card, card_of
from edgedigits.core.datasets import Split, split_of, trainings
from edgedigits.core.files import sha256_of
from edgedigits.core.keras.models import load_keras

CALIBRATION = 500


@dataclass(frozen=True)
class FloatSource:
    """A float model and its data.

    Attributes:
        path: of the ``.keras`` file.
        card: of that file; None where it has none.
        split: training digits to calibrate and tune with, validation digits to choose by, test digits to report on.
    """

    path: Path
    card: Card | None
    split: Split

    @property
    def network(self) -> str:
        """Name in the zoo, or of the file."""
        return self.card.network if self.card else self.path.stem

    @property
    def parent(self) -> dict[str, str]:
        """What the cards of its descendants say of it."""
        return {"file": self.path.name, "sha256": sha256_of(self.path)}

    @property
    def trained_elsewhere(self) -> list[dict[str, Any]]:
        """What the model was trained on beside the digits of its split, as cards say it, the latest first."""
        return [one for one in trainings(self.card) if one != self.split.describe()]

    def load(self) -> Any:
        """The tf_keras model, read anew."""
        return load_keras(self.path)

    def calibration(self, wanted: int | None) -> int:
        """Digits in the representative dataset: ``wanted``, else 500, or all training digits where there are fewer."""
        return min(CALIBRATION, len(self.split.train)) if wanted is None else wanted


def open_source(path: Path, dataset: str | None = None, split: str | None = None) -> FloatSource:
    """Find a float model's card and data.

    Args:
        path: of the ``.keras`` file.
        dataset: spec of a data set; None takes the one of the model's card, or MNIST.
        split: name of its split; None takes the card's.

    Raises:
        EdgedigitsError: no such model, a card of another file, data that cannot be loaded or divided so.
    """
    card = card_of(path)
    return FloatSource(path, card, split_of(card, dataset, split))
