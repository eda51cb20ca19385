"""Tables that say what stands on pictures: CSV with the columns ``image`` and ``text``, and where they lie."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.paths import StrPath

TRUTH, IMAGES = "truth.csv", "images"
"""What a table is called where nobody says otherwise, and the folder of its pictures where they are not beside it."""

_REMEDY = 'give a CSV file with the columns "image" and "text", one field a row, digits only'
_ROW = "write the digits that stand on the picture and nothing else, or leave the row out"
_COLUMNS = {"image", "text"}
_SEPARATORS = ",;\t"
_NAMED = 5

TRAIN, TEST = "train", "test"
"""What a column ``part`` may say."""


@dataclass(frozen=True)
class Field:
    """One row of the truth.

    Attributes:
        image: name of the picture file.
        text: the digits on it, from left to right.
        boxes: what stands in a column whose name begins with ``boxes``, which need not be there.
        part: ``train`` to be learned from and ``test`` to judge, by the column ``part``; empty without such a column:
            even rows, counted from 0, are learned from, and odd ones judge.
    """

    image: str
    text: str
    boxes: str = ""
    part: str = ""


def truth_of(folder: StrPath, table: StrPath | None = None) -> Path:
    """The table of a folder of pictures: the one that is named, else ``truth.csv`` in the folder or beside it.

    Raises:
        EdgedigitsError: no such folder, or no such table.
    """
    folder = Path(folder)
    if not folder.is_dir():
        is_file = folder.exists()
        raise EdgedigitsError(
            f"{folder} is a file, and a folder of pictures is wanted" if is_file else f"no folder at {folder}",
            "give the folder with the pictures of the fields",
        )
    if table is not None:
        return Path(table)
    above = folder.resolve().parent if folder.name in {"", ".."} else folder.parent
    found = next((path for path in (folder / TRUTH, above / TRUTH) if path.is_file()), None)
    if found is None:
        raise EdgedigitsError(
            f"no {TRUTH} in {folder} or beside it",
            "name the CSV file with the columns image and text by --truth FILE",
        )
    return found


def picture_of(folder: StrPath, field: Field) -> Path:
    """Where the picture of a row lies: in the folder, or in ``images`` in it."""
    beside, below = Path(folder, field.image), Path(folder, IMAGES, field.image)
    return below if not beside.is_file() and below.is_file() else beside


def check_pictures(table: StrPath, folder: StrPath, fields: Sequence[Field]) -> None:
    """Look whether all pictures are there, before the first is read.

    Raises:
        EdgedigitsError: some are not; names them.
    """
    missing = [field.image for field in fields if not picture_of(folder, field).is_file()]
    if missing:
        more = f" and {len(missing) - _NAMED:,} more" if len(missing) > _NAMED else ""
        raise EdgedigitsError(
            f"{len(missing):,} of the {len(fields):,} pictures that {table} names are not in {folder}: "
            f"{', '.join(missing[:_NAMED])}{more}",
            "give the folder that they lie in, or leave their rows out",
        )


def read_truth(path: StrPath) -> list[Field]:
    """Read a truth file: UTF-8 CSV with a header and at least the columns ``image`` and ``text``.

    Commas, semicolons or tabs separate the columns: what stands in the first line. Case and spaces around the names of
    columns say nothing.

    Raises:
        EdgedigitsError: missing, not UTF-8 CSV, without these columns, without rows, or text that is not digits.
    """
    path = Path(path)
    if path.is_dir():
        raise EdgedigitsError(f"{path} is a folder, and a table is wanted", "name the CSV file in it")
    if not path.is_file():
        raise EdgedigitsError(f"no truth file at {path}", _REMEDY)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            separator = _separator(file.readline())
            file.seek(0)
            found = list(_fields(path, csv.DictReader(file, delimiter=separator, skipinitialspace=True)))
    except OSError as error:
        raise EdgedigitsError(f"cannot read {path} ({error.strerror})", "check who may read it") from error
    except UnicodeDecodeError as error:
        raise EdgedigitsError(f"{path} is not a CSV file in UTF-8 ({error})", "save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise EdgedigitsError(f"{path} is not a CSV file ({error})", _REMEDY) from error
    if not found:
        raise EdgedigitsError(f"{path} has no rows", _REMEDY)
    return found


def _separator(first: str) -> str:
    """What separates the columns, by the first line."""
    return next((one for one in _SEPARATORS if _COLUMNS.issubset(_names(first.split(one)))), _SEPARATORS[0])


def _names(cells: Sequence[str]) -> list[str]:
    return [cell.strip().strip('"').lower() for cell in cells]


def _fields(path: Path, rows: csv.DictReader[str]) -> Iterator[Field]:
    names = _names(rows.fieldnames or ())
    if not any(names):
        raise EdgedigitsError(f"{path} is empty", _REMEDY)
    missing = sorted(_COLUMNS - set(names))
    if missing:
        shown = ", ".join(names)
        raise EdgedigitsError(
            f"{path} has no column {' and no column '.join(missing)}: its first line names "
            f"{shown if len(shown) <= 60 else shown[:57] + '...'}",
            'let the first line name the columns: "image,text"',
        )
    rows.fieldnames = names
    return (_field(path, rows.line_num, row) for row in rows)


def _field(path: Path, line: int, row: dict[str | Any, Any]) -> Field:
    image, text = (row["image"] or "").strip(), (row["text"] or "").strip()
    if not image:
        raise EdgedigitsError(f"{path} names no image in line {line}", _REMEDY)
    if any(cell.strip() for cell in row.get(None) or ()):
        raise EdgedigitsError(
            f"{path} has more cells in line {line} than columns in its first line",
            "leave separators out of the digits, or put quotes around cells that have some",
        )
    if not text:
        raise EdgedigitsError(f"{path} has no text in line {line}, and so no digits", _ROW)
    if not (text.isascii() and text.isdigit()):
        raise EdgedigitsError(f"{path} has the text {text!r} in line {line}, which is not digits", _ROW)
    boxes = next((value for name, value in row.items() if name and name.startswith("boxes")), "")
    return Field(image, text, boxes or "", _part(path, line, row))


def _part(path: Path, line: int, row: dict[str | Any, Any]) -> str:
    part = (row.get("part", TRAIN) or "").strip()
    if part not in {TRAIN, TEST}:
        raise EdgedigitsError(
            f"{path} has the part {part!r} in line {line}", f"write {TRAIN} or {TEST}, or leave the column out"
        )
    return part if "part" in row else ""
