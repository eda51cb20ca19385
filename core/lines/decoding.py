"""The text that the scores of a line say: greedily, or the likeliest of those allowed; and where its digits stand."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import CLASSES, LABELS
from edgedigits.core.lines.allowed import ANY_TEXTS, LineTexts
from edgedigits.core.lines.automaton import NOWHERE, Automaton
from edgedigits.core.lines.ctc import best_steps, text_log_probabilities
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


def beam(logp: NDArray[Any], allowed: LineTexts = ANY_TEXTS, width: int = 12) -> tuple[Hypothesis, ...]:
    """The likeliest texts that a line may say, the likeliest first.

    A prefix beam search: at each step the likeliest beginnings of texts stay, each with the sum of the alignments found
    of it (Hannun, Maas, Jurafsky and Ng, "First-pass large vocabulary continuous speech recognition using
    bi-directional recurrent DNNs", arXiv 1408.2873, algorithm 1). A beginning that no allowed text has, or that the
    steps left cannot make whole, falls out. Where none that is left is whole the search is run again, up to 64 times
    wider. The probabilities of the texts found are those over all alignments.

    Args:
        logp: logarithms of probabilities, of shape (steps, 11).
        allowed: what the line may say.
        width: beginnings that stay, at least 1.

    Returns:
        At most ``width`` texts; none where none of those allowed was found, so unlikely are they.
    """
    searched = np.exp(logp - logp.max(axis=1, keepdims=True))
    for wider in _WIDER:
        found = _search(searched, allowed.automaton, width * wider)
        if found or allowed.automaton is None:
            break
    if not found:
        return ()
    texts = [text for text, _ in sorted(found, key=itemgetter(1), reverse=True)[:width]]
    exact = zip(texts, text_log_probabilities(logp, texts).tolist(), strict=True)
    return tuple(Hypothesis(text, value) for text, value in sorted(exact, key=lambda one: (-one[1], one[0])))


@dataclass(slots=True)
class _Beginning:
    """A text so far: the summed probability of its alignments that end with a blank, and with its last digit."""

    text: str
    last: int
    state: int
    blank: float
    digit: float
    total: float


def _search(steps: NDArray[np.float64], automaton: Automaton | None, width: int) -> list[tuple[str, float]]:
    """The texts among the ``width`` likeliest beginnings at the last step, and the alignments' sum that was found."""
    distances = None if automaton is None else automaton.distances
    if automaton is not None and automaton.least_digits > len(steps):
        return []
    start = _Beginning("", -1, 0 if automaton is None else automaton.start, 1.0, 0.0, 1.0)
    here = {"": start}
    order = np.argsort(-steps[:, :CLASSES], axis=1, kind="stable").tolist()
    for number, (step, digits) in enumerate(zip(steps.tolist(), order, strict=True)):
        left = len(steps) - number - 1
        there = _kept(here, step)
        if distances is not None:
            there = {text: one for text, one in there.items() if distances[one.state] <= left}
        floor = min(one.total for one in there.values()) if len(there) >= width else 0.0
        _extend(here, there, step, digits, floor, automaton, left)
        if len(there) > width:
            best = sorted(there.values(), key=_total, reverse=True)[:width]
            there = {one.text: one for one in best}
        here = there
    return [(one.text, one.total) for one in here.values() if automaton is None or automaton.accepting[one.state]]


def _total(one: _Beginning) -> float:
    return one.total


def _kept(here: dict[str, _Beginning], step: list[float]) -> dict[str, _Beginning]:
    """The beginnings after a step that adds no digit, or the last one to the beginning before."""
    there = {}
    silent = step[BLANK]
    for text, one in here.items():
        blank = one.total * silent
        digit = 0.0
        if text:
            said = step[one.last]
            digit = one.digit * said
            before = here.get(text[:-1])
            if before is not None:
                digit += (before.blank if before.last == one.last else before.total) * said
        there[text] = _Beginning(text, one.last, one.state, blank, digit, blank + digit)
    return there


def _extend(
    here: dict[str, _Beginning],
    there: dict[str, _Beginning],
    step: list[float],
    digits: list[int],
    floor: float,
    automaton: Automaton | None,
    left: int,
) -> None:
    """Add the beginnings that a step makes longer by a digit, as far as they are likelier than ``floor``."""
    state = 0
    for one in here.values():
        for digit in digits:
            said = step[digit]
            if one.total * said <= floor:
                break
            weight = (one.blank if digit == one.last else one.total) * said
            text = one.text + LABELS[digit]
            if weight <= floor or text in there:
                continue
            if automaton is not None:
                state = int(automaton.transitions[one.state, digit])
                if state == NOWHERE or automaton.distances[state] > left:
                    continue
            there[text] = _Beginning(text, digit, state, 0.0, weight, weight)


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
    steps = best_steps(logp, text)
    if not text:
        return ()
    variants = [text[:place] + other + text[place + 1 :] for place in range(len(text)) for other in (*LABELS, "")]
    values = text_log_probabilities(logp, variants).reshape(len(text), CLASSES + 1)
    shares = np.exp(log_softmax(values))
    return tuple(Span(first, last, float(shares[place, int(text[place])])) for place, (first, last) in enumerate(steps))
