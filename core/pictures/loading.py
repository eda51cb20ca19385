"""Picture files as everybody here sees them: upright, of 8 bits, opaque, in BGR.

What is read (`predict`) and what is learned (`folder:`) come through the same function, so that a network never sees in
a photo what it did not see in training.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.git_lfs import refuse_pointer
from edgedigits.core.paths import StrPath
from edgedigits.core.pictures.exif import is_cmyk_tiff, orientation_of, turned
from edgedigits.core.pictures.refusing import no_picture
from edgedigits.core.pictures.transparency import opaque
from edgedigits.core.quiet import native_logs_hidden

_DEPTHS = (8, 10, 12, 14, 16)
"""Bits that cameras and scanners fill of the 16 that their files have for a pixel."""


def read_picture(path: StrPath) -> NDArray[np.uint8]:
    """Read a picture file as BGR uint8 of shape (height, width, 3).

    Turned as its EXIF data say. Of 16 bits as many are taken as it fills (8, 10, 12, 14 or 16); floats are taken as 0
    to 1 or 0 to 255. Transparent ground becomes white paper under dark ink, and black under light ink.

    Raises:
        EdgedigitsError: missing, empty, unreadable, no picture, or pixels that cannot be understood.
    """
    path = Path(path)
    data = _bytes_of(path)
    try:
        with native_logs_hidden():
            picture = decoded(data)
    except cv2.error as error:  # OpenCV refuses more than 2^30 pixels by an exception, all else by None
        raise EdgedigitsError(f"{path} cannot be loaded ({error.err})", "give a smaller picture") from error
    if picture is None:
        raise no_picture(path, data.tobytes())
    if picture.ndim == 3 and picture.shape[2] not in {1, 3, 4}:
        raise EdgedigitsError(
            f"{path} has {picture.shape[2]} channels", "save it as grey, colour, or with transparency"
        )
    return bgr_of(eight_bits(picture, str(path)))


def decoded(data: NDArray[np.uint8]) -> NDArray[Any] | None:
    """The picture of a file's bytes, upright, in its own type and with its own channels; None where it is none.

    Raises:
        cv2.error: more pixels than OpenCV takes.
    """
    stored = data.tobytes()
    if is_cmyk_tiff(stored):
        return cv2.imdecode(data, cv2.IMREAD_COLOR)
    picture = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    return None if picture is None else turned(picture, orientation_of(stored))


def eight_bits(picture: NDArray[Any], named: str = "the picture") -> NDArray[np.uint8]:
    """A picture of any type of pixel as uint8 of the same shape.

    Raises:
        EdgedigitsError: floats that are no numbers or neither 0 to 1 nor 0 to 255, or whole numbers of another type.
    """
    if picture.dtype == np.uint8:
        return picture
    remedy = "save it with 8 bits a pixel"
    if picture.dtype == np.uint16:
        most = int(picture.max())
        bits = next(bits for bits in _DEPTHS if most < 2**bits)
        whole = np.rint(picture * np.float32(255 / (2**bits - 1)))
        return np.asarray(whole, np.uint8)
    if not np.issubdtype(picture.dtype, np.floating):
        raise EdgedigitsError(f"{named} has {picture.dtype} pixels", remedy)
    low, high = float(picture.min()), float(picture.max())
    if not 0 <= low <= high <= 255:
        raise EdgedigitsError(f"{named} has floats from {low:g} to {high:g} as pixels, not 0 to 1 or 0 to 255", remedy)
    return np.asarray(np.rint(picture * (255 if high <= 1 else 1)), np.uint8)


def bgr_of(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """BGR of shape (height, width, 3) of a grey, BGR or BGRA picture."""
    channels = picture.shape[2] if picture.ndim == 3 else 1
    if channels == 1:
        return np.asarray(cv2.cvtColor(picture.reshape(picture.shape[:2]), cv2.COLOR_GRAY2BGR), np.uint8)
    return opaque(picture) if channels == 4 else picture


def _bytes_of(path: Path) -> NDArray[np.uint8]:
    if path.is_dir():
        raise EdgedigitsError(f"{path} is a folder", f"name its pictures, as {path / '*'} does in a shell")
    if not path.is_file():
        raise EdgedigitsError(f"no picture at {path}", "check the path")
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise EdgedigitsError(f"cannot read {path} ({error.strerror})", "check who may read it") from error
    if data.size == 0:
        raise EdgedigitsError(f"{path} is empty", "copy the picture again")
    refuse_pointer(path, data[:200].tobytes())
    return data
