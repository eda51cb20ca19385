"""Reading the lines of digits in a picture, each as a whole."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import CLASSES, LABELS, normalise
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.allowed import ANY_TEXTS, LineTexts
from edgedigits.core.lines.ctc import text_log_probabilities
from edgedigits.core.lines.decoding import Span, align, beam, log_softmax
from edgedigits.core.lines.strip import HEIGHT, STEP, WIDEST, Strip, ink_of, strip_of
from edgedigits.core.paths import StrPath
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.line_model import LineModel
from edgedigits.edge.reading.doubt import DOUBTFUL, is_possible, other_looks, put_together
from edgedigits.edge.reading.pictures import grey_of, load_image
from edgedigits.edge.reading.reading import Digit, LineText, Reading
from edgedigits.edge.scenes.finding import find_strips
from edgedigits.edge.scenes.scene import QUARTERS, Box, SceneLine, SceneOptions
from edgedigits.edge.scenes.whole import is_tiny

REJECT_BELOW = 0.4
"""Default confidence below which a digit is shown as ``?``: where it is more likely wrong than right.

Of lines of the cheque table whose most doubtful digit has 0.3 to 0.4, 29 % are right, of those from 0.4 to 0.5 54 %.
"""

SURE = 0.5
"""A line in which no digit reaches this is a smudge, a pattern or the edge of something, and is not shown."""

DOUBTED = 0.1
"""A line whose text has less probability than this is shown as ``?`` throughout: hardly any of these is right."""

DOUBTED_IN_A_SCENE = 0.5
"""The same of a line that was looked for in a picture, where letters and patterns are found, too."""

ALTERNATIVES = 5
"""Texts that are told of a line, at most."""

_GUESS = 0.2
"""Where a picture is known to be one digit, less confidence than this is shown as ``?``: ten equal scores are 0.1."""

_DIGIT_ROWS = 64
"""A picture of one digit that is higher is made so high before it is normalised."""

_INK = 80
"""From here a pixel of a strip belongs to a stroke."""

_BESIDE = 0.15
"""A piece is read where the middle of a digit lies within it, or within this share of a digit's height beside it."""

_FRAGMENT = 0.45
"""A piece that is lower than this share of the line's digits is a part of one, a dot or a comma."""


@dataclass(frozen=True)
class _Part:
    """A part of a line with its strip and what the network says of it: logits and log probabilities (steps, 11)."""

    line: SceneLine
    strip: Strip
    logits: NDArray[np.float32]
    scores: NDArray[np.float64]


READING = "reading"
"""What the settings on a line network's card call what `edgedigits calibrate` found: temperature and threshold."""


