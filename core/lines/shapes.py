"""Which networks read lines: by the shapes of what they take and give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgedigits.core.digit import CLASSES
from edgedigits.core.lines.strip import HEIGHT

LINE_CLASSES = CLASSES + 1
"""Scores of a step: those of the digits, then that of the blank."""


@dataclass(frozen=True)
class LineShape:
    """What a line network takes and gives.

    Attributes:
        width: columns of its strips.
        steps: of its scores, from left to right, each of :data:`LINE_CLASSES`.
    """

    width: int
    steps: int


def line_shape(source: Sequence[int], result: Sequence[int]) -> LineShape | None:
    """What a network with an input and an output of these shapes takes and gives if it reads lines; else None.

    It takes strips (1, 32, width, 1) and gives (1, 1, columns, k * 11) scores: k steps in a column, one after another.
    """
    if len(source) != 4 or len(result) != 4 or result[3] % LINE_CLASSES:
        return None
    if (source[0], source[1], source[3]) != (1, HEIGHT, 1) or tuple(result[:2]) != (1, 1):
        return None
    return LineShape(source[2], result[2] * result[3] // LINE_CLASSES)
