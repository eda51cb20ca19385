"""The models that come with the package, so that a fresh installation reads digits, and the words that name them."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.core.model_files.kinds import model_in
from edgedigits.core.paths import StrPath
from edgedigits.core.pretrained.catalogue import Pretrained, nearest

BUILTIN = "builtin"
"""Stands for the bundled model wherever a model is asked for; a file of that name is ``./builtin``."""

_PACKAGE = Path(str(files(__package__)))

SHIPPED = Pretrained(_PACKAGE / "digits")
"""The digit models of the package, which their names stand for in the same way."""


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
    path = _PACKAGE / folder / name
    if not path.is_file():
        raise EdgedigitsError("the built-in model is missing", "install edgedigits again, or name a model of your own")
    return path


def model_path(model: StrPath, pretrained: Pretrained = SHIPPED) -> Path:
    """Where a model lies that is named by its path, by the folder that it lies in, as ``builtin`` or as ``pico``.

    Args:
        model: ``builtin``, the name of a pretrained model, or a path; a ``Path`` is never a name.
        pretrained: what the names stand for; of each model its int8 form.

    Raises:
        EdgedigitsError: there is no such model, or several in a folder without a card.
    """
    if model == BUILTIN:
        return bundled_model()
    if named := pretrained.get(model):
        return named.int8_path
    return _own_model(model, pretrained)


def float_model_path(model: StrPath, pretrained: Pretrained = SHIPPED) -> Path:
    """The same where a float network is wanted: of ``builtin`` and of a pretrained model its floats.

    Raises:
        EdgedigitsError: as :func:`model_path`.
    """
    if model == BUILTIN:
        return bundled_float_model()
    if named := pretrained.get(model):
        return named.float_path
    return _own_model(model, pretrained)


def is_word(model: str, pretrained: Pretrained = SHIPPED) -> bool:
    """Whether a word of a command line stands for a model that comes with the package."""
    return model == BUILTIN or pretrained.get(model) is not None


def word_of(model: Path, pretrained: Pretrained = SHIPPED) -> str:
    """The word that stands for a digit model of the package, int8 or float; empty of any other file."""
    return BUILTIN if model in {bundled_model(), bundled_float_model()} else pretrained.word_of(model)


def word_of_floats(sha256: str, pretrained: Pretrained = SHIPPED) -> str:
    """The word that stands for the float network with this SHA-256; empty where it is none of the package's digits."""
    if sha256 == sha256_of(bundled_float_model()):
        return BUILTIN
    return next((name for name, model in pretrained.models.items() if model.float_card().sha256 == sha256), "")


def _own_model(model: StrPath, pretrained: Pretrained) -> Path:
    path = Path(model)
    if path.is_file():
        return path
    if path.is_dir() and (found := model_in(path)):
        return found
    what = f"{path} is a folder without a model" if path.is_dir() else f"no model at {path}"
    near = nearest(model, (BUILTIN, *pretrained.models))
    remedy = f"{near}give the path of a model, its folder, the word {BUILTIN}, or a name of `edgedigits models`"
    raise EdgedigitsError(what, remedy)
