"""Pictures as a reader of fields and photos cuts them out, made of labelled digits: the augmentation ``reading``.

A reader that cuts a written number into digits meets strokes of other pens, remnants of neighbours, base lines and
specks; and where it cuts wrongly, pictures that are no digit at all. The first are made here with their label, the
second with the same target for all ten digits, so that a wrong cut gets a low confidence. The digits are written anew
by :mod:`edgedigits.train.augmentation.glyphs`, some of them drawn by code; no picture of a field or photo goes
into them. Shares and ranges were chosen on photos and on one half of a table of cheque fields; the other half only
checked them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.datasets import Digits
from edgedigits.core.digit import CLASSES, SIDE, normalise
from edgedigits.train.augmentation.glyphs import Hand, any_hand, write
from edgedigits.train.augmentation.strokes import HEIGHT, INK, Picture, ink_box

FALSE_CUT_SHARE = 0.3
"""Of the digits drawn anew, those that are no digit."""

SMOOTHING = 0.03
"""Share of the target that is spread over all ten digits where the picture is one."""

_REMNANTS, _REMNANTS_ON_BOTH_SIDES, _SLIVER_LOST = 0.4, 0.25, 0.09
_WHITE = (255,)
_NOT_MADE, _NO_DIGIT = 255, CLASSES


class FieldPictures:
    """A picture for each of a set of digits, made when it is first asked for and kept.

    The picture of a digit depends on nothing but the set, the seed and the digit's index. Two threads may take
    pictures at the same time: what both make is the same.
    """

    def __init__(self, digits: Digits, seed: tuple[int, ...], share: float) -> None:
        """Make nothing yet.

        Args:
            digits: where the strokes are taken from.
            seed: of everything that is drawn by lot; no number is negative.
            share: of the digits that are drawn anew; the others stay as they are.
        """
        self._digits, self._share = digits, share
        self._zeros = np.flatnonzero(digits.labels == 0)
        self._seed = seed
        self._images = np.empty((len(digits), SIDE, SIDE), np.uint8)
        self._shown = np.full(len(digits), _NOT_MADE, np.uint8)

    def take(self, indices: NDArray[np.intp]) -> tuple[Picture, NDArray[np.float32]]:
        """The pictures at ``indices`` and what a network shall say to them.

        Args:
            indices: which digits the pictures show (or start from, where they show none).

        Returns:
            uint8 of shape (count, 28, 28), normalised, and float32 targets of shape (count, 10) that sum to 1.
        """
        for index in indices[self._shown[indices] == _NOT_MADE]:
            self._make(int(index))
        shown = self._shown[indices]
        truth = np.eye(CLASSES + 1, CLASSES, dtype=np.float32)[shown]
        targets = truth * (1 - SMOOTHING) + SMOOTHING / CLASSES
        targets[shown == _NO_DIGIT] = 1 / CLASSES
        return self._images[indices], targets

    def _make(self, index: int) -> None:
        draw = np.random.default_rng((*self._seed, index))
        shown = self._digits.labels[index]
        if draw.random() < 1 - self._share:
            self._images[index] = self._digits.images[index]
        else:
            writer = _Writer(self._digits, self._zeros, any_hand(draw), draw)
            if draw.random() >= FALSE_CUT_SHARE:
                self._images[index] = _scanned(_digit_with_remnants(writer, index), draw)
            else:
                self._images[index] = _scanned(_no_digit(writer, index), draw)
                shown = _NO_DIGIT
        if not self._images[index].any():  # thin strokes may vanish in the scan
            shown = _NO_DIGIT
        self._shown[index] = shown  # last: another thread may look for it


@dataclass(frozen=True)
class _Writer:
    """Someone who writes digits of a set in one hand."""

    digits: Digits
    zeros: NDArray[np.intp]
    hand: Hand
    draw: np.random.Generator

    def write(self, index: int) -> Picture:
        return write(self.digits.images[index], int(self.digits.labels[index]), self.hand, self.draw)

    def any(self) -> int:
        return int(self.draw.integers(len(self.digits)))

    def any_zero(self) -> int:
        return int(self.draw.choice(self.zeros)) if self.zeros.size else self.any()

    def chance(self, share: float) -> bool:
        return bool(self.draw.random() < share)


def _side_by_side(left: Picture, right: Picture, gap: float, draw: np.random.Generator) -> tuple[Picture, int, int]:
    """Two glyphs with ``gap`` (in heights, negative for an overlap) between them.

    Returns:
        The picture, the column where the left glyph ends and the one where the right glyph starts.
    """
    start = max(0, left.shape[1] + round(gap * HEIGHT))
    rise = round((left.shape[0] - right.shape[0]) / 2 + draw.normal(0, 0.08) * HEIGHT)
    top_left, top_right = max(0, -rise), max(0, rise)
    height = max(top_left + left.shape[0], top_right + right.shape[0])
    field = np.zeros((height, max(left.shape[1], start + right.shape[1])), np.uint8)
    for glyph, top, column in ((left, top_left, 0), (right, top_right, start)):
        part = field[top : top + glyph.shape[0], column : column + glyph.shape[1]]
        np.maximum(part, glyph, out=part)
    return field, left.shape[1], start


def _cut(picture: Picture, column: float, slant: float, keep_right: bool) -> Picture:
    """What lies on one side of a line through ``column`` at half height that leans as the hand does."""
    rows = np.arange(picture.shape[0])[:, np.newaxis]
    line = column + (picture.shape[0] / 2 - rows) * slant
    right = np.arange(picture.shape[1]) >= line
    return np.where(right if keep_right else ~right, picture, 0).astype(np.uint8)


def _digit_with_remnants(writer: _Writer, index: int) -> Picture:
    """A digit, often with what a cut left of its neighbour, or with a sliver of its own cut away."""
    draw, slant = writer.draw, writer.hand.slant
    glyph = writer.write(index)
    lot = draw.random()
    if lot < _REMNANTS:
        sides = [True, False] if writer.chance(_REMNANTS_ON_BOTH_SIDES) else [writer.chance(0.5)]
        for on_right in sides:
            neighbour = writer.write(writer.any())
            gap, rest = draw.uniform(-0.15, 0.12), draw.uniform(0, 0.16) * HEIGHT
            if on_right:
                field, end, _ = _side_by_side(glyph, neighbour, gap, draw)
                glyph = ink_box(_cut(field, end + rest, slant, keep_right=False), 0)
            else:
                field, _, start = _side_by_side(neighbour, glyph, gap, draw)
                glyph = ink_box(_cut(field, start - rest, slant, keep_right=True), 0)
    elif lot < _REMNANTS + _SLIVER_LOST and glyph.shape[1] > 20:
        sliver = draw.uniform(0, 0.1) * glyph.shape[1]
        keep_right = writer.chance(0.5)
        glyph = _cut(glyph, sliver if keep_right else glyph.shape[1] - sliver, slant / 2, keep_right)
    return glyph


def _no_digit(writer: _Writer, index: int) -> Picture:
    """What a reader finds where it cuts wrongly; a mark where no ink is left."""
    kind = writer.draw.choice(len(_FALSE_CUTS), p=[share for share, _ in _FALSE_CUTS])
    picture = _FALSE_CUTS[kind][1](writer, index)
    return picture if picture.max() >= INK else _mark(writer, index)


def _two(writer: _Writer, index: int) -> Picture:
    """Two digits that were not cut; zeros more often than others, as amounts end with them."""
    other = writer.any()
    if writer.chance(0.3):
        index, other = writer.any_zero(), writer.any_zero() if writer.chance(0.7) else other
    gap = writer.draw.uniform(-0.18, 0.12)
    return _side_by_side(writer.write(index), writer.write(other), gap, writer.draw)[0]


def _half(writer: _Writer, index: int) -> Picture:
    """The left or right part of a digit; of a 1, as half a 1 is still a 1, it is the half of a 0."""
    if writer.chance(0.3) or writer.digits.labels[index] == 1:
        index = writer.any_zero()
    glyph = writer.write(index)
    column = glyph.shape[1] * writer.draw.uniform(0.3, 0.7)
    return _cut(glyph, column, writer.hand.slant * writer.draw.random(), writer.chance(0.5))


def _end_and_beginning(writer: _Writer, index: int) -> Picture:
    """The end of one digit and the beginning of the next: between two zeros, it looks like an X."""
    zeros = writer.chance(0.5)
    left = writer.write(writer.any_zero() if zeros else index)
    right = writer.write(writer.any_zero() if zeros else writer.any())
    field, _, start = _side_by_side(left, right, writer.draw.uniform(-0.15, 0.05), writer.draw)
    slant = writer.hand.slant
    field = _cut(field, left.shape[1] * writer.draw.uniform(0.35, 0.75), slant, keep_right=True)
    return _cut(field, start + right.shape[1] * writer.draw.uniform(0.25, 0.65), slant, keep_right=False)


def _one_and_a_half(writer: _Writer, index: int) -> Picture:
    """A digit with about half of its neighbour."""
    left, right = writer.write(index), writer.write(writer.any())
    field, end, start = _side_by_side(left, right, writer.draw.uniform(-0.1, 0.1), writer.draw)
    share = writer.draw.uniform(0.4, 0.75)
    if writer.chance(0.5):
        return _cut(field, end + right.shape[1] * share, writer.hand.slant, keep_right=False)
    return _cut(field, start - left.shape[1] * share, writer.hand.slant, keep_right=True)


def _mark(writer: _Writer, _index: int) -> Picture:
    """A dot, a dash, an equals sign or an arc."""
    draw = writer.draw
    field = np.zeros((80, 80), np.uint8)
    kind = draw.integers(4)
    if kind == 0:
        axes = (int(draw.integers(3, 9)), int(draw.integers(3, 9)))
        cv2.ellipse(field, (40, 40), axes, int(draw.integers(180)), 0, 360, _WHITE, -1)
    elif kind == 1:
        left, right = (int(value) for value in draw.integers(32, 48, 2))
        cv2.line(field, (10, left), (70, right), _WHITE, int(draw.integers(3, 9)))
    elif kind == 2:
        apart, lean, pen = int(draw.integers(8, 16)), int(draw.integers(-6, 6)), int(draw.integers(3, 7))
        for row in (40 - apart, 40 + apart):
            cv2.line(field, (15, row), (60, row + lean), _WHITE, pen)
    else:
        axes = (int(draw.integers(5, 12)), int(draw.integers(15, 30)))
        first, last = int(draw.integers(180)), int(draw.integers(200, 300))
        cv2.ellipse(field, (40, 40), axes, int(draw.integers(60, 120)), first, last, _WHITE, int(draw.integers(3, 8)))
    return field


_FALSE_CUTS = ((0.4, _two), (0.28, _half), (0.16, _end_and_beginning), (0.09, _one_and_a_half), (0.07, _mark))
"""Kinds of pictures that are no digit, each with its share."""


def _scanned(picture: Picture, draw: np.random.Generator) -> Picture:
    """The strokes as a camera or scanner shows them after thresholding, normalised to 28x28."""
    picture = _with_specks(_with_base_line(picture, draw), draw)
    height = draw.uniform(14, 44)
    scale = height / (max(picture.shape) if draw.random() < 0.5 else HEIGHT)
    if scale < 1:
        size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    if draw.random() < 0.5:
        framed = cv2.copyMakeBorder(picture, 3, 3, 3, 3, cv2.BORDER_CONSTANT)
        picture = cv2.GaussianBlur(framed, (0, 0), draw.uniform(0.3, 1.0)).astype(np.uint8)
    ink = np.clip((picture.astype(np.float32) - draw.uniform(10, 70)) * draw.uniform(1, 2), 0, 255)
    if draw.random() < 0.3:
        patches = cv2.resize(draw.random((4, 4), np.float32), (picture.shape[1], picture.shape[0]))
        ink = ink * (1 - draw.uniform(0, 0.5) * patches)
    return normalise(ink.astype(np.uint8))


def _with_base_line(picture: Picture, draw: np.random.Generator) -> Picture:
    if draw.random() >= 0.1:
        return picture
    picture = picture.copy()
    height, width = picture.shape
    pen = int(draw.integers(1, 4))
    top = max(0, int(height * draw.uniform(0.8, 1.0)) - pen)
    line = picture[top : top + pen, int(draw.uniform(0, 0.5) * width) : int(draw.uniform(0.5, 1) * width)]
    np.maximum(line, draw.integers(120, 255, dtype=np.uint8), out=line)
    return picture


def _with_specks(picture: Picture, draw: np.random.Generator) -> Picture:
    if draw.random() >= 0.1:
        return picture
    framed = cv2.copyMakeBorder(picture, 6, 6, 6, 6, cv2.BORDER_CONSTANT)
    for _ in range(draw.integers(1, 4)):
        centre = (int(draw.integers(framed.shape[1])), int(draw.integers(framed.shape[0])))
        cv2.circle(framed, centre, int(draw.integers(1, 4)), (int(draw.integers(120, 255)),), -1)
    return framed.astype(np.uint8)
