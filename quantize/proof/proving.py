"""The proof: what a recipe cost, measured on every test digit with the runtime of the Raspberry Pi where it loads."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.contract.contract import OUR_CONTRACT, InputContract
from edgedigits.core.datasets import Digits
from edgedigits.core.digit import CLASSES
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.models import keras_scores
from edgedigits.core.paths import StrPath
from edgedigits.core.pictures.drawing import draw_text
from edgedigits.core.stages import StageCallback
from edgedigits.core.statistics.metrics import Comparison, compare
from edgedigits.core.statistics.outcome import CHANCE_MARGIN, FAILED, PASSED, Outcome, outcome_of, required_digits
from edgedigits.core.tflite.file import OperatorVersion, TfliteFile
from edgedigits.quantize.proof.runtimes import open_model
from edgedigits.quantize.proof.verdicts import RuntimeVerdict, judge

Progress = StageCallback


MIN_ACCURACY = 90.0
"""Percent of the test digits that float network and model have to read, unless the user says otherwise."""


class Judged:
    """What is judged by its accuracy and by the drop of a comparison: a proof, or those of all folds together."""

    comparison: Comparison
    max_drop: float
    min_accuracy: float
    chance: float

    @property
    def reads_enough(self) -> bool:
        """Whether both read as many digits as they have to, and more than somebody who guesses: ``core.outcome``."""
        least = min(self.comparison.before, self.comparison.after)
        return least >= self.min_accuracy and least > self.chance + CHANCE_MARGIN

    @property
    def verdict(self) -> Outcome:
        """Whether the model passed, failed, or the digits cannot tell.

        Failed where it, or the float network, reads too few digits; else by the drop's interval, see ``core.outcome``.
        """
        if not self.reads_enough:
            return FAILED
        return outcome_of(self.comparison.drop_low, self.comparison.drop_high, self.max_drop)

    @property
    def passed(self) -> bool:
        """Whether the verdict is ``passed``: False for ``failed`` and for ``cannot tell`` alike."""
        return self.verdict == PASSED

    @property
    def required_digits(self) -> int | None:
        """How many test digits would tell if they flip as often as these; None where no reasonable number would."""
        found = self.comparison
        return required_digits(found.lost, found.won, found.count, self.max_drop)

    def judgement(self) -> dict[str, Any]:
        """The verdict as JSON takes it."""
        return {"verdict": self.verdict, "passed": self.passed, "required_digits": self.required_digits}


@dataclass(frozen=True)
class Proof(Judged):
    """The float network against the TFLite model made of it, on the same test digits.

    Attributes:
        comparison: accuracies, drop with its 95 % interval, McNemar's p, agreement, flipped digits.
        runtime: name and version that ran the model: the Raspberry Pi's, or LiteRT where that one refuses it.
        threads: of that runtime.
        float_bytes: four bytes for each parameter of the float network.
        tflite_bytes: size of the ``.tflite`` file.
        operators: with version and count.
        verdicts: which runtimes run the model.
        max_drop: percentage points that were allowed.
        min_accuracy: percent that both have to read.
        chance: percent that somebody reads who always says the most frequent of the test digits.
        cause: of too low an accuracy, for people; empty where there is none or none was found.
    """

    comparison: Comparison
    runtime: str
    threads: int
    float_bytes: int
    tflite_bytes: int
    operators: tuple[OperatorVersion, ...]
    verdicts: tuple[RuntimeVerdict, ...]
    max_drop: float
    min_accuracy: float = MIN_ACCURACY
    chance: float = 100 / CLASSES
    cause: str = ""

    @property
    def ratio(self) -> float:
        """How many times smaller the file is than the float weights."""
        return self.float_bytes / self.tflite_bytes

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON takes it."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain | {"ratio": round(self.ratio, 3), **self.judgement()}


def float_probabilities(
    model: Any,
    images: NDArray[np.uint8],
    progress: Progress | None = None,
    contract: InputContract = OUR_CONTRACT,
) -> NDArray[np.float32]:
    """What the float network says of each digit, float32 of shape (count, 10).

    Args:
        model: the tf_keras model.
        images: uint8 of shape (count, 28, 28).
        progress: told about the pass over the digits.
        contract: of the network.

    Raises:
        EdgedigitsError: the network gives scores that are no probabilities.
    """
    scores = keras_scores(model, images, part_of(progress, "float", len(images)), contract)
    if scores.size and not (scores.min() >= 0 and scores.max() <= 1.01):
        raise EdgedigitsError(
            "the network gives scores that are no probabilities",
            "end it in a softmax layer: readers compare confidences",
        )
    return scores


def prove(
    before: NDArray[np.float32],
    float_bytes: int,
    path: StrPath,
    content: TfliteFile,
    test: Digits,
    max_drop: float,
    progress: Progress | None = None,
    contract: InputContract = OUR_CONTRACT,
    min_accuracy: float = MIN_ACCURACY,
) -> tuple[Proof, NDArray[np.float32]]:
    """Compare a float network and the TFLite model made of it on every test digit.

    Args:
        before: what :func:`float_probabilities` gave for the test digits.
        float_bytes: four for each parameter of the float network.
        path: of the ``.tflite`` file.
        content: of that file, checked to be what its recipe says.
        test: digits that neither training nor calibration has seen.
        max_drop: percentage points of accuracy that may be lost.
        progress: told about the pass over the digits.
        contract: of the TFLite model.
        min_accuracy: percent that both have to read.

    Returns:
        The proof, and the scores of the TFLite model, float32 of shape (count, 10).

    Raises:
        EdgedigitsError: no runtime loads the model.
    """
    path = Path(path)
    model = open_model(path, contract)
    after = model.probabilities(test.images, part_of(progress, "tflite", len(test)))
    proof = Proof(
        compare(before.argmax(1), after.argmax(1), test.labels),
        str(model.runtime),
        model.threads,
        float_bytes,
        path.stat().st_size,
        content.operators,
        judge(path, content, contract),
        max_drop,
        min_accuracy,
        100 * float(np.bincount(test.labels).max()) / len(test),
    )
    return proof, after


def part_of(progress: Progress | None, name: str, total: int) -> Callable[[int], object] | None:
    """A function that tells how many of ``total`` are done; None where nobody wants to know."""
    return (lambda done: progress(name, done, total)) if progress else None


_CELL = 96
_TEXT = 34
_COLUMNS = 8
_MOST = 64


def draw_flips(proof: Proof, name: str, test: Digits, before: NDArray[np.float32], after: NDArray[np.float32]) -> bytes:
    """Draw the digits that the two models read differently, at most 64, as a PNG.

    Each cell shows the digit, its truth, what the float network and then what the TFLite model read, with their
    scores; green where the TFLite model won, red where it lost, grey where both are wrong.
    """
    flipped = proof.comparison.flipped[:_MOST]
    rows = max(1, -(-len(flipped) // _COLUMNS))
    sheet = np.full((rows * (_CELL + _TEXT) + 24, _COLUMNS * _CELL, 3), 255, np.uint8)
    title = f"{len(proof.comparison.flipped)} of {proof.comparison.count} digits flipped: truth, float > {name}"
    draw_text(sheet, title, (4, 17), 0.45)
    for place, index in enumerate(flipped):
        top = 24 + place // _COLUMNS * (_CELL + _TEXT)
        left = place % _COLUMNS * _CELL
        picture = cv2.resize(255 - test.images[index], (_CELL - 6, _CELL - 6), interpolation=cv2.INTER_NEAREST)
        sheet[top + 3 : top + _CELL - 3, left + 3 : left + _CELL - 3] = picture[..., np.newaxis]
        _caption(sheet, left, top, int(test.labels[index]), before[index], after[index])
    return bytes(cv2.imencode(".png", sheet)[1])


def flip_colour(truth: object, before: object, after: object) -> tuple[int, int, int]:
    """BGR of what two models read differently: green where the second is right, red where the first is, else grey."""
    return (0, 128, 0) if after == truth else (0, 0, 200) if before == truth else (110, 110, 110)


def _caption(
    sheet: NDArray[np.uint8], left: int, top: int, truth: int, before: NDArray[np.float32], after: NDArray[np.float32]
) -> None:
    first, second = int(before.argmax()), int(after.argmax())
    colour = flip_colour(truth, first, second)
    cv2.rectangle(sheet, (left + 1, top + 1), (left + _CELL - 2, top + _CELL + _TEXT - 3), colour, 1)
    lines = (f"{truth}: {first} > {second}", f"{before[first]:.2f} > {after[second]:.2f}")
    for number, text in enumerate(lines):
        place = (left + 6, top + _CELL + 10 + 15 * number)
        draw_text(sheet, text, place, 0.4, colour)
