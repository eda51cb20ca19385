"""Printed forms that digits are written into: boxes apart, rows of boxes, and combs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Area = tuple[int, int, int, int]
"""Left, top, right and bottom, the latter two exclusive, in pixels."""

Run = tuple[int, int]
"""The first column of a line down, and the one behind its last."""


@dataclass(frozen=True)
class Form:
    """A row of boxes, or a comb.

    Attributes:
        across: areas of its lines across.
        down: areas of its lines down.
        area: what lies between and on them.
        known: all lines in the area are known; what else is in it is writing.
        cells: its boxes; of a comb what is above it between its teeth.
    """

    across: tuple[Area, ...]
    down: tuple[Area, ...]
    area: Area
    known: bool
    cells: tuple[Area, ...]


def cells_between(lines: tuple[Run, ...], top: int, bottom: int) -> tuple[Area, ...]:
    """What is between lines down, from one row to another."""
    return tuple((before[1], top, after[0], bottom) for before, after in pairwise(lines))


def lines_of(forms: tuple[Form, ...], shape: tuple[int, ...]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The lines of forms across and down as masks of that shape."""
    across, down = np.zeros(shape[:2], np.uint8), np.zeros(shape[:2], np.uint8)
    for form in forms:
        for lines, drawn in ((form.across, across), (form.down, down)):
            for left, top, right, bottom in lines:
                drawn[max(0, top) : bottom, max(0, left) : right] = 1
    return across, down


def written_in(forms: tuple[Form, ...], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """1 where all ink that is left is writing: within forms of which all lines are known."""
    inside = np.zeros(shape[:2], np.uint8)
    for form in forms:
        if form.known:
            left, top, right, bottom = form.area
            inside[max(0, top) : bottom, max(0, left) : right] = 1
    return inside
