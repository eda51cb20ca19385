"""From ink to lines of pieces: what may be part of a digit, in reading order."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.reading.ink import Ink
from edgedigits.edge.reading.rules import remove_rules

LEAST_HEIGHT = 8
"""Digits are at least so many pixels high in the picture that is searched; less is dust."""

LEAST_WIDTH = 2
"""and so many wide; less is a hair or a printed line."""

TEXTURE = 600
"""With so many pieces the picture shows a texture, and only what is twice as high can be writing."""

MOST_PIECES = 500
"""With more pieces of digit size than this the picture is not read: a carpet would hold up a camera for seconds."""

SMALL_LINE = 0.3
"""A line of less than this share of the picture's typical digit height is dust or print, not writing."""

SEED = 0.45
"""A piece of at least this share of the line's height stands for a digit or several; less is a fragment or a dot."""

EMPTY = 0.06
"""A large piece that fills less than this share of its box is a frame, a grid or the edge of a sheet."""

MANY = 100
"""With more pieces than this, ruled or squared paper is suspected, whose lines may be broken."""

LONG_ACROSS = 0.35
"""Rules are searched where a connected piece is at least this share of the picture wide,"""

LONG_DOWN = 0.9
"""or this share of it high: fields are cut close to their digits."""

FAINT = 200
"""A piece without ink this strong, of 255, is print or a shadow: patterns are paler than the pen."""

STRAY = 0.7
"""A single mark lower than this share of the typical height, close to other writing, is no line of its own."""

FRAGMENT = 0.004
"""Fragments have at least this share of the squared digit height in ink."""

LONGEST = 12.0
"""A piece more than so many times longer than wide (or the other way round) is a rule, not a digit."""


@dataclass(frozen=True)
class Piece:
    """A connected piece of ink: its label in the picture of labels, box and number of pixels."""

    label: int
    x: int
    y: int
    width: int
    height: int
    area: int

    @property
    def right(self) -> int:
        """First column right of the piece."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row below the piece."""
        return self.y + self.height


@dataclass(frozen=True)
class Line:
    """Pieces of one line of writing, sorted by their left side, and its typical digit height in pixels."""

    pieces: tuple[Piece, ...]
    height: float


@dataclass(frozen=True)
class Found:
    """Lines from top to bottom, and the picture of labels (int32, below ``count``) that their pieces refer to.

    Where there are no lines, ``why`` says so in words; what is different from picture to picture stands in brackets.
    """

    lines: tuple[Line, ...]
    labels: NDArray[np.int32]
    count: int
    why: str = ""


def find_lines(ink: Ink) -> Found:
    """Group the ink's connected pieces into lines of writing.

    Args:
        ink: of the picture.

    Returns:
        lines from top to bottom; none where nothing has the size and shape of digits, and none where so much has
        (more than ``MOST_PIECES``) that the picture shows a texture.
    """
    labels, count, kept = _pieces(ink.mask)
    height, width = ink.mask.shape
    many = len(kept) > MANY
    across = many or any(piece.width > LONG_ACROSS * width for piece in kept)
    down = many or any(piece.height > LONG_DOWN * height for piece in kept)
    if across or down:
        labels, count, kept = _pieces(remove_rules(ink.mask, across, down))
    written = [piece for piece in kept if not _is_rule(piece, labels)]
    pieces = [piece for piece in written if _peak(piece, labels, ink.soft) >= FAINT]
    least = LEAST_HEIGHT if len(kept) < TEXTURE else 2 * LEAST_HEIGHT
    seeds = [piece for piece in pieces if piece.height >= least and piece.width >= LEAST_WIDTH]
    if not 0 < len(seeds) <= MOST_PIECES:
        return Found((), labels, count, _why_none(ink, len(kept), len(written), len(pieces), len(seeds)))
    typical = _typical_height(seeds)
    rows = _merged(_rows([piece for piece in seeds if piece.height >= SEED * typical]))
    rows = [row for row in rows if _typical_height(row) >= SMALL_LINE * typical and not _is_stray(row, rows, typical)]
    lines = _lines(rows, pieces)
    lines.sort(key=lambda line: float(np.median([piece.y + piece.height / 2 for piece in line.pieces])))
    return Found(
        tuple(lines), labels, count, "" if lines else "only single small marks were found, as of print or dust"
    )


def _why_none(ink: Ink, kept: int, written: int, pieces: int, seeds: int) -> str:
    """Which step left no marks that may be digits, or too many."""
    if seeds:
        return f"more than {MOST_PIECES} marks of digit size were found, as of a texture ({seeds:,})"
    if not ink.mask.any():
        return "no ink was found: nothing stands out of its ground"
    if not kept:
        return "no ink was found but specks and straight lines"
    if not written:
        return f"only straight lines, frames or edges were found ({kept:,})"
    if not pieces:
        return f"only faint marks were found, as of print or a shadow, paler than a pen's ({written:,})"
    return f"only specks were found, lower than {LEAST_HEIGHT} pixels where the picture is searched ({pieces:,})"


