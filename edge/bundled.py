"""The model that comes with the package, so that a fresh installation reads digits, and the word that names it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from edgedigits.core.cards import CARD_NAME, read_card
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.paths import StrPath

BUILTIN = "builtin"
"""Stands for the bundled model wherever a model is asked for; a file of that name is ``./builtin``."""


def bundled_model() -> Path:
    """Path of the built-in int8 model, its card beside it.

    Raises:
        EdgedigitsError: the installation lacks it.
    """
    return _bundled("small", "model.int8.tflite")


def bundled_float_model() -> Path:
    """Path of the float network that the built-in model was quantized from, ``model.keras`` with its card beside it.

    Raises:
        EdgedigitsError: the installation lacks it.
    """
    return _bundled("small-float", "model.keras")


def _bundled(folder: str, name: str) -> Path:
    path = Path(str(files("edgedigits.edge"))) / "models" / folder / name
    if not path.is_file():
        raise EdgedigitsError("the built-in model is missing", "install edgedigits again, or name a model of your own")
    return path


def model_path(model: StrPath) -> Path:
    """Where a model lies that is named by its path, by the folder in which a command made it, or as ``builtin``.

    Raises:
        EdgedigitsError: there is no such model.
    """
    if model == BUILTIN:
        return bundled_model()
    path = Path(model)
    if path.is_file():
        return path
    if (path / CARD_NAME).is_file():
        return path / read_card(path / CARD_NAME).file
    what = f"{path} is a folder without a model" if path.is_dir() else f"no model at {path}"
    raise EdgedigitsError(what, f"give the path of a model, its folder, or the word {BUILTIN}")
