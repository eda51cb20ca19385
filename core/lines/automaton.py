"""A set of texts of digits as a deterministic finite automaton: what a line may say, digit by digit.

Its table is what a search needs at every step: which digits may follow, and how many more there must be at least.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import CLASSES

NOWHERE = -1
"""Where a digit that may not follow leads."""

_ZERO = ord("0")

_MOST_IN_LISTS = 50_000
"""States whose table Python may hold as lists: they are looked up three times as fast, and take 7 MB."""


class TooManyStates(Exception):
    """An automaton would have more states than it may."""


@dataclass(frozen=True, eq=False)
class Automaton:
    """A set of texts, each state of which leads to one of them.

    Attributes:
        transitions: int32 of shape (states, 10), the state after each digit, :data:`NOWHERE` where it may not follow.
        accepting: bool of shape (states,), whether the text so far is whole.
        start: the state before the first digit. Where there is no text at all it is the only state, and accepts none.
    """

    transitions: NDArray[np.int32]
    accepting: NDArray[np.bool_]
    start: int

    def __len__(self) -> int:
        """How many states there are."""
        return len(self.accepting)

    def accepts(self, text: str) -> bool:
        """Whether a text of ASCII digits is one of the set."""
        state = self.start
        for character in text:
            state = int(self.transitions[state, ord(character) - _ZERO])
            if state == NOWHERE:
                return False
        return bool(self.accepting[state])

    @property
    def empty(self) -> bool:
        """Whether there is no text at all."""
        return not self.accepting.any()

    def accepts_length(self, length: int) -> bool:
        """Whether a text of so many digits is one of the set."""
        if length not in self._lengths:
            reached = np.array([self.start], np.int32)
            for _ in range(length):
                reached = np.unique(self.transitions[reached])
                reached = reached[reached != NOWHERE]
            self._lengths[length] = bool(self.accepting[reached].any())
        return self._lengths[length]

    @cached_property
    def _lengths(self) -> dict[int, bool]:
        return {}

    @cached_property
    def distances(self) -> NDArray[np.int32]:
        """Digits that make the text so far whole at least, int32 of shape (states,); 0 of those that accept."""
        distances = np.where(self.accepting, 0, -1).astype(np.int32)
        sources, _ = np.nonzero(self.transitions != NOWHERE)
        targets = self.transitions[self.transitions != NOWHERE]
        digits = 0
        while (here := distances == digits).any():
            before = sources[here[targets]]
            digits += 1
            distances[before[distances[before] < 0]] = digits
        return distances

    @cached_property
    def lookup(self) -> tuple[Sequence[Sequence[int]], Sequence[int]]:
        """:attr:`transitions` and :attr:`distances` for Python to look up, as lists unless they are large."""
        if len(self) > _MOST_IN_LISTS:
            return cast(tuple[Sequence[Sequence[int]], Sequence[int]], (self.transitions, self.distances))
        return self.transitions.tolist(), self.distances.tolist()

    @property
    def least_digits(self) -> int:
        """Digits of the shortest text."""
        return int(self.distances[self.start])


def trimmed(transitions: NDArray[np.int32], accepting: NDArray[np.bool_], start: int) -> Automaton:
    """The automaton of a table, of which only the states on a way from the start to a whole text stay.

    Args:
        transitions: int32 of shape (states, 10), all of them reached from the start.
        accepting: bool of shape (states,).
        start: the first state.
    """
    alive = Automaton(transitions, accepting, start).distances >= 0
    alive[start] = True
    numbers = np.append(np.where(alive, np.cumsum(alive) - 1, NOWHERE), NOWHERE).astype(np.int32)
    return Automaton(numbers[transitions[alive]], accepting[alive], int(numbers[start]))


def automaton_of(texts: Sequence[str], most: int) -> Automaton:
    """The automaton of a list of texts: a trie, whose equal ends of one depth are held once.

    A million random codes of twelve digits take 850,000 states instead of seven million, as those of one length that
    end alike share their ends.

    Args:
        texts: of ASCII digits each; at least one, in any order and repeated as you like.
        most: states that there may be.

    Raises:
        TooManyStates: more states than ``most``.
    """
    codes = np.unique(np.array(texts, np.bytes_))
    letters = codes.view(np.uint8).reshape(len(codes), -1)
    lengths = np.count_nonzero(letters, axis=1)
    differ = np.ones(letters.shape, np.bool_)
    differ[1:] = np.logical_or.accumulate(letters[1:] != letters[:-1], axis=1)
    tables: list[NDArray[np.int32]] = []
    accepting: list[NDArray[np.bool_]] = []
    states = 0
    children = np.empty(0, np.int32)  # the states that the nodes one digit deeper became, in their order
    for depth in range(letters.shape[1], -1, -1):
        heads, whole = _nodes(differ, lengths, depth)
        table = np.full((len(heads), CLASSES), NOWHERE, np.int32)
        if len(children):
            deeper = _nodes(differ, lengths, depth + 1)[0]
            table[np.searchsorted(heads, deeper, side="right") - 1, letters[deeper, depth] - _ZERO] = children
        first, which = _distinct(np.column_stack([table, whole]).astype(np.int32))
        tables.append(table[first])
        accepting.append(whole[first])
        children = (which + states).astype(np.int32)
        states += len(first)
        if states > most:
            raise TooManyStates
    return Automaton(np.concatenate(tables), np.concatenate(accepting), states - 1)


def _nodes(
    differ: NDArray[np.bool_], lengths: NDArray[np.intp], depth: int
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """The nodes of a depth as the first of the sorted codes below each, and whether it is that code itself."""
    if depth == 0:
        return np.zeros(1, np.intp), lengths[:1] == 0
    heads = np.flatnonzero(differ[:, depth - 1] & (lengths >= depth))
    return heads, lengths[heads] == depth


def _distinct(rows: NDArray[np.int32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The places of the distinct rows, and for each row which of them it equals."""
    packed = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel()
    _, first, which = np.unique(packed, return_index=True, return_inverse=True)
    return first, which.reshape(-1)


