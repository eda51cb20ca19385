"""What lines look like, said with a regular expression: of its texts of digits an automaton is made.

The expression is parsed by greenery. The automaton is made here, with Glushkov's construction ("The abstract theory of
automata", Russian Mathematical Surveys 16, 1961) and that of subsets, as greenery's own knows no limits: some twenty
characters can ask for millions of states.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field

import greenery
import numpy as np
from greenery.multiplier import ONE
from greenery.parse import NoMatch
from greenery.rxelems import Conc, Mult

from edgedigits.core.digit import CLASSES
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.automaton import NOWHERE, Automaton, trimmed
from edgedigits.core.lines.strip import STEP, WIDEST

MOST_STATES = 4096
"""States that a form may take: thousands of times those of an account number, and soon made."""

LONGEST = WIDEST // STEP
"""Digits that a line holds at most: a network's scores have a step for each."""

_MOST_POSITIONS = 1000
_MOST_CHARACTERS = 2000
_EXAMPLE = r'give one such as "\d{6}" or "0\d{9}|1\d{5}"'
_FEWER = r'say less exactly how it repeats, such as "\d{2,12}", or give the codes themselves as a list'
_SUPPORTED = r"use digits, \d, classes such as [1-9], ( ), | and the repetitions ? * + {3} {2,5}"


def automaton_of_form(form: str) -> Automaton:
    r"""The automaton of the texts of digits that a regular expression matches as a whole.

    Args:
        form: digits, ``\d``, classes, groups, alternatives and repetitions; ``^`` at its start and ``$`` at its end
            say nothing that does not hold anyway. What matches other characters than digits is left out.

    Raises:
        EdgedigitsError: no such expression, one that matches no text of digits or only the empty one, one whose
            shortest text is longer than a line, or one that takes too many states.
    """
    pattern = _parsed(form)
    try:
        automaton = _Positions().automaton(pattern)
    except (_TooLarge, RecursionError):
        raise EdgedigitsError(f"the form {_quoted(form)} takes too many states", _FEWER) from None
    if automaton.empty:
        raise EdgedigitsError(f"the form {_quoted(form)} matches no text of digits alone", _EXAMPLE)
    if not (automaton.transitions != NOWHERE).any():
        raise EdgedigitsError(f"the form {_quoted(form)} matches the empty text and no other", _EXAMPLE)
    least = automaton.least_digits
    if least > LONGEST:
        raise EdgedigitsError(
            f"the form {_quoted(form)} wants {least} digits or more, and a line holds {LONGEST} at most",
            "give the form of one line",
        )
    return automaton


