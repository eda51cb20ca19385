"""Taking printed lines out of a mask of ink: base lines, ruled and squared paper, frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEEPEST = 0.1
"""Rules are searched up to this slope (about 6 degrees): a page photographed by hand."""

COVERED = 0.7
"""A rule has ink on at least this share of the picture's width (or height),"""

THIN = 0.5
"""and is thin, with ground above and below, on at least this share."""

PAPER_COVERED = 0.35
"""Ruled or squared paper has at least ``PAPER_LINES`` parallel lines; each may then be broken: this share is enough,"""

PAPER_THIN = 0.25
"""and this share of it thin."""

PAPER_LINES = 8


@dataclass(frozen=True)
class Rule:
    """A straight rule.

    Attributes:
        row: where it meets column 0.
        slope: rows per column.
        thickness: in pixels.
        thin: share of it that must have ground above and below.
        spare: pixels by which it may be thicker in places.
    """

    row: float
    slope: float
    thickness: float
    thin: float
    spare: int


def remove_rules(mask: NDArray[np.uint8], across: bool, down: bool) -> NDArray[np.uint8]:
    """Take printed lines out of a mask and leave the strokes that cross them.

    Args:
        mask: uint8 (height, width) of 0 and 1; left as it is.
        across: look for lines near the horizontal.
        down: look for lines near the vertical.
    """
    if across:
        mask = _without(mask)
    if down:
        mask = np.ascontiguousarray(_without(np.ascontiguousarray(mask.T)).T)
    return mask


def find_rules(mask: NDArray[np.uint8]) -> list[Rule]:
    """Lines near the horizontal along which at least 70 % of the picture's width is ink, and thin."""
    height, width = mask.shape
    rows, columns = np.nonzero(mask)
    if rows.size == 0:
        return []
    step = max(0.004, 2.0 / width)
    slopes = np.arange(-STEEPEST, STEEPEST + step / 2, step)
    margin = int(STEEPEST * width) + 2
    best = max(slopes, key=lambda slope: _sharpness(rows, columns, slope, margin, height))
    profile = _profile(rows, columns, best, margin, height)
    covered, thin, spare = _runs(profile >= COVERED * width), THIN, 1
    if len(_runs(profile >= PAPER_COVERED * width)) >= PAPER_LINES:
        # A tilted page has lines that only cut a corner of the picture.
        covered = _runs(profile >= PAPER_COVERED * _lengths(best, margin, mask.shape))
        thin, spare = PAPER_THIN, 2
    # What is thicker is a stroke, a shadow or an edge.
    thickest = max(3, 0.01 * width)
    return [
        Rule((start + stop - 1) / 2 - margin, float(best), float(stop - start), thin, spare)
        for start, stop in covered
        if stop - start <= thickest
    ]


def _lengths(slope: float, margin: int, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """How many columns of the picture a line covers, for each bin of the profile; at least a twentieth of its width."""
    height, width = shape
    starts = np.arange(height + 2 * margin + 2) - margin
    rows = starts[:, None] + slope * np.arange(0, width, 4)[None, :]
    covered: NDArray[np.int64] = np.maximum(((rows >= 0) & (rows < height)).sum(axis=1) * 4, width // 20)
    return covered


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and stop of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _profile(
    rows: NDArray[np.int64], columns: NDArray[np.int64], slope: float, margin: int, height: int
) -> NDArray[np.int64]:
    moved = (rows - slope * columns + margin + 0.5).astype(np.int64)
    return np.bincount(moved, minlength=height + 2 * margin + 2)


def _sharpness(rows: NDArray[np.int64], columns: NDArray[np.int64], slope: float, margin: int, height: int) -> float:
    return float(np.sort(_profile(rows, columns, slope, margin, height))[-3:].sum())


def _without(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rules = find_rules(mask)
    if not rules:
        return mask
    runs = _vertical_runs(mask)
    height, width = mask.shape
    result = mask.copy()
    for rule in rules:
        reach = int(np.ceil(rule.thickness / 2 + 1))
        centre = np.rint(rule.row + rule.slope * np.arange(width)).astype(np.int64)
        rows = centre[None, :] + np.arange(-reach, reach + 1)[:, None]
        inside = (rows >= 0) & (rows < height)
        at = (np.clip(rows, 0, height - 1), np.broadcast_to(np.arange(width), rows.shape))
        thin = inside & (mask[at] > 0) & (runs[at] <= rule.thickness + rule.spare)
        # Strokes that happen to lie in one row are thick, or crossed by others, in most of it.
        if thin.any(axis=0).sum() >= rule.thin * inside[reach].sum():
            result[at[0][thin], at[1][thin]] = 0
    return result


def _vertical_runs(mask: NDArray[np.uint8]) -> NDArray[np.int32]:
    """For each ink pixel the length of the vertical run of ink that it belongs to."""
    down = mask.astype(np.int32)
    for row in range(1, len(mask)):
        down[row] += down[row - 1] * mask[row]
    runs = down.copy()
    for row in range(len(mask) - 2, -1, -1):
        both = (mask[row] & mask[row + 1]).astype(bool)
        runs[row] = np.where(both, runs[row + 1], runs[row])
    return runs
