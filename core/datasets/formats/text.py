"""Tables of numbers in text files: what separates them, which line is a header, and each number with its line."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.git_lfs import refuse_pointer

LABEL_NAMES = ("label", "labels", "class", "classes", "digit", "target", "y", "number")
"""What the column of labels is called where a table has a header, in small letters."""

INDEX_NAMES = ("", "id", "index", "idx", "row", "unnamed: 0", "image", "imageid")
"""What a column that counts the rows is called."""

_PACKED = b"\x1f\x8b"
_LINES_AT_ONCE = 2_000
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class TextTable:
    """A text file with a row of numbers a line.

    Attributes:
        path: of the file.
        encoding: of its text.
        separator: between the cells of a line.
        header: names of the columns; empty where its first line holds numbers.
        columns: of its first line.
    """

    path: Path
    encoding: str
    separator: str
    header: tuple[str, ...]
    columns: int

    def rows(self) -> Iterator[NDArray[Any]]:
        """All numbers, some thousand lines at a time: of shape (lines, columns), int64 or float64.

        Raises:
            EdgedigitsError: a cell that is no number or a line of another width, with its line in the file.
        """
        lines = self._lines()
        while some := list(islice(lines, _LINES_AT_ONCE)):
            yield self._numbers(some)

    def line_of(self, row: int) -> int:
        """The line of the file, counted from 1, that holds a row, counted from 0."""
        return next(islice(self._lines(), row, None))[0]

    def _lines(self) -> Iterator[tuple[int, str]]:
        """The lines with numbers, and where they stand in the file."""
        every = enumerate(_lines(self.path, self.encoding), start=1)
        return islice(((number, line) for number, line in every if line.strip()), 1 if self.header else 0, None)

    def _numbers(self, lines: Sequence[tuple[int, str]]) -> NDArray[Any]:
        decimal_commas = self.separator == ";"
        texts = [line.replace(",", ".") if decimal_commas else line for _, line in lines]
        try:
            try:
                table = self._parsed(texts, np.int64)  # seven times faster than floats
            except (ValueError, DeprecationWarning):
                table = self._parsed(texts, np.float64)
        except ValueError as error:
            raise self._broken(lines) from error
        if table.shape[1] != self.columns or not np.isfinite(table).all():
            raise self._broken(lines)
        return table

    def _parsed(self, texts: Sequence[str], kind: type[np.int64 | np.float64]) -> NDArray[Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)  # NumPy 1 would cut 1.5 down to 1
            separator = None if self.separator == " " else self.separator
            return np.loadtxt(texts, kind, delimiter=separator, ndmin=2, quotechar='"', comments=None)

    def _broken(self, lines: Sequence[tuple[int, str]]) -> EdgedigitsError:
        """Where the first line lies that is not as it should be, and why."""
        remedy = f"every line needs {self.columns} numbers, separated by {_NAMES[self.separator]}"
        for number, line in lines:
            cells = _cells(line, self.separator)
            if len(cells) != self.columns:
                what = f"{self.path} has {len(cells)} columns in line {number}, not {self.columns}"
                return EdgedigitsError(what, remedy)
            for column, cell in enumerate(cells, start=1):
                if not _is_number(cell, self.separator):
                    shown = f"{cell.strip()!r}, which is no number" if cell.strip() else "an empty cell"
                    return EdgedigitsError(f"{self.path} has {shown} in line {number}, column {column}", remedy)
        return EdgedigitsError(f"{self.path} cannot be read as numbers from line {lines[0][0]} on", remedy)


_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", " ": "spaces"}


def open_table(path: Path) -> TextTable:
    """Look at the first line of a table, plain or .gz: what separates its cells, and whether they are names.

    Raises:
        EdgedigitsError: missing, empty, no text, a pointer of Git LFS, or a ZIP archive.
    """
    beginning = _beginning(path)
    refuse_pointer(path, beginning)
    if beginning[:4] == b"PK\x03\x04":
        raise EdgedigitsError(f"{path} is a ZIP archive", "unpack it and name the table inside")
    encoding = next((name for mark, name in _MARKS if beginning.startswith(mark)), "utf-8")
    first, second, *_ = (*islice((line for line in _lines(path, encoding) if line.strip()), 2), "", "")
    if not first:
        raise EdgedigitsError(f"{path} holds no digits", "give a table with a digit a line")
    if "\0" in first:
        raise EdgedigitsError(f"{path} is not text", "give a CSV file")
    separator = next((one for one in ("\t", ";", ",") if one in first), " " if len(first.split()) > 1 else ",")
    cells = tuple(cell.strip() for cell in _cells(first, separator))
    header = cells if _is_header(cells) else ()
    return TextTable(
        path, encoding, separator, header, len(_cells(second, separator)) if header and second else len(cells)
    )


def _cells(line: str, separator: str) -> list[str]:
    if separator == " ":
        return line.split()
    return next(csv.reader([line.rstrip("\r\n")], delimiter=separator))


def _is_number(cell: str, separator: str) -> bool:
    text = cell.strip()
    return _NUMBER.fullmatch(text.replace(",", ".") if separator == ";" else text) is not None


def _is_header(cells: Sequence[str]) -> bool:
    """Whether the first line holds names: words, the empty corner of an index, or the numbers of the columns."""
    if not cells[0] and len(cells) > 1:
        return True
    if cells[0][:1].isalpha() or cells[-1].lower() in LABEL_NAMES:
        return True
    counted = [str(start + place) for start in (0, 1) for place in range(len(cells))]
    return len(cells) > 1 and list(cells) in (counted[: len(cells)], counted[len(cells) :])


def _beginning(path: Path) -> bytes:
    """The first bytes of a file, unpacked where it is packed."""
    with _errors(path), _opened(path) as file:
        return file.read(200)


def _lines(path: Path, encoding: str) -> Iterator[str]:
    """The lines of a text file, plain or .gz."""
    with _errors(path), _opened(path) as file:
        yield from io.TextIOWrapper(file, encoding)


def _opened(path: Path) -> gzip.GzipFile | io.BufferedReader:
    """A file, or what is packed in it where it begins as .gz does."""
    with path.open("rb") as file:
        packed = file.read(2) == _PACKED
    return gzip.open(path) if packed else path.open("rb")


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    """What goes wrong with a file while it is read, for people."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise EdgedigitsError(f"{path} is not text", "give a CSV file") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise EdgedigitsError(f"{path} is cut short or damaged ({error})", "fetch it again") from error
    except OSError as error:
        raise EdgedigitsError(f"cannot read {path} ({error.strerror})", "check the path") from error
