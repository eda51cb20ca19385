"""The model that comes with the package, so that a fresh installation reads digits."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError


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