class LineReader:
    """Finds lines of handwritten digits and reads each as a whole.

    Attributes:
        model: the line network.
        digits: a network of single digits that reads what is one digit; None: the line network reads that, too.
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
            digits: reads what is one digit.
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
            found = max(readings, key=_weight)
        total = time.perf_counter() - started
        return replace(found, find_seconds=total - self._classifying, classify_seconds=self._classifying)

    def _read(self, grey: NDArray[np.uint8], options: SceneOptions) -> Reading:
        scene = find_strips(grey, options)
        one_digit = options.single or is_tiny(grey)
        read = [self._read_line(line, one_digit, grey.shape) for line in scene.lines]
        least = 0.0 if one_digit else SURE
        kept = [(digits, said) for digits, said in read if _is_shown(digits, least)]
        why = "" if kept else scene.why or "marks of digit size were found, and the model reads no digit in them"
        return Reading(tuple(digits for digits, _ in kept), why=why, texts=tuple(said for _, said in kept))

    def _read_line(
        self, line: SceneLine, one_digit: bool, whole: tuple[int, ...]
    ) -> tuple[tuple[Digit, ...], LineText]:
        if self.digits and (one_digit or line.is_single) and self.allowed is ANY_TEXTS and line.pieces:
            return self._read_single(line, self.digits, one_digit)
        parts = [self._scored(part) for part in line.parts(WIDEST / HEIGHT)]
        scores = np.concatenate([part.scores for part in parts])
        texts = beam(scores, self.allowed)
        looks: list[NDArray[np.float64]] = []
        if len(parts) == 1 and (not texts or texts[0].probability < DOUBTFUL):
            looks = [self._look(one) for one in other_looks(parts[0].strip.pixels)]
            every = put_together([texts, *(beam(look, self.allowed) for look in looks)])
            texts = tuple(one for one in every if is_possible(scores, one.text))
        if not texts:
            return (), LineText(0.0, ())
        best = texts[0]
        digits = _placed(parts, _aligned(scores, looks, best.text), best.text)
        least = DOUBTED if line.picture.shape == whole else DOUBTED_IN_A_SCENE
        sure = best.probability >= max(self.accept_from, least)
        digits = tuple(replace(digit, rejected=digit.confidence < self.reject_below or not sure) for digit in digits)
        if digits and self.allowed is ANY_TEXTS:
            digits = _with_unread(digits, line, parts)
        said = tuple((one.text, one.probability) for one in texts[:ALTERNATIVES])
        return digits, LineText(best.probability, said)

    def _scored(self, line: SceneLine) -> _Part:
        strip = strip_of(line.picture)
        logits = self._classified(strip.pixels)
        return _Part(line, strip, logits, log_softmax(logits, self.temperature))

    def _classified(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        started = time.perf_counter()
        logits = self.model.logits(pixels)
        self._classifying += time.perf_counter() - started
        return logits

    def _look(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        return log_softmax(self._classified(pixels), self.temperature)

    def logits(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What the network says of a picture's lines, one behind the other: float32 of shape (steps, 11).

        Raises:
            EdgedigitsError: as :meth:`read`.
        """
        lines = find_strips(grey_of(image), self.options).lines
        parts = [self._scored(part).logits for line in lines for part in line.parts(WIDEST / HEIGHT)]
        return np.concatenate([np.zeros((0, CLASSES + 1), np.float32), *parts])

    def _read_single(self, line: SceneLine, network: DigitModel, one_digit: bool) -> tuple[tuple[Digit, ...], LineText]:
        """What is known to be one digit by the network of digits, what may be one by the mean of both networks."""
        x, y, width, height = _around(line.pieces)
        part = self._scored(line)
        started = time.perf_counter()
        alone = network.probabilities(_one_digit(line.picture, (x, y, width, height))[np.newaxis])[0]
        self._classifying += time.perf_counter() - started
        in_line = np.exp(text_log_probabilities(part.scores, LABELS))
        scores = alone if one_digit else (alone + in_line) / 2
        order = np.argsort(-scores, kind="stable")[:ALTERNATIVES]
        label, confidence = int(order[0]), float(scores[order[0]])
        box = line.box_in_picture((x, y, width, height))
        rejected = confidence < (min(self.reject_below, _GUESS) if one_digit else self.reject_below)
        digit = Digit(box, label, confidence, rejected)
        return (digit,), LineText(confidence, tuple((str(one), float(scores[one])) for one in order))


