"""Pictures as the reader takes them: loaded from files, grey, and no larger than needed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.paths import StrPath
from edgedigits.core.quiet import native_logs_hidden
from edgedigits.core.transparency import over_white

WORK_SIDE = 800
"""Pictures are searched at about this many pixels on the longer side; larger digits are found faster there."""

_MAY_BE_TRANSPARENT = (b"\x89PNG", b"RIFF", b"II", b"MM")  # PNG, WebP, TIFF

MOST_PIXELS = 100_000_000
"""Larger pictures are refused: they would fill the memory of a Raspberry Pi."""


def load_image(path: StrPath) -> NDArray[np.uint8]:
    """Load a picture file as BGR uint8 (height, width, 3), turned as its EXIF data say.

    Raises:
        EdgedigitsError: missing, empty, unreadable or too large.
    """
    path = Path(path)
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
    try:
        with native_logs_hidden():
            image = _decoded(data)
    except cv2.error as error:  # OpenCV refuses more than 2^30 pixels by an exception, all else by None
        raise EdgedigitsError(f"{path} cannot be loaded ({error.err})", "give a smaller picture") from error
    if image is None:
        raise EdgedigitsError(f"{path} is no picture that OpenCV reads, or it is damaged", "give a JPEG or PNG file")
    picture = np.asarray(image, np.uint8)
    checked_channels(picture, str(path))
    return picture


def _decoded(data: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """BGR uint8, or None; transparent pictures lie on white paper, JPEG is turned as its EXIF data say."""
    if not data[:4].tobytes().startswith(_MAY_BE_TRANSPARENT):
        return cv2.imdecode(data, cv2.IMREAD_COLOR)  # type: ignore[return-value]
    image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    if image is None or image.ndim != 3 or image.shape[2] != 4 or image.dtype != np.uint8:
        return cv2.imdecode(data, cv2.IMREAD_COLOR)  # type: ignore[return-value]
    return over_white(image)


def checked_channels(image: NDArray[np.uint8], named: str = "the picture") -> int:
    """The channels of a picture that can be read: 1 (grey), 3 (BGR) or 4 (BGRA); messages call it as it is named.

    Raises:
        EdgedigitsError: another type or shape, no pixels, or more than 100 million.
    """
    if not isinstance(image, np.ndarray):
        raise EdgedigitsError(
            f"{named} is a {type(image).__name__}", "give a uint8 array; cv2.imread gives None where it cannot read"
        )
    channels = image.shape[2] if image.ndim == 3 else 1
    if image.dtype != np.uint8 or image.ndim not in {2, 3} or channels not in {1, 3, 4}:
        raise EdgedigitsError(
            f"{named} has shape {image.shape} and type {image.dtype}", "give uint8, grey, BGR or BGRA"
        )
    height, width = image.shape[:2]
    if height * width == 0:
        raise EdgedigitsError(f"{named} has no pixels (shape {image.shape})", "give one with pixels")
    if height * width > MOST_PIXELS:
        raise EdgedigitsError(
            f"{named} has {width}x{height} pixels", f"give one of less than {MOST_PIXELS // 1_000_000} megapixels"
        )
    return channels


def grey_of(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The grey picture, uint8 (height, width), of a grey, BGR or BGRA one.

    Raises:
        EdgedigitsError: as :func:`checked_channels`.
    """
    channels = checked_channels(image)
    if channels == 1:
        return np.ascontiguousarray(image.reshape(image.shape[:2]))
    colour = over_white(image) if channels == 4 else image
    return np.asarray(cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY), np.uint8)


def bgr_copy_of(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A BGR picture to draw in, uint8 (height, width, 3), of a grey, BGR or BGRA one, which stays as it is.

    Raises:
        EdgedigitsError: as :func:`checked_channels`.
    """
    channels = checked_channels(image)
    if channels == 1:
        return np.asarray(cv2.cvtColor(image.reshape(image.shape[:2]), cv2.COLOR_GRAY2BGR), np.uint8)
    return over_white(image) if channels == 4 else image.copy()


def reduction_of(grey: NDArray[np.uint8]) -> int:
    """The whole factor by which a picture is reduced to about 800 pixels on its longer side."""
    longer: int = max(grey.shape)
    return max(1, round(longer / WORK_SIDE))


def reduced(grey: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """A picture smaller by a whole factor, each pixel the average of ``factor`` squared.

    Averages over whole pixels are several times faster than other factors, and they lower the camera's noise.
    """
    if factor == 1:
        return grey
    size = (max(1, grey.shape[1] // factor), max(1, grey.shape[0] // factor))
    part = grey[: size[1] * factor, : size[0] * factor]
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
