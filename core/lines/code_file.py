"""Files of codes: one code a line, and the bin that each belongs to."""

from __future__ import annotations

import re
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.strip import STEP, WIDEST

MOST_CODES = 1_000_000
"""Codes that a list may hold."""

LONGEST_CODE = WIDEST // STEP
"""Digits of a code at most: the steps of the widest strip."""

_MOST_BYTES = 256 * 2**20
_SEPARATOR = re.compile(r"[,;\t]")
_SPREADSHEET = re.compile(r"\d+([.,]\d+)?[eE][+]?\d+")


def read_code_list(path: Path) -> frozenset[str]:
    """The distinct codes of a file: one a line, as the first column where there are more.

    UTF-8 text with or without its mark. Columns are separated by commas, semicolons or tabs. A first line that begins
    with a letter is taken for a header. Blank lines and spaces around a code say nothing, quotes around it neither;
    zeros in front are part of it, and what occurs twice counts once.

    Raises:
        EdgedigitsError: no such file, no text, something else than digits in place of a code, a code that is longer
            than :data:`LONGEST_CODE`, no code at all, or too many.
    """
    return frozenset(code for _, code, _ in _rows(path))


def read_bins(path: Path) -> dict[str, str]:
    """The codes of a file, each with its bin: the second column, empty where there is none.

    Raises:
        EdgedigitsError: as :func:`read_code_list`; or a code is in two bins.
    """
    bins: dict[str, str] = {}
    for number, code, place in _rows(path):
        if bins.setdefault(code, place) != place:
            raise EdgedigitsError(
                f'line {number:,} of {path} puts {code} into "{place[:40]}", an earlier one into "{bins[code][:40]}"',
                "leave one of the two lines",
            )
    return bins


def _rows(path: Path) -> list[tuple[int, str, str]]:
    """The number of each line with a code, that code, and the column after it."""
    rows: list[tuple[int, str, str]] = []
    codes: set[str] = set()
    first = True
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        code, place = _columns(line)
        header, first = first and code[:1].isalpha(), False
        if header:
            continue
        if not (code.isascii() and code.isdigit()):
            raise _no_code(path, number, code)
        if len(code) > LONGEST_CODE:
            raise EdgedigitsError(
                f"line {number:,} of {path} holds a code of {len(code):,} digits, and {LONGEST_CODE} are the most",
                "write one code on each line",
            )
        rows.append((number, code, place))
        codes.add(code)
        if len(codes) > MOST_CODES:
            raise EdgedigitsError(
                f"{path} holds more than {MOST_CODES:,} codes", "give fewer, or their form as a regular expression"
            )
    if not rows:
        raise EdgedigitsError(f"{path} holds no codes", "write one code of digits on each line")
    return rows


def _columns(line: str) -> tuple[str, str]:
    """The first column and the second, empty where there is none."""
    columns = [column.strip().strip("\"'").strip() for column in _SEPARATOR.split(line, maxsplit=2)]
    return columns[0], columns[1] if len(columns) > 1 else ""


def _text(path: Path) -> str:
    try:
        if path.is_dir():
            raise EdgedigitsError(f"{path} is a folder", "name the file of codes in it")
        size = path.stat().st_size
        if not path.is_file():
            raise EdgedigitsError(f"{path} is no file", "name a text file with one code of digits a line")
        if size > _MOST_BYTES:
            raise EdgedigitsError(
                f"{path} is too large for a list of codes ({size / 2**20:,.0f} MiB)", f"give {MOST_CODES:,} at most"
            )
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise EdgedigitsError(f"there is no file {path}", "name a text file with one code of digits a line") from None
    except OSError as error:
        raise EdgedigitsError(f"{path} cannot be read ({error.strerror})", "make it readable, or copy it") from None
    except UnicodeDecodeError:
        raise EdgedigitsError(f"{path} is no text in UTF-8", "save the codes as UTF-8 text or CSV") from None


def _no_code(path: Path, number: int, code: str) -> EdgedigitsError:
    shown = code if len(code) <= 40 else f"{code[:37]}..."
    if _SPREADSHEET.fullmatch(code):
        return EdgedigitsError(
            f'line {number:,} of {path} holds "{shown}", a code that a spreadsheet took for a number',
            "make the column one of text there, put the codes in again and save the file anew",
        )
    return EdgedigitsError(
        f'line {number:,} of {path} holds "{shown}" in place of a code', "leave only digits in its first column"
    )
