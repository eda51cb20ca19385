"""Reading the lines of digits in a picture, each as a whole."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import CLASSES
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.allowed import ANY_TEXTS, LineTexts
from edgedigits.core.lines.decoding import Hypothesis, Span, align_looks, log_softmax
from edgedigits.core.lines.strip import HEIGHT, WIDEST, strip_of
from edgedigits.core.paths import StrPath
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.line_model import LineModel
from edgedigits.edge.reading.doubt import ReadLine, Said, doubted_in_a_crowd, other_looks, said_by
from edgedigits.edge.reading.pictures import grey_of, load_image
from edgedigits.edge.reading.piecewise import digit_chances, is_apart, one_digit, shares, with_piece
from edgedigits.edge.reading.placing import Part, doubtful_pieces, in_pieces, placed, with_unread
from edgedigits.edge.reading.reading import Digit, LineText, Reading
from edgedigits.edge.scenes.finding import find_strips
from edgedigits.edge.scenes.scene import QUARTERS, Box, Scene, SceneLine, SceneOptions
from edgedigits.edge.scenes.whole import is_tiny

REJECT_BELOW = 0.4
"""Default confidence below which a digit is shown as ``?``: where it is more likely wrong than right.

Of lines of the cheque table whose most doubtful digit has 0.3 to 0.4, 29 % are right, of those from 0.4 to 0.5 54 %.
"""

SURE = 0.5
"""A line in which no digit reaches this is a smudge, a pattern or the edge of something, and is not shown."""

DOUBTED = 0.1
"""A line whose text has less probability than this is shown as ``?`` throughout: hardly any of these is right."""

DOUBTED_IN_A_SCENE = 0.7
"""The same of a line that was looked for in a picture, where letters and patterns are found, too."""

DIGIT_OF_A_SCENE = 0.9
"""or, where it is long, less than this to the power of its digits: what is no digit is rarely read as many at once."""

MAYBE_NOTHING = 0.1
"""Where several digits are read in a picture that was searched, and that nothing stands there has this probability, the
line is shown as ``?`` throughout."""

NO_DIGIT = 0.02
"""In a field that is a picture of its own, pieces are dashes, flourishes and print as well: those for which the network
gives no digit more than this are no digits."""

TOLD, SOMETHING = 0.5, 0.9
"""Nor is a line hidden whose likeliest texts have this probability together, and that says something with this one."""

A_DIGIT = 0.9
"""Pieces that a network of digits is so sure of are shown as ``?`` where the network of lines says nothing."""

UPRIGHT = 1.3
"""A turn must read so many times better than the picture as it stands."""

ALTERNATIVES = 5
"""Texts that are told of a line, at most."""

_GUESS = 0.2
"""Where a picture is known to be one digit, less confidence than this is shown as ``?``: ten equal scores are 0.1."""

READING = "reading"
"""What the settings on a line network's card call what `edgedigits calibrate` found: temperature and threshold."""


