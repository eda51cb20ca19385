"""The proof on strings: what int8 cost a line network, on every test line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.lines.labelled import Lines
from edgedigits.core.pictures.drawing import draw_text
from edgedigits.core.statistics.line_metrics import LineMetrics
from edgedigits.core.statistics.metrics import Comparison
from edgedigits.core.tflite.file import OperatorVersion
from edgedigits.quantize.proof.proving import Judged, flip_colour

MIN_EXACT = 50.0
"""Percent of the test lines that float network and model have to read exactly, unless the user says otherwise."""

_GUESSING = 0.0
"""Percent of lines that somebody guesses: next to none, as a line has several digits."""


@dataclass(frozen=True)
class LineProof(Judged):
    """The float line network against its int8 form, on the same lines.

    Attributes:
        comparison: of exact lines: drop with its 95 % interval, McNemar's p, agreement, flipped lines.
        before: what the float network reads right, by origin of the lines; ``all`` are all.
        after: what the model reads right.
        runtime: name and version that ran the model.
        threads: of that runtime.
        float_bytes: four bytes for each parameter of the float network.
        tflite_bytes: size of the ``.tflite`` file.
        operators: with version and count.
        max_drop: percentage points of exact lines that may be lost.
        min_accuracy: percent of the lines that both have to read exactly.
    """

    comparison: Comparison
    before: dict[str, LineMetrics]
    after: dict[str, LineMetrics]
    runtime: str
    threads: int
    float_bytes: int
    tflite_bytes: int
    operators: tuple[OperatorVersion, ...]
    max_drop: float
    min_accuracy: float = MIN_EXACT
    chance: float = _GUESSING
    cause: str = ""

    @property
    def ratio(self) -> float:
        """How many times smaller the file is than the float weights."""
        return self.float_bytes / self.tflite_bytes

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON takes it."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain | {"ratio": round(self.ratio, 3), **self.judgement()}


_CELL, _ROW, _COLUMNS, _MOST, _LETTERS = (300, 32), 52, 3, 60, 0.42


def draw_line_flips(comparison: Comparison, lines: Lines, before: Sequence[str], after: Sequence[str]) -> bytes:
    """Draw the lines that the two read differently, at most 60, as a PNG: truth, what was read before and after."""
    flipped = comparison.flipped[:_MOST]
    rows = max(1, -(-len(flipped) // _COLUMNS))
    width, height = _CELL
    sheet = np.full((rows * _ROW + 24, _COLUMNS * (width + 10), 3), 255, np.uint8)
    title = f"{len(comparison.flipped)} of {comparison.count} lines flipped: truth, float > int8"
    draw_text(sheet, title, (4, 17), _LETTERS)
    for place, index in enumerate(flipped):
        top, left = 24 + place // _COLUMNS * _ROW, place % _COLUMNS * (width + 10)
        strip: NDArray[np.uint8] = lines.strips[index][:, :width]
        sheet[top : top + height, left : left + strip.shape[1]] = (255 - strip)[..., np.newaxis]
        truth = lines.texts[index]
        words = f"{truth}: {before[index]} > {after[index]}"
        colour = flip_colour(truth, before[index], after[index])
        draw_text(sheet, words, (left + 4, top + height + 13), _LETTERS, colour)
    return bytes(cv2.imencode(".png", sheet)[1])
