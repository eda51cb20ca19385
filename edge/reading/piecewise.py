"""A line of digits that do not touch is read piece by piece as well, and both readings are put together.

A network of lines knows how digits stand beside each other, one of single digits looks at each more closely. Where both
say the same, more can be believed than either says alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import CLASSES, LABELS, normalise
from edgedigits.core.lines.decoding import Hypothesis
from edgedigits.core.lines.strip import ink_of
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.edge.scenes.scene import Box, SceneLine

WIDEST_PIECE = 1.6
"""Pieces more than so many times wider than high are several digits."""

LEAST_HEIGHT = 0.5
"""Where a piece is lower than this share of the highest, a digit may be broken into several."""

OVERLAP = 0.25
"""Pieces share at most this part of the narrower one's columns: strokes one above the other are parts of one digit."""

AGREED, MOST_AGREED = 2.0, 10.0
"""How much likelier it becomes that a line has as many digits as pieces with each piece on which both networks agree,
and at most with all of them."""

IN_CELLS = 1e6
"""The same where each piece stands in a box of a form: one digit is expected in each."""

DISTRUST = 0.1
"""Share of the pieces that are no digit as a network of digits knows them, of which it says anything."""

_BESIDE, _BELOW = 0.15, 0.05
"""Heights around a piece in which parts of its digit lie, such as the bar of a 5."""

_GROUND = 30
"""Of an ink's 255 levels, those that are ground."""

_ROWS = 64
"""A picture that is higher is made so high before its digits are normalised."""


def is_apart(line: SceneLine) -> bool:
    """Whether each piece of a line may be one digit: none is wide or low, and none stands above another."""
    boxes = line.pieces
    highest = max((height for _, _, _, height in boxes), default=0)
    if not boxes or any(w > WIDEST_PIECE * h or h < LEAST_HEIGHT * highest for _, _, w, h in boxes):
        return False
    return all(
        x + width - after <= OVERLAP * min(width, other) for (x, _, width, _), (after, _, other, _) in pairwise(boxes)
    )


def digit_chances(line: SceneLine, network: DigitModel) -> NDArray[np.float64]:
    """What a network of digits says of each piece of a line, float64 of shape (pieces, 10)."""
    return np.asarray(network.probabilities(digit_images(line)), np.float64)


def digit_images(line: SceneLine) -> NDArray[np.uint8]:
    """What a network of digits sees of each piece of a line, uint8 of shape (pieces, 28, 28)."""
    ink, scale = _ink(line.picture)
    ink[ink < _GROUND] = 0
    boxes = [_widened(line.pieces, place) for place in range(len(line.pieces))]
    return np.stack([normalise(_cut(ink, scale, box)) for box in boxes])


def one_digit(grey: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """What a network of digits sees of the digit in a box of a grey picture, uint8 (28, 28)."""
    return normalise(_cut(*_ink(grey), box))


def _ink(grey: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """The ink of a picture, of :data:`_ROWS` rows at most, and how many of its pixels one of the picture is."""
    scale = min(1.0, _ROWS / grey.shape[0])
    if scale < 1:
        size = (max(1, round(grey.shape[1] * scale)), _ROWS)
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    return ink_of(grey), scale


def _cut(ink: NDArray[np.uint8], scale: float, box: Box) -> NDArray[np.uint8]:
    left, top = int(box[0] * scale), int(box[1] * scale)
    right, bottom = int(np.ceil((box[0] + box[2]) * scale)), int(np.ceil((box[1] + box[3]) * scale))
    return ink[top:bottom, left:right]


def _widened(pieces: tuple[Box, ...], place: int) -> Box:
    """The box of a piece with what may belong to it, short of its neighbours."""
    x, y, width, height = pieces[place]
    before = pieces[place - 1][0] + pieces[place - 1][2] if place else -height
    after = pieces[place + 1][0] if place + 1 < len(pieces) else x + width + height
    left = min(x, max(0, before, round(x - _BESIDE * height)))
    right = max(x + width, min(after, round(x + width + _BESIDE * height)))
    top = max(0, round(y - _BESIDE * height))
    return left, top, right - left, round(y + height + _BELOW * height) - top


def likeliest(chances: NDArray[np.float64]) -> str:
    """The text of the likeliest digit of each piece."""
    return "".join(LABELS[label] for label in chances.argmax(axis=1).tolist())


def with_pieces(
    texts: tuple[Hypothesis, ...], chances: NDArray[np.float64], in_cells: bool = False
) -> tuple[Hypothesis, ...]:
    """Texts of a line with their probabilities after each piece was looked at, the likeliest first.

    Bayes: a line either has a digit in each piece, and then both networks' probabilities of a text multiply, or it has
    not. How likely the former is follows from what the line network gives to such texts, and from how well the other
    one agrees.

    Args:
        texts: with their probabilities by the line network.
        chances: of :func:`digit_chances`.
        in_cells: each piece stands in a box of a form.
    """
    trusted = (1 - DISTRUST) * chances + DISTRUST / CLASSES
    fitting = {one.text: one.probability for one in texts if len(one.text) == len(chances)}
    agreed = {
        text: chance * math.prod(trusted[place, int(label)] for place, label in enumerate(text))
        for text, chance in fitting.items()
    }
    whole, total = sum(fitting.values()), sum(agreed.values())
    if not total:
        return texts
    rest = max(1 - whole, 1e-12)
    weight = (IN_CELLS if in_cells else min(AGREED ** len(chances), MOST_AGREED)) * total
    share = weight / (weight + rest)
    new = [
        (one.text, share * agreed[one.text] / total if one.text in agreed else one.probability * (1 - share) / rest)
        for one in texts
    ]
    new.sort(key=lambda one: -one[1])
    return tuple(Hypothesis(text, math.log(max(min(chance, 1.0), 1e-300))) for text, chance in new)


def shares(texts: Sequence[Hypothesis], best: str) -> list[float]:
    """How likely each digit of the best of several texts is: in all that have as many digits together."""
    alike = [one for one in texts if len(one.text) == len(best)]
    return [sum(one.probability for one in alike if one.text[place] == best[place]) for place in range(len(best))]


def with_piece(confidence: float, chance: float) -> float:
    """How sure a digit is that two networks are so sure of."""
    both = confidence * chance
    return both / (both + (1 - confidence) * (1 - chance)) if 0 < both < 1 else both
