"""``edgedigits simulate``: composed lines as pictures, with a table of what they say."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Literal

import cv2

from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import csv_text, whole_folder, write_bytes, write_text
from edgedigits.core.paths import StrPath
from edgedigits.core.stages import StageCallback, untold
from edgedigits.train.lines.composing.composing import ComposedLine, Composer

Part = Literal["train", "validation", "test"]

IMAGES, NOTHING, TRUTH = "images", "nothing", "truth.csv"

MOST = 100_000

_SIMULATED = 4
"""Beside the numbers by which training, validation, test and calibration draw their lines: none is one of theirs."""


@dataclass(frozen=True)
class Simulated:
    """Composed lines that were written.

    Attributes:
        folder: with the pictures in ``images`` and ``truth.csv``.
        lines: pictures with digits, one a row of the table.
        digits: on them.
        nothing: pictures without a digit, in the folder ``nothing`` and in no table.
    """

    folder: Path
    lines: int
    digits: int
    nothing: int


def simulate(
    out: StrPath,
    lines: int = 100,
    seed: int = 0,
    *,
    nothing: int = 0,
    part: Part = "test",
    force: bool = False,
    progress: StageCallback = untold,
) -> Simulated:
    """Compose lines of MNIST's digits and write them as ``lines:FOLDER`` and ``edgedigits fields`` take them.

    The same numbers give the same pictures. Whole or not at all.

    Args:
        out: folder to make: ``images/line-000001.png``..., ``truth.csv`` with the columns ``image`` and ``text``.
        lines: pictures with digits.
        seed: of all that is drawn.
        nothing: pictures of what has no digit, in the folder ``nothing``: a reader should read none on them.
        part: of MNIST whose digits are written: those that networks were trained on, chosen by, or are judged by.
        force: replace what was written there before.
        progress: told how many pictures are written.

    Raises:
        EdgedigitsError: a number that makes no sense, no MNIST, ``out`` has content, or the disk refuses.
    """
    for option, value, least in (("--count", lines, 1), ("--nothing", nothing, 0)):
        if not least <= value <= MOST:
            raise EdgedigitsError(f"{option} is {value}", f"give {least} to {MOST:,}")
    if seed < 0:
        raise EdgedigitsError(f"--seed is {seed}", "give 0 or more")
    out = Path(out)
    with whole_folder(out, force) as work:
        composer = Composer(getattr(split_dataset(load_dataset("mnist"), "default"), part), (seed, _SIMULATED))
        rows: list[tuple[str, str]] = []
        empty = 0
        for index in count():
            line = composer.line(index)
            if line.text and len(rows) < lines:
                rows.append((_name(len(rows)), line.text))
                _write(work / IMAGES / rows[-1][0], line)
            elif not line.text and empty < nothing:
                _write(work / NOTHING / _name(empty), line)
                empty += 1
            progress("lines", len(rows) + empty, lines + nothing)
            if len(rows) + empty == lines + nothing:
                break
        write_text(work / TRUTH, csv_text(("image", "text"), rows))
    return Simulated(out, len(rows), sum(len(text) for _, text in rows), empty)


def _name(place: int) -> str:
    return f"line-{place + 1:06}.png"


def _write(path: Path, line: ComposedLine) -> None:
    write_bytes(path, cv2.imencode(".png", line.picture)[1].tobytes())