class LineReader:
    """Finds lines of handwritten digits and reads each as a whole.

    Attributes:
        model: the line network.
        digits: a network of single digits that reads what is one digit, and the digits of a doubtful line that stand
            apart; None: the line network reads them alone.
        reject_below: digits with a lower confidence are shown as ``?``.
        allowed: what a line may say.
        options: what is known of the pictures.

    Not safe to share between threads, as the models are not.
    """

    def __init__(
        self,
        model: LineModel | StrPath,
        *,
        digits: DigitModel | None = None,
        reject_below: float = REJECT_BELOW,
        allowed: LineTexts = ANY_TEXTS,
        options: SceneOptions | None = None,
        turns: tuple[int, ...] = (),
    ) -> None:
        """Take or load the model.

        Args:
            model: a loaded line model, or the path of its ``.tflite`` file.
            digits: reads single digits.
            reject_below: confidence between 0 and 1.
            allowed: what a line may say.
            options: what is known of the pictures.
            turns: degrees of which those are taken by which a picture reads best; empty: those of the options.

        Raises:
            EdgedigitsError: the threshold is outside 0..1, or the model does not load.
        """
        if not 0 <= reject_below <= 1:
            raise EdgedigitsError(f"a reject threshold of {reject_below}", "give one between 0 and 1")
        self.model = model if isinstance(model, LineModel) else LineModel(model)
        self.digits = digits
        self.reject_below = reject_below
        self.allowed = allowed
        self.options = options or SceneOptions()
        self.turns = turns
        reading: dict[str, Any] = self.model.card.settings.get(READING, {})
        self.temperature = float(reading.get("temperature", 1.0))
        self.accept_from = float(reading.get("threshold", 0.0))
        self._classifying = 0.0

    def read_file(self, path: StrPath) -> Reading:
        """Read a picture file; EXIF rotation is honoured.

        Raises:
            EdgedigitsError: missing, empty, unreadable or too large.
        """
        return self.read(load_image(path))

    def read(self, image: NDArray[np.uint8]) -> Reading:
        """Find and read the lines of one picture.

        Args:
            image: uint8, grey (height, width), BGR (height, width, 3) or BGRA.

        Returns:
            the digits with their boxes in pixels of ``image``; no lines where there are none.

        Raises:
            EdgedigitsError: another type or shape, no pixels, more than 100 million, or a region outside of it.
        """
        started = time.perf_counter()
        self._classifying = 0.0
        grey = grey_of(image)
        if not self.turns:
            found = self._read(grey, self.options)
        else:
            readings = [self._read(grey, replace(self.options, rotate=turn)) for turn in self.turns]
            found = max(readings, key=lambda reading: _weight(reading) * (UPRIGHT if reading is readings[0] else 1))
        total = time.perf_counter() - started
        return replace(found, find_seconds=total - self._classifying, classify_seconds=self._classifying)

    def _read(self, grey: NDArray[np.uint8], options: SceneOptions) -> Reading:
        scene = find_strips(grey, options)
        single = options.single or is_tiny(grey)
        read = [self._read_line(line, single, grey.shape) for line in scene.lines]
        least = 0.0 if single else SURE
        shown = [(_shown(digits, said, least), said) for digits, said in read]
        kept = [(digits, said) for digits, said in shown if digits]
        if not single:
            kept = doubted_in_a_crowd(kept, len(read))
        why = "" if kept else scene.why or self._why_unread(scene)
        return Reading(tuple(digits for digits, _ in kept), why=why, texts=tuple(said for _, said in kept))

    def _why_unread(self, scene: Scene) -> str:
        if not any(line.pieces for line in scene.lines):
            return "no mark of a digit's size was found"
        if self.allowed is ANY_TEXTS:
            return "marks of digit size were found, and the model reads no digit in them"
        return f"marks of digit size were found, and none is read as {self.allowed.source}"

    def _read_line(self, line: SceneLine, single: bool, whole: tuple[int, ...]) -> ReadLine:
        free = self.allowed is ANY_TEXTS
        if self.digits and single and free and line.pieces:
            return self._read_single(line, self.digits)
        parts = [self._scored(part) for part in line.parts(WIDEST / HEIGHT)]
        apart = is_apart(line)
        heard = self._said(line, parts, apart)
        if not heard.texts:
            return (), LineText(0.0, ())
        best, chances = heard.texts[0], heard.chances
        said = tuple((one.text, one.probability) for one in heard.texts[:ALTERNATIVES])
        spans = align_looks(heard.looks, best.text)
        in_each = apart and len(spans) == len(line.pieces)
        each = in_each and line.in_cells and free and not self.accept_from
        if each:
            told = shares(heard.texts, best.text)
            spans = tuple(replace(span, confidence=one) for span, one in zip(spans, told, strict=True))
            each = 2 * sum(one >= DIGIT_OF_A_SCENE for one in told) >= len(told)
        elif chances is not None and in_each:
            spans = _with_chances(spans, best.text, chances)
        digits = in_pieces(line, spans, best.text) if in_each else placed(parts, spans, best.text)
        is_field = line.picture.shape == whole
        least = DOUBTED if is_field else min(DOUBTED_IN_A_SCENE, DIGIT_OF_A_SCENE ** len(best.text))
        sure = best.probability >= max(self.accept_from, least) and (is_field or not _may_be_nothing(heard.texts))
        doubtful = not in_each and not (sure and best.text)
        if doubtful and chances is not None and chances.max(axis=1).min() >= A_DIGIT:
            return doubtful_pieces(line, chances), LineText(best.probability, said)
        reject_below = max(self.reject_below, DOUBTED_IN_A_SCENE) if each else self.reject_below
        digits = tuple(replace(one, rejected=one.confidence < reject_below or not (sure or each)) for one in digits)
        if digits and free and not in_each:
            digits = with_unread(digits, line, parts, NO_DIGIT if is_field else 0.0)
        return digits, LineText(best.probability, said)

    def _said(self, line: SceneLine, parts: list[Part], apart: bool) -> Said:
        """What a line may say, by further looks where it is doubtful: at its pieces and, unless it is cut, at all."""
        scores = np.concatenate([part.scores for part in parts])
        ask_digits = partial(self._chances, line, self.digits) if self.digits and apart else None
        look_again = partial(self._looks, parts[0]) if len(parts) == 1 else None
        return said_by(scores, len(line.pieces), ask_digits, look_again, self.allowed, line.in_cells)

    def _chances(self, line: SceneLine, digits: DigitModel) -> NDArray[np.float64]:
        with self._timed():
            return digit_chances(line, digits)

    def _looks(self, part: Part) -> list[NDArray[np.float64]]:
        """The scores of other looks at a part."""
        return [log_softmax(self._classified(pixels), self.temperature) for pixels in other_looks(part.strip.pixels)]

    def _scored(self, line: SceneLine) -> Part:
        strip = strip_of(line.picture)
        logits = self._classified(strip.pixels)
        return Part(line, strip, logits, log_softmax(logits, self.temperature))

    def _classified(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        with self._timed():
            return self.model.logits(pixels)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        """Count what is done here as time of the networks."""
        started = time.perf_counter()
        yield
        self._classifying += time.perf_counter() - started

    def logits(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What the network says of a picture's lines, one behind the other: float32 of shape (steps, 11).

        Raises:
            EdgedigitsError: as :meth:`read`.
        """
        lines = find_strips(grey_of(image), self.options).lines
        parts = [self._scored(part).logits for line in lines for part in line.parts(WIDEST / HEIGHT)]
        return np.concatenate([np.zeros((0, CLASSES + 1), np.float32), *parts])

    def _read_single(self, line: SceneLine, network: DigitModel) -> ReadLine:
        """What is known to be one digit, by the network of digits alone."""
        box = _around(line.pieces)
        with self._timed():
            scores = network.probabilities(one_digit(line.picture, box)[np.newaxis])[0]
        order = np.argsort(-scores, kind="stable")[:ALTERNATIVES]
        label, confidence = int(order[0]), float(scores[order[0]])
        rejected = confidence < max(min(self.reject_below, _GUESS), self.accept_from)
        digit = Digit(line.box_in_picture(box), label, confidence, rejected)
        return (digit,), LineText(confidence, tuple((str(one), float(scores[one])) for one in order))


def _around(pieces: tuple[Box, ...]) -> Box:
    """The box around boxes."""
    left, top = min(x for x, _, _, _ in pieces), min(y for _, y, _, _ in pieces)
    right, bottom = max(x + width for x, _, width, _ in pieces), max(y + height for _, y, _, height in pieces)
    return left, top, right - left, bottom - top


def _with_chances(spans: tuple[Span, ...], text: str, chances: NDArray[np.float64]) -> tuple[Span, ...]:
    """The digits of a text as sure as both networks are of each."""
    return tuple(
        replace(span, confidence=with_piece(span.confidence, float(own[int(label)])))
        for span, label, own in zip(spans, text, chances, strict=True)
    )


def _may_be_nothing(texts: tuple[Hypothesis, ...]) -> bool:
    """Whether what is read as several digits may as well be none: rules of squared paper are read as 1s."""
    nothing = next((one.probability for one in texts if not one.text), 0.0)
    return len(texts[0].text) > 1 and nothing >= MAYBE_NOTHING


def _shown(digits: tuple[Digit, ...], said: LineText, least: float) -> tuple[Digit, ...]:
    """A line's digits where it is one of digits: one is sure, and most of it was read.

    Where only which digits they are and how many is unsure, all are rejected; none where there may as well be nothing.
    """
    if 2 * sum(digit.confidence >= least for digit in digits) >= max(1, len(digits)):
        return digits
    nothing = sum(chance for text, chance in said.alternatives if not text)
    told = sum(chance for _, chance in said.alternatives)
    if len(digits) < 2 or told < TOLD or nothing > 1 - SOMETHING:
        return ()
    return tuple(replace(digit, rejected=True) for digit in digits)


def _weight(reading: Reading) -> float:
    """How much was read in a picture: what is turned gives few digits, and the network is sure of fewer."""
    return sum(max(0.0, 2 * digit.confidence - 1) ** 2 for digit in reading.digits if not digit.rejected)


def turns_of(word: str) -> tuple[int, ...]:
    """What ``--rotate`` says: the degrees to try, none where the picture stands as it is.

    Raises:
        EdgedigitsError: no quarter turn and not ``auto``.
    """
    if word == "auto":
        return QUARTERS
    if word not in {str(turn) for turn in QUARTERS}:
        raise EdgedigitsError(f"--rotate is {word}", "give 0, 90, 180, 270 or auto")
    return (int(word),) if int(word) else ()
