"""What people labelled in the review queue, as data sets to train on."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import csv_text, refuse_inputs_inside, whole_folder, write_bytes, write_text
from edgedigits.core.lines.truth import IMAGES, TRUTH
from edgedigits.core.paths import StrPath
from edgedigits.core.pictures.loading import read_picture
from edgedigits.edge.station.journal.read_only import file_of, opened_to_read

Kind = Literal["lines", "folder"]
"""``lines``: pictures and the code on each; ``folder``: single digits, cut out by their boxes."""

UNREADABLE, NO_PICTURE = "nobody could read it", "its picture is not kept"
BROKEN, NO_BOXES = "its picture is damaged", "no box for each of its digits"
"""Why a labelled piece is left out."""

_MARGIN = 0.15  # of a digit's box on each side: ground around the ink tells how dark paper is
_EDGE = 2  # pixels around a digit's box in which its strokes fade out; further out stand frames and neighbours
_AROUND = 41  # pixels of a square of which ink covers less than half
_LABELLED = """
SELECT id, crop, boxes, labels.code AS label FROM pieces JOIN labels ON labels.piece = number ORDER BY number
"""


@dataclass(frozen=True)
class Labelled:
    """A data set that was written.

    Attributes:
        folder: of it.
        kind: of it.
        pieces: that are in it.
        pictures: files: as many, or the digits on them.
        left_out: how many pieces are not, by why.
    """

    folder: Path
    kind: Kind
    pieces: int
    pictures: int
    left_out: dict[str, int]


@dataclass(frozen=True)
class _Piece:
    id: str
    label: str
    boxes: str
    picture: Path

    @property
    def has_boxes(self) -> bool:
        """Whether there is a box for each digit of its code."""
        return len(self.boxes.split()) == len(self.label)


def export_labelled(folder: StrPath, out: StrPath, kind: Kind = "lines", *, force: bool = False) -> Labelled:
    """Write the labelled pieces as a data set for ``edgedigits train``, whole or not at all.

    As ``lines``: ``images/`` and ``truth.csv`` (image, text, boxes of the digits where they are known, and the piece),
    for ``--dataset lines:OUT``. As ``folder``: ``OUT/<digit>/*.png``, for ``--dataset folder:OUT``, of the pieces of
    which each digit's box is known.

    Args:
        folder: of the journal, or a file of one; pictures lie beside the file.
        out: folder to make.
        kind: of the data set.
        force: replace a data set that is there.

    Raises:
        EdgedigitsError: no journal, nothing labelled that can be taken, or a folder that cannot be made or replaced.
    """
    out = Path(out)
    refuse_inputs_inside([file_of(folder)], out)
    left_out: Counter[str] = Counter()
    pieces = pictures = 0
    with opened_to_read(folder) as connection, whole_folder(out, force) as work:
        found = list(_usable(connection, file_of(folder).parent, kind, left_out))
        if not found:
            raise _nothing(folder, left_out)
        pieces = len(found)
        pictures = _write_lines(work, found) if kind == "lines" else _write_digits(work, found)
    return Labelled(out, kind, pieces, pictures, dict(left_out))


def _usable(connection: sqlite3.Connection, folder: Path, kind: Kind, left_out: Counter[str]) -> Iterator[_Piece]:
    for row in connection.execute(_LABELLED):
        picture = folder / row["crop"] if row["crop"] else None
        if not row["label"]:
            left_out[UNREADABLE] += 1
        elif picture is None or not picture.is_file():
            left_out[NO_PICTURE] += 1
        elif kind == "folder" and len(row["boxes"].split()) != len(row["label"]):
            left_out[NO_BOXES] += 1
        elif not _is_whole(picture):
            left_out[BROKEN] += 1
        else:
            yield _Piece(row["id"], row["label"], row["boxes"], picture)


def _is_whole(picture: Path) -> bool:
    try:
        read_picture(picture)
    except EdgedigitsError:
        return False
    return True


def _nothing(folder: StrPath, left_out: Counter[str]) -> EdgedigitsError:
    why = ", ".join(f"{number:,}: {reason}" for reason, number in left_out.items())
    return EdgedigitsError(
        f"no labelled piece in {folder} can be taken{f' ({why})' if why else ''}",
        "label some on the station's page first",
    )


def _write_lines(work: Path, pieces: list[_Piece]) -> int:
    boxed = any(piece.has_boxes for piece in pieces)
    rows = []
    for number, piece in enumerate(pieces, 1):
        name = f"line-{number:06d}.png"
        write_bytes(work / IMAGES / name, piece.picture.read_bytes())
        rows.append((name, piece.label, *([piece.boxes if piece.has_boxes else ""] if boxed else []), piece.id))
    head = ("image", "text", *(["boxes"] if boxed else []), "piece")
    write_text(work / TRUTH, csv_text(head, rows))
    return len(rows)


def _write_digits(work: Path, pieces: list[_Piece]) -> int:
    number = 0
    for piece in pieces:
        picture = read_picture(piece.picture)
        paper = np.asarray(cv2.medianBlur(picture, _AROUND), np.uint8)
        for digit, box in zip(piece.label, piece.boxes.split(), strict=True):
            number += 1
            png = cv2.imencode(".png", _cut(picture, paper, box))[1].tobytes()
            write_bytes(work / digit / f"digit-{number:06d}.png", png)
    return number


def _cut(picture: NDArray[np.uint8], paper: NDArray[np.uint8], box: str) -> NDArray[np.uint8]:
    """A digit on paper: what else stands in the margin around its box is painted over."""
    x, y, width, height = (int(part) for part in box.split(","))

    def grown(by: int) -> tuple[slice, slice]:
        return slice(max(0, y - by), y + height + by), slice(max(0, x - by), x + width + by)

    alone = paper.copy()
    alone[grown(_EDGE)] = picture[grown(_EDGE)]
    return alone[grown(round(_MARGIN * max(width, height)))]
