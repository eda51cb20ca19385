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
from edgedigits.core.lines.ctc import text_log_probability
from edgedigits.core.lines.decoding import log_softmax
from edgedigits.core.lines.labelled import checked_fields
from edgedigits.core.lines.strip import strip_of
from edgedigits.core.lines.truth import IMAGES, TEST, TRAIN, TRUTH, picture_of
from edgedigits.core.paths import StrPath
from edgedigits.core.tflite.line_model import LineModel
from edgedigits.edge.reading.pictures import grey_of, load_image
from edgedigits.edge.station.pieces.rows import find_rows
from edgedigits.edge.station.updates.proving import LEAST_HELD_OUT

_BLOCK = 8
"""Pieces in a row that stay together: what came one behind the other is often of one sender, one hand and one pen."""

_LEAST_LEARNED = 20

_UNLIKELY = -2.8
"""Logarithm of the probability for each digit of a label below which a row says something else.

Of simulated mail in a hand that the network reads badly, hardly any row of print and of cut codes reached this, and
nine of ten whole codes did.
"""


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


def write_lines(queues: Queues, folder: Path, model: LineModel) -> int:
    """Write the pieces as a data set of lines, each cut out as a station does it: ``--dataset lines:FOLDER`` takes it.

    A column ``part`` says which are learned from and which judge, another one the queue.

    Args:
        queues: the pieces.
        folder: to write into.
        model: the line network that runs; it finds the row that a label belongs to.

    Returns:
        How many pieces to learn from were left out, as their picture shows no row that could say their label.

    Raises:
        EdgedigitsError: too few are left, or the disk refuses.
    """
    rows = []
    missed = 0
    for number, line in enumerate(queues.lines, start=1):
        name = f"line-{number:06}.png"
        cut = row_of(grey_of(load_image(line.picture)), line.text, model)
        if cut is None:
            missed += not line.held_out
            continue
        write_bytes(folder / IMAGES / name, cv2.imencode(".png", cut)[1].tobytes())
        rows.append((name, line.text, TEST if line.held_out else TRAIN, line.queue))
    learned = len(queues.learned) - missed
    if learned < _LEAST_LEARNED:
        raise EdgedigitsError(
            f"of {len(queues.learned)} pieces to learn from only {learned} show their code on their picture",
            "see that the pictures show whole codes, and label more pieces",
        )
    write_text(folder / TRUTH, csv_text(("image", "text", "part", "queue"), rows))
    return missed


def row_of(grey: NDArray[np.uint8], text: str, model: LineModel) -> NDArray[np.uint8] | None:
    """The row of marks in a picture that a label belongs to; None where none could say it.

    Where no code was found the picture is of the whole piece, with print and stamps; and of a code that was cut off it
    shows a part. What would have to be learned there is not what stands there: the probability that the network gives
    to the label, over all alignments, tells (forced alignment).
    """
    found = []
    for row in find_rows(grey):
        scores = log_softmax(model.logits(strip_of(row.picture).pixels))
        found.append((text_log_probability(scores, text), row.picture))
    likeliest, picture = max(found, key=lambda one: one[0], default=(-math.inf, None))
    return picture if likeliest >= _UNLIKELY * len(text) else None
