"""What the rows of marks on a mail piece may say, by a network of lines and one of digits together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.lines.allowed import LineTexts
from edgedigits.core.lines.ctc import log_probabilities_of_lines
from edgedigits.core.lines.decoding import beam, greedy, log_softmax, without_idle_steps
from edgedigits.core.lines.strip import BLANK, strip_of
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.line_model import LineModel
from edgedigits.edge.reading.piecewise import digit_chances, is_apart, likeliest
from edgedigits.edge.scenes.bounding import common
from edgedigits.edge.scenes.finding import find_strips
from edgedigits.edge.scenes.scene import Box, SceneLine
from edgedigits.edge.station.pieces.orientation import print_upright
from edgedigits.edge.station.pieces.rows import Row, find_rows, turned
from edgedigits.edge.station.pieces.text_probabilities import TextSeen, log_likelihoods, texts_seen

_ABOUT = 2
"""Digits by which what is read at first sight, each step by itself, may be longer or shorter than a code."""

_TOLD = 4
"""Texts of a row that are looked at more closely."""

_NOTHING = 0.95
"""A row that says nothing with this probability is print, a stamp or a pattern."""

_SHORTEST, _LIKELY = 3, math.log(0.5)
"""Digits of what may be a code that is not valid, at least, and the logarithm of its probability."""

_WORTH = 0.02
"""Probability of all codes together, by the line network, from which a row is worth to be taken apart."""

_ROWS = 40
"""Of the picture of a row that is taken apart."""

_TURNED, _DESPITE = 0.02, 3.0
"""Probability from which it is asked what a text says upside down; logarithm of how many times likelier than upside
down a text must be where the print on the piece stands on its head.