def _one_digit(grey: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """What a network of digits sees of a digit in a picture, uint8 (28, 28)."""
    scale = min(1.0, _DIGIT_ROWS / grey.shape[0])
    if scale < 1:
        size = (max(1, round(grey.shape[1] * scale)), _DIGIT_ROWS)
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    left, top = int(box[0] * scale), int(box[1] * scale)
    right, bottom = int(np.ceil((box[0] + box[2]) * scale)), int(np.ceil((box[1] + box[3]) * scale))
    return normalise(ink_of(grey)[top:bottom, left:right])


def _around(pieces: tuple[Box, ...]) -> Box:
    """The box around boxes."""
    left, top = min(x for x, _, _, _ in pieces), min(y for _, y, _, _ in pieces)
    right, bottom = max(x + width for x, _, width, _ in pieces), max(y + height for _, y, _, height in pieces)
    return left, top, right - left, bottom - top


def _aligned(scores: NDArray[np.float64], looks: list[NDArray[np.float64]], text: str) -> tuple[Span, ...]:
    """Where the digits of a text stand by the first look, and how sure all looks are of each, on the average."""
    spans = align(scores, text)
    every = [spans, *(align(look, text) for look in looks if is_possible(look, text))]
    means = np.mean([[span.confidence for span in one] for one in every], axis=0)
    return tuple(replace(span, confidence=float(mean)) for span, mean in zip(spans, means, strict=True))


def _is_shown(digits: tuple[Digit, ...], least: float) -> bool:
    """Whether a line is one of digits: one is sure, and no more was left unread than was read, as of letters."""
    read = sum(digit.confidence >= least for digit in digits)
    return read > 0 and 2 * read >= len(digits)


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


def _placed(parts: list[_Part], spans: tuple[Span, ...], text: str) -> tuple[Digit, ...]:
    """The digits of a text with their boxes, from the steps that say them."""
    middles = [(span.first + span.last + 1) / 2 for span in spans]
    digits = []
    first = 0
    for part in parts:
        steps = len(part.scores)
        own = [place for place, middle in enumerate(middles) if first <= middle < first + steps]
        columns = [(middles[place] - first) * STEP for place in own]
        for place, column in zip(own, columns, strict=True):
            left, right = _reach(column, columns, part.strip)
            box = part.line.box_in_picture(_box(part.strip, left, right))
            digits.append(Digit(box, int(text[place]), spans[place].confidence))
        first += steps
    return tuple(digits)


def _reach(column: float, columns: list[float], strip: Strip) -> tuple[int, int]:
    """The columns of the strip that are nearer to a digit's middle than to its neighbours'."""
    half = 0.45 * HEIGHT
    before = max((one for one in columns if one < column), default=column - 2 * half)
    behind = min((one for one in columns if one > column), default=column + 2 * half)
    left = int(np.clip(max((before + column) / 2, column - half), 0, strip.width - 1))
    return left, int(np.clip(min((column + behind) / 2, column + half), left + 1, strip.width))


def _box(strip: Strip, left: int, right: int) -> tuple[float, float, float, float]:
    """The box of the ink between two columns of a strip, in pixels of the line; all rows where there is none."""
    ink = strip.pixels[:, left:right] >= _INK
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    top, bottom = (int(rows[0]), int(rows[-1]) + 1) if rows.size else (0, HEIGHT)
    if columns.size:
        left, right = left + int(columns[0]), left + int(columns[-1]) + 1
    return left * strip.across, top * strip.down, (right - left) * strip.across, (bottom - top) * strip.down


def _with_unread(digits: tuple[Digit, ...], line: SceneLine, parts: list[_Part]) -> tuple[Digit, ...]:
    """The digits, and a rejected one for each piece of a digit's size where none was read: no digit vanishes."""
    unread = []
    height = float(np.median([digit.box[3] for digit in digits]))
    for piece in line.pieces:
        box = line.box_in_picture(piece)
        middle, reach = box[0] + box[2] / 2, box[2] / 2 + _BESIDE * height
        read = any(abs(digit.box[0] + digit.box[2] / 2 - middle) < reach for digit in digits)
        if not read and box[3] >= _FRAGMENT * height:
            unread.append(Digit(box, *_guess(piece, parts), rejected=True))
    return tuple(sorted((*digits, *unread), key=lambda digit: digit.box[0])) if unread else digits


def _guess(piece: tuple[int, int, int, int], parts: list[_Part]) -> tuple[int, float]:
    """What the network would say of a piece if it had to say something."""
    part = parts[0]
    first = int(piece[0] / part.strip.across / STEP)
    last = int((piece[0] + piece[2]) / part.strip.across / STEP) + 1
    rows = part.scores[first:last, :CLASSES]
    if len(parts) > 1 or not len(rows):
        return 0, 0.0
    best = rows.max(axis=0)
    return int(best.argmax()), float(np.exp(best.max()))
