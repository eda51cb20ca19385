"""Digits of house numbers in photos: Street View House Numbers, format 2 (cropped)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgedigits.core.datasets.kind import DatasetKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edgedigits.core.datasets.digits import Dataset, Digits

_SIDE = 32
_INNER = 24
"""Pixels of the 28 across to which a picture is reduced: a digit fills most of its height, and MNIST's are 20 high."""


def _load(spec: str, paths: list[Path]) -> Dataset:
    """Read ``train_32x32.mat`` and, where it lies beside it, ``test_32x32.mat``; or one such file.

    Source: Y. Netzer et al., "Reading Digits in Natural Images with Unsupervised Feature Learning", 2011.
    """
    from edgedigits.core.datasets.digits import Dataset
    from edgedigits.core.errors import EdgedigitsError

    path = paths[0]
    if path.is_file():
        return Dataset(spec, f"SVHN, cropped, {path.name}", _read(path))
    train, test = (path / f"{part}_32x32.mat" for part in ("train", "test"))
    if not train.is_file():
        raise EdgedigitsError(f"{path} has no {train.name}", "put SVHN's cropped digits (format 2) there")
    return Dataset(spec, f"SVHN, cropped, in {path.name}", _read(train), _read(test) if test.is_file() else None)


def _read(path: Path) -> Digits:
    """A file with ``X`` of shape (32, 32, 3, count) and ``y`` of 1 to 10, of which 10 stands for 0."""
    import numpy as np

    from edgedigits.core.datasets.digits import checked_digits
    from edgedigits.core.errors import EdgedigitsError

    arrays = _arrays(path)
    pictures, labels = arrays.get("X"), arrays.get("y")
    if pictures is None or labels is None or pictures.shape[:3] != (_SIDE, _SIDE, 3):
        raise EdgedigitsError(f"{path} holds no X of (32, 32, 3, count) and y", "give SVHN's cropped digits (format 2)")
    if pictures.dtype != np.uint8 or pictures.ndim != 4:
        raise EdgedigitsError(f"{path} holds pictures of {pictures.dtype}", "give SVHN's cropped digits (format 2)")
    numbers = np.asarray(labels, np.int64).ravel()
    images = np.stack([_ink_bright(pictures[..., place]) for place in range(pictures.shape[3])])
    return checked_digits(images, np.where(numbers == 10, 0, numbers), str(path))


def _arrays(path: Path) -> dict[str, Any]:
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.core.git_lfs import refuse_pointer

    try:
        from scipy.io import loadmat
        from scipy.io.matlab import MatReadError
    except ImportError as error:
        what = "SVHN's files are read with SciPy, which is not installed"
        raise EdgedigitsError(what, 'pip install "edgedigits[train]"') from error
    with path.open("rb") as file:
        refuse_pointer(path, file.read(200))
    try:
        arrays: dict[str, Any] = loadmat(path)
    except (MatReadError, ValueError, TypeError, EOFError, OSError, NotImplementedError) as error:
        raise EdgedigitsError(f"{path} is no MAT file of version 5, or damaged ({error})", "fetch it again") from error
    return arrays


def _ink_bright(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A colour picture as grey with its digit bright, from the darkest to the brightest, in the middle of 28x28.

    The digit is what differs most from the frame in the middle column of the picture, where it stands.
    """
    import cv2
    import numpy as np

    from edgedigits.core.digit import SIDE

    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY).astype(np.float32)
    ground = float(np.median(grey))
    middle = grey[4:28, 10:22] - ground
    if float(np.maximum(-middle, 0).sum()) > float(np.maximum(middle, 0).sum()):
        grey, ground = 255 - grey, 255 - ground
    ink = np.maximum(grey - ground, 0)
    bright = ink * (255 / max(float(ink.max()), 1.0))
    small = cv2.resize(bright, (_INNER, _INNER), interpolation=cv2.INTER_AREA)
    margin = (SIDE - _INNER) // 2
    return np.pad(np.asarray(np.rint(small), np.uint8), margin)


ABOUT = "SVHN's cropped digits: a folder with train_32x32.mat and test_32x32.mat, or one such file"
KIND = DatasetKind("svhn:PATH", ABOUT, 0, _load)
