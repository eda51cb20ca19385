"""Any file that holds a float network becomes one tf_keras model here, with a statement of what it was."""

from __future__ import annotations

import io
import json
import re
import tempfile
import textwrap
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py

from edgedigits.core.cards import card_of, refuse_line_network
from edgedigits.core.contract.contract import is_picture
from edgedigits.core.digit import CLASSES, SIDE
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.backend import keras
from edgedigits.core.keras.code_inside import code_in
from edgedigits.core.keras.graphs import is_graph
from edgedigits.core.keras.keras3 import load_keras3
from edgedigits.core.keras.precision import in_float32
from edgedigits.core.keras.saved_models import code_in_saved_model, load_saved_model
from edgedigits.core.model_files.keras_file import check_keras_file
from edgedigits.core.model_files.kinds import HDF5, KERAS, SAVED_MODEL, model_kind
from edgedigits.core.paths import StrPath
from edgedigits.core.quiet import native_logs_hidden

_WEIGHTS = "model.weights.h5"
_EXPORT = "call model.export('saved_model') where it was made and give that folder"
_LONGEST_REASON = 200
_OWN = re.compile(
    r"Could not locate (?:class|function) '(\w+)'|Unknown (?:layer|activation function): '?(\w+)'?"
    r"|Cannot deserialize object of type `(\w+)`|'class_name': 'function', 'config': '(\w+)'"
    r"|Could not interpret activation function identifier: '?(\w+)"
)
"""How Keras 2 and 3 name what a configuration names and they have not."""

_NAMES = {KERAS: ".keras archive", HDF5: "HDF5 file", SAVED_MODEL: "SavedModel"}


@dataclass(frozen=True)
class OpenedModel:
    """A float network and what it was read from.

    Attributes:
        model: the ``tf_keras.Model``, not compiled.
        container: for people: ``.keras archive``, ``HDF5 file`` or ``SavedModel``.
        keras_version: that wrote it; empty where no Keras says so.
        difference: the greatest one between the outputs of Keras 3 and of what was rebuilt, against the greatest
            output; None where nothing was rebuilt.
        reason: why there are no layers, so that no recipe can train it; empty where there are.
    """

    model: Any
    container: str
    keras_version: str
    difference: float | None = None
    reason: str = ""


def open_float_model(path: StrPath, *, trust: bool = False) -> OpenedModel:
    """Read a ``.keras`` or ``.h5`` file of Keras 2 or 3, or a SavedModel folder.

    Args:
        path: of the file or folder.
        trust: run code that it holds.

    Raises:
        EdgedigitsError: missing, damaged, changed since its card was written, no digit model, or it holds code and is
            not trusted.
    """
    path = Path(path)
    refuse_line_network(path, card_of(path))
    check_keras_file(path)
    kind = model_kind(path)
    code: tuple[str, ...] = ()
    try:
        version, code = _version_and_code(path, kind)
        if code and not trust:
            raise EdgedigitsError(
                f"{path} holds code, which would run: {', '.join(code)}",
                f"add --trust where you know who made it, or {_EXPORT}",
            )
        with native_logs_hidden():  # the first model wakes TensorFlow's devices, which log
            opened = _open(path, kind, version, trust)
    except EdgedigitsError:
        raise
    except Exception as error:  # of a damaged or foreign file Keras raises anything
        raise _not_loaded(path, error, code) from error
    opened = replace(opened, model=_with_size(opened.model))
    _check_digits(path, opened.model)
    return opened


def _with_size(model: Any) -> Any:
    """A network that takes pictures of any size as one for digits; others as they are."""
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or len(shape) not in (3, 4) or None not in shape[1:3] or not is_graph(model):
        return model
    fixed = keras.models.clone_model(model, keras.Input((SIDE, SIDE, *shape[3:])))
    fixed.set_weights(model.get_weights())
    return fixed


