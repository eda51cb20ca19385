"""Lines down that part a form: dividers of a row of boxes, teeth of a comb, evenly spaced between its ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.forms.form import Run

OFF = 0.1
"""Dividers and teeth stand within this share of a box's width, or two pixels, of where they should."""

PRESENT = 0.8
"""This share of them is seen; the others are broken."""

MISSING = 2
"""One that is missing speaks against a number of boxes so many times as much as one that is there for it."""


def runs_of(flags: NDArray[np.bool_]) -> list[Run]:
    """Start and stop of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def ends_of(runs: list[Run], begin: int, end: int, reach: int, thick: int) -> tuple[Run, Run] | None:
    """The sides down at both ends of a row of boxes: first column, and that behind the last."""
    near = [(abs(a + 1 - begin), (a, b)) for a, b in runs if begin - reach <= a + 1 <= begin + reach]
    far = [(abs(b - 1 - end), (a, b)) for a, b in runs if end - reach <= b - 1 <= end + reach]
    if not near or not far:
        return None
    (a, b), (c, d) = min(near)[1], min(far)[1]
    if a == c:
        return None
    # Grown by a column at both ends. Where more stands there, another box or a digit, the side across ends at its own.
    left, right = a + 1, d - 1
    if b - a > thick + 4 and a + 1 < begin - 1 < b - 2:
        left = begin - 1
    if d - c > thick + 4 and c + 2 < end + 1 < d - 1:
        right = end + 1
    return (left, max(left + 1, min(b - 1, left + 1 + thick))), (min(right - 1, max(c + 1, right - 1 - thick)), right)


def thin(runs: list[Run], thick: int) -> list[Run]:
    """Runs of columns as wide as most of them are: a digit may stand at a line."""
    # Grown by a column at both ends.
    usual = max(thick + 1, round(float(np.median([b - a for a, b in runs]))) - 2) if runs else 0
    found = []
    for a, b in runs:
        spare = max(0, b - a - 2 - usual)
        found.append((a + 1 + spare // 2, max(a + 2, b - 1 - (spare + 1) // 2)))
    return found


def doubled(runs: list[Run], thick: int) -> list[Run]:
    """Lines down, two that nearly touch as one: sides of boxes that stand close to each other."""
    found: list[Run] = []
    for run in runs:
        if found and run[0] - found[-1][1] <= thick + 2:
            found[-1] = (found[-1][0], run[1])
        else:
            found.append(run)
    return found


def even(lines: list[Run], left: Run, right: Run, most: int) -> list[Run] | None:
    """Of lines down those that part a row into cells of one width, and those that are missing; None: there are none.

    Args:
        lines: first column of each, and that behind its last.
        left: the first of the row.
        right: the last.
        most: cells.
    """
    if not lines:
        return None
    centres = np.array([(a + b) / 2 for a, b in lines])
    thick = round(float(np.median([b - a for a, b in (left, *lines, right)])))
    first, last = (left[0] + left[1]) / 2, (right[0] + right[1]) / 2
    best: tuple[float, list[Run]] | None = None
    for cells in range(2, most + 1):
        space = (last - first) / cells
        wanted = first + space * np.arange(1, cells)
        away = np.abs(wanted[:, None] - centres[None, :])
        nearest = away.argmin(axis=1)
        seen = away.min(axis=1) <= max(2.0, OFF * space)
        score = float(seen.sum() - MISSING * (~seen).sum())
        if seen.mean() >= PRESENT and (best is None or score > best[0]):
            missing = [(round(one - thick / 2), round(one - thick / 2) + thick) for one in wanted]
            best = score, [lines[n] if is_seen else m for n, is_seen, m in zip(nearest, seen, missing, strict=True)]
    return best[1] if best else None
