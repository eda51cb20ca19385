"""What was found in a picture: lines of writing, each cut out, upright, and how to get back to the picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError

Box = tuple[int, int, int, int]
"""x, y, width and height in pixels."""

QUARTERS = (0, 90, 180, 270)
"""Degrees by which a picture may be turned clockwise before it is searched."""


@dataclass(frozen=True)
class SceneOptions:
    """What is known about a picture before it is searched.

    Attributes:
        region: x, y, width and height of the only part to search, in pixels of the picture; all of it by default.
        rotate: degrees by which the picture must be turned clockwise to stand upright: one of :data:`QUARTERS`.
        single: the picture shows one digit.
    """

    region: Box | None = None
    rotate: int = 0
    single: bool = False

    def __post_init__(self) -> None:
        if self.rotate not in QUARTERS:
            raise EdgedigitsError(f"a turn of {self.rotate} degrees", "give 0, 90, 180 or 270")

    def checked_region(self, width: int, height: int) -> Box:
        """The region within a picture of that size.

        Raises:
            EdgedigitsError: without pixels, or not wholly inside the picture.
        """
        x, y, across, down = self.region or (0, 0, width, height)
        if across < 1 or down < 1 or x < 0 or y < 0 or x + across > width or y + down > height:
            raise EdgedigitsError(
                f"the region {x},{y},{across},{down} is not inside the picture of {width}x{height} pixels",
                "give x, y, width and height in its pixels, from its upper left corner",
            )
        return x, y, across, down


@dataclass(frozen=True)
class SceneLine:
    """One line of writing.

    Attributes:
        picture: uint8 (height, width) grey, upright, ink as dark or bright as it was; what does not belong to the line
            is painted over with its ground.
        matrix: float64 (2, 3): pixels of the line (x, y, 1) to pixels of the whole picture.
        height: of its digits, in pixels of the whole picture.
        pieces: boxes in pixels of the line, from left to right, of what has the size of a digit or of several.
        omitted: columns of ground that were taken out of the picture: of each run, the column of the picture before
            which it was, and how many columns; from left to right.
        in_cells: each piece stands in a box of a form, or between teeth of a comb, where one digit is expected.
    """

    picture: NDArray[np.uint8]
    matrix: NDArray[np.float64]
    height: float
    pieces: tuple[Box, ...]
    omitted: tuple[tuple[int, int], ...] = ()
    in_cells: bool = False

    def box_in_picture(self, box: tuple[float, float, float, float]) -> Box:
        """The upright box in the whole picture around a box (x, y, width, height) of the line."""
        left, right = self._unclosed(box[0]), self._unclosed(box[0] + box[2])
        top, bottom = box[1], box[1] + box[3]
        corners = np.array([[left, top, 1], [right, top, 1], [left, bottom, 1], [right, bottom, 1]])
        there = corners @ self.matrix.T
        x, y = np.floor(there.min(axis=0) + 1e-6).astype(int).tolist()
        end, foot = np.ceil(there.max(axis=0) - 1e-6).astype(int).tolist()
        return max(0, x), max(0, y), max(1, end - max(0, x)), max(1, foot - max(0, y))

    def _unclosed(self, column: float) -> float:
        """A column as it was before columns were taken out."""
        return column + sum(count for before, count in self.omitted if before <= column)

    def closed_up(self) -> SceneLine:
        """The line with its gaps no wider than :data:`WIDEST_GAP`, as a hand would have written it that hurries.

        Networks learn from lines of words' width; ground between digits far apart says nothing and costs time.
        """
        digit = float(np.median([height for _, _, _, height in self.pieces])) if self.pieces else 0.0
        most = round(WIDEST_GAP * digit)
        runs = [(start + most // 2, stop - most + most // 2) for start, stop in _gaps(self.pieces)]
        runs = [(start, stop) for start, stop in runs if stop > start]
        if not runs:
            return self
        kept = np.ones(self.picture.shape[1], np.bool_)
        for start, stop in runs:
            kept[start:stop] = False
        place: NDArray[np.int64] = np.cumsum(kept) - kept
        pieces = tuple((int(place[x]), y, width, height) for x, y, width, height in self.pieces)
        omitted = tuple((int(place[start]), stop - start) for start, stop in runs)
        return replace(self, picture=self.picture[:, kept], pieces=pieces, omitted=omitted)

    def parts(self, most: float) -> tuple[SceneLine, ...]:
        """The line cut between its pieces so that no part is wider than ``most`` times its height, where gaps allow.

        Long lines, such as the rows of a score sheet, would be squeezed in a strip; their parts are not. Wide gaps are
        cut first. The texts of the parts, one after the other, are the text of the line.
        """
        rows, columns = self.picture.shape
        if columns <= most * rows or len(self.pieces) < 2:
            return (self,)
        gaps = _gaps(self.pieces)
        if not gaps:
            return (self,)
        middle = columns / 2
        # The widest gap, and of gaps of about one width that nearest to the middle.
        start, stop = max(gaps, key=lambda gap: (gap[1] - gap[0]) - 0.5 * abs((gap[0] + gap[1]) / 2 - middle) / most)
        margin = round(0.25 * rows)
        left = self._between(0, min(stop, start + margin))
        right = self._between(max(start, stop - margin), columns)
        return (*left.parts(most), *right.parts(most))

    def _between(self, start: int, stop: int) -> SceneLine:
        shift = self.matrix.copy()
        shift[:, 2] += self.matrix[:, 0] * start
        kept = tuple((x - start, y, w, h) for x, y, w, h in self.pieces if x >= start and x + w <= stop)
        first = min((x for x, _, _, _ in kept), default=0)
        last = max((x + w for x, _, w, _ in kept), default=stop - start)
        # Empty boxes at the ends say nothing.
        margin = round(0.25 * self.picture.shape[0])
        cut, end = max(0, first - margin), min(stop - start, last + margin)
        shift[:, 2] += self.matrix[:, 0] * cut
        pieces = tuple((x - cut, y, w, h) for x, y, w, h in kept)
        omitted = tuple((before - start - cut, count) for before, count in self.omitted if before < start + end)
        picture = self.picture[:, start + cut : start + end]
        return replace(self, picture=picture, matrix=shift, pieces=pieces, omitted=omitted)


WIDEST_GAP = 0.5
"""Gaps between digits that are wider than so many of their heights are closed up to that."""


def _gaps(pieces: tuple[Box, ...]) -> list[tuple[int, int]]:
    """Columns between pieces that no piece reaches into: start and stop of each."""
    if not pieces:
        return []
    gaps, reached = [], pieces[0][0] + pieces[0][2]
    for x, _, width, _ in pieces[1:]:
        if x > reached:
            gaps.append((reached, x))
        reached = max(reached, x + width)
    return gaps


@dataclass(frozen=True)
class Scene:
    """Lines of writing in reading order; where there are none, ``why`` says so in words."""

    lines: tuple[SceneLine, ...]
    why: str = ""


def rotated(grey: NDArray[np.uint8], quarter_turns: int) -> NDArray[np.uint8]:
    """A picture turned clockwise by so many quarter turns, a contiguous copy."""
    return np.ascontiguousarray(np.rot90(grey, -quarter_turns))


def rotation(height: int, width: int, quarter_turns: int) -> NDArray[np.float64]:
    """The matrix (2, 3) from pixels of :func:`rotated` to those of the picture of that height and width."""
    turns: dict[int, list[list[float]]] = {
        0: [[1, 0, 0], [0, 1, 0]],
        1: [[0, 1, 0], [-1, 0, height]],
        2: [[-1, 0, width], [0, -1, height]],
        3: [[0, -1, width], [1, 0, 0]],
    }
    return np.array(turns[quarter_turns % 4], np.float64)


def composed(outer: NDArray[np.float64], inner: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix (2, 3) that does ``inner`` first and then ``outer``."""
    result = outer[:, :2] @ inner
    result[:, 2] += outer[:, 2]
    return np.asarray(result, np.float64)


def shrunk(grey: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """A picture smaller by a whole factor, each pixel the average of ``factor`` squared."""
    if factor == 1:
        return grey
    height, width = (side // factor for side in grey.shape)
    if min(height, width) < 1:
        return np.asarray(cv2.resize(grey, (max(1, width), max(1, height)), interpolation=cv2.INTER_AREA), np.uint8)
    part = grey[: height * factor, : width * factor]
    return np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
