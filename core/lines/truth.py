"""Tables that say what stands on pictures: CSV with the columns ``image`` and ``text``."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.paths import StrPath

_REMEDY = 'give a CSV file with the columns "image" and "text", one field a row, digits only'


@dataclass(frozen=True)
class Field:
    """One row of the truth.

    Attributes:
        image: name of the picture file.
        text: the digits on it, from left to right.
        boxes: what stands in a column whose name begins with ``boxes``, which need not be there.
    """

    image: str
    text: str
    boxes: str = ""


def read_truth(path: StrPath) -> list[Field]:
    """Read a truth file: CSV with a header and at least the columns ``image`` and ``text``.

    Raises:
        EdgedigitsError: missing, not UTF-8 CSV, without these columns, without rows, or text that is not digits.
    """
    path = Path(path)
    if not path.is_file():
        raise EdgedigitsError(f"no truth file at {path}", _REMEDY)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = {"image", "text"} - set(rows.fieldnames or ())
            if missing:
                raise EdgedigitsError(f"{path} has no column {' and no column '.join(sorted(missing))}", _REMEDY)
            found = [_field(path, rows.line_num, row) for row in rows]
    except (UnicodeDecodeError, csv.Error) as error:
        raise EdgedigitsError(f"{path} is not a CSV file ({error})", _REMEDY) from error
    if not found:
        raise EdgedigitsError(f"{path} has no rows", _REMEDY)
    return found


def _field(path: Path, line: int, row: dict[str, Any]) -> Field:
    image, text = row["image"], row["text"]
    if not image:
        raise EdgedigitsError(f"{path} names no image in line {line}", _REMEDY)
    if not text or not (text.isascii() and text.isdigit()):
        raise EdgedigitsError(f"{path} has the text {text!r} in line {line}, which is not digits", _REMEDY)
    boxes = next((value for name, value in row.items() if name and name.startswith("boxes")), "")
    return Field(image, text, boxes or "")