def _parsed(form: str) -> greenery.Pattern:
    """The expression, without its anchors."""
    if not form.strip():
        raise EdgedigitsError("a form is empty", _EXAMPLE)
    if len(form) > _MOST_CHARACTERS:
        raise EdgedigitsError(
            f"a form has {len(form):,} characters, and {_MOST_CHARACTERS:,} are the most",
            "give several shorter forms, or the codes themselves as a list",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(form)
    except (re.error, OverflowError, RecursionError) as error:
        raise EdgedigitsError(f"the form {_quoted(form)} is no regular expression ({error})", _EXAMPLE) from None
    try:
        return _without_anchors(greenery.parse(form), True, True)
    except (NoMatch, IndexError, ValueError, RecursionError):
        raise EdgedigitsError(
            f"the form {_quoted(form)} has something that forms do not know, such as a look-ahead",
            _SUPPORTED,
        ) from None


def _without_anchors(pattern: greenery.Pattern, at_start: bool, at_end: bool) -> greenery.Pattern:
    """The pattern without ``^`` at its start and ``$`` at its end, be they in groups that stand there."""
    concs = []
    for conc in pattern.concs:
        mults = list(conc.mults)
        if at_start and mults and mults[0] == _START:
            mults = mults[1:]
        if at_end and mults and mults[-1] == _END:
            mults = mults[:-1]
        for place, mult in enumerate(mults):
            inside = mult.multiplicand
            if isinstance(inside, greenery.Pattern) and mult.multiplier == ONE:
                first, last = at_start and place == 0, at_end and place == len(mults) - 1
                mults[place] = Mult(_without_anchors(inside, first, last), ONE)
        concs.append(Conc(*mults))
    return greenery.Pattern(*concs)


_START = Mult(greenery.Charclass("^"), ONE)
_END = Mult(greenery.Charclass("$"), ONE)


def _quoted(form: str) -> str:
    """The form for a message, which a long one would drown."""
    return f'"{form if len(form) <= 60 else form[:57] + "..."}"'


class _TooLarge(Exception):
    pass


@dataclass(frozen=True)
class _Part:
    """A part of an expression: whether it matches the empty text, and its first and last positions as bits."""

    optional: bool
    first: int
    last: int


_NOTHING = _Part(True, 0, 0)


@dataclass
class _Positions:
    """The positions of an expression: for each the digits that stand there, and as bits the positions that follow."""

    digits: list[frozenset[int]] = field(default_factory=list)
    following: list[int] = field(default_factory=list)

    def automaton(self, pattern: greenery.Pattern) -> Automaton:
        """The automaton of sets of positions, one of which the text so far ends on."""
        whole = self._pattern(pattern)
        allowed = [
            sum(1 << place for place, some in enumerate(self.digits) if digit in some) for digit in range(CLASSES)
        ]
        start = 1 << len(self.digits)  # the position before the first
        self.following.append(whole.first)
        numbers, rows = {start: 0}, []
        queue = [start]
        for state in queue:
            after = self._after(state)
            row = []
            for digit in range(CLASSES):
                target = after & allowed[digit]
                if target and target not in numbers:
                    numbers[target] = len(queue)
                    queue.append(target)
                row.append(numbers[target] if target else NOWHERE)
            rows.append(row)
            if len(queue) > MOST_STATES:
                raise _TooLarge
        accepting = [bool(state & whole.last) or (state == start and whole.optional) for state in queue]
        return trimmed(np.array(rows, np.int32), np.array(accepting, np.bool_), 0)

    def _after(self, positions: int) -> int:
        after = 0
        for place in _bits(positions):
            after |= self.following[place]
        return after

    def _pattern(self, pattern: greenery.Pattern) -> _Part:
        either = _Part(False, 0, 0)
        for conc in sorted(pattern.concs, key=str):
            part = _NOTHING
            for mult in conc.mults:
                part = self._repeated(part, mult)
            either = _Part(either.optional or part.optional, either.first | part.first, either.last | part.last)
        return either

    def _repeated(self, before: _Part, mult: Mult) -> _Part:
        """What stands before, then a repetition of something."""
        least, most = mult.multiplier.min.v or 0, mult.multiplier.max.v
        part = before
        for number in range(least if most is None else most):
            positions = len(self.digits)
            again = self._one(mult)
            part = self._then(part, again if number < least else _Part(True, again.first, again.last))
            if len(self.digits) == positions:  # without digits once is as good as a million times
                return part
        if most is None:
            again = self._one(mult)
            for place in _bits(again.last):
                self.following[place] |= again.first
            part = self._then(part, _Part(True, again.first, again.last))
        return part

    def _one(self, mult: Mult) -> _Part:
        inside = mult.multiplicand
        if isinstance(inside, greenery.Pattern):
            return self._pattern(inside)
        if len(self.digits) >= _MOST_POSITIONS:
            raise _TooLarge
        self.digits.append(frozenset(digit for digit in range(CLASSES) if inside.accepts(str(digit))))
        self.following.append(0)
        bit = 1 << (len(self.digits) - 1)
        return _Part(False, bit, bit)

    def _then(self, one: _Part, other: _Part) -> _Part:
        for place in _bits(one.last):
            self.following[place] |= other.first
        return _Part(
            one.optional and other.optional,
            one.first | (other.first if one.optional else 0),
            other.last | (one.last if other.optional else 0),
        )


def _bits(number: int) -> list[int]:
    """The places of a number's bits that are set, in no order."""
    places = []
    while number:
        lowest = number & -number
        places.append(lowest.bit_length() - 1)
        number ^= lowest
    return places
