"""From marks to lines of writing: what has the size of a digit, which of them stand in one line, and its direction."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.contrast import Marks

LEAST_HEIGHT = 8
"""Digits are at least so many pixels high in the picture that is searched."""

LONGEST_ACROSS = 4.0
"""Pieces more than so many times wider than high are dashes or rules."""

LONGEST_DOWN = 45.0
"""Pieces more than so many times higher than wide are hairs or edges; a 1 of a felt pen on a board has 25."""

SEED = 0.45
"""A piece of this share of its neighbour's height may stand in one line with it."""

BESIDE = 0.35
"""A piece of this share of its neighbour's height may, where it stands wholly beside it."""

STEEPEST = 0.3
"""Lines climb or fall at most so many rows a column: 17 degrees."""

GAP = 3.0
"""Digits of one line are at most so many digit heights apart; boxes and grids join what is farther apart."""

FAINT = 0.28
"""Lines of less than this share of the strongest line's strength are print, shadows or ghosts of what was wiped off."""

STRAY = 0.6
"""A single mark of at most this share of the typical height may be a part of other writing, or nothing."""

HIGH = 1.6
"""A single mark of more than so many typical heights is no digit among lines of several."""

PALE = 0.3
"""A piece of less than this share of its line's strongest is a shadow or noise."""

SMALL = 0.3
"""Lines of less than this share of the typical height are dust or print."""

MANY = 200
"""More marks than this are measured all at once rather than one by one."""

MOST_GROUPS = 120
"""More lines than this are those of a texture, and get no fragments."""

MOST_PIECES = 600
"""With more pieces of digit size the picture shows a texture: the largest are looked at."""


