"""How far a line network's confidence can be trusted, found out on fields whose digits are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.cards import write_card
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import write_bytes
from edgedigits.core.lines.confidence import (
    NEVER,
    RejectPoint,
    Threshold,
    choose_threshold,
    fit_temperature,
    reject_curve,
)
from edgedigits.core.lines.truth import Field, check_pictures, picture_of, read_truth
from edgedigits.core.paths import StrPath
from edgedigits.edge.reading.line_reader import READING, LineReader
from edgedigits.edge.reading.pictures import load_image
from edgedigits.edge.reject_curve import draw_reject_curve

CURVE = "rejects.png"
"""Drawn beside the model."""

LEAST_FIELDS = 20


@dataclass(frozen=True)
class CalibrationOfLines:
    """What was found out about a line network's confidence.

    Attributes:
        fields: that the temperature was fitted on, and others that the threshold was chosen on.
        temperature: that logits are divided by.
        threshold: confidence of a line from which it is accepted, and what was proved of it.
        curve: what each threshold does to the fields that it was chosen on.
    """

    fields: tuple[int, int]
    temperature: float
    threshold: Threshold
    curve: tuple[RejectPoint, ...]

    def settings(self) -> dict[str, Any]:
        """What the model's card keeps. Where nothing could be proved no line is accepted."""
        chosen = self.threshold
        return {
            "temperature": round(self.temperature, 4),
            "threshold": chosen.value if chosen.value is not None else NEVER,
            "proved": chosen.value is not None,
            "target_error": chosen.target_error,
            "level": chosen.level,
            "fields": list(self.fields),
            "accepted": chosen.accepted,
            "wrong": chosen.wrong,
        }

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON takes it."""
        return asdict(self)


def calibrate(
    reader: LineReader,
    folder: StrPath,
    truth_csv: StrPath,
    target_error: float,
    *,
    rows: slice = slice(None),
    progress: Callable[[int], object] | None = None,
) -> CalibrationOfLines:
    """Fit the temperature on every second field and choose the threshold on the others; the card keeps both.

    Args:
        reader: by the model whose card is written.
        folder: with the pictures, or with the folder ``images`` that they lie in. The network may not have learned
            from any.
        truth_csv: CSV file with the columns ``image`` and ``text``.
        target_error: percent of the accepted fields that may be wrong.
        rows: of the table.
        progress: called with the number of fields done, after each.

    Raises:
        EdgedigitsError: a malformed table, too few rows, a picture that is missing or unreadable, or a target that is
            no percentage.
    """
    if not 0 < target_error < 100:
        raise EdgedigitsError(f"--target-error is {target_error}", "give a percentage between 0 and 100, such as 0.5")
    fields = read_truth(truth_csv)[rows]
    if len(fields) < LEAST_FIELDS:
        raise EdgedigitsError(f"{len(fields)} fields cannot calibrate", f"give {LEAST_FIELDS} fields or more")
    check_pictures(truth_csv, folder, fields)
    done = count(1)

    def one_more() -> None:
        if progress:
            progress(next(done))

    logits = _logits(reader, Path(folder), fields[::2], one_more)
    seen = [place for place, one in enumerate(logits) if len(one)]  # in the others no line was found
    temperature = fit_temperature(
        [logits[place] for place in seen], [fields[2 * place].text for place in seen]
    ).temperature
    reader.temperature, reader.accept_from = temperature, 0.0
    confidences, right = _judged(reader, Path(folder), fields[1::2], one_more)
    found = CalibrationOfLines(
        (len(fields[::2]), len(fields[1::2])),
        temperature,
        choose_threshold(confidences, right, target_error / 100),
        reject_curve(confidences, right),
    )
    card = reader.model.card
    write_card(reader.model.path.parent, replace(card, settings=card.settings | {READING: found.settings()}))
    curve = draw_reject_curve(found.curve, found.threshold.target_error, "fields")
    write_bytes(reader.model.path.parent / CURVE, curve)
    return found


def _logits(
    reader: LineReader, folder: Path, fields: list[Field], one_more: Callable[[], object]
) -> list[NDArray[np.float32]]:
    found = []
    for field in fields:
        found.append(reader.logits(load_image(picture_of(folder, field))))
        one_more()
    return found


def _judged(
    reader: LineReader, folder: Path, fields: list[Field], one_more: Callable[[], object]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """How sure the reader is of each field, and whether it reads it right."""
    confidences, right = [], []
    for field in fields:
        reading = reader.read(load_image(picture_of(folder, field)))
        confidences.append(reading.confidence)
        right.append("".join(str(digit.label) for digit in reading.digits) == field.text)
        one_more()
    return np.array(confidences), np.array(right, np.bool_)
