"""The digit models of a folder by their names: small ones for microcontrollers, larger ones for what has more room."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.cards import CARD_NAME, Card, read_card
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.naming import suggestion

NAMES = ("pico", "nano", "micro", "small", "base", "large")
"""From the smallest to the largest."""

FLOAT_NAME = "model.keras"
INT8_FOLDER = "int8"


@dataclass(frozen=True)
class PretrainedModel:
    """A digit model in two forms: ``model.keras``, and in the folder ``int8`` what was made of it for devices.

    Each has its card beside it, as `edgedigits train` and `edgedigits quantize` write them.

    Attributes:
        name: by which it is called.
        folder: that it lies in.
    """

    name: str
    folder: Path

    @property
    def is_there(self) -> bool:
        """Whether the folder holds both forms with their cards."""
        cards = (self.folder / CARD_NAME, self.int8_folder / CARD_NAME)
        return self.float_path.is_file() and all(card.is_file() for card in cards)

    @property
    def float_path(self) -> Path:
        """The float network."""
        return self.folder / FLOAT_NAME

    @property
    def int8_folder(self) -> Path:
        """Where the int8 model lies with its card."""
        return self.folder / INT8_FOLDER

    @property
    def int8_path(self) -> Path:
        """The int8 model: the file that its card names.

        Raises:
            EdgedigitsError: the card cannot be read.
        """
        return self.int8_folder / self.int8_card().file

    def float_card(self) -> Card:
        """The card of the float network, not compared with its file.

        Raises:
            EdgedigitsError: it cannot be read.
        """
        return read_card(self.folder / CARD_NAME)

    def int8_card(self) -> Card:
        """The card of the int8 model, not compared with its file.

        Raises:
            EdgedigitsError: it cannot be read.
        """
        return read_card(self.int8_folder / CARD_NAME)


@dataclass(frozen=True)
class Pretrained:
    """The digit models that lie in a folder, each in one of its own that is called as they are.

    Attributes:
        root: the folder.
    """

    root: Path

    @property
    def models(self) -> dict[str, PretrainedModel]:
        """Those of :data:`NAMES` that are there, from the smallest to the largest."""
        each = (PretrainedModel(name, self.root / name) for name in NAMES)
        return {model.name: model for model in each if model.is_there}

    def get(self, word: object) -> PretrainedModel | None:
        """The model that a word names; None for any other word, and for a ``Path``, which is none."""
        if not isinstance(word, str) or word not in NAMES:
            return None
        model = PretrainedModel(word, self.root / word)
        return model if model.is_there else None

    def word_of(self, path: Path) -> str:
        """The name of the model that a file is a form of, by its place; empty where it is of none."""
        return next((name for name, one in self.models.items() if path in {one.float_path, one.int8_path}), "")


def model_at(folder: Path) -> PretrainedModel:
    """The model of a folder that holds both forms, called as the folder is.

    Raises:
        EdgedigitsError: it does not hold them with their cards.
    """
    model = PretrainedModel(folder.resolve().name, folder)
    if model.is_there:
        return model
    raise EdgedigitsError(
        f"{folder} does not hold {FLOAT_NAME} with its card and {INT8_FOLDER}/ with those of the int8 model",
        f"make it so: `edgedigits train --out {folder}`, then `edgedigits quantize {folder} --out "
        f"{folder / INT8_FOLDER}`",
    )


def nearest(word: object, names: tuple[str, ...]) -> str:
    """``did you mean pico? `` of a word that could be a name and is near to one; empty of paths and of other words."""
    return suggestion(word, list(names)) if isinstance(word, str) and word.isidentifier() else ""
