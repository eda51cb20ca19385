"""Where the digits of a text stand in a picture, and the pieces of the line that none of them is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import CLASSES
from edgedigits.core.lines.decoding import Span
from edgedigits.core.lines.strip import HEIGHT, STEP, Strip
from edgedigits.edge.reading.reading import Digit
from edgedigits.edge.scenes.scene import SceneLine

_INK = 80
"""From here a pixel of a strip belongs to a stroke."""

_BESIDE = 0.15
"""A piece is read where the middle of a digit lies within it, or within this share of a digit's height beside it."""

_FRAGMENT = 0.45
"""A piece that is lower than this share of the line's digits is a part of one, a dot or a comma."""


@dataclass(frozen=True)
class Part:
    """A part of a line with its strip and what the network says of it: logits and log probabilities (steps, 11)."""

    line: SceneLine
    strip: Strip
    logits: NDArray[np.float32]
    scores: NDArray[np.float64]


def placed(parts: Sequence[Part], spans: Sequence[Span], text: str) -> tuple[Digit, ...]:
    """The digits of a text with their boxes, from the steps that say them."""
    middles = [(span.first + span.last + 1) / 2 for span in spans]
    digits = []
    first = 0
    for part in parts:
        steps = len(part.scores)
        own = [place for place, middle in enumerate(middles) if first <= middle < first + steps]
        columns = [(middles[place] - first) * STEP for place in own]
        for place, column in zip(own, columns, strict=True):
            left, right = _reach(column, columns, part.strip)
            box = part.line.box_in_picture(_box(part.strip, left, right))
            digits.append(Digit(box, int(text[place]), spans[place].confidence))
        first += steps
    return tuple(digits)


def in_pieces(line: SceneLine, spans: Sequence[Span], text: str) -> tuple[Digit, ...]:
    """The digits of a text that has as many as a line has pieces, each in its piece."""
    return tuple(
        Digit(line.box_in_picture(piece), int(label), span.confidence)
        for piece, span, label in zip(line.pieces, spans, text, strict=True)
    )


def doubtful_pieces(line: SceneLine, chances: NDArray[np.float64]) -> tuple[Digit, ...]:
    """A rejected digit for each piece of a line, as a network of digits sees it: float64 (pieces, 10)."""
    return tuple(
        Digit(line.box_in_picture(piece), int(own.argmax()), float(own.max()), rejected=True)
        for piece, own in zip(line.pieces, chances, strict=True)
    )


def _reach(column: float, columns: list[float], strip: Strip) -> tuple[int, int]:
    """The columns of the strip that are nearer to a digit's middle than to its neighbours'."""
    half = 0.45 * HEIGHT
    before = max((one for one in columns if one < column), default=column - 2 * half)
    behind = min((one for one in columns if one > column), default=column + 2 * half)
    left = int(np.clip(max((before + column) / 2, column - half), 0, strip.width - 1))
    return left, int(np.clip(min((column + behind) / 2, column + half), left + 1, strip.width))


def _box(strip: Strip, left: int, right: int) -> tuple[float, float, float, float]:
    """The box of the ink between two columns of a strip, in pixels of the line; all rows where there is none."""
    ink = strip.pixels[:, left:right] >= _INK
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    top, bottom = (int(rows[0]), int(rows[-1]) + 1) if rows.size else (0, HEIGHT)
    if columns.size:
        left, right = left + int(columns[0]), left + int(columns[-1]) + 1
    return left * strip.across, top * strip.down, (right - left) * strip.across, (bottom - top) * strip.down


def with_unread(
    digits: tuple[Digit, ...], line: SceneLine, parts: Sequence[Part], least: float = 0.0
) -> tuple[Digit, ...]:
    """The digits, and a rejected one for each piece of a digit's size where none was read: no digit vanishes.

    Args:
        digits: that were read.
        line: with its pieces.
        parts: of the line.
        least: a piece for which the network gives less than this to every digit is none.
    """
    unread = []
    height = float(np.median([digit.box[3] for digit in digits]))
    for piece in line.pieces:
        box = line.box_in_picture(piece)
        middle, reach = box[0] + box[2] / 2, box[2] / 2 + _BESIDE * height
        read = any(abs(digit.box[0] + digit.box[2] / 2 - middle) < reach for digit in digits)
        if not read and box[3] >= _FRAGMENT * height:
            label, confidence = _guess(piece, parts)
            if confidence >= least or len(parts) > 1:
                unread.append(Digit(box, label, confidence, rejected=True))
    return tuple(sorted((*digits, *unread), key=lambda digit: digit.box[0])) if unread else digits


def _guess(piece: tuple[int, int, int, int], parts: Sequence[Part]) -> tuple[int, float]:
    """What the network would say of a piece if it had to say something."""
    part = parts[0]
    first = int(piece[0] / part.strip.across / STEP)
    last = int((piece[0] + piece[2]) / part.strip.across / STEP) + 1
    rows = part.scores[first:last, :CLASSES]
    if len(parts) > 1 or not len(rows):
        return 0, 0.0
    best = rows.max(axis=0)
    return int(best.argmax()), float(np.exp(best.max()))
