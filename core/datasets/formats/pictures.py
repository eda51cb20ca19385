"""Digits as picture files, one folder a digit."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.counting import counted
from edgedigits.core.datasets.digits import Dataset, Digits, checked_digits
from edgedigits.core.digit import CLASSES, normalise
from edgedigits.core.errors import EdgedigitsError, EdgedigitsWarning
from edgedigits.core.pictures.loading import read_picture

_NAMED = 100
"""Pictures that an error or a warning names; of more it gives the number."""

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".pgm")


PARTS = {
    "train": ("train", "training"),
    "validation": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
"""Names of folders above the digits, in small letters, that divide a data set."""


@dataclass(frozen=True)
class _Pictures:
    """Digits as they were read, and what was refused."""

    digits: Digits | None
    refused: tuple[EdgedigitsError, ...]


def read_folder(folder: Path, spec: str, skip_bad: bool = False) -> Dataset:
    """Read ``DIR/<digit>/*.png`` (or JPEG, BMP, TIFF, WebP, PGM) of any size, dark on light or light on dark.

    Folders ``train``, ``val`` and ``test`` (or ``training``, ``valid``, ``validation``, ``testing``) above the digits
    are taken as the parts that they are.

    Args:
        folder: that is named.
        spec: of the data set.
        skip_bad: go on without pictures that cannot be taken, and warn of them.

    Raises:
        EdgedigitsError: no such folder, no digit folders, no training digits, or pictures that cannot be read or have
            no ink, all of which it names.
    """
    if not folder.is_dir():
        raise EdgedigitsError(f"no folder {folder}", "check the path")
    parts = {"train": [folder]} if _has_digits(folder) else _parts_of(folder)
    if not parts:
        raise _no_digits(folder)
    if "train" not in parts:
        (name, (inside, *_)), *_ = parts.items()
        raise EdgedigitsError(
            f"{folder} has {inside.name}/ and no train/ above its digits", f"name the {name} digits: folder:{inside}"
        )
    read = {name: _read(folders) for name, folders in parts.items()}
    refused = [error for one in read.values() for error in one.refused]
    if refused:
        _tell_of_refused(folder, refused, sum(len(one.digits) for one in read.values() if one.digits), skip_bad)
    pool = read["train"].digits
    if pool is None:
        raise EdgedigitsError(f"{folder} has no picture that can be taken", "put others in their places")
    _warn_of_gaps(parts["train"], set(pool.labels.tolist()))
    others = {name: read[name].digits if name in read else None for name in ("validation", "test")}
    named = ", ".join(f"{inside.name}/" for folders in parts.values() for inside in folders if inside != folder)
    source = f"pictures of {folder.name}{f', divided by its folders {named}' if named else ''}"
    return Dataset(spec, source, pool, others["test"], others["validation"])


def _no_digits(folder: Path) -> EdgedigitsError:
    """What a folder has instead of pictures of digits, or where they lie: two folders down at most."""
    kinds = sorted({path.suffix for digit in range(CLASSES) for path in (folder / str(digit)).glob("[!.]*.*")})
    if kinds:
        return EdgedigitsError(
            f"{folder} has files of other kinds in its folders 0 to 9: {', '.join(kinds)}",
            f"give pictures of these kinds: {', '.join(SUFFIXES)}",
        )
    below = sorted(path for path in (*folder.glob("[!.]*"), *folder.glob("[!.]*/[!.]*")) if path.is_dir())
    found = next((path for path in below if _has_digits(path) or _parts_of(path)), None)
    remedy = f"name the folder that has them: folder:{found}" if found else "arrange them as DIR/<digit>/*.png"
    return EdgedigitsError(f"{folder} has no pictures in folders 0 to 9", remedy)


def _has_digits(folder: Path) -> bool:
    """Whether a folder has pictures in folders 0 to 9."""
    return any(_files_of(folder / str(digit)) for digit in range(CLASSES))


def _files_of(inside: Path) -> list[Path]:
    visible = inside.glob("[!.]*")  # macOS leaves ._NAME beside NAME
    return sorted(path for path in visible if path.suffix.lower() in SUFFIXES and path.is_file())


def _parts_of(folder: Path) -> dict[str, list[Path]]:
    """Folders with digits that divide a data set, by part."""
    inside = sorted(path for path in folder.iterdir() if path.is_dir())
    found = {
        part: [path for path in inside if path.name.lower() in names and _has_digits(path)]
        for part, names in PARTS.items()
    }
    return {part: folders for part, folders in found.items() if folders}


def _read(folders: list[Path]) -> _Pictures:
    images: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    shown: list[Path] = []
    refused: list[EdgedigitsError] = []
    for digit, folder in product(range(CLASSES), folders):
        for path in _files_of(folder / str(digit)):
            try:
                images.append(read_digit_picture(path))
            except EdgedigitsError as error:
                refused.append(error)
                continue
            labels.append(digit)
            shown.append(path)
    if not images:
        return _Pictures(None, tuple(refused))
    digits = checked_digits(np.stack(images), np.array(labels), str(folders[0]))
    return _Pictures(replace(digits, files=tuple(shown)), tuple(refused))


def _warn_of_gaps(folders: list[Path], found: set[int]) -> None:
    """Warn of digits without pictures, and of folders with pictures whose names are no digits."""
    digits = [str(digit) for digit in range(CLASSES)]
    missing = [name for digit, name in enumerate(digits) if digit not in found]
    others = [
        inside.name
        for folder in folders
        for inside in sorted(folder.iterdir())
        if inside.is_dir() and inside.name not in digits and (_files_of(inside) or _has_digits(inside))
    ]
    if missing:
        what = f"{folders[0]} has no pictures of {', '.join(missing)}"
        warnings.warn(EdgedigitsWarning(what, "add some, or leave these digits unproved"), stacklevel=3)
    if others:
        what = f"{folders[0]} has folders that are no digits, which are ignored: {', '.join(others)}"
        warnings.warn(EdgedigitsWarning(what, "rename them to 0 to 9 where they hold digits"), stacklevel=3)


def _tell_of_refused(folder: Path, refused: list[EdgedigitsError], taken: int, skip_bad: bool) -> None:
    """One error, or one warning, for all pictures that cannot be taken."""
    named = "; ".join(error.what for error in refused[:_NAMED])
    more = f"; and {len(refused) - _NAMED:,} more" if len(refused) > _NAMED else ""
    which = f"{counted(len(refused), 'picture')} of {folder}"
    if not skip_bad:
        raise EdgedigitsError(
            f"{which} cannot be taken: {named}{more}", "mend or remove them, or go on without them: --skip-bad"
        )
    warnings.warn(
        EdgedigitsWarning(f"left out {which}, {taken:,} are taken", f"{named}{more}"),
        stacklevel=4,
    )


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
