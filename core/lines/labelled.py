"""Labelled lines: strips with the digits that stand on them, in a file or as pictures beside a table of truth."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import write_with
from edgedigits.core.lines.strip import HEIGHT, strip_of
from edgedigits.core.lines.truth import TEST, TRUTH, Field, check_pictures, picture_of, read_truth
from edgedigits.core.paths import StrPath
from edgedigits.core.pictures.loading import read_picture

TEST_LINES, VALIDATION_LINES, CALIBRATION_LINES = "test_lines.npz", "validation_lines.npz", "calibration_lines.npz"
"""What a training leaves beside its network: what it is judged on, chosen by, and calibrated with."""

COMPOSED = "composed"
"""The origin of lines that were composed by code."""

_REMEDY = "train the network again, or copy the file from where it was trained"


@dataclass(frozen=True)
class Lines:
    """Strips and their truth.

    Attributes:
        strips: uint8 of shape (32, width), each of its own width.
        texts: the digits of each; empty where a strip has none.
        origins: what each comes from, in words such as ``composed`` or the name of a folder.
    """

    strips: tuple[NDArray[np.uint8], ...]
    texts: tuple[str, ...]
    origins: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.texts)

    def __add__(self, other: Lines) -> Lines:
        return Lines(self.strips + other.strips, self.texts + other.texts, self.origins + other.origins)

    def take(self, rows: slice) -> Lines:
        """Some of the lines."""
        return Lines(self.strips[rows], self.texts[rows], self.origins[rows])

    def of(self, origin: str) -> Lines:
        """Those that come from one origin."""
        return self.at([place for place, one in enumerate(self.origins) if one == origin])

    def at(self, places: Sequence[int]) -> Lines:
        """The lines of some places, in their order."""
        return Lines(
            tuple(self.strips[place] for place in places),
            tuple(self.texts[place] for place in places),
            tuple(self.origins[place] for place in places),
        )

    def sha256(self) -> str:
        """Of all strips and texts."""
        digest = hashlib.sha256()
        for strip, text in zip(self.strips, self.texts, strict=True):
            digest.update(f"{strip.shape[1]} {text}\n".encode())
            digest.update(strip.tobytes())
        return digest.hexdigest()


def save_lines(path: StrPath, lines: Lines) -> None:
    """Write lines as one ``.npz``, whole or not at all."""
    arrays = {
        "widths": np.array([strip.shape[1] for strip in lines.strips], np.int32),
        "pixels": np.concatenate([np.zeros((HEIGHT, 0), np.uint8), *lines.strips], axis=1),
        "texts": np.array(lines.texts, np.str_),
        "origins": np.array(lines.origins, np.str_),
    }

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.savez_compressed(file, **arrays)

    write_with(Path(path), write)


def load_lines(path: StrPath) -> Lines:
    """Read lines that :func:`save_lines` wrote.

    Raises:
        EdgedigitsError: missing, or no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise EdgedigitsError(f"no lines at {path}", _REMEDY)
    try:
        with np.load(path) as found:
            widths, pixels = found["widths"], found["pixels"]
            texts, origins = found["texts"].tolist(), found["origins"].tolist()
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise EdgedigitsError(f"{path} holds no lines ({error})", _REMEDY) from error
    ends = np.cumsum(widths)
    fits = pixels.ndim == 2 and pixels.shape == (HEIGHT, int(ends[-1]) if len(ends) else 0)
    if not (fits and len(texts) == len(origins) == len(widths)):
        raise EdgedigitsError(f"{path} holds no lines (its parts do not fit)", _REMEDY)
    strips = tuple(pixels[:, end - width : end] for width, end in zip(widths, ends, strict=True))
    return Lines(strips, tuple(texts), tuple(origins))


@dataclass(frozen=True)
class LabelledPicture:
    """A picture of one line whose digits are known.

    Attributes:
        grey: uint8 of shape (height, width).
        text: its digits.
        spans: left and right end of each digit in pixels, where the table tells them, else empty.
        part: as :class:`edgedigits.core.lines.truth.Field` has it.
    """

    grey: NDArray[np.uint8]
    text: str
    spans: tuple[tuple[int, int], ...] = ()
    part: str = ""


def load_fields(folder: StrPath) -> tuple[LabelledPicture, ...]:
    """The pictures of ``FOLDER/truth.csv``, in its order; they lie beside it or in ``images``.

    Raises:
        EdgedigitsError: no such folder or table, a truth that is not digits, or a picture that is missing.
    """
    folder = Path(folder)
    return tuple(
        LabelledPicture(
            _grey(picture_of(folder, field)), field.text, spans_of(field.boxes, len(field.text)), field.part
        )
        for field in checked_fields(folder)
    )


def learned_and_judged(
    fields: tuple[LabelledPicture, ...],
) -> tuple[tuple[LabelledPicture, ...], tuple[LabelledPicture, ...]]:
    """Those to learn from and those that judge: by their parts, or where they have none even rows and odd ones."""
    if any(field.part for field in fields):
        learned = tuple(field for field in fields if field.part != TEST)
        return learned, tuple(field for field in fields if field.part == TEST)
    return fields[::2], fields[1::2]


def checked_fields(folder: StrPath) -> list[Field]:
    """The rows of ``FOLDER/truth.csv``, none of whose pictures is missing.

    Raises:
        EdgedigitsError: as :func:`load_fields`.
    """
    table = Path(folder, TRUTH)
    remedy = f"give a folder with {TRUTH} and its pictures: lines:FOLDER"
    if not Path(folder).is_dir():
        raise EdgedigitsError(f"no folder at {folder}", remedy)
    if not table.is_file():
        above = Path(folder).parent
        named = f"give the folder of its table: lines:{above}" if (above / TRUTH).is_file() else remedy
        raise EdgedigitsError(f"no {TRUTH} in {folder}", named)
    fields = read_truth(table)
    check_pictures(table, folder, fields)
    return fields


def spans_of(boxes: str, digits: int) -> tuple[tuple[int, int], ...]:
    """Left and right end of each digit, of boxes written as ``x,y,w,h x,y,w,h``; empty where they are no such boxes."""
    try:
        found = [[int(number) for number in box.split(",")] for box in boxes.split()]
    except ValueError:
        return ()
    if len(found) != digits or any(len(box) != 4 for box in found):
        return ()
    return tuple((box[0], box[0] + box[2]) for box in found)


def _grey(path: Path) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(read_picture(path), cv2.COLOR_BGR2GRAY), np.uint8)


def strips_of(pictures: tuple[LabelledPicture, ...], origin: str) -> Lines:
    """Labelled pictures as strips."""
    strips = tuple(strip_of(picture.grey).pixels for picture in pictures)
    return Lines(strips, tuple(picture.text for picture in pictures), (origin,) * len(pictures))
