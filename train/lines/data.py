"""Lines to learn from, to choose by and to report on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.labelled import (
    COMPOSED,
    LabelledPicture,
    Lines,
    checked_fields,
    learned_and_judged,
    load_fields,
    strips_of,
)
from edgedigits.core.lines.naming import folders_of
from edgedigits.train.lines.composing.composing import Composer
from edgedigits.train.lines.ctc import LONGEST
from edgedigits.train.lines.distortion import distorted_line

FIELD_SHARE = 0.4
"""Share of the lines learned from that are real fields, where there are some."""

EPOCHS_PER_LINE = 3
"""So many epochs in a row a composed line is learned from, as making it takes as long as learning it."""

_VALIDATION, _TEST, _CALIBRATION = 600, 1_000, 300
_TRAIN_SEED, _VALIDATION_SEED, _TEST_SEED = range(3)
_PROOF_SEED = 5  # 4 is that of `edgedigits simulate`
_CALIBRATION_LOT = 1 << 20
EVEN_AND_ODD = "even rows and training digits; odd rows and test digits report"
_BY_PARTS = "rows of the part train, or even ones, and training digits; the others and test digits report"
_VALIDATES = 10  # of the rows learned from, every tenth


class LotOfLines:
    """Composed lines of one lot after the other; each is made once, when it is first asked for."""

    def __init__(self, composer: Composer) -> None:
        """Make none yet."""
        self._composer, self._lot = composer, -1
        self._made: dict[int, tuple[NDArray[np.uint8], str]] = {}

    def line(self, lot: int, place: int) -> tuple[NDArray[np.uint8], str]:
        """A line of a lot as a strip and its digits."""
        if lot != self._lot:
            self._lot, self._made = lot, {}
        if place not in self._made:
            self._made[place] = self._composer.strip_and_text(lot * (1 << 20) + place)
        return self._made[place]


@dataclass(frozen=True)
class LineData:
    """Lines of a name, divided.

    Composed lines are written of the training, validation and test digits of MNIST; of each folder of fields the even
    rows, counted from 0, are learned from (every tenth of them validates), and the odd ones only reported on,
    unless a column ``part`` of its table tells it otherwise.

    Attributes:
        spec: the name.
        seed: of the split of the digits and of every line.
        composed: lines to learn from that are written by code.
        fields: to learn from.
        validation: to choose by.
        test: to report on.
        split: how they are divided, in words.
    """

    spec: str
    seed: int
    composed: LotOfLines
    fields: tuple[LabelledPicture, ...]
    validation: Lines
    test: Lines
    split: str = EVEN_AND_ODD

    def line(self, epoch: int, place: int) -> tuple[NDArray[np.uint8], str]:
        """A line to learn from as a strip, uint8 of shape (32, width), and its digits.

        Args:
            epoch: counted from 0.
            place: of the line in the epoch.
        """
        draw = np.random.default_rng((self.seed, epoch, place))
        if self.fields and draw.random() < FIELD_SHARE:
            return distorted_line(self.fields, draw)
        return self.composed.line(epoch // EPOCHS_PER_LINE, place)

    def calibration(self) -> Lines:
        """Lines that an int8 form is calibrated with: composed ones, and fields in the share learned from."""
        real = round(_CALIBRATION * FIELD_SHARE) if self.fields else 0
        composed = [self.composed.line(_CALIBRATION_LOT, place) for place in range(_CALIBRATION - real)]
        lines = _lines(composed, COMPOSED)
        return lines + strips_of(self.fields, "fields").take(slice(real))

    def describe(self) -> dict[str, Any]:
        """What a card says of the lines."""
        return {
            "spec": self.spec,
            "split": self.split,
            "train": len(self.fields),
            "validation": len(self.validation),
            "test": len(self.test),
            "train_sha256": _sha256_of_fields(self.fields),
            "test_sha256": self.test.sha256(),
        }


def check_lines(spec: str) -> list[Path]:
    """The folders that a name of lines names.

    Raises:
        EdgedigitsError: it names no lines, a folder that there is not, a malformed table, or pictures are missing.
    """
    folders = folders_of(spec)
    for folder in folders:
        checked_fields(folder)
    return list(folders)


def load_line_data(spec: str, seed: int = 0) -> LineData:
    """Load the fields that a name names, and write the lines to choose by and to report on.

    Args:
        spec: ``lines`` or ``lines:FOLDER[,FOLDER]``.
        seed: of all that is drawn.

    Raises:
        EdgedigitsError: as :func:`edgedigits.core.lines.labelled.load_fields`, a line that is too long, or MNIST is
            missing.
    """
    digits = split_dataset(load_dataset("mnist"), "default", seed)
    composers = [
        Composer(part, (seed, lot))
        for part, lot in (
            (digits.train, _TRAIN_SEED),
            (digits.validation, _VALIDATION_SEED),
            (digits.test, _TEST_SEED),
        )
    ]
    learned: tuple[LabelledPicture, ...] = ()
    validation = _composed(composers[1], _VALIDATION)
    test = _composed(composers[2], _TEST)
    for folder in folders_of(spec):
        fields = load_fields(folder)
        _refuse_long(folder, fields)
        taken, judging = learned_and_judged(fields)
        learned += tuple(field for place, field in enumerate(taken) if place % _VALIDATES)
        validation += strips_of(taken[::_VALIDATES], str(folder))
        test += strips_of(judging, str(folder))
    split = _BY_PARTS if any(field.part for field in learned) else EVEN_AND_ODD
    return LineData(spec, seed, LotOfLines(composers[0]), learned, validation, test, split)


def compose_lines(count: int, seed: int = 0, part: Literal["validation", "test"] = "test") -> Lines:
    """Lines that no training learns from, chooses by or reports on: for proofs.

    Args:
        count: of them, some without any digit.
        seed: of all that is drawn.
        part: of MNIST whose digits are written.

    Raises:
        EdgedigitsError: MNIST is missing.
    """
    digits = split_dataset(load_dataset("mnist"), "default", seed)
    return _composed(Composer(getattr(digits, part), (seed, _PROOF_SEED)), count)


def _refuse_long(folder: Path, fields: tuple[LabelledPicture, ...]) -> None:
    longest = max((field.text for field in fields), key=len, default="")
    if len(longest) > LONGEST:
        raise EdgedigitsError(
            f"{folder} has a line of {len(longest)} digits ({longest})", f"leave out lines of more than {LONGEST}"
        )


def _composed(composer: Composer, count: int) -> Lines:
    return _lines([composer.strip_and_text(place) for place in range(count)], COMPOSED)


def _lines(made: list[tuple[NDArray[np.uint8], str]], origin: str) -> Lines:
    strips, texts = zip(*made, strict=True) if made else ((), ())
    return Lines(tuple(strips), tuple(texts), (origin,) * len(made))


def _sha256_of_fields(fields: tuple[LabelledPicture, ...]) -> str:
    return strips_of(fields, "").sha256()
