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

_SURE = 1e-200
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
    labels, ends = _extended(texts)
    best = logp.max(axis=1)
    total = _totals(np.exp(logp - best[:, None])[:, labels], labels, ends)
    return _logarithms(total, np.full(len(texts), best.sum()), [logp] * len(texts), labels, ends)


def paired_log_probabilities(logps: NDArray[Any], texts: Sequence[str]) -> NDArray[np.float64]:
    """:func:`text_log_probability` of one text for each of several lines of as many steps, float64 of shape (lines,).

    Args:
        logps: logarithms of probabilities, of shape (lines, steps, 11).
        texts: ASCII digits, or none, of each line.
    """
    labels, ends = _extended(texts)
    best = logps.max(axis=2)
    steps = np.take_along_axis(np.exp(logps - best[:, :, None]), labels[:, None, :], axis=2)
    total = _totals(np.moveaxis(steps, 1, 0), labels, ends)
    return _logarithms(total, best.sum(axis=1), logps, labels, ends)


def _totals(steps: NDArray[np.float64], labels: NDArray[np.intp], ends: NDArray[np.intp]) -> NDArray[np.float64]:
    """The forward algorithm: the sum over each text's alignments, of shape (texts,).

    Args:
        steps: of shape (steps, texts, places), how likely each place's label is; the likeliest class counts 1.
        labels: of shape (texts, places).
        ends: the last place of each text.
    """
    # Places down, texts across: each row is then contiguous.
    steps = np.ascontiguousarray(np.swapaxes(steps, 1, 2))
    skips = np.ascontiguousarray(_skips(labels).T, np.float64)
    alpha = np.zeros(steps.shape[1:])
    alpha[:2] = steps[0, :2]
    over, summed = np.empty_like(skips), np.empty_like(alpha)
    for step in steps[1:]:
        np.multiply(alpha[:-2], skips, out=over)
        summed[0] = alpha[0]
        np.add(alpha[1:], alpha[:-1], out=summed[1:])
        summed[2:] += over
        np.multiply(summed, step, out=alpha)
    alpha = alpha.T
    rows = np.arange(len(ends))
    return np.asarray(alpha[rows, ends] + np.where(ends > 0, alpha[rows, ends - 1], 0.0), np.float64)


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
    for row in np.flatnonzero(total < _SURE):
        result[row] = _by_logarithms(logps[row], labels[row, : ends[row] + 1])
    return np.asarray(result, np.float64)


def _extended(texts: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The classes of each text with blanks around its digits, of shape (texts, places), and the last place of each."""
    ends = np.array([2 * len(text) for text in texts], np.intp)
    labels = np.full((len(texts), max(int(ends.max()) + 1, 2)), BLANK, np.intp)
    for row, text in enumerate(texts):
        labels[row, 1 : 2 * len(text) : 2] = np.frombuffer(text.encode("ascii"), np.uint8).astype(np.intp) - _ZERO
    return labels, ends


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
    labels = _extended([text])[0]
    skips = np.concatenate([[-np.inf, -np.inf], np.where(_skips(labels)[0], 0.0, -np.inf)])
    steps = logp[:, labels[0]].astype(np.float64)
    score = np.full(steps.shape[1], -np.inf)
    score[:2] = steps[0, :2]
    came = np.zeros(steps.shape, np.intp)
    ways = np.full((3, len(score)), -np.inf)
    for number, step in enumerate(steps[1:], start=1):
        ways[0] = score
        ways[1, 1:] = score[:-1]
        ways[2, 2:] = score[:-2] + skips[2:]
        came[number] = ways.argmax(axis=0)
        score = ways.max(axis=0) + step
    place = len(score) - 1 if score[-1] > score[-2] else len(score) - 2
    if score[place] == -np.inf:
        raise ValueError(f"{len(steps)} steps cannot say {text}")
    path = [place]
    for back in came[:0:-1]:
        path.append(path[-1] - int(back[path[-1]]))
    places = np.array(path[::-1])
    where = [np.flatnonzero(places == 2 * digit + 1) for digit in range(len(text))]
    return tuple((int(one[0]), int(one[-1])) for one in where)
