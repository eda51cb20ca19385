"""Digits in CSV tables: label first, Kaggle's, and images and labels in two files."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.datasets.digits import Digits, checked_digits
from edgedigits.core.digit import SIDE
from edgedigits.core.errors import EdgedigitsError

PIXELS = SIDE * SIDE


def read_csv(path: Path) -> Digits:
    """Read a table with the label in the first column and 784 pixels after it, with or without a header line."""
    return _labelled(path, _table(path, skip=1 if _has_header(path) else 0, width=PIXELS + 1))


def read_kaggle(path: Path) -> Digits:
    """Read Kaggle's ``train.csv``: a header ``label,pixel0,…,pixel783``, then a digit a line.

    Raises:
        EdgedigitsError: no such header; Kaggle's ``test.csv``, which has no labels, is named in the message.
    """
    header = _first_line(path).replace('"', "").split(",")
    if header and header[0] == "pixel0":
        raise EdgedigitsError(f"{path} has no labels, as Kaggle's test.csv", "give Kaggle's train.csv")
    if header[:2] != ["label", "pixel0"]:
        raise EdgedigitsError(f"{path} does not start with label,pixel0", "give Kaggle's train.csv, or use csv:")
    return _labelled(path, _table(path, skip=1, width=PIXELS + 1))


def read_csv_pair(images: Path, labels: Path) -> Digits:
    """Read two tables without headers: 784 pixels a line, and one label a line."""
    pixels = _table(images, skip=1 if _has_header(images) else 0, width=PIXELS)
    names = _table(labels, skip=1 if _has_header(labels) else 0, width=1)
    return checked_digits(pixels, names[:, 0], f"{images.name} with {labels.name}")


def _labelled(path: Path, table: NDArray[np.int32]) -> Digits:
    return checked_digits(table[:, 1:], table[:, 0], str(path))


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline().strip()
    except UnicodeDecodeError as error:
        raise EdgedigitsError(f"{path} is not text", "give a CSV file") from error
    except OSError as error:
        raise EdgedigitsError(f"cannot read {path} ({error.strerror})", "check the path") from error


def _has_header(path: Path) -> bool:
    """Whether the first cell is a name; a broken number in the data is reported later, with its line."""
    first = _first_line(path).split(",")[0].strip().strip('"')
    return bool(first) and first[0].isalpha()


def _table(path: Path, skip: int, width: int) -> NDArray[np.int32]:
    """Whole numbers of shape (lines, ``width``).

    Raises:
        EdgedigitsError: letters, empty cells, lines of another width, numbers that do not fit; with the line.
    """
    remedy = f"every line needs {width} whole numbers, separated by commas"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)  # NumPy 1 would cut 1.5 down to 1
            warnings.filterwarnings("ignore", message="loadtxt: input contained no data")
            table: NDArray[np.int32] = np.loadtxt(
                path, dtype=np.int32, delimiter=",", skiprows=skip, ndmin=2, quotechar='"', comments=None
            )
    except (ValueError, OverflowError, UnicodeDecodeError, DeprecationWarning) as error:
        raise EdgedigitsError(f"{path}: {_first_sentence(error, skip)}", remedy) from error
    if table.size == 0:
        raise EdgedigitsError(f"{path} holds no digits", remedy)
    if table.shape[1] != width:
        raise EdgedigitsError(f"{path} has {table.shape[1]} columns, not {width}", remedy)
    return table


def _first_sentence(error: Exception, skip: int) -> str:
    text = str(error).split(";")[0].rstrip(".")
    return f"{text} (rows counted after the header)" if skip else text
