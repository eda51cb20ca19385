"""Digits as picture files, one folder a digit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.datasets.digits import Digits, checked_digits
from edgedigits.core.digit import CLASSES, normalise
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.quiet import native_logs_hidden
from edgedigits.core.transparency import over_white

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".pgm")


def read_folder(folder: Path) -> Digits:
    """Read ``DIR/<digit>/*.png`` (or JPEG, BMP, TIFF, WebP, PGM) of any size, dark on light or light on dark.

    Raises:
        EdgedigitsError: no such folder, no digit folders, a picture that cannot be read or has no ink.
    """
    if not folder.is_dir():
        raise EdgedigitsError(f"no folder {folder}", "check the path")
    images: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    shown: list[Path] = []
    for digit in range(CLASSES):
        inside = folder / str(digit)
        files = sorted(path for path in inside.glob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
        images.extend(read_digit_picture(path) for path in files)
        labels.extend([digit] * len(files))
        shown.extend(files)
    if not images:
        raise EdgedigitsError(f"{folder} has no pictures in folders 0 to 9", "arrange them as DIR/<digit>/*.png")
    return replace(checked_digits(np.stack(images), np.array(labels), str(folder)), files=tuple(shown))


def read_digit_picture(path: Path) -> NDArray[np.uint8]:
    """Read a picture of one digit into the 28x28 form, uint8.

    Raises:
        EdgedigitsError: unreadable, or without ink.
    """
    data = np.fromfile(path, np.uint8)
    with native_logs_hidden():
        picture = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
    if picture is None:
        raise EdgedigitsError(f"cannot read {path} as a picture", "replace or remove the file")
    image = normalise(_ink_of(_grey(picture)))
    if not image.any():
        raise EdgedigitsError(f"{path} shows no ink", "remove the file")
    return image


def _grey(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """One channel of 8 bits; what is transparent becomes white paper."""
    if picture.dtype != np.uint8:
        picture = cv2.convertScaleAbs(picture, alpha=255 / np.iinfo(picture.dtype).max)
    if picture.ndim == 2:
        return picture
    if picture.shape[2] == 4:
        picture = over_white(picture)
    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.uint8)


def _ink_of(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Ink bright on 0, whichever way round the picture is: the border shows the ground's level and noise."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]).astype(np.int16)
    ground = int(np.median(border))
    noise = int(np.median(np.abs(border - ground)))
    difference = grey.astype(np.int16) - ground
    darker, lighter = int(-difference.min()), int(difference.max())
    ink = -difference if darker > lighter else difference
    clean: NDArray[np.uint8] = np.where(ink > 6 * noise, ink, 0).clip(0, 255).astype(np.uint8)
    return clean