def _not_loaded(path: Path, error: Exception, code: tuple[str, ...]) -> EdgedigitsError:
    """What Keras said, or which class or function of the maker's own it did not find or could not run."""
    said = " ".join(f"{error} {error.__cause__ or ''} {error.__context__ or ''}".split())
    if own := _OWN.search(said):
        name = next(part for part in own.groups() if part)
        return EdgedigitsError(
            f"{path} holds {name!r}, a class or function of its maker's own, which nobody knows here",
            _EXPORT,
        )
    reason = textwrap.shorten(str(error), _LONGEST_REASON, placeholder=" ...")
    if code:
        return EdgedigitsError(f"{path} holds code that does not run here: {', '.join(code)} ({reason})", _EXPORT)
    return EdgedigitsError(
        f"Keras cannot load {path} ({reason})",
        "copy it again, or save the network anew by model.save, with layers of Keras alone",
    )


def _version_and_code(path: Path, kind: str) -> tuple[str, tuple[str, ...]]:
    if kind == SAVED_MODEL:
        return "", code_in_saved_model(path)
    if kind == KERAS:
        with zipfile.ZipFile(path) as archive:
            version = json.loads(archive.read("metadata.json")).get("keras_version", "")
            return str(version), code_in(json.loads(archive.read("config.json")))
    with h5py.File(path) as file:
        config = file.attrs.get("model_config")
        version = str(file.attrs.get("keras_version", ""))
    if config is None:
        raise EdgedigitsError(
            f"{path} holds weights alone, without the network", "save the whole model: model.save('model.keras')"
        )
    return version, code_in(json.loads(config))


def _open(path: Path, kind: str, version: str, trust: bool) -> OpenedModel:
    if kind == SAVED_MODEL:
        model, reason = load_saved_model(path)
        return OpenedModel(in_float32(model), _NAMES[kind], "" if reason else "2", reason=reason)
    with tempfile.TemporaryDirectory() as folder:
        mended = _with_plain_separators(path, Path(folder)) if kind == KERAS else path
        if version.startswith("3."):
            found = load_keras3(mended, trust=trust)
            return OpenedModel(found.model, _NAMES[kind], version, found.difference, found.reason)
        model = keras.models.load_model(mended, compile=False, safe_mode=not trust)
    return OpenedModel(in_float32(model), _NAMES[kind], version or "2")


def _with_plain_separators(path: Path, folder: Path) -> Path:
    """The file, or a copy whose weights are named as on Linux: Keras on Windows writes ``layers\\\\conv2d``."""
    with zipfile.ZipFile(path) as archive:
        weights = io.BytesIO(archive.read(_WEIGHTS))
        with h5py.File(weights, "r+") as file:
            names: list[str] = []
            file.visit(lambda name: names.append(name) if "\\" in name.rpartition("/")[2] else None)
            if not names:
                return path
            for name in sorted(names, key=lambda one: -one.count("/")):
                head, slash, last = name.rpartition("/")
                file.move(name, head + slash + last.replace("\\", "/"))
        copy = folder / path.name
        with zipfile.ZipFile(copy, "w") as written:
            for name in archive.namelist():
                written.writestr(name, weights.getvalue() if name == _WEIGHTS else archive.read(name))
    return copy


def _check_digits(path: Path, model: Any) -> None:
    try:
        takes, gives = model.input_shape, model.output_shape
    except AttributeError as error:
        raise EdgedigitsError(
            f"{path} says no shape of its input", "call the network once before it is saved, or begin it with an Input"
        ) from error
    wanted = f"a digit model maps a picture, such as (batch, {SIDE}, {SIDE}, 1), to (batch, {CLASSES})"
    for shape, what in ((takes, "inputs"), (gives, "outputs")):
        if not isinstance(shape, tuple):
            raise EdgedigitsError(f"{path} has {len(shape)} {what}: {shape}", wanted)
    if takes[1:] in ((1, SIDE, SIDE), (3, SIDE, SIDE)):
        raise EdgedigitsError(
            f"{path} takes {takes}, the channels first",
            "save it with its channels last: (batch, height, width, channels)",
        )
    if None in takes[1:] or not is_picture(takes[1:]) or gives[1:] != (CLASSES,):
        raise EdgedigitsError(f"{path} maps {takes} to {gives}", wanted)
