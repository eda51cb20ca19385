"""Connectionist temporal classification: how likely a text is by the scores of a line, and where its digits stand.

A line's scores say for each step how likely each digit and the blank are. A text is what an alignment, a class for each
step, leaves when repeats and then blanks are dropped; its probability is the sum over all its alignments. Graves,
Fernández, Gomez and Schmidhuber, "Connectionist temporal classification", ICML 2006, section 4.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.lines.strip import BLANK

_ZERO = ord("0")
_FILL = chr(_ZERO + BLANK)

SURE = 1e-200
"""Probabilities below it are computed once more as logarithms: what was too small for a float may be missing there."""


def is_possible(logp: NDArray[Any], text: str) -> bool:
    """Whether scores of shape (steps, 11) have steps enough for a text: a blank parts digits that repeat."""
    return len(logp) >= len(text) + sum(one == other for one, other in pairwise(text))


def text_log_probability(logp: NDArray[Any], text: str) -> float:
    """The natural logarithm of a text's probability: -inf where the line has too few steps for it.

    Args:
        logp: logarithms of probabilities, of shape (steps, 11).
        text: ASCII digits, or none.
    """
    return float(text_log_probabilities(logp, [text])[0])


def text_log_probabilities(logp: NDArray[Any], texts: Sequence[str]) -> NDArray[np.float64]:
    """:func:`text_log_probability` of several texts at once, float64 of shape (texts,)."""
    return log_probabilities_of_lines([logp], [texts])[0]


def log_probabilities_of_lines(
    logps: Sequence[NDArray[Any]] | NDArray[Any], texts: Sequence[Sequence[str]]
) -> list[NDArray[np.float64]]:
    """:func:`text_log_probability` of several texts of each of several lines, float64 of shape (texts,) of each line.

    Args:
        logps: logarithms of probabilities of each line, of shape (steps, 11) with its own steps.
        texts: of each line, ASCII digits or none; as many as you like.
    """
    counts = [len(some) for some in texts]
    if not sum(counts):
        return [np.zeros(0) for _ in texts]
    lines = np.repeat(np.arange(len(logps)), counts)
    labels, ends = extended([text for some in texts for text in some])
    alpha = forward(step_table(logps)[:, lines, labels.T], labels)
    best = np.array([logp.max(axis=1).sum() for logp in logps])
    values = _logarithms(_totals(alpha, ends), best[lines], [logps[line] for line in lines.tolist()], labels, ends)
    return np.split(values, np.cumsum(counts)[:-1])


def paired_log_probabilities(logps: NDArray[Any], texts: Sequence[str]) -> NDArray[np.float64]:
    """:func:`text_log_probability` of one text for each of several lines of as many steps, float64 of shape (lines,).

    Args:
        logps: logarithms of probabilities, of shape (lines, steps, 11).
        texts: ASCII digits, or none, of each line.
    """
    return np.concatenate(log_probabilities_of_lines(logps, [[text] for text in texts]))


def step_table(logps: Sequence[NDArray[Any]] | NDArray[Any]) -> NDArray[np.float64]:
    """How likely each class is at each step of several lines, in units of the likeliest, of shape (steps, lines, 11).

    Lines with fewer steps than others end with steps that surely say nothing, which leaves every text as likely as it
    is.

    Args:
        logps: logarithms of probabilities of each line, of shape (steps, 11) with its own steps.
    """
    table = np.zeros((max(map(len, logps)), len(logps), BLANK + 1))
    table[:, :, BLANK] = 1.0
    for line, logp in enumerate(logps):
        table[: len(logp), line] = np.exp(logp - logp.max(axis=1, keepdims=True))
    return table


def forward(steps: NDArray[np.float64], labels: NDArray[np.intp]) -> NDArray[np.float64]:
    """The forward variables of texts at each step: the sum over the alignments so far that end at each place.

    Args:
        steps: of shape (steps, places, texts), how likely each place's label is.
        labels: of shape (texts, places), those of :func:`extended`.

    Returns:
        of the same shape as ``steps``.
    """
    # Places down, texts across: each row is then contiguous. Two rows of nothing above spare the first two places
    # being cases of their own.
    whole = np.zeros((len(steps), steps.shape[1] + 2, steps.shape[2]))
    whole[0, 2:4] = steps[0, :2]
    skips = np.zeros(steps.shape[1:])
    skips[2:] = _skips(labels).T
    summed, over = np.empty_like(skips), np.empty_like(skips)
    views = zip(whole[:-1, 2:], whole[:-1, 1:-1], whole[:-1, :-2], whole[1:, 2:], steps[1:], strict=True)
    for same, one, two, there, step in views:
        np.multiply(two, skips, over)
        np.add(same, one, summed)
        np.add(summed, over, summed)
        np.multiply(summed, step, there)
    return whole[:, 2:]


def _totals(alpha: NDArray[np.float64], ends: NDArray[np.intp]) -> NDArray[np.float64]:
    """The sum over all alignments of each text, whose last places are known, by its forward variables."""
    rows = np.arange(len(ends))
    return np.asarray(alpha[-1, ends, rows] + np.where(ends > 0, alpha[-1, ends - 1, rows], 0.0), np.float64)


def _logarithms(
    total: NDArray[np.float64],
    best: NDArray[np.float64],
    logps: Sequence[NDArray[Any]] | NDArray[Any],
    labels: NDArray[np.intp],
    ends: NDArray[np.intp],
) -> NDArray[np.float64]:
    """The logarithms of the sums in units of the likeliest classes, those too small for floats computed once more."""
    with np.errstate(divide="ignore"):
        result = np.log(total) + best
    for row in np.flatnonzero(total < SURE):
        result[row] = _by_logarithms(logps[row], labels[row, : ends[row] + 1])
    return np.asarray(result, np.float64)


def extended(texts: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The classes of each text with blanks around its digits, of shape (texts, places), and the last place of each."""
    longest = max(map(len, texts))
    labels = np.full((len(texts), max(2 * longest + 1, 2)), BLANK, np.intp)
    # Beyond its end a text is filled up with what stands for blanks.
    filled = "".join([text.ljust(longest, _FILL) for text in texts]).encode("ascii")
    labels[:, 1 : 2 * longest : 2] = (np.frombuffer(filled, np.uint8).astype(np.intp) - _ZERO).reshape(
        len(texts), longest
    )
    return labels, np.array([2 * len(text) for text in texts], np.intp)


