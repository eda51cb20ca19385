"""From pieces to lines of writing: which of them stand in one line, and its direction."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.pieces import Pieces, digit_like, typical_height

SEED = 0.45
"""A piece of this share of its neighbour's height may stand in one line with it."""

BESIDE = 0.35
"""A piece of this share of its neighbour's height may, where it stands wholly beside it."""

STEEPEST = 0.3
"""Lines climb or fall at most so many rows a column: 17 degrees."""

GAP = 3.0
"""Digits of one line are at most so many digit heights apart; boxes and grids join what is farther apart."""

PALE = 0.3
"""A piece of less than this share of its line's strongest is a shadow or noise."""

MOST_GROUPS = 120
"""More lines than this are those of a texture, and get no fragments."""

MOST_PIECES = 600
"""With more pieces of digit size the picture shows a texture: the largest are looked at."""


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