def _pieces(mask: NDArray[np.uint8]) -> tuple[NDArray[np.int32], int, list[Piece]]:
    """The picture of labels of a mask, their number, and the pieces of at least four pixels."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    numbers = (np.flatnonzero(stats[1:count, cv2.CC_STAT_AREA] >= 4) + 1).tolist()
    return np.asarray(labels, np.int32), count, [Piece(number, *stats[number].tolist()) for number in numbers]


def _peak(piece: Piece, labels: NDArray[np.int32], soft: NDArray[np.uint8]) -> int:
    """The strongest ink of a piece."""
    rows, columns = slice(piece.y, piece.bottom), slice(piece.x, piece.right)
    return int(soft[rows, columns][labels[rows, columns] == piece.label].max())


def _typical_height(pieces: list[Piece]) -> float:
    """Median height, each piece counted by its height: many specks do not outweigh a few digits."""
    heights = np.sort([piece.height for piece in pieces])
    weights = np.cumsum(heights)
    return float(heights[int(np.searchsorted(weights, weights[-1] / 2))])


def _is_rule(piece: Piece, labels: NDArray[np.int32]) -> bool:
    """Whether a piece is a line, a frame, a grid or the edge of a sheet by its shape."""
    long, short = max(piece.width, piece.height), max(1, min(piece.width, piece.height))
    if long > LONGEST * short:
        return True
    height, width = labels.shape
    if piece.width <= 0.3 * width and piece.height <= 0.95 * height:
        return False
    if piece.area < EMPTY * piece.width * piece.height:
        return True
    own = labels[piece.y : piece.bottom, piece.x : piece.right] == piece.label
    return _bars(own.mean(axis=1)) >= 2 or _bars(own.mean(axis=0)) >= 2


def _bars(profile: NDArray[np.float64]) -> int:
    """How many separate straight bars run through (nearly) the whole piece."""
    full = np.concatenate([[False], profile > 0.9])
    return int((full[1:] & ~full[:-1]).sum())


def _rows(seeds: list[Piece]) -> list[list[Piece]]:
    """Chain pieces from left to right: each joins the row whose last piece it overlaps most in height."""
    rows: list[list[Piece]] = []
    for piece in sorted(seeds, key=lambda item: item.x):
        best, best_share = None, 0.3
        for row in rows:
            share = max(_overlap(piece, last) for last in row[-2:])
            if share > best_share:
                best, best_share = row, share
        if best is None:
            rows.append([piece])
        else:
            best.append(piece)
    return rows


def _overlap(one: Piece, other: Piece) -> float:
    """Rows that two pieces share, as a share of the lower piece's height."""
    common = min(one.bottom, other.bottom) - max(one.y, other.y)
    return common / min(one.height, other.height)


def _merged(rows: list[list[Piece]]) -> list[list[Piece]]:
    """Join rows that stand beside or in one another: a tall first digit or a stray mark began a row of its own."""
    rows = sorted(rows, key=lambda row: -sum(piece.area for piece in row))
    kept: list[list[Piece]] = []
    for row in rows:
        home = next((other for other in kept if _same_height(row, other)), None)
        if home is None:
            kept.append(list(row))
        else:
            home.extend(row)
    return kept


def _same_height(row: list[Piece], other: list[Piece]) -> bool:
    """Whether most pieces of a row overlap in height the piece of the other row that is nearest to them."""
    votes = 0
    for piece in row:
        nearest = min(other, key=lambda item: abs(item.x + item.width / 2 - piece.x - piece.width / 2))
        votes += _overlap(piece, nearest) > 0.35
    return 2 * votes > len(row)


def _is_stray(row: list[Piece], rows: list[list[Piece]], typical: float) -> bool:
    """Whether a row is a single small mark close to other writing: a comma, a dash, a flourish."""
    if len(row) > 1 or row[0].height > STRAY * typical:
        return False
    mark, near = row[0], 0.5 * typical
    return any(_is_near(mark, piece, near) for other in rows if other is not row for piece in other)


def _lines(rows: list[list[Piece]], pieces: list[Piece]) -> list[Line]:
    """Each row of seeds with the fragments that lie beside or on them."""
    taken = {piece.label for row in rows for piece in row}
    lines = []
    for row in rows:
        height = _typical_height(row)
        fragments = [piece for piece in pieces if piece.label not in taken and _touches(piece, row, height)]
        taken.update(piece.label for piece in fragments)
        lines.append(Line(tuple(sorted([*row, *fragments], key=lambda piece: piece.x)), height))
    return lines


def _touches(fragment: Piece, row: list[Piece], height: float) -> bool:
    if fragment.area < FRAGMENT * height * height:
        return False
    return any(_is_near(fragment, seed, 0.2 * height) for seed in row)


def _is_near(one: Piece, other: Piece, distance: float) -> bool:
    """Whether the boxes of two pieces are less than a distance apart, across and down."""
    return (
        one.x < other.right + distance
        and other.x < one.right + distance
        and one.y < other.bottom + distance
        and other.y < one.bottom + distance
    )
