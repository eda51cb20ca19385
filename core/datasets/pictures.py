"""Digits as picture files, one folder a digit."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.datasets.digits import Digits, checked_digits
from edgedigits.core.digit import CLASSES, normalise
from edgedigits.core.errors import EdgedigitsError, EdgedigitsWarning
from edgedigits.core.pictures import read_picture

_NAMED = 5
"""Pictures that an error names."""

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
    refused: list[EdgedigitsError] = []
    for digit in range(CLASSES):
        inside = folder / str(digit)
        files = sorted(path for path in inside.glob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
        for path in files:
            try:
                images.append(read_digit_picture(path))
            except EdgedigitsError as error:
                refused.append(error)
                continue
            labels.append(digit)
            shown.append(path)
    if refused:
        raise _refusal(folder, refused)
    if not images:
        raise EdgedigitsError(f"{folder} has no pictures in folders 0 to 9", "arrange them as DIR/<digit>/*.png")
    _warn_of_gaps(folder, set(labels))
    return replace(checked_digits(np.stack(images), np.array(labels), str(folder)), files=tuple(shown))


def _warn_of_gaps(folder: Path, found: set[int]) -> None:
    """Warn of digits without pictures, and of folders with pictures whose names are no digits."""
    digits = [str(digit) for digit in range(CLASSES)]
    missing = [name for digit, name in enumerate(digits) if digit not in found]
    others = [
        inside.name
        for inside in sorted(folder.iterdir())
        if inside.is_dir()
        and inside.name not in digits
        and any(path.suffix.lower() in SUFFIXES for path in inside.iterdir())
    ]
    if missing:
        what = f"{folder} has no pictures of {', '.join(missing)}"
        warnings.warn(EdgedigitsWarning(what, "add some, or leave these digits unproved"), stacklevel=3)
    if others:
        what = f"{folder} has folders that are no digits, which are ignored: {', '.join(others)}"
        warnings.warn(EdgedigitsWarning(what, "rename them to 0 to 9 where they hold digits"), stacklevel=3)


def _refusal(folder: Path, refused: list[EdgedigitsError]) -> EdgedigitsError:
    """One error for all pictures that cannot be taken, with the first few of them."""
    if len(refused) == 1:
        return refused[0]
    first = "; ".join(error.what for error in refused[:_NAMED])
    more = f"; and {len(refused) - _NAMED:,} more" if len(refused) > _NAMED else ""
    return EdgedigitsError(f"{len(refused):,} pictures of {folder} cannot be taken: {first}{more}", "remove the files")


def read_digit_picture(path: Path) -> NDArray[np.uint8]:
    """Read a picture of one digit into the 28x28 form, uint8.

    Raises:
        EdgedigitsError: unreadable, or without ink.
    """
    grey = cv2.cvtColor(read_picture(path), cv2.COLOR_BGR2GRAY)
    image = normalise(_ink_of(np.asarray(grey, np.uint8)))
    if not image.any():
        raise EdgedigitsError(f"{path} shows no ink", "remove the file")
    return image


def _ink_of(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Ink bright on 0, whichever way round the picture is: the border shows the ground's level and noise.

    Under uneven light the ground is a surface of the second order through the border.
    """
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]).astype(np.int16)
    level = int(np.median(border))
    noise = int(np.median(np.abs(border - level)))
    ground: Any = level
    least = 6 * noise
    if noise:
        surface, rest = _surface(grey)
        if rest < noise / 2:
            ground = np.rint(surface).astype(np.int16)
            fall = float(surface.max() - surface.min())
            least = int(max(6 * rest, 6.0, fall / _SURFACE_PARTS))
    difference = grey.astype(np.int16) - ground
    darker, lighter = int(-difference.min()), int(difference.max())
    ink = -difference if darker > lighter else difference
    ink = np.where(ink > least, ink, 0)
    if darker > lighter and not isinstance(ground, int):  # paper in the shade has less to lose by the same ink
        bright = np.maximum(ground, 1)
        ink = np.rint(ink * (bright.max() / bright))
    clean: NDArray[np.uint8] = ink.clip(0, 255).astype(np.uint8)
    return clean


_SURFACE_PARTS = 4
"""Light that falls off otherwise than by the second order is within this part of the surface's range."""


def _surface(grey: NDArray[np.uint8]) -> tuple[NDArray[np.float64], float]:
    """The surface of the second order that fits the border best, in grey levels, and how far the border is from it.

    Border pixels that lie far off, as ink that runs out of the picture does, are left out of the fit.
    """
    rows, columns = np.mgrid[-1 : 1 : grey.shape[0] * 1j, -1 : 1 : grey.shape[1] * 1j]
    terms = np.stack([np.ones_like(rows), rows, columns, rows * columns, rows**2, columns**2], axis=-1)
    edge = np.zeros(grey.shape, bool)
    edge[[0, -1]] = edge[:, [0, -1]] = True
    where, level = terms[edge], grey[edge].astype(np.float64)
    kept = np.ones(len(level), bool)
    for _ in range(4):
        factors = np.linalg.lstsq(where[kept], level[kept], rcond=None)[0]
        off = np.abs(level - where @ factors)
        kept = off <= max(3 * 1.4826 * float(np.median(off)), 1.0)  # three standard deviations of normal noise
    return terms @ factors, float(np.median(off))
