"""The parts that models are made of, and models that are packed once too often, unpacked, or named by a part."""

from __future__ import annotations

import shlex
import zipfile
from pathlib import Path, PurePosixPath

from edgedigits.core.errors import EdgedigitsError

KERAS_PARTS = ("config.json", "metadata.json", "model.weights.h5")
"""What a ``.keras`` archive holds."""

SAVED_MODEL_GRAPH = "saved_model.pb"
"""What each SavedModel folder holds."""

_MODELS = (".keras", ".h5", ".hdf5", ".tflite")


def is_saved_model(path: Path) -> bool:
    """Whether a folder is a SavedModel of TensorFlow."""
    return (path / SAVED_MODEL_GRAPH).is_file()


def refuse_archive(path: Path) -> None:
    """Raise where a zip file is no ``.keras`` archive but has a model packed in it.

    Raises:
        EdgedigitsError: it has.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [PurePosixPath(name) for name in archive.namelist()]
    except (OSError, zipfile.BadZipFile):  # no zip file
        return
    for name in names:
        inside = name.parent if name.name == SAVED_MODEL_GRAPH else name if name.suffix.lower() in _MODELS else None
        if inside is not None:
            raise EdgedigitsError(f"{path} is a zip file with {inside} in it", f"unpack it and give {inside}")


def refuse_part(path: Path) -> None:
    """Raise where a file is a part of a model that lies whole beside it.

    Raises:
        EdgedigitsError: it is.
    """
    folder = path.parent
    if path.name == SAVED_MODEL_GRAPH:
        raise EdgedigitsError(f"{path} is the graph of a SavedModel without its weights", f"give the folder: {folder}")
    if path.name in KERAS_PARTS and all((folder / name).is_file() for name in KERAS_PARTS):
        parts = shlex.join(str(folder / name) for name in KERAS_PARTS)
        raise EdgedigitsError(
            f"{path} is a part of a .keras archive that was unpacked",
            f"pack it again: python -m zipfile -c packed.keras {parts}; and give packed.keras",
        )
