"""Which lines are worth reading, and in which order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgedigits.edge.scenes.contrast import Marks
from edgedigits.edge.scenes.grouping import Group
from edgedigits.edge.scenes.pieces import Pieces, typical_height

FAINT = 0.28
"""Lines of less than this share of the strongest line's strength are print, shadows or ghosts of what was wiped off."""

STRAY = 0.6
"""A single mark of at most this share of the typical height may be a part of other writing, or nothing."""

HIGH = 1.6
"""A single mark of more than so many typical heights is no digit among lines of several."""

SMALL = 0.3
"""Lines of less than this share of the typical height are dust or print."""


def worth_reading(groups: list[Group], marks: Marks, pieces: Pieces) -> list[Group]:
    """The groups without those that are much fainter or smaller than the others, or stray marks beside writing."""
    if not groups:
        return []
    strengths = [float(np.max(pieces.peaks[np.isin(pieces.numbers, group.numbers)])) for group in groups]
    weights = [len(group.numbers) * group.height for group in groups]
    strongest = max(
        strength for strength, weight in zip(strengths, weights, strict=True) if weight >= 0.2 * max(weights)
    )
    typical = typical_height(np.repeat([round(g.height) for g in groups], [len(g.numbers) for g in groups]))
    large: list[Group] = []
    small: list[Group] = []
    for group, strength in zip(groups, strengths, strict=True):
        if strength >= FAINT * strongest and group.height >= 0.5 * SMALL * typical:
            if any(len(other.numbers) >= 3 for other in groups) and _is_seam(group, marks, typical):
                continue
            (small if len(group.numbers) == 1 and group.height <= STRAY * typical else large).append(group)
    return _with_strays(large, small, marks, SMALL * typical)


def _is_seam(group: Group, marks: Marks, typical: float) -> bool:
    """Whether a line is one long mark, high among the others: the edge of a sheet, a shadow or a fold."""
    if len(group.numbers) > 1 or group.height <= HIGH * typical:
        return False
    x, y, width, height = marks.stats[group.numbers[0], :4].tolist()
    rows, columns = marks.mask.shape
    at_edge = x <= 1 or y <= 1 or x + width >= columns - 1 or y + height >= rows - 1
    return bool(at_edge or 3 * width < 2 * height)


def _with_strays(large: list[Group], small: list[Group], marks: Marks, least: float) -> list[Group]:
    """Lines, with single small marks above or below a piece as parts of it: bars of a 5, the top of a broken 3.

    Small marks beside larger writing are commas, dashes, flourishes, and belong to no line; others are lines.
    """
    fragments: dict[int, list[int]] = {}
    alone = []
    for stray in small:
        box = marks.stats[stray.numbers[0], :4].tolist()
        hosts = [
            (position, *_overlaps(box, other, 0.3 * group.height))
            for position, group in enumerate(large)
            if group.height > stray.height
            for other in marks.stats[group.numbers, :4].tolist()
        ]
        home = next((position for position, above, _ in hosts if above), None)
        if home is not None:
            fragments.setdefault(home, []).append(int(stray.numbers[0]))
        elif not any(beside for _, _, beside in hosts) and stray.height >= least:
            alone.append(stray)
    return [
        replace(group, fragments=np.concatenate([group.fragments, np.array(fragments.get(position, []), np.int64)]))
        for position, group in enumerate(large)
        if group.height >= least
    ] + alone


def _overlaps(box: list[int], other: list[int], near: float) -> tuple[bool, bool]:
    """Whether a box lies close above, below or on another one, and whether it lies close to it at all."""
    x, y, width, height = box
    left, top, across, down = other
    common = min(x + width, left + across) - max(x, left)
    close_down = y < top + down + near and top < y + height + near
    return close_down and common >= 0.5 * min(width, across), close_down and common >= -2 * near


def in_reading_order(boxes: list[tuple[float, float, float, float]]) -> list[int]:
    """Positions of boxes (x, y, width, height) row by row from the top, each row from the left."""
    rows: list[list[int]] = []
    for position in sorted(range(len(boxes)), key=lambda one: boxes[one][1] + boxes[one][3] / 2):
        _, y, _, height = boxes[position]
        for row in rows:
            _, top, _, down = boxes[row[0]]
            if min(y + height, top + down) - max(y, top) > 0.5 * min(height, down):
                row.append(position)
                break
        else:
            rows.append([position])
    return [position for row in rows for position in sorted(row, key=lambda one: boxes[one][0])]
