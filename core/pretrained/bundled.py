"""The model that comes with the package, so that a fresh installation reads digits, and the word that names it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.model_files.kinds import model_in
from edgedigits.core.paths import StrPath

BUILTIN = "builtin"
"""Stands for the bundled model wherever a model is asked for; a file of that name is ``./builtin``."""


def bundled_model() -> Path:
    """Path of the built-in int8 model, its card beside it.

    Raises:
        EdgedigitsError: the installation lacks it.
    """
    return _bundled("small", "model.int8.tflite")


def bundled_digit_model() -> Path:
    """Path of the larger int8 network by which a station looks at single digits, its card beside it.

    Raises:
        EdgedigitsError: the installation lacks it.
    """
    return _bundled("large", "model.int8.tflite")


def bundled_line_model() -> Path:
    """Path of the built-in int8 line network, which reads whole lines, its card beside it.

    Raises:
        EdgedigitsError: the installation lacks it.
    """
    return _bundled("line", "model.int8.tflite")


def bundled_float_model() -> Path:
    """Path of the float network that the built-in model was quantized from, ``model.keras`` with its card beside it.

    Raises:
        EdgedigitsError: the installation lacks it.
    """
    return _bundled("small-float", "model.keras")


def bundled_float_line_model() -> Path:
    """Path of the float network that the built-in line network was quantized from, ``model.keras`` beside its card.

    Raises:
        EdgedigitsError: the installation lacks it.
    """
    return _bundled("line-float", "model.keras")


def _bundled(folder: str, name: str) -> Path:
    path = Path(str(files(__package__))) / folder / name
    if not path.is_file():
        raise EdgedigitsError("the built-in model is missing", "install edgedigits again, or name a model of your own")
    return path


def model_path(model: StrPath) -> Path:
    """Where a model lies that is named by its path, by the folder that it lies in, or as ``builtin``.

    Raises:
        EdgedigitsError: there is no such model, or several in a folder without a card.
    """
    if model == BUILTIN:
        return bundled_model()
    path = Path(model)
    if path.is_file():
        return path
    if path.is_dir() and (found := model_in(path)):
        return found
    what = f"{path} is a folder without a model" if path.is_dir() else f"no model at {path}"
    raise EdgedigitsError(what, f"give the path of a model, its folder, or the word {BUILTIN}")
