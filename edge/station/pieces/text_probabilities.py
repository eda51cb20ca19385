"""How likely a row of marks says a text, by what a network of lines and one of digits say of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import CLASSES

OTHERWISE = 0.1
"""Weight of texts that are not allowed: most codes are as they are expected."""

_DISTRUST = 0.03
"""Share of the marks of which a network of digits says anything."""

_BY_CHANCE = 0.01
"""Probability with which that network sees in what is no code just the text that the other one sees in it.

Both this and :data:`_DISTRUST` were chosen on 400 simulated pieces written with digits of MNIST's validation part.
"""


@dataclass(frozen=True)
class TextSeen:
    """A text that a row may say, in one frame.

    Attributes:
        text: digits.
        probability: by both networks, 0 to 1.
        by_line: by the line network alone, 0 to 1.
        least: logarithm of what the network of digits gives to the digit of the text that it believes least; None where
            it was not asked.
        margin: least logarithm of how many times more it gives to a digit of the text than to any other; None likewise.
    """

    text: str
    probability: float
    by_line: float
    least: float | None = None
    margin: float | None = None


def texts_seen(
    names: Sequence[str], by_line: NDArray[np.float64], nothing: float, chances: NDArray[np.float64] | None
) -> tuple[TextSeen, ...]:
    """What both networks say of a row's texts, the likeliest first.

    Args:
        names: the texts.
        by_line: the line network's probability of each.
        nothing: the same of no text.
        chances: the other network's of each mark and digit, of shape (marks, 10); None where it was not asked.
    """
    trusted = None if chances is None else (1 - _DISTRUST) * chances + _DISTRUST / CLASSES
    both, alone = (posterior(names, by_line, nothing, one) for one in (trusted, None))
    told = [
        TextSeen(name, float(both[place]), float(alone[place]), *_by_digits(name, trusted))
        for place, name in enumerate(names)
    ]
    return tuple(sorted(told, key=lambda one: (-one.probability, one.text)))


def posterior(
    names: Sequence[str], by_line: NDArray[np.float64], nothing: float, trusted: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """The probabilities of a row's texts by what both networks say (Bayes' rule), float64 of shape (texts,).

    What the row says otherwise counts too: that it says nothing as much as the line network gives to it, texts that are
    not allowed by :data:`OTHERWISE`. Where there is a mark for each digit, the network of digits has seen each by
    itself, and the probabilities that both give to a text multiply.

    Args:
        names: the texts.
        by_line: the line network's probability of each.
        nothing: the same of no text.
        trusted: the other network's of each mark and digit, as far as it is trusted; None where it was not asked.
    """
    weights, other = by_line, nothing + OTHERWISE * max(0.0, 1 - float(by_line.sum()) - nothing)
    if trusted is not None:
        weights, other = by_line * np.array([_of_marks(name, trusted) for name in names]), other * _BY_CHANCE
    whole = float(weights.sum()) + other
    return weights / whole if whole > 0 else np.zeros(len(names))


def _of_marks(name: str, trusted: NDArray[np.float64]) -> float:
    """Probability that marks say a text, one digit each; of one with fewer or more digits as if they said anything."""
    if len(name) != len(trusted):
        return _BY_CHANCE
    return math.prod(float(trusted[place, int(label)]) for place, label in enumerate(name))


def _by_digits(name: str, trusted: NDArray[np.float64] | None) -> tuple[float | None, float | None]:
    """The least that the network of digits gives to a digit of a text, and its least margin, as logarithms."""
    if trusted is None or len(name) != len(trusted):
        return None, None
    places, labels = np.arange(len(name)), np.array([int(label) for label in name])
    own = np.log(trusted[places, labels])
    others = trusted.copy()
    others[places, labels] = 0
    return float(own.min()), float((own - np.log(others.max(axis=1))).min())


def log_likelihoods(
    names: Sequence[str], by_line: NDArray[np.float64], chances: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Logarithms of how likely a row looks as it does by both networks for each of its texts, float64 (texts,).

    Args:
        names: the texts.
        by_line: the line network's probability of each.
        chances: the other network's of each mark and digit, of shape (marks, 10); None where it was not asked.
    """
    trusted = None if chances is None else np.maximum(chances, _DISTRUST / CLASSES)
    by_marks = [1.0 if trusted is None else _of_marks(name, trusted) for name in names]
    return np.asarray(np.log(np.maximum(by_line, 1e-300)) + np.log(by_marks), np.float64)
