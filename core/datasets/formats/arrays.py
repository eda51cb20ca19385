"""Digits in NumPy archives, and the small set that scikit-learn brings."""

from __future__ import annotations

import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.datasets.coarse import from_coarse
from edgedigits.core.datasets.digits import Dataset, bytes_of_fractions, checked_digits
from edgedigits.core.digit import CLASSES
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.git_lfs import refuse_pointer

_KEYS = ("x_train", "y_train", "x_test", "y_test")


def read_npz(path: Path, spec: str) -> Dataset:
    """Read Keras' ``mnist.npz``: ``x_train``, ``y_train`` and, where present, ``x_test``, ``y_test``.

    Pixels are whole numbers of 0 to 255 or fractions of 0 to 1, labels numbers or ten columns of 0 and 1.

    Raises:
        EdgedigitsError: missing, no NumPy archive, damaged, or without these arrays.
    """
    try:
        with path.open("rb") as file:
            refuse_pointer(path, file.read(200))
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in _KEYS if key in archive}
    except (ValueError, zipfile.BadZipFile, EOFError, KeyError, TypeError) as error:
        raise EdgedigitsError(f"{path} is not a NumPy archive, or damaged ({error})", "fetch it again") from error
    except OSError as error:
        raise EdgedigitsError(f"cannot read {path} ({error.strerror or error})", "check the path") from error
    if not {"x_train", "y_train"} <= arrays.keys():
        raise EdgedigitsError(f"{path} lacks x_train or y_train", "name the arrays as Keras' mnist.npz does")
    pool = checked_digits(_grey(arrays["x_train"]), _labels(arrays["y_train"]), str(path))
    test = None
    if {"x_test", "y_test"} <= arrays.keys():
        test = checked_digits(_grey(arrays["x_test"]), _labels(arrays["y_test"]), str(path))
    return Dataset(spec, f"NumPy archive {path.name}", pool, test)


def _grey(images: NDArray[Any]) -> NDArray[Any]:
    """Pixels as whole numbers where they are fractions of 0 to 1, or whole numbers kept as floats."""
    if images.size == 0 or not np.issubdtype(images.dtype, np.floating):
        return images
    if (grey := bytes_of_fractions(images)) is not None:
        return grey
    return images.astype(np.int64) if (np.rint(images) == images).all() else images


def _labels(labels: NDArray[Any]) -> NDArray[Any]:
    """Labels as whole numbers where they are ten columns of 0 and 1, one column, or whole numbers kept as floats."""
    if labels.ndim == 2 and labels.shape[1] == CLASSES and ((labels == 0) | (labels == 1)).all():
        return labels.argmax(axis=1) if (labels.sum(axis=1) == 1).all() else labels
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    whole = np.issubdtype(labels.dtype, np.floating) and (np.rint(labels) == labels).all()
    return labels.astype(np.int64) if whole else labels


def load_optdigits() -> Dataset:
    """The 1,797 digits that scikit-learn carries: 8x8 pixels of 0 to 16, enlarged and normalised to 28x28.

    Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI, 1998 (its test part).

    Raises:
        EdgedigitsError: scikit-learn is not installed.
    """
    images, labels = _optdigits()
    pool = checked_digits(images.copy(), labels.copy(), "scikit-learn's digits")
    return Dataset("optdigits", "scikit-learn's 1,797 handwritten digits (UCI optdigits, 8x8 enlarged)", pool)


@cache
def _optdigits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images in the 28x28 form and labels, made once a process: enlarging takes a tenth of a second."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise EdgedigitsError("scikit-learn is missing", 'pip install "edgedigits[train]"') from error
    bunch = load_digits()
    grey = (bunch.images * (255 / 16)).round().astype(np.uint8)
    return from_coarse(grey), bunch.target
