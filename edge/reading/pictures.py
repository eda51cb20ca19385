"""Pictures as the reader takes them: loaded from files, grey, and no larger than needed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.paths import StrPath
from edgedigits.core.pictures.loading import bgr_of, read_picture
from edgedigits.core.pictures.transparency import opaque

WORK_SIDE = 800
"""Pictures are searched at about this many pixels on the longer side; larger digits are found faster there."""

MOST_PIXELS = 100_000_000
"""Larger pictures are refused: they would fill the memory of a Raspberry Pi."""


def load_image(path: StrPath) -> NDArray[np.uint8]:
    """Load a picture file as BGR uint8 (height, width, 3), turned as its EXIF data say: :func:`read_picture`.

    Raises:
        EdgedigitsError: missing, empty, unreadable or too large.
    """
    picture = read_picture(path)
    checked_channels(picture, str(path))
    return picture


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
    colour = opaque(image) if channels == 4 else image
    return np.asarray(cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY), np.uint8)


def bgr_copy_of(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A BGR picture to draw in, uint8 (height, width, 3), of a grey, BGR or BGRA one, which stays as it is.

    Raises:
        EdgedigitsError: as :func:`checked_channels`.
    """
    return image.copy() if checked_channels(image) == 3 else bgr_of(image)


def reduction_of(grey: NDArray[np.uint8]) -> int:
    """The whole factor by which a picture is reduced to about 800 pixels on its longer side."""
    longer: int = max(grey.shape)
    return max(1, round(longer / WORK_SIDE))