Of 500 simulated pieces, written with digits of MNIST's validation part, 96 % were likelier the right way up than upside
down; that so few pass for upright which lie upside down takes this margin.
"""


@dataclass(frozen=True)
class RowTexts:
    """What a row may say.

    Attributes:
        box: of its marks, in pixels of the piece.
        texts: that are allowed, the likeliest first; what their probabilities lack to 1 is that it is no code.
        otherwise: digits that it says more likely than not, and that are not allowed; empty where it says none.
        upside_down: text that it may as well say if the piece lies upside down; empty where it lies upright.
        marks: boxes of its marks from left to right, in pixels of the piece; none of a frame with marks that touch it.
    """

    box: Box
    texts: tuple[TextSeen, ...]
    otherwise: str = ""
    upside_down: str = ""
    marks: tuple[Box, ...] = ()


@dataclass(frozen=True)
class _Heard:
    """What both networks say of a row.

    Attributes:
        scores: of the line network, as logarithms.
        at_first: text that they say at first sight, each step by itself.
        nothing: its probability that the row says nothing.
        names: texts that the row may say; none where it says nothing.
        by_line: the line network's probability of each.
        chances: what the other one says of each mark; None where it was not asked.
    """

    scores: NDArray[np.float64]
    at_first: str
    nothing: float
    names: list[str]
    by_line: NDArray[np.float64]
    chances: NDArray[np.float64] | None


@dataclass(frozen=True)
class _Told:
    """A row, what both networks say of it, and its texts."""

    row: Row
    heard: _Heard
    texts: RowTexts


class CodeReader:
    """Reads the codes of mail pieces. Not safe to share between threads, as the models are not.

    Attributes:
        model: the line network.
        digits: the network of single digits.
        allowed: what a code may be.
    """

    def __init__(self, model: LineModel, digits: DigitModel, allowed: LineTexts) -> None:
        """Take the networks.

        Args:
            model: reads lines.
            digits: reads single digits.
            allowed: what a code may be.
        """
        self.model, self.allowed = model, allowed
        self.digits = digits

    def read(self, grey: NDArray[np.uint8]) -> tuple[RowTexts, ...]:
        """What the rows of marks on a piece may say; rows that say nothing are left out.

        Args:
            grey: uint8 (height, width), the piece.
        """
        told = []
        for row in find_rows(grey):
            heard = self._heard(row)
            if (texts := self._texts(row, heard)) is not None:
                told.append(_Told(row, heard, texts))
        told.sort(key=lambda one: -_greatest(one.texts.texts))
        kept: list[_Told] = []
        for one in told:
            if not any(common(one.row.box, other.row.box) for other in kept):  # a frame, or the digits in it
                kept.append(one)
        return self._either_way_up(grey, kept)

    def _either_way_up(self, grey: NDArray[np.uint8], told: Sequence[_Told]) -> tuple[RowTexts, ...]:
        """What rows say; of the likeliest also what it says upside down, unless the print is seen to stand upright."""
        lines = [one.texts for one in told]
        if lines and _greatest(lines[0].texts) >= _TURNED and (upright := print_upright(grey)) <= 0:
            text = self._upside_down(told[0], _DESPITE if upright < 0 else 0.0)
            lines[0] = replace(lines[0], upside_down=text)
        return tuple(lines)

    def _upside_down(self, told: _Told, needed: float) -> str:
        """The text that a row says upside down, unless it says one upright that is so much likelier."""
        (here, likely), (there, turned_likely) = map(_likeliest, (told.heard, self._heard(turned(told.row))))
        return there if there != here and turned_likely > likely - needed else ""

    def _texts(self, row: Row, heard: _Heard) -> RowTexts | None:
        otherwise = self._otherwise(heard) if heard.nothing <= _NOTHING else ""
        if not heard.names:
            return RowTexts(row.box, (), otherwise, marks=row.on_piece) if otherwise else None
        texts = texts_seen(heard.names, heard.by_line, heard.nothing, heard.chances)
        return RowTexts(row.box, texts, otherwise, marks=row.on_piece)

    def _heard(self, row: Row) -> _Heard:
        scores = log_softmax(self.model.logits(strip_of(row.picture).pixels))
        nothing = float(np.exp(scores[:, BLANK].sum()))
        at_first = greedy(scores)
        if nothing > _NOTHING or not self._has_the_length(at_first):
            return _Heard(scores, at_first, nothing, [], np.zeros(0), None)
        steps, idle = without_idle_steps(scores)
        found = beam(steps, self.allowed)[:_TOLD]
        told = {one.text: math.exp(one.log_probability + idle) for one in found if one.text}
        chances = self._chances(row, sum(told.values()) >= _WORTH)
        if chances is not None and (text := likeliest(chances)) not in told and self.allowed.accepts(text):
            told[text] = math.exp(log_probabilities_of_lines([steps], [[text]])[0][0] + idle)
        names, by_line = list(told), np.array(list(told.values()))
        return _Heard(scores, at_first, nothing, names, by_line, chances)

    def _has_the_length(self, text: str) -> bool:
        """Whether what a row says at first sight has about as many digits as a code: print mostly has others."""
        return any(self.allowed.accepts_length(len(text) + more) for more in range(-_ABOUT, _ABOUT + 1))

    def _otherwise(self, heard: _Heard) -> str:
        """What a row says that is no valid code, where it says that more likely than not."""
        text = heard.at_first
        if len(text) < _SHORTEST or self.allowed.accepts(text):
            return ""
        return text if float(log_probabilities_of_lines([heard.scores], [[text]])[0][0]) >= _LIKELY else ""

    def _chances(self, row: Row, is_likely: bool) -> NDArray[np.float64] | None:
        """What the network of digits says of each digit, of shape (digits, 10); None where they are not told apart."""
        line = self._apart(row, is_likely)
        return None if line is None else digit_chances(line, self.digits)

    def _apart(self, row: Row, is_likely: bool) -> SceneLine | None:
        """A row as a line with a piece for each digit of a code, where its digits can be told apart.

        Where its marks are no digits, as of a form's boxes with what touches them, it is taken apart as the lines of
        any picture are; that takes longer than all else, and is done where the line network may see a code.
        """
        if row.marks and self.allowed.accepts_length(len(row.marks)):
            return line_of(row)
        if not is_likely:
            return None
        for line in find_strips(_reduced(row.picture)).lines:
            if self.allowed.accepts_length(len(line.pieces)) and is_apart(line):
                return line
        return None


def _reduced(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture of at most :data:`_ROWS` rows: networks of digits see no more, and looking takes half as long."""
    rows, columns = picture.shape
    size = (max(1, round(columns * _ROWS / rows)), _ROWS)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8) if rows > _ROWS else picture


def line_of(row: Row) -> SceneLine:
    """A row as a line whose marks are its pieces."""
    return SceneLine(row.picture, np.eye(2, 3), row.height, row.marks)


def _likeliest(heard: _Heard) -> tuple[str, float]:
    """The text that a row says most likely by both networks, and the logarithm of its likelihood."""
    if not heard.names:
        return "", -math.inf
    likely = log_likelihoods(heard.names, heard.by_line, heard.chances)
    best = int(likely.argmax())
    return heard.names[best], float(likely[best])


def _greatest(texts: Sequence[TextSeen]) -> float:
    return max((seen.probability for seen in texts), default=0.0)
