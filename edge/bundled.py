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
    path = Path(str(files("edgedigits.edge"))) / "models" / "small" / "model.int8.tflite"
    if not path.is_file():
        raise EdgedigitsError("the built-in model is missing", "install edgedigits again, or name a model with --model")
    return path