def union(first: Automaton, second: Automaton, most: int) -> Automaton:
    """The texts of either.

    Raises:
        TooManyStates: more states than ``most``.
    """
    return _product(first, second, np.logical_or, np.logical_and, most)


def intersection(first: Automaton, second: Automaton, most: int) -> Automaton:
    """The texts of both; empty where there is none.

    Raises:
        TooManyStates: more states than ``most``.
    """
    return _product(first, second, np.logical_and, np.logical_or, most)


_Logic = Callable[[NDArray[np.bool_], NDArray[np.bool_]], NDArray[np.bool_]]


def _product(first: Automaton, second: Automaton, accept: _Logic, dead: _Logic, most: int) -> Automaton:
    """Both automata side by side: a text is accepted as ``accept`` says of the two, and ends as ``dead`` says."""
    across = len(second) + 1
    first_table, second_table = _with_nowhere(first), _with_nowhere(second)
    known = fresh = np.array([first.start * across + second.start], np.int64)
    found = []
    while len(fresh):
        one, other = first_table[fresh // across], second_table[fresh % across]
        ended = dead(one == len(first), other == len(second))
        found.append(np.where(ended, NOWHERE, one * across + other))
        fresh = np.setdiff1d(found[-1][~ended], known)
        known = np.concatenate([known, fresh])
        if len(known) > most:
            raise TooManyStates
    steps, order = np.concatenate(found), np.argsort(known)
    places = order[np.searchsorted(known, np.where(steps == NOWHERE, known[0], steps), sorter=order)]
    transitions = np.where(steps == NOWHERE, NOWHERE, places).astype(np.int32)
    accepting = accept(
        np.append(first.accepting, False)[known // across], np.append(second.accepting, False)[known % across]
    )
    return trimmed(transitions, accepting, 0)


def _with_nowhere(one: Automaton) -> NDArray[np.int64]:
    """Its table with a last state that is nowhere, and leads to itself."""
    table = np.vstack([one.transitions, np.full((1, CLASSES), NOWHERE)]).astype(np.int64)
    return np.where(table == NOWHERE, len(one), table)
