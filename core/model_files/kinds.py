"""What kind of model a file holds, told by its first bytes: its name may say another one, or none."""

from __future__ import annotations

import shlex
import zipfile
from pathlib import Path

from edgedigits.core.cards import CARD_NAME, read_card
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.git_lfs import refuse_pointer
from edgedigits.core.model_files.foreign import refuse_foreign
from edgedigits.core.model_files.packing import is_saved_model, refuse_archive, refuse_part

TFLITE, KERAS, HDF5, SAVED_MODEL = "TFLite", "Keras", "HDF5", "SavedModel"
SUFFIXES = frozenset({".tflite", ".keras", ".h5", ".hdf5"})
"""Of files that are meant to be models, in lower case."""

OURS = frozenset({".tflite", ".keras"})
"""Of those that edgedigits makes and reads."""

_KERAS_PART = "config.json"
_CALLED = {KERAS: "a Keras model", HDF5: "an HDF5 file of Keras", SAVED_MODEL: "a SavedModel"}
_HDF5_SUFFIXES = (".h5", ".hdf5")


def model_kind(path: Path) -> str:
    """``TFLite``, ``Keras`` (the archive that ``.keras`` stands for), ``HDF5`` or ``SavedModel``, else nothing.

    Raises:
        EdgedigitsError: missing, not to be read, or a pointer of Git LFS.
    """
    if is_saved_model(path):
        return SAVED_MODEL
    try:
        with path.open("rb") as file:
            head = file.read(200)
        refuse_pointer(path, head)
        if head[4:8] == b"TFL3":
            return TFLITE
        if head.startswith(b"\x89HDF\r\n\x1a\n"):
            return HDF5
        if head[:4] == b"PK\x03\x04" and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return KERAS if _KERAS_PART in archive.namelist() else ""
    except zipfile.BadZipFile:
        return ""
    except OSError as error:
        what = f"cannot read {path} ({error.strerror})" if path.exists() else f"no model at {path}"
        raise EdgedigitsError(what, "check the path") from error
    return ""


def is_tflite(path: Path) -> bool:
    """Whether a file holds a TFLite model, or by its name should where its content is of no kind.

    Raises:
        EdgedigitsError: missing, or not to be read.
    """
    kind = model_kind(path)
    return kind == TFLITE or (not kind and path.suffix.lower() == ".tflite")


def is_model(path: Path) -> bool:
    """Whether a file is meant to be a model, by its suffix or its content."""
    return path.suffix.lower() in SUFFIXES or bool(model_kind(path))


def checked_kind(path: Path) -> str:
    """As :func:`model_kind`, for a file whose name fits what it holds: Keras, for one, tells its files by their names.

    Raises:
        EdgedigitsError: missing, named like another kind, or a model of another framework.
    """
    kind = model_kind(path)
    if not kind:
        refuse_foreign(path)
        refuse_archive(path)
    if kind in ("", HDF5):
        refuse_part(path)
    if kind == HDF5 and path.suffix.lower() not in _HDF5_SUFFIXES:
        raise EdgedigitsError(
            f"{path} is an HDF5 file by its content, not by its name", f"name it {path.with_suffix('.h5').name}"
        )
    if kind == KERAS and path.suffix != ".keras":
        raise EdgedigitsError(
            f"{path} is a Keras model by its content, not by its name", f"name it {path.with_suffix('.keras').name}"
        )
    if kind == TFLITE and path.suffix.lower() in SUFFIXES - {".tflite"}:
        raise EdgedigitsError(
            f"{path} is a TFLite model by its content, not by its name", f"name it {path.with_suffix('.tflite').name}"
        )
    return kind


def check_tflite_file(path: Path) -> None:
    """Make sure that a file holds a TFLite model and is not named like one of another kind.

    Raises:
        EdgedigitsError: it does not, or is.
    """
    kind = checked_kind(path)
    if kind in (KERAS, HDF5, SAVED_MODEL):
        raise EdgedigitsError(
            f"{path} is {_CALLED[kind]}, where a TFLite model is wanted",
            f"make one of it: `edgedigits quantize {shlex.quote(str(path))} --out out/int8`",
        )
    if kind != TFLITE:
        what = f"{path} is empty" if not path.stat().st_size else f"{path} is not a TFLite model"
        raise EdgedigitsError(what, "give a .tflite file, as `edgedigits quantize` writes it")


def has_model(folder: Path) -> bool:
    """Whether a folder is one that a model may be named by: with a card, or with a model without one."""
    return (folder / CARD_NAME).is_file() or is_saved_model(folder) or bool(_models_in(folder))


def model_in(folder: Path) -> Path | None:
    """The model of a folder: the one that its card names, without a card the only one; None where there is none.

    Raises:
        EdgedigitsError: the card cannot be read, or there are several models and no card.
    """
    if (folder / CARD_NAME).is_file():
        return folder / read_card(folder / CARD_NAME).file
    if is_saved_model(folder):
        return folder
    models = _models_in(folder)
    if len(models) > 1:
        names = ", ".join(path.name for path in models)
        raise EdgedigitsError(f"{folder} has no {CARD_NAME} and holds {names}", f"name one of them, as {models[0]}")
    return models[0] if models else None


def _models_in(folder: Path) -> list[Path]:
    files = (path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    return sorted(path for path in files if not path.name.startswith("."))
