"""The text that the scores of a line say: greedily, or the likeliest of those allowed; and where its digits stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.lines.allowed import ANY_TEXTS, LineTexts
from edgedigits.core.lines.ctc import best_steps, is_possible, log_probabilities_of_lines
from edgedigits.core.lines.places import digit_shares
from edgedigits.core.lines.searching import search
from edgedigits.core.lines.strip import BLANK

_ZERO = ord("0")

_WIDER = (1, 8, 64)
"""How much wider a search becomes that has found no text among those allowed."""


@dataclass(frozen=True)
class Hypothesis:
    """A text that a line may say.

    Attributes:
        text: its digits; empty where the line says nothing.
        log_probability: natural logarithm of its probability among all texts, whether allowed or not.
    """

    text: str
    log_probability: float

    @property
    def probability(self) -> float:
        """Its probability among all texts, 0 to 1."""
        return float(np.exp(self.log_probability))


@dataclass(frozen=True)
class Span:
    """Where a digit of a text stands.

    Attributes:
        first: the first step that says the digit, from 0.
        last: the last one.
        confidence: how likely the digit is right if the rest of the text is, 0 to 1: see :func:`align`.
    """

    first: int
    last: int
    confidence: float


def log_softmax(logits: NDArray[Any], temperature: float = 1.0) -> NDArray[np.float64]:
    """The logarithms of the probabilities that logits stand for, float64 of the same shape.

    Args:
        logits: real numbers, of shape (..., classes); those of an int8 network dequantized.
        temperature: above 0; what the logits are divided by. Above 1 it makes the network less sure.
    """
    scaled = np.asarray(logits, np.float64) / temperature
    scaled -= scaled.max(axis=-1, keepdims=True)
    return np.asarray(scaled - np.log(np.exp(scaled).sum(axis=-1, keepdims=True)), np.float64)


def greedy(scores: NDArray[Any]) -> str:
    """The likeliest class of each step, without repeats and then without blanks.

    Int8 logits and what they are dequantized to give the same text.

    Args:
        scores: of shape (steps, 11) and any type, higher is likelier; of equal scores the smallest class wins.
    """
    best = scores.argmax(axis=1).astype(np.uint8)
    fresh = np.ones(len(best), np.bool_)
    fresh[1:] = best[1:] != best[:-1]
    said = best[fresh & (best != BLANK)]
    return str((said + _ZERO).astype(np.uint8).tobytes(), "ascii")


def without_idle_steps(logp: NDArray[Any], doubt: float = 1e-5) -> tuple[NDArray[Any], float]:
    """The steps of a line without those that follow a blank one and say nothing themselves: no search needs them.

    Of a run of blank steps the first is kept, so that the same digit twice is still two digits.

    Args:
        logp: logarithms of probabilities, of shape (steps, 11).
        doubt: what a step may give to all digits together and still say nothing.

    Returns:
        The steps that are left, and the logarithm of what the others give to saying nothing: what a text is less likely
        by all steps than by those that are left, but for readings that begin a digit where hardly any is.
    """
    blank = np.asarray(logp)[:, BLANK] > math.log1p(-doubt)
    idle = blank & np.concatenate([[False], blank[:-1]])
    return np.asarray(logp)[~idle], float(np.asarray(logp)[idle, BLANK].sum())


def beam(
    logp: NDArray[Any], allowed: LineTexts = ANY_TEXTS, width: int = 12, least: float = 0.0
) -> tuple[Hypothesis, ...]:
    """The likeliest texts that a line may say, the likeliest first, each with its probability over all alignments.

    Args:
        logp: logarithms of probabilities, of shape (steps, 11).
        allowed: what the line may say.
        width: as :func:`likely_texts` takes it.
        least: the same.

    Returns:
        At most ``width`` texts; none where none of those allowed was found, so unlikely are they.
    """
    return beams([logp], allowed, width, least)[0]


def beams(
    logps: Sequence[NDArray[Any]], allowed: LineTexts = ANY_TEXTS, width: int = 12, least: float = 0.0
) -> list[tuple[Hypothesis, ...]]:
    """:func:`beam` of each of several lines, or looks at one, of shape (steps, 11) with its own steps."""
    found = [likely_texts(logp, allowed, width, least) for logp in logps]
    exact = [
        zip(texts, values.tolist(), strict=True)
        for texts, values in zip(found, log_probabilities_of_lines(logps, found), strict=True)
    ]
    return [
        tuple(Hypothesis(text, value) for text, value in sorted(some, key=lambda one: (-one[1], one[0])))
        for some in exact
    ]


def likely_texts(
    logp: NDArray[Any], allowed: LineTexts = ANY_TEXTS, width: int = 12, least: float = 0.0
) -> tuple[str, ...]:
    """The texts that a prefix beam search finds (:mod:`edgedigits.core.lines.searching`), by the alignments it found.

    At each step the likeliest beginnings of texts stay. A beginning that no allowed text has, or that the steps left
    cannot make whole, falls out. Where none that is left is whole the search is run again, up to 64 times wider.

    Args:
        logp: logarithms of probabilities, of shape (steps, 11).
        allowed: what the line may say.
        width: beginnings that stay, at least 1.
        least: share of the likeliest beginning's probability below which others are dropped, where any text is allowed.
    """
    steps = np.exp(logp - logp.max(axis=1, keepdims=True))
    for wider in _WIDER:
        found = search(steps, allowed.automaton, width * wider, least)
        if found or allowed.automaton is None:
            break
    return tuple(text for text, _ in sorted(found, key=itemgetter(1), reverse=True)[:width])


def align(logp: NDArray[Any], text: str) -> tuple[Span, ...]:
    """Where each digit of a text stands, and how likely it is right.

    A digit's steps are those of the likeliest alignment. Its confidence is the probability of the text, divided by the
    sum of that of the eleven texts that have one of the ten digits or none in its place: what the scores make of this
    place if all the rest is right. Where the text is improbable as a whole the confidences may be high all the same.

    Args:
        logp: logarithms of probabilities, of shape (steps, 11).
        text: ASCII digits, or none.

    Raises:
        ValueError: the line has too few steps for the text, or the text has the probability 0.
    """
    return align_looks([logp], text)


def align_looks(looks: Sequence[NDArray[Any]], text: str) -> tuple[Span, ...]:
    """:func:`align` by several looks at a line: where digits stand by the first, and how sure all are on the average.

    Args:
        looks: logarithms of probabilities of each look, of shape (steps, 11) with its own steps; those that have too
            few for the text, except the first, say nothing.
        text: ASCII digits, or none.

    Raises:
        ValueError: as :func:`align`, of the first look.
    """
    steps = best_steps(looks[0], text)
    if not text:
        return ()
    shares = digit_shares([look for look in looks if is_possible(look, text)], text).mean(axis=0)
    return tuple(Span(first, last, share) for (first, last), share in zip(steps, shares.tolist(), strict=True))
