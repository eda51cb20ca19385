"""How sure each digit of a text is: its share among what else could stand in its place, all the rest being right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import CLASSES, LABELS
from edgedigits.core.lines.ctc import SURE, extended, forward, step_table, text_log_probabilities

_ALL = np.arange(CLASSES)


def digit_shares(logps: Sequence[NDArray[Any]], text: str) -> NDArray[np.float64]:
    """The probability of a text among the eleven that have one of the ten digits or none in a place, for each place.

    The probability of each text is summed over all its alignments. One forward and one backward pass over the text give
    all of them (Graves, Fernández, Gomez and Schmidhuber, ICML 2006, section 4.1): an alignment of a text with another
    digit enters that digit at one step and leaves it at a later one; what comes before and after is the same.

    Args:
        logps: logarithms of probabilities of several lines, of shape (steps, 11) with its own steps each, which are
            enough for the text.
        text: ASCII digits, at least one.

    Returns:
        float64 of shape (lines, digits).
    """
    ahead, behind, table = _passes(logps, text)
    values = np.concatenate([_replaced(ahead, behind, table, text), _left_out(ahead, behind, text)[..., None]], axis=2)
    own = [int(digit) for digit in text]
    mine = values[:, range(len(text)), own]
    unsure = (mine < SURE).any(axis=1)
    with np.errstate(invalid="ignore"):
        shares = np.asarray(mine / values.sum(axis=2), np.float64)
    for line in np.flatnonzero(unsure).tolist():
        shares[line] = _by_texts(logps[line], text)
    return shares


def _by_texts(logp: NDArray[Any], text: str) -> NDArray[np.float64]:
    """The same of one line with every text written out, whose logarithms hold what is too small for a float."""
    variants = [text[:place] + other + text[place + 1 :] for place in range(len(text)) for other in (*LABELS, "")]
    values = text_log_probabilities(logp, variants).reshape(len(text), CLASSES + 1)
    values -= values.max(axis=1, keepdims=True)
    shares = np.exp(values)
    return np.asarray(shares[range(len(text)), [int(digit) for digit in text]] / shares.sum(axis=1), np.float64)


def _passes(
    logps: Sequence[NDArray[Any]], text: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """What the steps before and those from a step on make of the text, and how likely each digit is at each step.

    Returns:
        ``ahead`` of shape (steps + 1, lines, places + 1): the sum over the alignments of all steps before one that end
        at a place, which are counted from 1; place 0 is the start, before any step. ``behind`` of the same shape: the
        sum over those of the steps from one on that begin at a place, from 0 on; the last one is the end, after all
        steps. And of shape (steps, lines, 10) the digits, 0 beyond the end of a line.
    """
    lines, digits = len(logps), len(text)
    labels = extended([text, text[::-1]])[0]
    table = step_table([*logps, *(logp[::-1] for logp in logps)])
    which = np.repeat([0, 1], lines)
    sums = forward(table[:, np.arange(2 * lines), labels[which].T], labels[which])
    ahead = np.zeros((len(table) + 1, lines, 2 * digits + 2))
    behind = np.zeros_like(ahead)
    ahead[0, :, 0] = 1.0
    for line, logp in enumerate(logps):
        steps = len(logp)
        ahead[1 : steps + 1, line, 1:] = sums[:steps, :, line]
        behind[:steps, line, :-1] = sums[steps - 1 :: -1, ::-1, lines + line]
        behind[steps, line, -1] = 1.0
    return ahead, behind, table[:, :lines, :CLASSES]


def _replaced(
    ahead: NDArray[np.float64], behind: NDArray[np.float64], table: NDArray[np.float64], text: str
) -> NDArray[np.float64]:
    """How likely the text is with each digit in each place, of shape (lines, digits, 10)."""
    own = np.array([int(digit) for digit in text])
    after_other, before_other = np.ones((2, len(text), CLASSES))
    after_other[1:] = own[:-1, None] != _ALL
    before_other[:-1] = own[1:, None] != _ALL
    inside = ahead[:-1, :, 1:-1:2, None] + ahead[:-1, :, :-2:2, None] * after_other
    leaving = behind[1:, :, 2::2, None] + behind[1:, :, 3::2, None] * before_other
    before = np.zeros(inside.shape[1:])
    for there, step in zip(inside, table[:, :, None], strict=True):
        np.add(there, before, there)
        np.multiply(there, step, there)
        before = there
    return np.asarray((inside * leaving).sum(axis=0), np.float64)


def _left_out(ahead: NDArray[np.float64], behind: NDArray[np.float64], text: str) -> NDArray[np.float64]:
    """How likely the text is without the digit of each place, of shape (lines, digits)."""
    joined = np.ones(len(text))
    joined[1:-1] = [one != other for one, other in zip(text[:-2], text[2:], strict=True)]
    onward = behind[:, :, 2::2] + behind[:, :, 3::2] * joined
    return np.asarray((ahead[:, :, :-2:2] * onward).sum(axis=0), np.float64)