@dataclass(frozen=True)
class Pieces:
    """Marks that may be digits or parts of them; arrays of one length.

    Attributes:
        numbers: of the marks.
        boxes: int64 (count, 4): x, y, width, height.
        areas: in pixels.
        peaks: 0 to 255.
    """

    numbers: NDArray[np.int64]
    boxes: NDArray[np.int64]
    areas: NDArray[np.int64]
    peaks: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.numbers)

    def taken(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Pieces:
        """Some of the pieces."""
        return Pieces(self.numbers[which], self.boxes[which], self.areas[which], self.peaks[which])


@dataclass(frozen=True)
class Group:
    """The pieces of one line.

    Attributes:
        numbers: of the marks of digit size, from left to right.
        fragments: of the smaller marks that belong to them.
        height: typical, of its digits.
        slope: rows that it falls for each column.
    """

    numbers: NDArray[np.int64]
    fragments: NDArray[np.int64]
    height: float
    slope: float


def pieces_of(marks: Marks, least: int = 4) -> Pieces:
    """All marks of at least ``least`` pixels, with their strength."""
    numbers = np.flatnonzero(marks.stats[:, cv2.CC_STAT_AREA] >= least)
    numbers = numbers[numbers > 0]
    boxes = marks.stats[numbers, :4].astype(np.int64)
    areas = marks.stats[numbers, cv2.CC_STAT_AREA].astype(np.int64)
    if len(numbers) > MANY:
        summed = np.bincount(marks.labels.ravel(), weights=marks.strength.ravel(), minlength=len(marks.stats))
        return Pieces(numbers, boxes, areas, summed[numbers] / areas)
    peaks = np.zeros(len(numbers))
    for position in np.flatnonzero((boxes[:, 3] >= 4) | (boxes[:, 2] >= 4)).tolist():
        x, y, width, height = boxes[position].tolist()
        window = (slice(y, y + height), slice(x, x + width))
        own = marks.strength[window][marks.labels[window] == numbers[position]]
        peaks[position] = float(own.sum()) / own.size
    return Pieces(numbers, boxes, areas, peaks)


def digit_like(pieces: Pieces, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which pieces have the size and shape of a digit, or of several that touch."""
    _, _, width, height = pieces.boxes.T
    right = (height >= LEAST_HEIGHT) & (width <= LONGEST_ACROSS * height) & (height <= LONGEST_DOWN * width)
    # Frames and edges of sheets fill little of a box that is large in the picture.
    large = (width > 0.45 * shape[1]) & (height > 0.45 * shape[0])
    right &= ~(large & (pieces.areas < 0.03 * width * height))
    # Straight slivers along the picture's edge are what lies beside a sheet.
    x = pieces.boxes[:, 0]
    at_edge = (x <= 1) | (x + width >= shape[1] - 1)
    right &= ~(at_edge & (height > 4 * width) & (height < 0.95 * shape[0]) & (width < 0.05 * shape[1]))
    return np.asarray(right, np.bool_)


def typical_height(heights: NDArray[np.int64], weights: NDArray[np.float64] | None = None) -> float:
    """Median height, each piece counted by its height or its weight: many specks do not outweigh a few digits."""
    if heights.size == 0:
        return 0.0
    order = np.argsort(heights)
    summed = np.cumsum((heights if weights is None else weights)[order])
    return float(heights[order][int(np.searchsorted(summed, summed[-1] / 2))])


def group_lines(pieces: Pieces, shape: tuple[int, ...], joined: NDArray[np.uint8] | None = None) -> list[Group]:
    """Lines of writing, unordered.

    Args:
        pieces: of the picture.
        shape: of the picture.
        joined: where printed lines were; digits over one line across are in one line of writing however far apart.
    """
    seeds = pieces.taken(digit_like(pieces, shape))
    if len(seeds) > MOST_PIECES:
        seeds = seeds.taken(np.sort(np.argsort(seeds.boxes[:, 3] * seeds.peaks)[-MOST_PIECES:]))
    if not len(seeds):
        return []
    slope = _common_slope(seeds)
    members = _linked(seeds, slope, joined)
    members = [own[seeds.peaks[own] >= PALE * seeds.peaks[own].max()] for own in members]
    groups = [_group(seeds.taken(own), slope) for own in members]
    if len(groups) > MOST_GROUPS:
        return groups
    return [_with_fragments(group, seeds, pieces) for group in groups]


def _centres(pieces: Pieces) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y, width, height = pieces.boxes.T.astype(np.float64)
    return x + width / 2, y + height / 2


def _common_slope(seeds: Pieces) -> float:
    """Rows for each column by which most neighbours of like size lie lower than the piece to their left."""
    if len(seeds) < 3:
        return 0.0
    x, y, width, height = seeds.boxes.T.astype(np.float64)
    # Feet and heads alike: the mean of both is the centre.
    centre, middle = x + width / 2, y + height / 2
    across = centre[None, :] - centre[:, None]
    mean = (height[None, :] + height[:, None]) / 2
    alike = np.minimum(height[None, :], height[:, None]) > 0.6 * np.maximum(height[None, :], height[:, None])
    near = alike & (across > 0.3 * mean) & (across < 4 * mean)
    slopes = (middle[None, :] - middle[:, None]) / np.maximum(across, 1)
    near &= np.abs(slopes) <= STEEPEST + 0.1
    if near.sum() < 2:
        return 0.0
    values, weights = slopes[near], (across * mean)[near]
    tried = np.arange(-STEEPEST, STEEPEST + 0.01, 0.02)
    votes = [float((weights * np.exp(-(((values - one) / 0.05) ** 2))).sum()) * (1 - 0.3 * abs(one)) for one in tried]
    return float(tried[int(np.argmax(votes))])


def _linked(seeds: Pieces, slope: float, joined: NDArray[np.uint8] | None) -> list[NDArray[np.int64]]:
    """Positions of the seeds of each line."""
    centre, middle = _centres(seeds)
    x, _, width, height = seeds.boxes.T.astype(np.float64)
    level = middle - slope * centre
    taller = np.maximum(height[:, None], height[None, :])
    lower = np.minimum(height[:, None], height[None, :])
    gap = np.maximum(x[None, :] - (x + width)[:, None], x[:, None] - (x + width)[None, :])
    apart = np.abs(level[:, None] - level[None, :])
    alike = lower >= SEED * taller
    # The farther to the side, the less sure is the direction.
    level_enough = apart <= 0.5 * lower + 0.12 * np.maximum(gap, 0)
    level_enough &= apart <= 0.75 * lower
    near = gap <= GAP * taller
    linked = alike & level_enough & near
    # A part of an open 4, or a small digit, beside a higher one.
    upper, foot = level - height / 2, level + height / 2
    common = np.minimum(foot[:, None], foot[None, :]) - np.maximum(upper[:, None], upper[None, :])
    linked |= (lower >= BESIDE * taller) & (common >= 0.75 * lower) & (gap <= taller)
    if joined is not None:
        linked |= alike & (apart <= 0.7 * taller) & _same_row(seeds, joined)
    return _components(linked)


def _same_row(seeds: Pieces, printed: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which pairs of seeds stand over (or under) the same printed line across."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(printed, connectivity=8)
    x, y, width, height = seeds.boxes.T.astype(np.int64)
    own = np.zeros((len(seeds), count), bool)
    for position in range(len(seeds)):
        reach = int(0.9 * height[position])
        top, bottom = max(0, y[position] - reach), y[position] + height[position] + reach
        column = labels[top:bottom, x[position] : x[position] + width[position]]
        own[position, np.unique(column)] = True
    own[:, 0] = False
    own[:, stats[:, cv2.CC_STAT_WIDTH] < 3 * np.median(height)] = False
    return np.asarray((own.astype(np.int64) @ own.T.astype(np.int64)) > 0, np.bool_)


def _components(linked: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Positions of each connected part of a symmetric relation."""
    left = np.ones(len(linked), bool)
    found = []
    while left.any():
        own = np.zeros(len(linked), bool)
        own[int(np.argmax(left))] = True
        while True:
            grown = own | linked[own].any(axis=0)
            if (grown == own).all():
                break
            own = grown
        left &= ~own
        found.append(np.flatnonzero(own))
    return found


def _group(seeds: Pieces, common: float) -> Group:
    order = np.argsort(seeds.boxes[:, 0])
    seeds = seeds.taken(order)
    height = typical_height(seeds.boxes[:, 3])
    return Group(seeds.numbers, np.zeros(0, np.int64), height, _slope(seeds, height, common))


def _slope(seeds: Pieces, height: float, common: float) -> float:
    """The direction of one line: the median over pairs of its pieces, drawn to the common one where they are few."""
    if len(seeds) < 2:
        return 0.0 if len(seeds) and abs(common) < 0.04 else common
    centre, middle = _centres(seeds)
    across = centre[None, :] - centre[:, None]
    pairs = across > 0.4 * height
    if not pairs.any():
        return common
    values = ((middle[None, :] - middle[:, None]) / np.maximum(across, 1))[pairs]
    weights = across[pairs]
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    own = float(values[order][int(np.searchsorted(total, total[-1] / 2))])
    # Centres differ by some fifth of a height from digit to digit: short lines say little about their direction.
    length = float(centre.max() - centre.min())
    trust = min(1.0, max(0.0, length / height - 1.0) / 3.0)
    return float(np.clip(trust * own + (1 - trust) * common, -STEEPEST, STEEPEST))


def _with_fragments(group: Group, seeds: Pieces, pieces: Pieces) -> Group:
    """The group and the small marks on, in and beside its pieces: bars of a 5, parts of broken strokes."""
    own = pieces.taken(np.isin(pieces.numbers, group.numbers))
    rest = pieces.taken(~np.isin(pieces.numbers, seeds.numbers) & (pieces.areas >= 0.004 * group.height**2))
    rest = rest.taken((rest.boxes[:, 3] <= 1.2 * group.height) & (rest.boxes[:, 2] <= 1.6 * group.height))
    if not len(rest):
        return group
    near = 0.22 * group.height
    x, y, width, height = (own.boxes.T.astype(np.float64))[:, None, :]
    left, top, across, down = (rest.boxes.T.astype(np.float64))[:, :, None]
    touches = (
        (left < x + width + near) & (x < left + across + near) & (top < y + height + near) & (y < top + down + near)
    )
    return Group(group.numbers, rest.numbers[touches.any(axis=1)], group.height, group.slope)


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
