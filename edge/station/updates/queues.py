"""Review queues of stations, brought together: what is learned from, and what is held out to prove on."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import csv_text, write_bytes, write_text
from edgedigits.core.lines.labelled import checked_fields
from edgedigits.core.lines.truth import IMAGES, TEST, TRAIN, TRUTH, picture_of
from edgedigits.core.paths import StrPath
from edgedigits.edge.reading.pictures import grey_of, load_image
from edgedigits.edge.station.pieces.rows import find_rows
from edgedigits.edge.station.updates.proving import LEAST_HELD_OUT

_BLOCK = 8
"""Pieces in a row that stay together: what came one behind the other is often of one sender, one hand and one pen."""

_LEAST_LEARNED = 20


@dataclass(frozen=True)
class QueuedLine:
    """A labelled piece of a review queue.

    Attributes:
        picture: its file.
        text: its code.
        queue: name of the folder that it comes from.
        held_out: whether it is proved on, not learned from.
    """

    picture: Path
    text: str
    queue: str
    held_out: bool


@dataclass(frozen=True)
class Queues:
    """Labelled pieces of one or many stations, each in one part.

    Attributes:
        lines: queue by queue, in the order of their tables.
        twice: pieces that stood in several queues or twice in one, and count once.
        contradictory: pieces that were labelled differently, and are left out.
    """

    lines: tuple[QueuedLine, ...]
    twice: int
    contradictory: int

    @property
    def learned(self) -> tuple[QueuedLine, ...]:
        """Those that are learned from."""
        return tuple(line for line in self.lines if not line.held_out)

    @property
    def held_out(self) -> tuple[QueuedLine, ...]:
        """Those that are proved on."""
        return tuple(line for line in self.lines if line.held_out)

    def describe(self) -> dict[str, Any]:
        """The counts, as JSON takes them."""
        names = dict.fromkeys(line.queue for line in self.lines)
        counts = {
            name: {
                "learned": sum(line.queue == name for line in self.learned),
                "held_out": sum(line.queue == name for line in self.held_out),
            }
            for name in names
        }
        return {"queues": counts, "twice": self.twice, "contradictory": self.contradictory}


def split_queues(folders: Sequence[StrPath], held_out: float = 25.0, seed: int = 0) -> Queues:
    """Divide the labelled pieces of review queues, each queue by itself.

    Runs of eight pieces, in the order of the table, which is that of time, are drawn until so many are held out.

    Args:
        folders: as `edgedigits journal labelled FOLDER --out DIR` writes them: ``truth.csv`` and pictures.
        held_out: percent of each queue that is held out, at least.
        seed: of the draw.

    Raises:
        EdgedigitsError: a queue that is malformed or lacks pictures, too few pieces, or a share that makes no sense.
    """
    if not 1 <= held_out <= 90:
        raise EdgedigitsError(f"--held-out is {held_out:g}", "give 1 to 90 percent, such as 25")
    labels: dict[str, set[str]] = {}
    found: list[tuple[str, Path, str, str]] = []
    for folder, name in zip(map(Path, folders), _names(folders), strict=True):
        for field in checked_fields(folder):
            picture = picture_of(folder, field)
            digest = hashlib.sha256(picture.read_bytes()).hexdigest()
            labels.setdefault(digest, set()).add(field.text)
            found.append((digest, picture, field.text, name))
    unique = {digest: (picture, text, name) for digest, picture, text, name in reversed(found)}
    agreed = [unique[digest] for digest in dict.fromkeys(one[0] for one in found) if len(labels[digest]) == 1]
    contradictory = sum(len(texts) > 1 for texts in labels.values())
    draw = np.random.default_rng(seed)
    lines: list[QueuedLine] = []
    for name in dict.fromkeys(name for _, _, name in agreed):
        some = [(picture, text) for picture, text, one in agreed if one == name]
        out = _drawn(len(some), held_out, draw)
        lines += [QueuedLine(picture, text, name, out[place]) for place, (picture, text) in enumerate(some)]
    queues = Queues(tuple(lines), len(found) - len(labels), contradictory)
    _refuse_few(queues)
    return queues


def _names(folders: Sequence[StrPath]) -> list[str]:
    """A name for each folder, the shortest that differ."""
    paths = [Path(folder).resolve() for folder in folders]
    if len({path.name for path in paths}) == len(paths):
        return [path.name for path in paths]
    return [f"{number}-{path.name}" for number, path in enumerate(paths, start=1)]


def _drawn(count: int, percent: float, draw: np.random.Generator) -> NDArray[np.bool_]:
    """Which of so many pieces are held out: whole runs, and of the last one as many as are wanted."""
    wanted = math.ceil(count * percent / 100)
    out = np.zeros(count, np.bool_)
    size = max(1, min(_BLOCK, count // 8))
    for start in draw.permutation(range(0, count, size)):
        left = wanted - int(out.sum())
        if left <= 0:
            break
        out[start : start + min(size, left)] = True
    return out


def _refuse_few(queues: Queues) -> None:
    learned, held_out = len(queues.learned), len(queues.held_out)
    if learned < _LEAST_LEARNED or held_out < LEAST_HELD_OUT:
        raise EdgedigitsError(
            f"{learned} pieces to learn from and {held_out} held out are too few",
            f"label more on the station's page: {_LEAST_LEARNED} and {LEAST_HELD_OUT} are needed at least",
        )


def write_lines(queues: Queues, folder: Path) -> None:
    """Write the pieces as a data set of lines, each cut out as a station does it: ``--dataset lines:FOLDER`` takes it.

    A column ``part`` says which are learned from and which judge, another one the queue.
    """
    rows = []
    for number, line in enumerate(queues.lines, start=1):
        name = f"line-{number:06}.png"
        grey = line_in(grey_of(load_image(line.picture)), line.text)
        write_bytes(folder / IMAGES / name, cv2.imencode(".png", grey)[1].tobytes())
        rows.append((name, line.text, TEST if line.held_out else TRAIN, line.queue))
    write_text(folder / TRUTH, csv_text(("image", "text", "part", "queue"), rows))


def line_in(grey: NDArray[np.uint8], text: str) -> NDArray[np.uint8]:
    """The row of a picture that most likely says a text, as a station cuts it out; all of it where none is found.

    By the number of marks in it, and of rows with as many by their height: on a picture of a whole piece there may be
    several.
    """
    rows = [row for row in find_rows(grey) if row.marks]
    if not rows:
        return grey
    return min(rows, key=lambda row: (abs(len(row.marks) - len(text)), -row.height)).picture
