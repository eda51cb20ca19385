"""Whether a float model is whole, as far as that is told without loading any Keras."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.model_files.kinds import HDF5, SAVED_MODEL, checked_kind, is_tflite
from edgedigits.core.model_files.packing import KERAS_PARTS, is_saved_model


def check_keras_file(path: Path) -> None:
    """Make sure that a file is a whole ``.keras`` archive, an HDF5 file or a SavedModel.

    Raises:
        EdgedigitsError: missing, cut short, foreign, named like another kind of model, or with a part that is missing
            or does not match its checksum.
    """
    if not path.is_file() and not is_saved_model(path):
        raise EdgedigitsError(f"no model at {path}", "check the path")
    if is_tflite(path):
        raise EdgedigitsError(
            f"{path} is a TFLite model, where the float model is wanted", "give the model.keras that it was made from"
        )
    kind = checked_kind(path)
    if kind == HDF5:
        _check_hdf5(path)
    if kind in (HDF5, SAVED_MODEL):
        return  # their parts are checked where they are read
    remedy = "copy it again, or give a model that `edgedigits train` made"
    if not zipfile.is_zipfile(path):
        raise EdgedigitsError(f"{path} is cut short or no .keras file", remedy)
    try:
        with zipfile.ZipFile(path) as archive:
            missing = set(KERAS_PARTS) - set(archive.namelist())
            broken = archive.testzip()
            if not missing:
                json.loads(archive.read("metadata.json"))
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, AttributeError) as error:
        raise EdgedigitsError(f"{path} is damaged ({error})", remedy) from error
    if missing or broken:
        raise EdgedigitsError(f"{path} is damaged ({broken or ', '.join(sorted(missing))} is not intact)", remedy)


def _check_hdf5(path: Path) -> None:
    """Hold the length of an HDF5 file against the end of file address in its superblock (HDF5 specification, II.A)."""
    with path.open("rb") as file:
        head = file.read(48)
    version, place = (head[8], 40) if len(head) > 8 and head[8] < 2 else (2, 28)
    sizes = head[13:15] if version < 2 else head[9:11]
    end = int.from_bytes(head[place : place + 8], "little")
    if sizes != b"\x08\x08" or not 0 < end <= path.stat().st_size:
        raise EdgedigitsError(f"{path} is an HDF5 file that is cut short or damaged", "copy it again")
