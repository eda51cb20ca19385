"""What is doubted: unsure lines, which are read again as other hands would have written them, and few among many.

A line's digits are also looked at one by one where they stand apart.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.lines.allowed import LineTexts
from edgedigits.core.lines.ctc import is_possible, log_probabilities_of_lines
from edgedigits.core.lines.decoding import Hypothesis, beam, beams
from edgedigits.core.lines.strip import HEIGHT, STRIDE, WIDEST
from edgedigits.edge.reading.piecewise import likeliest, with_pieces
from edgedigits.edge.reading.reading import Digit, LineText

HOPELESS = 1e-4
"""Texts whose beginnings are so much less likely than the likeliest are not searched for."""

DOUBTFUL = 0.99
"""Lines that are read with less confidence are read again.

On the even rows of the cheque table, by a network that had learned from composed lines alone, that read 446 of 540
fields right where one look reads 400; from 0.95 on it were 445.
"""

CROWD, READ_OF_A_CROWD = 3, 0.4
"""Where at least so many lines were found and at most this share of them says something, most marks are print, grain or
noise,"""

SHORT, SURE_IN_A_CROWD = 2, 0.99
"""and what has at most so many digits is shown as ``?`` unless it has this probability."""

ReadLine = tuple[tuple[Digit, ...], LineText]

Scores = NDArray[np.float64]
"""Logarithms of probabilities, of shape (steps, 11)."""


@dataclass(frozen=True)
class Said:
    """What a line may say.

    Attributes:
        texts: that its steps can say, the likeliest first.
        looks: the scores of all looks at it, the first of which is at the line as it is.
        chances: what a network of digits says of each piece, float64 of shape (pieces, 10); None: it was not asked.
    """

    texts: tuple[Hypothesis, ...]
    looks: list[Scores]
    chances: NDArray[np.float64] | None


def said_by(
    scores: Scores,
    pieces: int,
    ask_digits: Callable[[], NDArray[np.float64]] | None,
    look_again: Callable[[], list[Scores]] | None,
    allowed: LineTexts,
    in_cells: bool = False,
) -> Said:
    """What a line may say, by as many looks at it and its pieces as its doubt asks for.

    Args:
        scores: of the line as it is.
        pieces: of the line.
        ask_digits: looks at each piece, float64 of shape (pieces, 10); None where pieces are not digits for sure.
        look_again: the scores of other looks at the line; None where there are none.
        allowed: what the line may say.
        in_cells: each piece stands in a box of a form.
    """
    first = texts = beam(scores, allowed, least=HOPELESS)
    looks, chances = [scores], None
    if ask_digits and not (_is_sure(texts, pieces) and texts[0].text):
        chances = ask_digits()
        told = (*texts, *told_by(looks, _piecewise(chances, texts, allowed)))
        texts = with_pieces(told, chances, in_cells)
    if look_again and not _is_sure(texts, None if chances is None else pieces):
        others = look_again()
        looks += others
        texts = put_together([first, *beams(others, allowed, least=HOPELESS)])
        if chances is not None:
            names = [*(one.text for one in texts), *_piecewise(chances, texts, allowed)]
            texts = with_pieces(told_by(looks, names), chances, in_cells)
    return Said(tuple(one for one in texts if is_possible(scores, one.text)), looks, chances)


def _piecewise(chances: NDArray[np.float64], texts: Sequence[Hypothesis], allowed: LineTexts) -> list[str]:
    """The text that the pieces say, where it is allowed and not among those that the line says."""
    said = likeliest(chances)
    return [said] if allowed.accepts(said) and all(one.text != said for one in texts) else []


def _is_sure(texts: tuple[Hypothesis, ...], pieces: int | None) -> bool:
    """Whether a text is beyond doubt: likely, and none or a digit in each of the pieces where these are counted."""
    if not texts or texts[0].probability < DOUBTFUL:
        return False
    return pieces is None or len(texts[0].text) in {0, pieces}


@dataclass(frozen=True)
class _Look:
    """Another form of a strip: ``size`` and ``width`` are factors, ``slant`` is in columns a row."""

    size: float = 1.0
    width: float = 1.0
    slant: float = 0.0


_LOOKS = (
    _Look(width=0.87),
    _Look(size=0.85, slant=-0.1),
    _Look(size=0.85, slant=-0.2),
    _Look(size=0.85, slant=0.2),
    _Look(size=0.78, slant=-0.1),
)
"""Of thirteen forms those whose mean with the strip as it is read most of the even rows."""


def other_looks(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
    """A strip, uint8 of shape (32, width), narrower, and smaller with other slants."""
    return tuple(_slanted(_smaller(_stretched(pixels, look.width), look.size), look.slant) for look in _LOOKS)


def _stretched(pixels: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    if factor == 1:
        return pixels
    width = min(WIDEST, max(STRIDE, round(pixels.shape[1] * factor)))
    return np.asarray(cv2.resize(pixels, (width, HEIGHT), interpolation=cv2.INTER_LINEAR), np.uint8)


def _slanted(pixels: NDArray[np.uint8], slant: float) -> NDArray[np.uint8]:
    if slant == 0:
        return pixels
    move = np.array([[1, slant, STRIDE - slant * HEIGHT / 2], [0, 1, 0]])
    size = (min(WIDEST, pixels.shape[1] + 2 * STRIDE), HEIGHT)
    return np.asarray(cv2.warpAffine(pixels, move, size), np.uint8)


def _smaller(pixels: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    if factor == 1:
        return pixels
    size = (max(STRIDE, round(pixels.shape[1] * factor)), round(HEIGHT * factor))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    above = (HEIGHT - size[1]) // 2
    framed = cv2.copyMakeBorder(small, above, HEIGHT - size[1] - above, STRIDE, 0, cv2.BORDER_CONSTANT, value=(0,))
    return np.asarray(framed[:, :WIDEST], np.uint8)


def put_together(looks: Sequence[Sequence[Hypothesis]]) -> tuple[Hypothesis, ...]:
    """The texts that several looks at a line say, each with its mean probability, the likeliest first."""
    chances: dict[str, float] = defaultdict(float)
    for look in looks:
        for one in look:
            chances[one.text] += one.probability / len(looks)
    ranked = sorted(chances.items(), key=lambda item: -item[1])
    return tuple(Hypothesis(text, math.log(max(chance, 1e-300))) for text, chance in ranked)


def told_by(looks: Sequence[Scores], names: Sequence[str]) -> tuple[Hypothesis, ...]:
    """The mean probability that several looks give to texts."""
    means = np.mean(np.exp(log_probabilities_of_lines(looks, [names] * len(looks))), axis=0).tolist()
    return tuple(Hypothesis(name, math.log(max(mean, 1e-300))) for name, mean in zip(names, means, strict=True))


def doubted_in_a_crowd(kept: list[ReadLine], found: int) -> list[ReadLine]:
    """The lines that are shown; short ones rejected where nearly all others of the picture say nothing."""
    said = sum(any(not digit.rejected for digit in digits) for digits, _ in kept)
    if found < CROWD or said > READ_OF_A_CROWD * found:
        return kept
    return [
        (tuple(replace(digit, rejected=True) for digit in digits), text)
        if len(digits) <= SHORT and text.confidence < SURE_IN_A_CROWD
        else (digits, text)
        for digits, text in kept
    ]
