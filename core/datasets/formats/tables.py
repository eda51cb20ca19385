"""Digits in tables: the label in any column, Kaggle's, and images and labels in two files."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.dataset_spec import LABEL_FIRST, LABEL_LAST
from edgedigits.core.datasets.digits import Digits, bytes_of_fractions, checked_digits
from edgedigits.core.datasets.formats.text import INDEX_NAMES, LABEL_NAMES, TextTable, open_table
from edgedigits.core.digit import CLASSES, SIDE
from edgedigits.core.errors import EdgedigitsError, EdgedigitsWarning

PIXELS = SIDE * SIDE

_EXACT = 2**24
"""Whole numbers below this are themselves in float32."""

_SAME = 0.5
"""A column whose most frequent number stands in more of the lines than this is of pixels at the edge, not of labels."""


@dataclass(frozen=True)
class Columns:
    """Which columns of a table are what; those that are neither are pixels.

    Attributes:
        label: of the labels.
        index: that counts the rows; None where there is none.
    """

    label: int
    index: int | None = None


def read_csv(path: Path, words: Sequence[str] = ()) -> Digits:
    """Read a table with a label and 784 pixels a line, with or without a header and a column that counts the lines.

    The label is in the column that a header calls so, else in the first or the last one: the one that holds digits.

    Args:
        path: of the table, plain or .gz; commas, semicolons, tabs or spaces between the cells.
        words: ``label-first`` or ``label-last`` where that cannot be told.

    Raises:
        EdgedigitsError: cells that are no numbers, another number of columns, a column of labels that cannot be told,
            labels or pixels that are none.
    """
    table = open_table(path)
    if table.columns not in (PIXELS + 1, PIXELS + 2):
        raise _width_error(table, "a label and 784 pixels")
    rows = _whole(table)
    return _taken(table, rows, _columns(table, rows, words))


def read_kaggle(path: Path) -> Digits:
    """Read Kaggle's ``train.csv``: a header ``label,pixel0,…,pixel783``, then a digit a line.

    Raises:
        EdgedigitsError: no such header; Kaggle's ``test.csv``, which has no labels, is named in the message.
    """
    table = open_table(path)
    if table.header[:1] == ("pixel0",):
        raise EdgedigitsError(f"{path} has no labels, as Kaggle's test.csv", "give Kaggle's train.csv")
    if table.header[:2] != ("label", "pixel0"):
        raise EdgedigitsError(f"{path} does not start with label,pixel0", "give Kaggle's train.csv, or use csv:")
    if table.columns != PIXELS + 1:
        raise _width_error(table, "a label and 784 pixels")
    return _taken(table, _whole(table), Columns(0))


def read_csv_pair(images: Path, labels: Path) -> Digits:
    """Read two tables: 784 pixels a line, and one label a line; each may have a header and a column that counts."""
    tables = [open_table(path) for path in (images, labels)]
    parts = []
    for table, width, what in zip(tables, (PIXELS, 1), ("784 pixels", "one label"), strict=True):
        if table.columns not in (width, width + 1):
            raise _width_error(table, what)
        rows = _whole(table)
        index = _index_of(table, rows) if table.columns > width else None
        if table.columns > width and index is None:
            raise _width_error(table, what)
        parts.append(rows if index is None else np.delete(rows, index, axis=1))
    pixels, names = parts
    grey, numbers = _grey(tables[0], pixels), _labels(tables[1], names[:, 0])
    return checked_digits(grey, numbers, f"{images.name} with {labels.name}")


def _width_error(table: TextTable, what: str) -> EdgedigitsError:
    if table.columns == PIXELS and what != "784 pixels":
        return EdgedigitsError(f"{table.path} has 784 columns: pixels, and no label", "add a column with the labels")
    return EdgedigitsError(
        f"{table.path} has {table.columns} columns, not {PIXELS + 1 if 'a label' in what else what}",
        f"every line needs {what}, and may have a number of its own before them",
    )


def _whole(table: TextTable) -> NDArray[Any]:
    """All rows of a table, of shape (lines, columns); float32, which holds all whole numbers that belong here."""
    parts = [rows.astype(np.float32) if np.abs(rows).max() < _EXACT else rows for rows in table.rows()]
    if not parts:
        raise EdgedigitsError(f"{table.path} holds no digits", "give a table with a digit a line")
    return np.concatenate(parts)


def _columns(table: TextTable, rows: NDArray[Any], words: Sequence[str]) -> Columns:
    """Which columns hold labels and numbers of lines."""
    index = _index_of(table, rows) if table.columns == PIXELS + 2 else None
    if table.columns == PIXELS + 2 and index is None:
        raise EdgedigitsError(
            f"{table.path} has {table.columns} columns, one more than a label and 784 pixels, and none that counts the "
            "lines",
            "leave the one out that is neither label nor pixel",
        )
    left = [column for column in range(table.columns) if column != index]
    named = [column for column in left if table.header and table.header[column].lower() in LABEL_NAMES]
    if LABEL_FIRST in words or LABEL_LAST in words:
        return Columns(left[0] if LABEL_FIRST in words else left[-1], index)
    if len(named) > 1:
        names = " and ".join(table.header[column] for column in named)
        raise EdgedigitsError(f"{table.path} has more than one column of labels: {names}", "leave all but one out")
    if named:
        return Columns(named[0], index)
    return Columns(_guessed(table, rows, left[0], left[-1]), index)


def _index_of(table: TextTable, rows: NDArray[Any]) -> int | None:
    """The column that counts the lines: the first or the last that is called so, or rises by one from line to line."""
    ends = (0, table.columns - 1)
    for column in ends:
        if len(table.header) == table.columns and table.header[column].lower() in INDEX_NAMES:
            return column
    for column in ends:
        if len(rows) > 1 and (np.diff(rows[:, column]) == 1).all():
            return column
    return None


def _guessed(table: TextTable, rows: NDArray[Any], first: int, last: int) -> int:
    """The first or the last column, whichever holds labels; where it is the last one, a warning tells."""
    path = table.path
    could = [column for column in (first, last) if _could_be_labels(rows[:, column])]
    mixed = [column for column in could if len(np.unique(rows[:, column])) > 1]
    varied = [column for column in mixed if _most_frequent(rows[:, column]) <= _SAME]
    found = None
    if could == [first] or (len(rows) < CLASSES and not varied):
        found = first
    elif len(varied) == 1:
        found = varied[0]
    elif len(could) == 2 and len(mixed) == 1:
        found = mixed[0]
    if found == last:
        warnings.warn(
            EdgedigitsWarning(
                f"{path}: the labels are taken from the last column; the first has {_commonest(rows[:, first]):g} in "
                "most lines, as pixels at the edge do",
                "a header that calls one of the columns label settles it",
            ),
            stacklevel=4,
        )
    if found is not None:
        return found
    if first not in could:
        wrong = int(np.flatnonzero(~np.isin(rows[:, first], range(CLASSES)))[0])
        raise EdgedigitsError(
            f"{path} holds labels of 0 to 9 neither in the first column ({rows[wrong, first]:g} in line "
            f"{table.line_of(wrong)}) nor in the last",
            "give labels of 0 to 9 (0 for a nought, not 10); if another column holds them call it `label` in a header",
        )
    settled = f"call one `label` in a header, or add +{LABEL_FIRST} or +{LABEL_LAST} to the data set's name"
    if not varied:
        same = " and ".join(f"{_commonest(rows[:, column]):g}" for column in could)
        raise EdgedigitsError(
            f"{path}: which column holds the labels cannot be told: where they could be nearly all lines have {same}, "
            "one class only",
            settled,
        )
    raise EdgedigitsError(f"{path}: the labels could be in the first column or in the last", settled)


def _could_be_labels(column: NDArray[Any]) -> bool:
    return bool(np.isin(column, range(CLASSES)).all())


def _commonest(column: NDArray[Any]) -> float:
    numbers, counts = np.unique(column, return_counts=True)
    return float(numbers[counts.argmax()])


def _most_frequent(column: NDArray[Any]) -> float:
    """Share of the lines that have the number that most have."""
    return float(np.unique(column, return_counts=True)[1].max() / len(column))


def _taken(table: TextTable, rows: NDArray[Any], columns: Columns) -> Digits:
    others = [column for column in (columns.label, columns.index) if column is not None]
    pixels = np.delete(rows, others, axis=1)
    return checked_digits(_grey(table, pixels), _labels(table, rows[:, columns.label]), str(table.path))


def _labels(table: TextTable, column: NDArray[Any]) -> NDArray[np.uint8]:
    wrong = np.flatnonzero(~np.isin(column, range(CLASSES)))
    if len(wrong):
        value = column[wrong[0]]
        raise EdgedigitsError(
            f"{table.path} holds the label {value:.15g} in line {table.line_of(int(wrong[0]))}",
            "give labels of 0 to 9" + (", 0 and not 10 for a nought" if value == 10 else ""),
        )
    return np.asarray(column, np.uint8)


def _grey(table: TextTable, pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Pixels of 0 to 255: whole numbers as they are, and those of 0 to 1 times 255."""
    if (grey := bytes_of_fractions(pixels)) is not None:
        return grey
    wrong = (pixels < 0) | (pixels > 255) | (np.rint(pixels) != pixels)
    if wrong.any():
        row = int(np.flatnonzero(wrong.any(axis=1))[0])
        raise EdgedigitsError(
            f"{table.path} holds the pixel {pixels[row][wrong[row]][0]:.15g} in line {table.line_of(row)}, of pixels "
            f"from {float(pixels.min()):.15g} to {float(pixels.max()):.15g}",
            "give whole numbers of 0 to 255, or fractions of 0 to 1",
        )
    return np.asarray(pixels, np.uint8)
