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


def beam(
    logp: NDArray[Any], allowed: LineTexts = ANY_TEXTS, width: int = 12, least: float = 0.0
) -> tuple[Hypothesis, ...]:
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
        least: share of the likeliest beginning's probability below which others are dropped, where any text is allowed.

    Returns:
        At most ``width`` texts; none where none of those allowed was found, so unlikely are they.
    """
    searched = np.exp(logp - logp.max(axis=1, keepdims=True))
    for wider in _WIDER:
        found = _search(searched, allowed.automaton, width * wider, least)
        if found or allowed.automaton is None:
            break
    if not found:
        return ()
    texts = [text for text, _ in sorted(found, key=itemgetter(1), reverse=True)[:width]]
    exact = zip(texts, text_log_probabilities(logp, texts).tolist(), strict=True)
    return tuple(Hypothesis(text, value) for text, value in sorted(exact, key=lambda one: (-one[1], one[0])))


_Beginning = tuple[str, int, int, float, float]
"""A text so far, its last digit or -1, the automaton's state after it, and the summed probabilities of its alignments
that end with a blank, and of those that end with the last digit."""


def _search(
    steps: NDArray[np.float64], automaton: Automaton | None, width: int, least: float
) -> list[tuple[str, float]]:
    """The texts among the ``width`` likeliest beginnings at the last step, and the alignments' sum that was found."""
    following, distances = ([], []) if automaton is None else automaton.lookup
    state = 0 if automaton is None else automaton.start
    here: dict[str, _Beginning] = {"": ("", -1, state, 1.0, 0.0)}
    order = np.argsort(-steps[:, :CLASSES], axis=1, kind="stable").tolist()
    hopeless = least if automaton is None else 0.0
    for number, (step, digits) in enumerate(zip(steps.tolist(), order, strict=True)):
        left = len(steps) - number - 1
        there = _kept(here, step)
        if automaton is not None:
            there = {text: one for text, one in there.items() if distances[one[2]] <= left}
        for some in (digits[:1], digits[1:]):
            floor = sorted(map(_total, there.values()), reverse=True)[width - 1] if len(there) >= width else 0.0
            floor = max(floor, hopeless * max(map(_total, there.values()), default=0.0))
            for one in _longer(here, step, some, floor):
                if one[0] in there:
                    continue
                if automaton is not None:
                    state = following[one[2]][one[1]]
                    if state == NOWHERE or distances[state] > left:
                        continue
                    there[one[0]] = (*one[:2], state, *one[3:])
                else:
                    there[one[0]] = one
        if len(there) > width:
            there = {one[0]: one for one in sorted(there.values(), key=_total, reverse=True)[:width]}
        dropped = hopeless * max(map(_total, there.values()), default=0.0)
        here = {text: one for text, one in there.items() if _total(one) >= dropped}
    whole = here.values() if automaton is None else [one for one in here.values() if distances[one[2]] == 0]
    return [(one[0], _total(one)) for one in whole]


def _total(one: _Beginning) -> float:
    return one[3] + one[4]


def _kept(here: dict[str, _Beginning], step: list[float]) -> dict[str, _Beginning]:
    """The beginnings after a step that adds no digit, or the last one to the beginning before."""
    there = {}
    silent = step[BLANK]
    for text, (_, last, state, blank, digit) in here.items():
        ends = 0.0
        if text:
            ends = digit
            before = here.get(text[:-1])
            if before is not None:
                ends += before[3] if before[1] == last else before[3] + before[4]
            ends *= step[last]
        there[text] = (text, last, state, (blank + digit) * silent, ends)
    return there


def _longer(here: dict[str, _Beginning], step: list[float], digits: list[int], floor: float) -> list[_Beginning]:
    """The beginnings that a step makes longer by one of some digits, the likeliest first, if likelier than ``floor``.

    Their state is still that of the shorter one.
    """
    found = []
    for text, last, state, blank, digit in here.values():
        total = blank + digit
        for added in digits:
            weight = total * step[added]
            if weight <= floor:
                break
            if added == last:
                weight = blank * step[added]
                if weight <= floor:
                    continue
            found.append((text + LABELS[added], added, state, 0.0, weight))
    return found


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
