"""Reading the digits in a picture."""

from __future__ import annotations

import time

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import CLASSES
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.paths import StrPath
from edgedigits.core.pretrained.bundled import model_path
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.edge.reading.finding import Found, Line, find_lines
from edgedigits.edge.reading.ink import find_ink
from edgedigits.edge.reading.lattice import Hypothesis, best_path, hypotheses, picture
from edgedigits.edge.reading.pictures import grey_of, load_image, reduction_of
from edgedigits.edge.reading.reading import Digit, Reading
from edgedigits.edge.reading.splitting import Part, Upright, divided, upright
from edgedigits.edge.scenes.scene import shrunk

REJECT_BELOW = 0.35
"""Default confidence below which a digit is shown as ``?``: where it is more likely wrong than right.

On the development half of the amount fields, with the bundled model, 44 % of the digits below it are right and 72 % of
those in the next step of 0.05; 92 % of all above (and 98 % of those above 0.9).
"""

DROP_BELOW = 0.2
"""What the network likes less than this is no digit and is not shown; ten equal scores are 0.1."""

SURE = 0.5
"""A line in which no digit reaches this is a smudge, a pattern or the edge of something, and is not shown."""

SETTLED = 0.8
"""A connected piece with this score is a digit, and is not cut."""

WIDEST_SETTLED = 1.3
"""Unless it is wider than so many digit heights."""

SMALL = 20
"""Where a line's digits are lower than this in the reduced picture, the whole picture is searched instead."""

LINE_HEIGHT = 48
"""Lines with higher digits are reduced to about this height before they are cut: the network sees 20 pixels."""


