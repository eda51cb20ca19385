"""Measuring how well a reader reads a folder of fields whose text is known."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.core.lines.confidence import error_at, reject_curve
from edgedigits.core.lines.truth import Field, check_pictures, picture_of, read_truth
from edgedigits.core.machine.load import LoadWatch
from edgedigits.core.paths import StrPath
from edgedigits.core.statistics.edits import differences
from edgedigits.edge.reading.line_reader import LineReader
from edgedigits.edge.reading.pictures import load_image
from edgedigits.edge.reading.reader import DigitReader
from edgedigits.edge.reading.reading import REJECTED

_MOST_FAILURES = 20


@dataclass(frozen=True)
class LengthResult:
    """Fields with one number of digits: how many there are, and how many were read exactly."""

    length: int
    fields: int
    exact: int


@dataclass(frozen=True)
class FieldsResult:
    """How well fields were read.

    Attributes:
        fields: number of fields.
        exact: share whose text was read exactly; a field with a rejected digit (``?``) is not. Where the digits of a
            field stand in several lines they are read on from line to line: a line break is no digit.
        exact_guess: share whose digits were all guessed right, whether or not the reader rejected any of them.
        with_reject: share in which at least one digit was rejected.
        exact_of_accepted: share read exactly of the fields without a rejected digit.
        error_at_tenth: share guessed wrongly of the nine tenths of the fields that the reader is surest of.
        digits: number of digits in the truth.
        character_error_rate: errors / digits, where errors are the fewest insertions, deletions and substitutions of
            digits that turn the readings into the truth (Levenshtein 1966); rejected digits count as errors. More than
            1 where more digits were made up than stand in the truth.
        digits_right: 1 - ``character_error_rate``, but not less than 0.
        by_length: of the truth, ascending.
        confusions: (truth, reading, count), the most frequent first; an empty text stands for a digit that was missed
            or made up.
        failures: (image, truth, reading) of the first fields that were not read exactly.
        milliseconds: per field, for finding and reading, without loading the file.
        load: share of the cores, 0 to 1, that other programs took meanwhile; None where it cannot be known.
        model_sha256: of the model file.
        reject_below: the reader's threshold.
    """

    fields: int
    exact: float
    exact_guess: float
    with_reject: float
    exact_of_accepted: float
    error_at_tenth: float
    digits: int
    character_error_rate: float
    digits_right: float
    by_length: tuple[LengthResult, ...]
    confusions: tuple[tuple[str, str, int], ...]
    failures: tuple[tuple[str, str, str], ...]
    milliseconds: float
    load: float | None
    model_sha256: str
    reject_below: float

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON takes it."""
        return asdict(self)


def measure_fields(
    reader: DigitReader | LineReader,
    folder: StrPath,
    truth_csv: StrPath,
    *,
    rows: slice = slice(None),
    progress: Callable[[int], object] | None = None,
) -> FieldsResult:
    """Read every field and compare it with the truth.

    Args:
        reader: to measure.
        folder: with the pictures, or with the folder ``images`` that they lie in.
        truth_csv: CSV file with the columns ``image`` and ``text``.
        rows: which rows of the file, all by default; ``slice(1, None, 2)`` leaves out those that the constants of
            this toolkit were chosen on.
        progress: called with the number of fields done, after each.

    Raises:
        EdgedigitsError: a malformed truth file, no rows in ``rows``, or a picture that is missing or unreadable.
    """
    folder, truth_csv = Path(folder), Path(truth_csv)
    known = read_truth(truth_csv)
    fields = known[rows]
    if not fields:
        raise EdgedigitsError(
            f"none of the {len(known)} rows of {truth_csv} is asked for", "ask for others, counted from 0, or for all"
        )
    check_pictures(truth_csv, folder, fields)
    read: list[str] = []
    guessed: list[str] = []
    sure: list[float] = []
    seconds = 0.0
    watch = LoadWatch()
    for position, field in enumerate(fields):
        image = load_image(picture_of(folder, field))
        started = time.perf_counter()
        reading = reader.read(image)
        seconds += time.perf_counter() - started
        read.append("".join(reading.text.splitlines()))
        guessed.append("".join(str(digit.label) for line in reading.lines for digit in line))
        sure.append(reading.confidence)
        if progress:
            progress(position + 1)
    return _result(reader, fields, read, guessed, sure, seconds, watch.share())


def _result(
    reader: DigitReader | LineReader,
    fields: list[Field],
    read: list[str],
    guessed: list[str],
    sure: list[float],
    seconds: float,
    load: float | None,
) -> FieldsResult:
    right = [text == field.text for field, text in zip(fields, read, strict=True)]
    accepted = [REJECTED not in text for text in read]
    wrong = Counter(pair for field, text in zip(fields, read, strict=True) for pair in differences(field.text, text))
    lengths = Counter(len(field.text) for field in fields)
    exact = Counter(len(field.text) for field, is_right in zip(fields, right, strict=True) if is_right)
    digits = sum(len(field.text) for field in fields)
    error_rate = wrong.total() / digits
    guesses = np.array([field.text == text for field, text in zip(fields, guessed, strict=True)])
    failures = [(f.image, f.text, text) for f, text, is_right in zip(fields, read, right, strict=True) if not is_right]
    return FieldsResult(
        fields=len(fields),
        exact=sum(right) / len(fields),
        exact_guess=float(guesses.mean()),
        with_reject=1 - sum(accepted) / len(fields),
        exact_of_accepted=sum(right) / max(1, sum(accepted)),
        error_at_tenth=error_at(reject_curve(np.array(sure), guesses), 0.1),
        digits=digits,
        character_error_rate=error_rate,
        digits_right=max(0.0, 1 - error_rate),
        by_length=tuple(LengthResult(length, lengths[length], exact[length]) for length in sorted(lengths)),
        confusions=tuple((truth, text, count) for (truth, text), count in wrong.most_common()),
        failures=tuple(failures[:_MOST_FAILURES]),
        milliseconds=seconds / len(fields) * 1e3,
        load=load,
        model_sha256=sha256_of(reader.model.path),
        reject_below=reader.reject_below,
    )
