"""Lines of handwritten digits composed by code from labelled digits: what a line network learns from.

MNIST holds digits alone; no set of lines is needed: a line is written in one hand (module ``writing``), laid on paper
(``paper``), and scanned (``scanning``). Some pictures show one digit, some none. No picture of a field or photo goes
into them; shares and ranges were chosen on one half of a table of cheque fields.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.datasets import Digits
from edgedigits.core.lines.strip import strip_of
from edgedigits.train.augmentation.strokes import HEIGHT, Picture
from edgedigits.train.lines.composing.hands import resized
from edgedigits.train.lines.composing.nothing import any_kind, nothing
from edgedigits.train.lines.composing.paper import (
    Grey,
    Layout,
    base_line,
    cells,
    frame,
    ground,
    patterned,
    ruled,
    stamp,
    word_beside,
)
from edgedigits.train.lines.composing.scanning import LEAST_SIZE, any_strength, inked, scanned, turned
from edgedigits.train.lines.composing.texts import any_wording, one_digit
from edgedigits.train.lines.composing.writing import Writer, Writing, any_hand

NOTHING_SHARE = 0.15
"""Of the pictures, those without a digit."""

SINGLE_SHARE = 0.06
"""Of the pictures, those with one digit."""

_CELLS = 0.12
_MOST_SIZE = 60.0


@dataclass(frozen=True)
class ComposedLine:
    """A picture of a line and what it says.

    Attributes:
        picture: uint8 of shape (height, width), grey as a scanner or camera shows it.
        text: its digits from left to right, at most ``MOST_DIGITS`` of module ``texts``; empty for none.
    """

    picture: NDArray[np.uint8]
    text: str


class Composer:
    """Composes lines; which one depends on nothing but the seed and the index, so threads may share a composer.

    OpenCV's own threads only slow such small pictures down: `cv2.setNumThreads(0)` where many are composed.
    """

    def __init__(self, digits: Digits, seed: tuple[int, ...]) -> None:
        self._digits, self._seed = digits, seed
        self._writer = Writer(digits)

    def line(self, index: int) -> ComposedLine:
        """The line of an index from 0 on."""
        draw = np.random.default_rng((*self._seed, index))
        lot = draw.random()
        if lot < NOTHING_SHARE:
            return ComposedLine(scanned(nothing(any_kind(draw), draw), 30, draw), "")
        if lot < NOTHING_SHARE + SINGLE_SHARE / 2:
            return self._digit_alone(draw)
        wording = one_digit(draw) if lot < NOTHING_SHARE + SINGLE_SHARE else any_wording(draw)
        in_cells = bool(draw.random() < _CELLS)
        writing = self._writer.write(wording, any_hand(draw), draw, in_cells)
        return ComposedLine(_on_paper(writing, draw), wording.text)

    def strip_and_text(self, index: int) -> tuple[NDArray[np.uint8], str]:
        """The strip of a line, uint8 of shape (32, width), and what it says."""
        line = self.line(index)
        return strip_of(line.picture).pixels, line.text

    def _digit_alone(self, draw: np.random.Generator) -> ComposedLine:
        """A digit of the set as it is, or in a frame of some more ground, in either polarity."""
        index = int(draw.integers(len(self._digits)))
        image = self._digits.images[index]
        if draw.random() < 0.5:
            image = np.pad(image, ((0, 0), (int(draw.integers(20)), int(draw.integers(40)))))
        image = resized(image, draw.uniform(0.8, 3)) if draw.random() < 0.7 else image
        paper = image.astype(np.float32)
        if draw.random() < 0.4:
            ink = draw.uniform(0.3, 1)
            paper = paper * ink + draw.uniform(0, 1 - ink) * 255
        picture = scanned(paper, 20, draw) if draw.random() < 0.5 else np.asarray(paper, np.uint8)
        polarity = 255 if draw.random() < 0.5 else 0
        picture = np.bitwise_xor(picture, np.uint8(polarity))
        return ComposedLine(picture, str(self._digits.labels[index]))


def _on_paper(writing: Writing, draw: np.random.Generator) -> NDArray[np.uint8]:
    """A picture of what is written."""
    size = float(np.clip(math.exp(draw.normal(3.45, 0.35)), LEAST_SIZE, _MOST_SIZE))
    cover, layout = _field(writing, size, draw)
    strength = any_strength(draw)
    paper = ground((cover.shape[0], cover.shape[1]), draw)
    if draw.random() < 0.55:
        patterned(paper, min(0.5, 0.6 * strength), draw)
    _printed(paper, layout, strength, draw)
    inked(paper, cover, strength, draw)
    if draw.random() < 0.5:
        paper = turned(paper, 0.15 * size, draw)
    return scanned(paper, size, draw, 12 * strength)


def _field(writing: Writing, size: float, draw: np.random.Generator) -> tuple[Picture, Layout]:
    """The ink in its field, with parts of the lines above and below where they reach into it."""
    scale = size / HEIGHT
    ink = resized(writing.ink, scale)
    top, bottom, left, right = (round(margin * size) for margin in _margins(writing.pitch / HEIGHT, draw))
    rows, columns = ink.shape[0] + top + bottom, ink.shape[1] + left + right
    cover = np.zeros((rows, columns), np.uint8)
    up, before = max(0, -top), max(0, -left)
    part = cover[max(0, top) : max(0, top) + ink.shape[0] - up, max(0, left) : max(0, left) + ink.shape[1] - before]
    part[:] = ink[up : up + part.shape[0], before : before + part.shape[1]]
    if draw.random() < 0.12:
        _neighbours(cover, ink, top, bottom, size, draw)
    pitch = writing.pitch * scale
    return cover, Layout(top + writing.top * scale, top + writing.base * scale, left, left + ink.shape[1], pitch)


def _margins(pitch: float, draw: np.random.Generator) -> tuple[float, float, float, float]:
    """Room above, below, left and right of the ink in heights of a digit; a little is cut off where it is below 0."""
    lot = draw.random()
    if lot < 0.72:
        above, below = abs(draw.normal(0.1, 0.12)), abs(draw.normal(0.08, 0.12))
    elif lot < 0.92:
        above, below = draw.uniform(0, 0.6, 2)
    else:
        above, below = draw.uniform(-0.06, 0.05, 2)
    before, after = abs(draw.normal(0.08, 0.12)), abs(draw.normal(0.2, 0.25))
    if draw.random() < 0.12:
        before, after = draw.uniform(0, 2.5, 2)
    if pitch and draw.random() < 0.6:
        before, after = pitch * draw.integers(3) + 0.1, pitch * draw.integers(4) + 0.1
    return float(above), float(below), float(before), float(after)


def _neighbours(cover: Picture, ink: Picture, top: int, bottom: int, size: float, draw: np.random.Generator) -> None:
    """Feet of the line above and heads of the line below; strokes like these, but mirrored."""
    other = np.asarray(cv2.flip(ink, 1), np.uint8)
    for on_top in (True, False):
        room = (top if on_top else bottom) + 0.04 * size
        rows = int(min(draw.uniform(0.05, 0.28) * size, max(room, 0), other.shape[0]))
        if rows < 1 or draw.random() < 0.3:
            continue
        piece = other[-rows:] if on_top else other[:rows]
        left = int(draw.uniform(0, 0.5) * cover.shape[1])
        part = (cover[:rows] if on_top else cover[-rows:])[:, left : left + piece.shape[1]]
        np.maximum(part, piece[:, : part.shape[1]], out=part)


def _printed(paper: Grey, layout: Layout, strength: float, draw: np.random.Generator) -> None:
    """Print and stamp on paper what a form may have around its digits, of an ink of some ``strength``."""
    if draw.random() < 0.06:
        stamp(paper, min(0.35, 0.5 * strength), draw)
    if layout.pitch and draw.random() < 0.6:  # cells that were taken out leave digits far apart
        cells(paper, layout, draw)
        return
    if draw.random() < 0.38:
        base_line(paper, layout, draw)
    if draw.random() < 0.1:
        ruled(paper, layout, draw)
    if draw.random() < 0.1:
        frame(paper, layout, draw)
    if draw.random() < 0.15:
        word_beside(paper, layout, draw)