class DigitReader:
    """Finds and reads handwritten digits.

    Attributes:
        model: that classifies.
        reject_below: digits with a lower confidence are shown as ``?``.

    Not safe to share between threads, as the model is not.
    """

    def __init__(self, model: DigitModel | StrPath, *, reject_below: float = REJECT_BELOW) -> None:
        """Take or load the model.

        Args:
            model: a loaded model, the path of a ``.tflite`` file, the word ``builtin``, or the name of a pretrained
                digit model such as ``pico``.
            reject_below: confidence between 0 and 1.

        Raises:
            EdgedigitsError: the threshold is outside 0..1, or the model does not load.
        """
        if not 0 <= reject_below <= 1:
            raise EdgedigitsError(f"a reject threshold of {reject_below}", "give one between 0 and 1")
        self.model = model if isinstance(model, DigitModel) else DigitModel(model_path(model))
        self.reject_below = reject_below
        self._classifying = 0.0

    def read_file(self, path: StrPath) -> Reading:
        """Read a picture file; EXIF rotation is honoured.

        Raises:
            EdgedigitsError: missing, empty, unreadable or too large.
        """
        return self.read(load_image(path))

    def read(self, image: NDArray[np.uint8]) -> Reading:
        """Find and read the digits of one picture.

        Args:
            image: uint8, grey (height, width), BGR (height, width, 3) or BGRA.

        Returns:
            the digits with their boxes in pixels of ``image``; no lines where there are none.

        Raises:
            EdgedigitsError: another type or shape, no pixels, or more than 100 million.
        """
        started = time.perf_counter()
        self._classifying = 0.0
        whole = grey_of(image)
        factor = reduction_of(whole)
        soft, found = _searched(whole, factor)
        if factor > 1 and found.lines and min(line.height for line in found.lines) < SMALL:
            factor = 1
            soft, found = _searched(whole, factor)
        read = [self._read_line(line, found, soft, factor) for line in found.lines]
        lines = tuple(line for line in read if any(digit.confidence >= SURE for digit in line))
        total = time.perf_counter() - started
        why = "" if lines else found.why or _doubt(read)
        return Reading(lines, total - self._classifying, self._classifying, why)

    def _read_line(self, line: Line, found: Found, soft: NDArray[np.uint8], factor: int) -> tuple[Digit, ...]:
        crop, left, top = _line_picture(line, found, soft)
        shrink = max(1, int(line.height / LINE_HEIGHT))
        if shrink > 1:
            size = (max(1, crop.shape[1] // shrink), max(1, crop.shape[0] // shrink))
            crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
        whole = upright(crop, line.height / shrink)
        parts, taken, scores = self._decide(whole)
        digits = []
        for hypothesis, row in zip(taken, scores, strict=True):
            label = int(row.argmax())
            confidence = float(row[label])
            if confidence >= DROP_BELOW:
                x, y, width, height = _box(parts, hypothesis)
                box = (
                    (x * shrink + left) * factor,
                    (y * shrink + top) * factor,
                    width * shrink * factor,
                    height * shrink * factor,
                )
                digits.append(Digit(box, label, confidence, confidence < self.reject_below))
        return tuple(digits)

    def _decide(self, whole: Upright) -> tuple[Upright, list[Hypothesis], NDArray[np.float32]]:
        """Read whole pieces first, and cut only those that the network does not know."""
        known: dict[bytes, NDArray[np.float32]] = {}
        single = [hypothesis for hypothesis in hypotheses(whole) if hypothesis.first == hypothesis.last]
        scores = self._scores(whole, single, known)
        settled = {
            whole.parts[hypothesis.first].piece
            for hypothesis, row in zip(single, scores, strict=True)
            if row.max() >= SETTLED and hypothesis.box[2] <= WIDEST_SETTLED * whole.height
        }
        if len(settled) == len(whole.parts):
            return whole, single, scores

        def needed(part: Part) -> bool:
            return part.piece not in settled

        parts = divided(whole, needed)
        every = hypotheses(parts)
        scores = self._scores(parts, every, known)
        path = best_path(parts, every, scores)
        return parts, [every[position] for position in path], scores[path]

    def _scores(
        self, line: Upright, found: list[Hypothesis], known: dict[bytes, NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """Scores of hypotheses; pictures that were classified before are looked up in ``known``, others added to it."""
        pictures = [picture(line, hypothesis) for hypothesis in found]
        keys = [image.tobytes() for image in pictures]
        fresh = {key: image for key, image in zip(keys, pictures, strict=True) if key not in known}
        if fresh:
            started = time.perf_counter()
            rows = self.model.probabilities(np.stack(list(fresh.values())))
            self._classifying += time.perf_counter() - started
            known.update(zip(fresh, rows, strict=True))
        return np.array([known[key] for key in keys], np.float32).reshape(-1, CLASSES)


def _doubt(read: list[tuple[Digit, ...]]) -> str:
    """Why lines of writing gave no digit: the network is not sure of any."""
    best = max((digit for line in read for digit in line), key=lambda digit: digit.confidence, default=None)
    likest = f"at best {best.confidence:.2f} for a {best.label}" if best else f"at best less than {DROP_BELOW:g}"
    return f"marks of digit size were found, and the model is sure of none ({likest}, and {SURE:g} is needed)"


def _searched(grey: NDArray[np.uint8], factor: int) -> tuple[NDArray[np.uint8], Found]:
    """The soft ink of a picture reduced by a factor, and its lines."""
    # Averages over whole pixels are several times faster than other factors, and they lower the camera's noise.
    ink = find_ink(shrunk(grey, factor))
    return ink.soft, find_lines(ink)


def _line_picture(line: Line, found: Found, soft: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int, int]:
    """The soft ink of a line's own pieces with a margin of one pixel, and its left and top."""
    left = max(0, min(piece.x for piece in line.pieces) - 1)
    top = max(0, min(piece.y for piece in line.pieces) - 1)
    right = max(piece.right for piece in line.pieces) + 1
    bottom = max(piece.bottom for piece in line.pieces) + 1
    labels = found.labels[top:bottom, left:right]
    wanted = np.zeros(found.count, np.uint8)
    wanted[[piece.label for piece in line.pieces]] = 255
    own = cv2.dilate(wanted[labels], np.ones((3, 3), np.uint8))
    return np.asarray(cv2.bitwise_and(soft[top:bottom, left:right], own), np.uint8), left, top


def _box(line: Upright, hypothesis: Hypothesis) -> tuple[int, int, int, int]:
    """Box of a hypothesis in the line as it was before its slant was taken out."""
    x, y, width, height = hypothesis.box
    labels = line.labels[y : y + height, x : x + width]
    rows, columns = np.nonzero((labels > hypothesis.first) & (labels <= hypothesis.last + 1))
    before = columns + x - line.shift - line.slant * (rows + y)
    left = max(0, int(np.floor(before.min())))
    return left, y, max(1, int(np.ceil(before.max())) + 1 - left), height
