"""Whether a ``.keras`` file is whole, told without loading any Keras."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.model_files import checked_kind, is_tflite

_PARTS = {"config.json", "metadata.json", "model.weights.h5"}


def check_keras_file(path: Path) -> None:
    """Make sure that a file is a whole ``.keras`` archive.

    Raises:
        EdgedigitsError: missing, cut short, foreign, named like another kind of model, made by another Keras than 2, or
            with a part that is missing or does not match its checksum.
    """
    if not path.is_file():
        raise EdgedigitsError(f"no model at {path}", "check the path")
    if is_tflite(path):
        raise EdgedigitsError(
            f"{path} is a TFLite model, where the float model is wanted", "give the model.keras that it was made from"
        )
    checked_kind(path)
    remedy = "copy it again, or give a model that `edgedigits train` made"
    if not zipfile.is_zipfile(path):
        raise EdgedigitsError(f"{path} is cut short or no .keras file", remedy)
    try:
        with zipfile.ZipFile(path) as archive:
            missing = _PARTS - set(archive.namelist())
            broken = archive.testzip()
            made_by = "" if missing else str(json.loads(archive.read("metadata.json")).get("keras_version", ""))
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, AttributeError) as error:
        raise EdgedigitsError(f"{path} is damaged ({error})", remedy) from error
    if missing or broken:
        raise EdgedigitsError(f"{path} is damaged ({broken or ', '.join(sorted(missing))} is not intact)", remedy)
    if not made_by.startswith("2."):
        raise EdgedigitsError(
            f"{path} was made by Keras {made_by}", "save it with Keras 2 (tf_keras), which edgedigits uses"
        )
