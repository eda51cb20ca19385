"""What is written on a line: digits, and marks between and after them that are drawn but are no part of the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

MOST_DIGITS = 12
"""Digits of a line at most."""

DIGITS = "0123456789"


@dataclass(frozen=True)
class Wording:
    """What a hand writes.

    Attributes:
        marks: characters from left to right: digits, the separators ``.,-/ ()``, the tails ``=#`` and the words ``kr``,
            ``$``, ``x`` (a small cross); a space is a gap.
        raised: index of the first character that stands raised and small, ``len(marks)`` for none.
        underlined: whether the raised part has a stroke below it.
    """

    marks: str
    raised: int
    underlined: bool = False

    @property
    def text(self) -> str:
        """The digits alone."""
        return "".join(mark for mark in self.marks if mark in DIGITS)


def any_wording(draw: np.random.Generator) -> Wording:
    """A wording of 2 to :data:`MOST_DIGITS` digits, most of 3 to 8."""
    kind = draw.choice(len(_KINDS), p=[share for share, _ in _KINDS])
    return _KINDS[kind][1](draw)


def one_digit(draw: np.random.Generator) -> Wording:
    """A digit alone; a 1 more often, as a bare stroke is easily taken for no digit."""
    return Wording("1" if draw.random() < 0.12 else DIGITS[draw.integers(10)], 1)


def _digits(count: int, draw: np.random.Generator) -> str:
    """Random digits that do not start with 0."""
    return DIGITS[draw.integers(1, 10)] + "".join(DIGITS[digit] for digit in draw.integers(10, size=count - 1))


def _grouped(digits: str, mark: str) -> str:
    """With a mark before each three digits from the right."""
    first = len(digits) % 3 or 3
    return mark.join([digits[:first], *(digits[start : start + 3] for start in range(first, len(digits), 3))])


def _amount(draw: np.random.Generator) -> Wording:
    count = int(draw.choice([2, 3, 4, 5, 6, 7, 8], p=[0.07, 0.15, 0.24, 0.28, 0.15, 0.07, 0.04]))
    digits = _digits(count, draw)
    if draw.random() < 0.4:  # round amounts
        zeros = int(draw.integers(1, count))
        digits = digits[: count - zeros] + "0" * zeros
    marks = _grouped(digits, str(draw.choice([".", ",", " ", "", "'"], p=[0.4, 0.1, 0.1, 0.37, 0.03])))
    return _with_tail(marks, count, draw)


def _with_tail(marks: str, count: int, draw: np.random.Generator) -> Wording:
    """With cents, or with the stroke or word that closes an amount, or with what stands before it."""
    lot = draw.random()
    raised, underlined = len(marks), False
    if lot < 0.2 and count + 2 <= MOST_DIGITS:
        cents = "00" if draw.random() < 0.45 else _two(draw)
        if draw.random() < 0.35:
            raised, underlined = len(marks), bool(draw.random() < 0.6)
            return Wording(marks + cents, raised, underlined)
        marks += str(draw.choice([",", ".", " ", "-", ", "])) + cents
    elif lot < 0.55:
        marks += str(draw.choice([",-", ".-", "-", "=", ",=", ".", ",", "#", " kr", "$", "x", "--", " -", ".,", ")"]))
    if draw.random() < 0.1:
        marks = str(draw.choice(["$", "=", "#", "-", "(", "kr ", ".", "x", "= "])) + marks
    return Wording(marks, len(marks))


def _two(draw: np.random.Generator) -> str:
    return DIGITS[draw.integers(10)] + DIGITS[draw.integers(10)]


def _zeros(draw: np.random.Generator) -> Wording:
    head = _digits(int(draw.integers(1, 4)), draw)
    digits = head + "0" * int(draw.integers(2, 7))
    marks = _grouped(digits, str(draw.choice([".", "", ",", " "], p=[0.35, 0.45, 0.1, 0.1])))
    return _with_tail(marks, len(digits), draw)


def _postal_code(draw: np.random.Generator) -> Wording:
    digits = "".join(DIGITS[digit] for digit in draw.integers(10, size=int(draw.choice([4, 5, 5, 5, 6, 8, 9]))))
    if len(digits) == 9:
        digits = digits[:5] + "-" + digits[5:]
    elif len(digits) == 8:
        digits = digits[:5] + str(draw.choice(["-", ""])) + digits[5:]
    elif draw.random() < 0.1:
        digits = digits[:3] + " " + digits[3:]
    return Wording(digits, len(digits))


def _phone(draw: np.random.Generator) -> Wording:
    count = int(draw.integers(6, MOST_DIGITS + 1))
    digits = "".join(DIGITS[digit] for digit in draw.integers(10, size=count))
    mark = str(draw.choice(["-", " ", "", "."], p=[0.35, 0.35, 0.25, 0.05]))
    parts, start = [], 0
    while start < count:
        size = int(draw.integers(2, 5))
        parts.append(digits[start : start + size])
        start += size
    if draw.random() < 0.2:
        parts[0] = f"({parts[0]})"
    marks = mark.join(parts)
    return Wording(marks, len(marks))


def _random(draw: np.random.Generator) -> Wording:
    count = int(draw.choice(np.arange(2, 13), p=_LENGTHS))
    digits = "".join(DIGITS[digit] for digit in draw.integers(10, size=count))
    if draw.random() < 0.15:  # the same digit again: what a reader that drops repeats has to learn
        at = int(draw.integers(count - 1))
        digits = digits[:at] + digits[at] * 2 + digits[at + 2 :]
    return Wording(digits, count)


def _date(draw: np.random.Generator) -> Wording:
    mark = str(draw.choice([".", "-", " "]))
    year = DIGITS[draw.integers(1, 3)] + DIGITS[draw.choice([0, 9])] + _two(draw) if draw.random() < 0.5 else _two(draw)
    marks = mark.join([f"{draw.integers(1, 32):02d}", f"{draw.integers(1, 13):02d}", year])
    return Wording(marks, len(marks))


_LENGTHS = [0.07, 0.13, 0.16, 0.17, 0.14, 0.11, 0.09, 0.05, 0.04, 0.02, 0.02]

_KINDS: tuple[tuple[float, Callable[[np.random.Generator], Wording]], ...] = (
    (0.36, _amount),
    (0.12, _zeros),
    (0.12, _postal_code),
    (0.09, _phone),
    (0.26, _random),
    (0.05, _date),
)
"""Kinds of wordings, each with its share."""
