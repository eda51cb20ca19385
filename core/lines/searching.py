"""A prefix beam search: the texts that the scores of a line may say, from the beginnings of texts that stay likely.

Hannun, Maas, Jurafsky and Ng, "First-pass large vocabulary continuous speech recognition using bi-directional recurrent
DNNs", arXiv 1408.2873, algorithm 1. At most steps of a line no digit is likely enough to make a beginning longer: there
only the sums of those that stay are carried on, in lists that lie side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import add
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import CLASSES, LABELS
from edgedigits.core.lines.automaton import NOWHERE, Automaton
from edgedigits.core.lines.strip import BLANK


class _Beginning(NamedTuple):
    """A text so far.

    Attributes:
        text: its digits.
        last: the last of them, or -1.
        state: the automaton's after them.
        blank: the summed probabilities of its alignments that end with a blank.
        digit: of those that end with its last digit.
        total: of both.
    """

    text: str
    last: int
    state: int
    blank: float
    digit: float
    total: float


def _total(one: _Beginning) -> float:
    return one.total


class _Beginnings:
    """Beginnings side by side, and the sums of each, which every step makes anew."""

    def __init__(self, some: Sequence[_Beginning]) -> None:
        places = {one.text: place for place, one in enumerate(some)}
        self.some = some
        self.lasts = [one.last for one in some]
        # Whence a text gets its last digit: from all alignments of the text before it, from those alone that end with a
        # blank where the digit repeats, from none where that text is not held.
        self.ways = [
            2 * len(some)
            if not one.text or (before := places.get(one.text[:-1])) is None
            else before + len(some) * (self.lasts[before] == one.last)
            for one in some
        ]
        self.blanks = [one.blank for one in some]
        self.digits = [one.digit for one in some]
        self.totals = [one.total for one in some]

    def step(self, chances: list[float]) -> tuple[list[float], list[float], list[float]]:
        """The sums after a step that makes no text longer: blanks, digits and totals."""
        silent = chances[BLANK]
        flow = [*self.totals, *self.blanks, 0.0]
        held = zip(self.digits, self.ways, self.lasts, strict=True)
        digits = [(digit + flow[way]) * chances[last] for digit, way, last in held]
        blanks = self.totals if silent == 1.0 else [total * silent for total in self.totals]
        return blanks, digits, list(map(add, blanks, digits))

    def told(self, blanks: list[float], digits: list[float], totals: list[float]) -> list[_Beginning]:
        """The same beginnings with other sums."""
        sums = zip(self.some, blanks, digits, totals, strict=True)
        return [_Beginning(*one[:3], blank, digit, total) for one, blank, digit, total in sums]


@dataclass(frozen=True)
class _Rules:
    """Which texts there may be: of any digits, or those of an automaton by its table and distances."""

    following: Sequence[Sequence[int]] | None
    distances: Sequence[int]

    def left_out(self, some: list[_Beginning], left: int) -> list[_Beginning]:
        """The beginnings that so many steps can make whole."""
        if self.following is None:
            return some
        return [one for one in some if self.distances[one.state] <= left]

    def after(self, state: int, digit: int, left: int) -> int:
        """The state after a digit, :data:`NOWHERE` where it may not follow or the steps left are too few."""
        if self.following is None:
            return 0
        state = self.following[state][digit]
        return NOWHERE if state == NOWHERE or self.distances[state] > left else state


def search(
    steps: NDArray[np.float64], automaton: Automaton | None, width: int, least: float
) -> list[tuple[str, float]]:
    """The texts among the likeliest beginnings at the last step, and the alignments' sum that was found of each.

    Args:
        steps: how likely each class is, of shape (steps, 11), in any unit for each step.
        automaton: of the texts that there may be; None: any digits.
        width: beginnings that stay, at least 1.
        least: share of the likeliest beginning's sum below which others fall out, where any text may be.
    """
    rules = _Rules(None, ()) if automaton is None else _Rules(*automaton.lookup)
    hopeless = least if automaton is None else 0.0
    here = _Beginnings([_Beginning("", -1, 0 if automaton is None else automaton.start, 1.0, 0.0, 1.0)])
    orders = np.argsort(-steps[:, :CLASSES], axis=1, kind="stable").tolist()
    left = len(steps)
    for chances, order in zip(steps.tolist(), orders, strict=True):
        left -= 1
        sums = here.step(chances)
        if automaton is None and _stay(here.totals, sums[2], chances[order[0]], width, hopeless):
            here.blanks, here.digits, here.totals = sums
            continue
        some = rules.left_out(here.told(*sums), left)
        for digits in (order[:1], order[1:]):
            some += _longer(here, some, chances, digits, _floor(some, width, hopeless), rules, left)
        if len(some) > width:
            some = sorted(some, key=_total, reverse=True)[:width]
        floor = hopeless * max(map(_total, some), default=0.0)
        here = _Beginnings([one for one in some if one.total >= floor])
    return [
        (one.text, total)
        for one, total in zip(here.some, here.totals, strict=True)
        if automaton is None or rules.distances[one.state] == 0
    ]


def _stay(before: list[float], after: list[float], likeliest: float, width: int, hopeless: float) -> bool:
    """Whether a step, by whose likeliest digit no beginning becomes likely enough, leaves the same beginnings."""
    fewest, dropped = min(after), hopeless * max(after)
    floor = max(dropped, fewest) if len(after) >= width else dropped
    return fewest >= dropped and max(before) * likeliest <= floor


def _floor(some: list[_Beginning], width: int, hopeless: float) -> float:
    """What a beginning must be likelier than to stay beside some."""
    totals = sorted(map(_total, some), reverse=True)
    if not totals:
        return 0.0
    return max(totals[width - 1] if len(totals) >= width else 0.0, hopeless * totals[0])


def _longer(
    here: _Beginnings,
    there: list[_Beginning],
    chances: list[float],
    digits: list[int],
    floor: float,
    rules: _Rules,
    left: int,
) -> list[_Beginning]:
    """The beginnings that a step makes longer by one of some digits, the likeliest first, if likelier than ``floor``.

    Those are left out that are ``there`` already: they have what comes of the shorter ones.
    """
    if not digits or max(here.totals, default=0.0) * chances[digits[0]] <= floor:
        return []
    known = {one.text for one in there}
    found = []
    for one, blank, total in zip(here.some, here.blanks, here.totals, strict=True):
        for added in digits:
            weight = total * chances[added]
            if weight <= floor:
                break
            if added == one.last:
                weight = blank * chances[added]
                if weight <= floor:
                    continue
            text = one.text + LABELS[added]
            if text not in known and (state := rules.after(one.state, added, left)) != NOWHERE:
                found.append(_Beginning(text, added, state, 0.0, weight, weight))
    return found
