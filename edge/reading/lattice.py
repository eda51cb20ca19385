"""The best way to read a line: which neighbouring parts make up a digit, and which are no digits at all.

Every run of neighbouring parts that may be one digit is a hypothesis and is classified. A path through the line either
skips a part or takes a hypothesis; dynamic programming finds the path of the least cost, where cost is a negative log
probability (over-segmentation with a lattice: Casey and Lecolinet, "A survey of methods and strategies in character
segmentation", 1996). It works best with a network that was shown parts and pairs of digits in training: it is unsure
of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import normalise
from edgedigits.edge.reading.splitting import Part, Upright

MOST_PARTS = 6
"""No digit is made of more parts than this."""

WIDEST = 1.9
"""Nor wider than so many digit heights."""

WIDEST_GAP = 0.35
"""Nor has it a gap wider than this, as a share of the digit height."""

LOWEST = 0.35
"""Nor is it lower than this share of the digit height: dots, dashes and commas are."""


@dataclass(frozen=True)
class Scoring:
    """Weights of a path's cost, chosen on the development half (even rows) of the amount fields.

    Attributes:
        floor: scores of the network are not trusted below this.
        digit: cost of each digit: of two readings with equal scores the one with fewer digits wins.
        size: exponent of the digit's size in its weight: wide digits count more, as they explain more ink.
        skip: cost of skipping any part.
        skip_size: additional cost of skipping a part as high or as wide as a digit.
        skip_power: exponent of the part's size in it: dots are nearly free, strokes are not.
        aspect: cost of being wider than ``aspect_free`` (squared logarithm).
        aspect_free: ratio of width to the line's digit height up to which a digit costs nothing.
        low: cost of being lower than three quarters of the line's digit height (squared).
        cut: cost of cutting through ink as long as a digit is high.
    """

    floor: float = 0.008
    digit: float = 0.4
    size: float = 0.5
    skip: float = 0.15
    skip_size: float = 3.0
    skip_power: float = 2.0
    aspect: float = 2.0
    aspect_free: float = 0.75
    low: float = 12.0
    cut: float = 1.5


@dataclass(frozen=True)
class Hypothesis:
    """Parts ``first`` to ``last`` (counted from 0) of a line as one digit, with their common box."""

    first: int
    last: int
    box: tuple[int, int, int, int]


def hypotheses(line: Upright) -> list[Hypothesis]:
    """All runs of neighbouring parts that have the size of a digit, by their first part."""
    found = []
    for first in range(len(line.parts)):
        left, top, right, bottom = _corners(line.parts[first])
        for last in range(first, min(len(line.parts), first + MOST_PARTS)):
            x, y, end, foot = _corners(line.parts[last])
            if x - right > WIDEST_GAP * line.height:
                break
            left, top, right, bottom = min(left, x), min(top, y), max(right, end), max(bottom, foot)
            if right - left > WIDEST * line.height:
                break
            if bottom - top >= LOWEST * line.height:
                found.append(Hypothesis(first, last, (left, top, right - left, bottom - top)))
    return found


def _corners(part: Part) -> tuple[int, int, int, int]:
    x, y, width, height = part.box
    return x, y, x + width, y + height


def picture(line: Upright, hypothesis: Hypothesis) -> NDArray[np.uint8]:
    """The normalised 28x28 digit of a hypothesis: its own ink, without its neighbours'."""
    x, y, width, height = hypothesis.box
    labels = line.labels[y : y + height, x : x + width]
    own = (labels > hypothesis.first) & (labels <= hypothesis.last + 1)
    return normalise(np.where(own, line.soft[y : y + height, x : x + width], 0).astype(np.uint8))


def best_path(
    line: Upright, found: list[Hypothesis], scores: NDArray[np.float32], scoring: Scoring | None = None
) -> list[int]:
    """Positions in ``found`` of the hypotheses on the path of the least cost, from left to right.

    Args:
        line: with its parts.
        found: hypotheses over these parts.
        scores: float32 (len(found), 10), the network's.
        scoring: weights, by default those that were chosen.
    """
    scoring = scoring or Scoring()
    starting: dict[int, list[int]] = {}
    for position, hypothesis in enumerate(found):
        starting.setdefault(hypothesis.first, []).append(position)
    costs = [_cost(line, hypothesis, float(row.max()), scoring) for hypothesis, row in zip(found, scores, strict=True)]
    count = len(line.parts)
    best = [0.0] * (count + 1)
    taken: list[int | None] = [None] * count
    for first in range(count - 1, -1, -1):
        best[first] = best[first + 1] + _skip_cost(line.parts[first], line.height, scoring)
        for position in starting.get(first, []):
            total = costs[position] + best[found[position].last + 1]
            if total < best[first]:
                best[first], taken[first] = total, position
    path, at = [], 0
    while at < count:
        chosen = taken[at]
        if chosen is None:
            at += 1
        else:
            path.append(chosen)
            at = found[chosen].last + 1
    return path


def _skip_cost(part: Part, height: float, scoring: Scoring) -> float:
    size = min(max(part.box[2:]) / height, 1.2)
    return float(scoring.skip + scoring.skip_size * size**scoring.skip_power)


def _cost(line: Upright, hypothesis: Hypothesis, score: float, scoring: Scoring) -> float:
    width, height = hypothesis.box[2] / line.height, hypothesis.box[3] / line.height
    weight = max(width, 0.7 * height) ** scoring.size
    cost = scoring.digit - weight * float(np.log(max(score, scoring.floor)))
    if width > scoring.aspect_free:
        cost += scoring.aspect * float(np.log(width / scoring.aspect_free)) ** 2
    cost += scoring.low * max(0.0, 0.75 - height) ** 2
    return float(cost + scoring.cut * line.parts[hypothesis.first].cut / line.height)
