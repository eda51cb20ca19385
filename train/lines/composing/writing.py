"""A line in one hand: what is written, digit by digit, as strokes on nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.datasets import Digits
from edgedigits.train.augmentation.glyphs import Hand, write
from edgedigits.train.augmentation.strokes import HEIGHT, INK, Picture, polyline
from edgedigits.train.lines.composing.hands import any_aspect, chained_zeros, drawn, forms_of, resized
from edgedigits.train.lines.composing.marks import mark_drawn
from edgedigits.train.lines.composing.pens import with_pen
from edgedigits.train.lines.composing.texts import DIGITS, Wording

ROWS = 4 * HEIGHT
"""Rows in which a line is written."""

_BASE = 2.5 * HEIGHT
_NOWHERE = -1e6
_FROM_DATA = -1
_LONGEST = 9.0
_NARROW = 0.6
"""Heights that a line is long at most where its gaps are wide, and that a digit takes of it besides its gap."""


@dataclass(frozen=True)
class LineHand:
    """How someone writes a line; lengths in heights of a digit unless said otherwise.

    Attributes:
        slant: how far the top of a digit leans to the right.
        width: factor of the digits' width.
        pen: pixels of a stroke in a digit of :data:`HEIGHT` pixels.
        gap: between two digits, below 0 where they overlap; ``gap_spread`` its standard deviation.
        drift: how much the line rises from digit to digit; ``wobble`` the standard deviation around it.
        size_spread: standard deviation of the size's logarithm.
        zeros: size of a 0; ``zeros_rise`` how far it stands above the line.
        long_stems: how far 1, 4, 7 and 9 reach below the line at most.
        lean_of_stems: how much more than the others 1 and 7 lean.
        joins: share of neighbours that a stroke joins.
        chains: share of neighbouring zeros that are written in one go.
        forms: of each digit its form of module ``hands``, or that it is taken from the data.
        aspects: of each digit the width it is drawn with.
    """

    slant: float
    width: float
    pen: float
    gap: float
    gap_spread: float
    drift: float
    wobble: float
    size_spread: float
    zeros: float
    zeros_rise: float
    long_stems: float
    lean_of_stems: float
    joins: float
    chains: float
    forms: tuple[int, ...]
    aspects: tuple[float, ...]


@dataclass(frozen=True)
class Writing:
    """A written line.

    Attributes:
        ink: uint8 of shape (height, width), strokes bright on 0.
        top: row of the digits' upper edge, ``base`` the one they stand on.
        pitch: pixels from the middle of a cell to the next where it was written in cells, which start at 0; else 0.
    """

    ink: Picture
    top: float
    base: float
    pitch: float = 0.0


def any_hand(draw: np.random.Generator) -> LineHand:
    """A hand; of each digit, it has one form."""
    by_code = draw.choice([0.12, 0.35, 0.8], p=[0.4, 0.35, 0.25])
    forms = tuple(int(draw.integers(forms_of(d))) if draw.random() < by_code else _FROM_DATA for d in range(10))
    small_zeros = draw.random() < 0.25
    gaps = [draw.normal(0.14, 0.08), draw.uniform(-0.08, 0.04), draw.uniform(0.3, 0.8), draw.uniform(0.8, 1.8)]
    return LineHand(
        slant=float(draw.normal(0.18, 0.2)),
        width=math.exp(draw.normal(0, 0.16)),
        pen=float(np.clip(math.exp(draw.normal(1.33, 0.34)), 2, 12)),
        gap=float(draw.choice(gaps, p=[0.54, 0.3, 0.1, 0.06])),
        gap_spread=float(draw.uniform(0.02, 0.1)),
        drift=float(draw.normal(0, 0.02)),
        wobble=float(abs(draw.normal(0, 0.05))),
        size_spread=float(draw.uniform(0.02, 0.12)),
        zeros=float(draw.uniform(0.4, 0.8) if small_zeros else math.exp(draw.normal(-0.06, 0.08))),
        zeros_rise=float(draw.uniform(0, 0.4) if small_zeros and draw.random() < 0.4 else 0),
        long_stems=float(draw.uniform(0, 0.35) if draw.random() < 0.4 else 0.03),
        lean_of_stems=float(draw.choice([0, draw.normal(0.1, 0.2)])),
        joins=float(draw.choice([0, 0.12, 0.6], p=[0.6, 0.28, 0.12])),
        chains=float(draw.choice([0, 0.4, 0.9], p=[0.7, 0.15, 0.15])),
        forms=forms,
        aspects=tuple(any_aspect(d, draw) for d in range(10)),
    )


class Writer:
    """Writes lines with the digits of a set."""

    def __init__(self, digits: Digits) -> None:
        self._images = digits.images
        self._of_label = [np.flatnonzero(digits.labels == label) for label in range(10)]

    def write(self, wording: Wording, hand: LineHand, draw: np.random.Generator, cells: bool = False) -> Writing:
        """Write a line; with ``cells``, its digits alone, each in the middle of a cell of one width."""
        if cells:
            return self._in_cells(wording.text, hand, draw)
        line, chained = _Line(hand, draw, len(wording.marks)), 0
        for place, mark in enumerate(wording.marks):
            raised = place >= wording.raised
            if chained > 1:
                chained -= 1
            elif (chained := self._chained(wording.marks[place:], hand, draw)) > 1:
                zeros = chained_zeros(chained, hand.aspects[0] * hand.width, hand.slant, hand.pen, draw)
                line.add_digit(zeros, 0, raised)
            elif mark == " ":
                line.skip(draw.uniform(0.2, 0.6))
            elif mark in DIGITS:
                line.add_digit(self.digit(int(mark), hand, draw), int(mark), raised)
            else:
                line.add_mark(mark)
        return line.written(wording.underlined)

    def _chained(self, marks: str, hand: LineHand, draw: np.random.Generator) -> int:
        """How many zeros, of those that some marks begin with, are written in one go."""
        count = len(marks) - len(marks.lstrip("0"))
        return count if count > 1 and draw.random() < hand.chains else 0

    def digit(self, label: int, hand: LineHand, draw: np.random.Generator) -> Picture:
        """A digit, about :data:`HEIGHT` pixels high, cropped to its ink."""
        form, known = hand.forms[label], self._of_label[label]
        slant = hand.slant + (hand.lean_of_stems if label in {1, 7} else 0)
        if form != _FROM_DATA or not known.size:
            form = form if form != _FROM_DATA and draw.random() < 0.93 else int(draw.integers(forms_of(label)))
            slant += draw.normal(0, 0.05)
            return drawn(label, form, hand.aspects[label] * hand.width, slant, hand.pen, draw)
        image = self._images[known[draw.integers(known.size)]]
        glyph = write(image, label, Hand(slant, hand.width, 0.0, 0), draw)
        return with_pen(glyph, hand.pen * draw.uniform(0.9, 1.1))

    def _in_cells(self, text: str, hand: LineHand, draw: np.random.Generator) -> Writing:
        glyphs = [resized(self.digit(int(mark), hand, draw), draw.uniform(0.85, 1.05)) for mark in text]
        widest = max(glyph.shape[1] for glyph in glyphs)
        pitch = max(widest * draw.uniform(0.95, 1.3), HEIGHT * draw.uniform(0.6, 1.2))
        field = np.zeros((ROWS, round(pitch * len(glyphs)) + 2 * HEIGHT), np.uint8)
        for place, glyph in enumerate(glyphs):
            middle = HEIGHT + (place + 0.5) * pitch + draw.normal(0, 0.06) * HEIGHT
            left = round(middle - glyph.shape[1] / 2)
            top = round(_BASE - glyph.shape[0] + draw.normal(0, 0.05) * HEIGHT)
            part = field[top : top + glyph.shape[0], left : left + glyph.shape[1]]
            np.maximum(part, glyph[: part.shape[0], : part.shape[1]], out=part)
        rows = cv2.boundingRect(field)
        up, down = rows[1], rows[1] + rows[3]
        wide = field[up:down, HEIGHT : HEIGHT + round(pitch * len(glyphs))]
        return Writing(wide, max(0.0, _BASE - HEIGHT - up), _BASE - up, pitch)


class _Line:
    """A line while it is written."""

    def __init__(self, hand: LineHand, draw: np.random.Generator, length: int) -> None:
        self._hand, self._draw = hand, draw
        self._field = np.zeros((ROWS, (length + 3) * 2 * HEIGHT), np.uint8)
        self._edge: NDArray[np.float64] = np.full(ROWS, _NOWHERE)  # of each row, where its ink ends
        self._count, self._extra, self._earliest = 0, 0.0, float(HEIGHT)
        self._last: tuple[int, int, Picture, int] | None = None
        self._raised: list[int] = []
        self._zeros_size = hand.zeros
        self._gap = min(hand.gap, max(0.3, _LONGEST / max(length, 1) - _NARROW))

    def skip(self, gap: float) -> None:
        """Leave a gap, in heights."""
        self._extra += gap

    def add_digit(self, glyph: Picture, label: int, raised: bool) -> None:
        """Put a digit to the right of what is there, above the line where it is ``raised``."""
        hand, draw = self._hand, self._draw
        size = math.exp(draw.normal(0, hand.size_spread)) * (hand.zeros if label == 0 else 1.0)
        low = abs(draw.normal(0, hand.long_stems)) if label in (1, 4, 7, 9) else 0.0
        size = min(size * (1 + 0.8 * low), 1.5) * (draw.uniform(0.5, 0.7) if raised else 1)
        glyph = resized(glyph, size)
        rise = hand.drift * self._count + draw.normal(0, hand.wobble) - min(low, 0.4)
        rise += (hand.zeros_rise if label == 0 else 0) + (draw.uniform(0.35, 0.55) if raised else 0)
        top = round(_BASE - glyph.shape[0] - float(np.clip(rise, -0.6, 0.8)) * HEIGHT)
        same = self._last is not None and self._last[3] == label
        left = self._put(glyph, top, draw.normal(self._gap, hand.gap_spread), 0.4 if same else 0.28)
        if self._last is not None and draw.random() < hand.joins:
            self._join(self._last, (left, top, glyph, label))
        self._last = (left, top, glyph, label)
        self._count += 1
        if raised:
            self._raised += [left, left + glyph.shape[1], top + glyph.shape[0]]

    def add_mark(self, mark: str) -> None:
        """Put a mark to the right of what is there."""
        draw, hand = self._draw, self._hand
        glyph, below = mark_drawn(mark, hand.slant, max(hand.pen, 3), draw)
        rise = hand.drift * self._count * 0.8 + draw.normal(0, 0.03)
        top = round(_BASE + (below - 1 - float(np.clip(rise, -0.6, 0.6))) * HEIGHT)
        gap = max(0.02, draw.normal(0.1, 0.07)) if mark in ".,'-" else draw.uniform(0.08, 0.4)
        self._put(glyph, top, gap, 0.1)
        self._last = None

    def written(self, underlined: bool) -> Writing:
        """The line, cropped to its ink."""
        draw, field = self._draw, self._field
        if underlined and self._raised:
            first, last, row = min(self._raised[::3]), max(self._raised[1::3]), max(self._raised[2::3])
            row = row + round(draw.uniform(0.08, 0.2) * HEIGHT)
            ends = [(first - draw.uniform(0, 6), row), (last + draw.uniform(-3, 10), row + draw.normal(0, 2))]
            polyline(field, np.array(ends), max(2, round(self._hand.pen)))
        left, top, width, height = cv2.boundingRect((field > INK).astype(np.uint8))
        cut = field[top : top + height, left : left + width]
        return Writing(cut, max(0.0, _BASE - HEIGHT - top), min(_BASE - top, float(height)))

    def _put(self, glyph: Picture, top: int, gap: float, least: float) -> int:
        """Put a glyph ``gap`` from the ink before it and its left edge at least ``least`` after the one of the last."""
        inked = glyph > INK
        some = inked.any(axis=1)
        starts, ends = inked.argmax(axis=1), glyph.shape[1] - 1 - inked[:, ::-1].argmax(axis=1)
        rows = slice(top, top + glyph.shape[0])
        reach = np.asarray(cv2.dilate(self._edge[:, np.newaxis], np.ones((13, 1), np.uint8)))[:, 0]
        room = np.where(some, reach[rows] - starts, _NOWHERE)
        left = float(room.max()) + (gap + self._extra) * HEIGHT
        left = round(max(left, self._earliest))
        if left + glyph.shape[1] >= self._field.shape[1]:
            more = left + glyph.shape[1] + 4 * HEIGHT - self._field.shape[1]
            self._field = np.pad(self._field, ((0, 0), (0, more)))
        part = self._field[rows, left : left + glyph.shape[1]]
        np.maximum(part, glyph, out=part)
        self._edge[rows] = np.where(some, np.maximum(self._edge[rows], left + ends), self._edge[rows])
        self._earliest, self._extra = left + max(least * HEIGHT, 0.45 * glyph.shape[1]), 0.0
        return left

    def _join(self, one: tuple[int, int, Picture, int], other: tuple[int, int, Picture, int]) -> None:
        """A thin stroke from a digit to the next, mostly in the upper half."""
        draw = self._draw
        share = draw.uniform(0.02, 0.3) if draw.random() < 0.7 else draw.uniform(0.75, 0.97)
        ends = []
        for (left, top, glyph, _), rightmost in ((one, True), (other, False)):
            row = min(int((share + draw.uniform(0, 0.1)) * glyph.shape[0]), glyph.shape[0] - 1)
            inked = np.flatnonzero(glyph[row] > INK)
            if not inked.size:
                return
            ends.append((float(left + (inked[-1] if rightmost else inked[0])), float(top + row)))
        if abs(ends[1][0] - ends[0][0]) > 0.7 * HEIGHT:
            return
        middle = ((ends[0][0] + ends[1][0]) / 2, (ends[0][1] + ends[1][1]) / 2 + draw.uniform(-0.05, 0.15) * HEIGHT)
        polyline(
            self._field, np.array([ends[0], middle, ends[1]]), max(2, round(self._hand.pen * draw.uniform(0.6, 1)))
        )
