"""Cutting a line of writing into parts no larger than a digit: its slant taken out, then along paths of little ink."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SLANTS = np.round(np.arange(-0.1, 0.71, 0.1), 2)
"""Slants that are tried, in columns per row; writing that leans to the right is positive, and rarely leans left."""

UPRIGHTED = 0.75
"""Share of the slant that is taken out: the digits of MNIST lean a little themselves."""

NARROWEST = 0.16
"""Two cuts keep at least this distance, as a share of the digit height."""

BAND = 0.14
"""A cut may wander this far from its straight line, as a share of the digit height."""

CUT_FROM = 0.5
"""Pieces narrower than this share of the digit height are never cut."""

SPECK = 0.003
"""Pieces with less ink than this share of the squared digit height are dirt."""

_STRAY = 0.03
_STEP = 0.06


@dataclass(frozen=True)
class Part:
    """A part of a line that no hypothesis divides further.

    Attributes:
        box: x, y, width, height in the upright line.
        cut: ink in pixels that the cut on its left side crosses; 0 where a gap separates it.
        piece: number of the connected piece that it was cut from.
    """

    box: tuple[int, int, int, int]
    cut: float
    piece: int


@dataclass(frozen=True)
class Upright:
    """A line of writing with its slant taken out.

    Attributes:
        soft: uint8 (height, width) ink.
        pieces: int32 of the same shape; 0 ground, else the number of the connected piece.
        labels: int32 of the same shape; 0 ground, k for ``parts[k - 1]``.
        parts: of the line, from left to right.
        height: typical digit height in pixels.
        slant: in columns per row, which was taken out.
        shift: columns that were added on the left.
    """

    soft: NDArray[np.uint8]
    pieces: NDArray[np.int32]
    labels: NDArray[np.int32]
    parts: tuple[Part, ...]
    height: float
    slant: float
    shift: float


def slant_of(soft: NDArray[np.uint8]) -> float:
    """The slant to take out: most of that at which the columns of ink stand out most (largest sum of squares)."""
    rows, columns = np.nonzero(soft > 127)
    if rows.size < 20:
        return 0.0
    step = rows.size // 6000 + 1
    rows, columns = rows[::step], columns[::step]
    height = soft.shape[0]
    sharpness = []
    for slant in SLANTS:
        moved = (columns + slant * (rows - height)).astype(np.int32) + 2 * height
        profile = np.bincount(moved).astype(np.float64)
        sharpness.append(float((profile**2).sum()))
    smooth = np.convolve(np.pad(sharpness, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    return UPRIGHTED * float(SLANTS[int(smooth.argmax())])


def upright(soft: NDArray[np.uint8], height: float) -> Upright:
    """Take the slant out of a line; its connected pieces are its parts.

    Args:
        soft: uint8 ink of the line; all that does not belong to the line is 0.
        height: typical digit height in pixels.
    """
    slant = slant_of(soft)
    rows, columns = soft.shape
    shift = max(0.0, -slant) * rows
    if slant:
        # Column x of row y goes to x + slant * y: strokes that lean right are further right at the top.
        shear = np.array([[1, slant, shift], [0, 1, 0]], np.float64)
        size = (int(np.ceil(columns + abs(slant) * rows)), rows)
        soft = np.asarray(cv2.warpAffine(soft, shear, size, flags=cv2.INTER_LINEAR), np.uint8)
    mask = (soft > 100).astype(np.uint8)
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    kept = [number for number in range(1, count) if stats[number][4] >= SPECK * height * height]
    kept.sort(key=lambda number: float(stats[number][0] + stats[number][2] / 2))
    table = np.zeros(count, np.int32)
    table[kept] = np.arange(1, len(kept) + 1)
    labels = table[pieces]
    parts = tuple(
        Part((int(x), int(y), int(w), int(h)), 0.0, position + 1)
        for position, (x, y, w, h, _) in enumerate(stats[number] for number in kept)
    )
    return Upright(soft, labels, labels, parts, height, slant, shift)


def divided(line: Upright, needed: Callable[[Part], bool]) -> Upright:
    """Cut the parts of a line that need it.

    Args:
        line: whose parts are whole pieces.
        needed: tells of a part whether it is to be cut; narrow ones never are.
    """
    found: list[tuple[float, Part, NDArray[np.int64], NDArray[np.int64]]] = []
    for part in line.parts:
        x, y, width, height = part.box
        own = line.pieces[y : y + height, x : x + width] == part.piece
        ys, xs = np.nonzero(own)
        order = np.zeros(len(xs), np.int64)
        crossed = [0.0]
        if width > CUT_FROM * line.height and needed(part):
            ink = np.where(own, line.soft[y : y + height, x : x + width], 0).astype(np.float32) / np.float32(255)
            paths, costs = _cuts(ink, line.height)
            for path in paths:
                order += xs >= path[ys]
            crossed += costs
        for number in range(int(order.max(initial=0)) + 1):
            chosen = order == number
            if chosen.sum() >= 3:
                found.append(_part(xs[chosen] + x, ys[chosen] + y, crossed[number], part.piece))
    found.sort(key=lambda item: item[0])
    labels = np.zeros(line.labels.shape, np.int32)
    for number, (_, _, xs, ys) in enumerate(found, 1):
        labels[ys, xs] = number
    parts = tuple(part for _, part, _, _ in found)
    return Upright(line.soft, line.pieces, labels, parts, line.height, line.slant, line.shift)


def _part(
    xs: NDArray[np.int64], ys: NDArray[np.int64], crossed: float, piece: int
) -> tuple[float, Part, NDArray[np.int64], NDArray[np.int64]]:
    left, top = int(xs.min()), int(ys.min())
    box = (left, top, int(xs.max()) - left + 1, int(ys.max()) - top + 1)
    return float(xs.mean()), Part(box, crossed, piece), xs, ys


def _cuts(ink: NDArray[np.float32], height: float) -> tuple[list[NDArray[np.int64]], list[float]]:
    """Paths from top to bottom of a connected piece that cross little ink, and the ink that each crosses."""
    width = ink.shape[1]
    edge = max(2, int(NARROWEST * height))
    # Round digits touch where the piece is lowest though the ink is thick there; others where there is least ink.
    columns: list[int] = []
    for profile in (_extent(ink), ink.sum(axis=0)):
        smooth = np.convolve(np.pad(profile, 2, mode="edge"), [1, 2, 3, 2, 1], mode="valid") / 9
        minima = [x for x in range(edge, width - edge) if smooth[x] <= smooth[x - 1] and smooth[x] <= smooth[x + 1]]
        for x in sorted(minima, key=lambda column: float(smooth[column])):
            if all(abs(x - other) >= edge for other in columns):
                columns.append(x)
    if not columns:
        return [], []
    columns.sort()
    paths, crossed = _seams(ink, np.array(columns), max(1, int(BAND * height)))
    return list(paths), [float(value) for value in crossed]


def _extent(ink: NDArray[np.float32]) -> NDArray[np.float64]:
    """Rows from the topmost to the lowest ink of each column."""
    inked = ink > 0
    rows = len(ink)
    extent = rows - inked[::-1].argmax(axis=0) - inked.argmax(axis=0)
    return np.where(inked.any(axis=0), extent, 0).astype(np.float64)


def _seams(
    ink: NDArray[np.float32], columns: NDArray[np.int64], band: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Cheapest paths from the top to the bottom row near each column, by dynamic programming over all at once."""
    rows, width = ink.shape
    offsets = np.arange(-band, band + 1)
    places = np.clip(columns[:, None] + offsets[None, :], 0, width - 1)
    here = ink[:, places]
    stray = _STRAY * np.abs(offsets)[None, :] / band
    total = np.zeros(places.shape)
    came = np.zeros((rows, *places.shape), np.int8)
    wall = np.full((len(columns), 1), np.inf)
    for row in range(rows):
        left = np.hstack([wall, total[:, :-1]]) + _STEP
        right = np.hstack([total[:, 1:], wall]) + _STEP
        came[row] = np.where(left < np.minimum(total, right), -1, np.where(right < total, 1, 0))
        total = np.minimum(np.minimum(left, right), total) + here[row] + stray
    which = np.arange(len(columns))
    at = total.argmin(1)
    paths = np.zeros((len(columns), rows), np.int64)
    crossed = np.zeros(len(columns))
    for row in range(rows - 1, -1, -1):
        paths[:, row] = places[which, at]
        crossed += here[row][which, at]
        at = at + came[row, which, at]
    return paths, crossed