def _skips(labels: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Where an alignment may come from two places before, over a blank: at a digit that differs from the last one."""
    return np.asarray((labels[:, 2:] != BLANK) & (labels[:, 2:] != labels[:, :-2]))


def _by_logarithms(logp: NDArray[Any], labels: NDArray[np.intp]) -> float:
    """The same of one text, by its labels with blanks, without ever leaving the logarithms."""
    steps = logp[:, labels].astype(np.float64)
    skips = np.where(_skips(labels[None])[0], 0.0, -np.inf)
    alpha = np.full(len(labels), -np.inf)
    alpha[:2] = steps[0, :2]
    for step in steps[1:]:
        before = alpha.copy()
        alpha[1:] = np.logaddexp(alpha[1:], before[:-1])
        alpha[2:] = np.logaddexp(alpha[2:], before[:-2] + skips)
        alpha += step
    return float(np.logaddexp.reduce(alpha[-2:]))


def best_steps(logp: NDArray[Any], text: str) -> tuple[tuple[int, int], ...]:
    """The first and last step of each digit in a text's likeliest alignment (Viterbi).

    Args:
        logp: logarithms of probabilities, of shape (steps, 11).
        text: ASCII digits, or none.

    Raises:
        ValueError: the line has too few steps for the text, or no alignment of it has a probability above 0.
    """
    if not text:
        return ()
    labels = extended([text])[0][0]
    steps = logp[:, labels].astype(np.float64)
    skips = np.full(len(labels), -np.inf)
    skips[2:][_skips(labels[None])[0]] = 0.0
    # Two places that cannot be come from spare the first two being cases of their own.
    score = np.full((len(steps), len(labels) + 2), -np.inf)
    score[0, 2:4] = steps[0, :2]
    way = np.empty_like(skips)
    for same, one, two, there, step in zip(
        score[:-1, 2:], score[:-1, 1:-1], score[:-1, :-2], score[1:, 2:], steps[1:], strict=True
    ):
        np.add(two, skips, way)
        np.maximum(way, one, way)
        np.maximum(way, same, way)
        np.add(way, step, there)
    place = len(labels) - 1 if score[-1, -1] > score[-1, -2] else len(labels) - 2
    if score[-1, place + 2] == -np.inf:
        raise ValueError(f"{len(steps)} steps cannot say {text}")
    return _runs(_path_back(score.tolist(), skips.tolist(), place), len(text))


def _path_back(score: list[list[float]], skips: list[float], place: int) -> list[int]:
    """The places of the likeliest alignment at each step, from the last one; of equal ways the shortest is gone."""
    path = [place]
    for row in score[-2::-1]:
        same, one, two = row[place + 2], row[place + 1], row[place] + skips[place]
        if same < one or same < two:
            place -= 1 if one >= two else 2
        path.append(place)
    return path[::-1]


def _runs(path: list[int], digits: int) -> tuple[tuple[int, int], ...]:
    """The first and last step at each digit's place."""
    places = np.array(path)
    where = [np.flatnonzero(places == 2 * digit + 1) for digit in range(digits)]
    return tuple((int(one[0]), int(one[-1])) for one in where)
