"""What a line may say: texts of given forms, codes of a list, or both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.counting import counted
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.automaton import Automaton, TooManyStates, automaton_of, intersection, union
from edgedigits.core.lines.strip import STEP, WIDEST

MOST_CODES = 1_000_000
"""Codes that a list may hold."""

MOST_STATES = 8_000_000
"""States of an automaton, of 41 bytes each: a million random codes of 12 digits take 850,000."""

LONGEST_CODE = WIDEST // STEP
"""Digits of a code at most: the steps of the widest strip."""

_MOST_BYTES = 256 * 2**20
_SEPARATOR = re.compile(r"[,;\t]")
_SPREADSHEET = re.compile(r"\d+([.,]\d+)?[eE][+]?\d+")


@dataclass(frozen=True)
class LineTexts:
    """The texts that a line may say.

    Attributes:
        automaton: of the texts; None where a line may say any digits.
        source: what they were taken from, for messages, such as ``the form "[0-9]{6}"`` or ``500 codes of codes.txt``.
    """

    automaton: Automaton | None
    source: str

    def accepts(self, text: str) -> bool:
        """Whether a line may say a text of ASCII digits."""
        return self.automaton is None or self.automaton.accepts(text)


ANY_TEXTS = LineTexts(None, "any digits")
"""A line may say any digits, or none."""


def from_forms(forms: Sequence[str]) -> LineTexts:
    """The texts of any of several regular expressions; :data:`ANY_TEXTS` where there is none.

    Args:
        forms: as :func:`edgedigits.core.lines.forms.automaton_of_form` takes them.

    Raises:
        EdgedigitsError: see there; or the forms take too many states together.
    """
    if not forms:
        return ANY_TEXTS
    from edgedigits.core.lines.forms import automaton_of_form

    whole = automaton_of_form(forms[0])
    for form in forms[1:]:
        try:
            whole = union(whole, automaton_of_form(form), MOST_STATES)
        except TooManyStates:
            raise EdgedigitsError(
                f"{len(forms)} forms take too many states together", "give fewer, or the codes themselves as a list"
            ) from None
    named = [f'"{form}"' for form in forms]
    return LineTexts(whole, f"the form {named[0]}" if len(forms) == 1 else f"the forms {', '.join(named)}")


def listed_codes(path: Path) -> tuple[str, ...]:
    """The codes of a file in ascending order: one a line, as the first column where there are more.

    UTF-8 text with or without its mark. Columns are separated by commas, semicolons or tabs. A first line that begins
    with a letter is taken for a header. Blank lines and spaces around a code say nothing, quotes around it neither;
    zeros in front are part of it, and what occurs twice counts once.

    Raises:
        EdgedigitsError: no such file, no text, something else than digits in place of a code, a code that is longer
            than :data:`LONGEST_CODE`, no code at all, or too many.
    """
    codes = _codes(path, _text(path))
    if not codes:
        raise EdgedigitsError(f"{path} holds no codes", "write one code of digits on each line")
    return tuple(sorted(codes))


def read_codes(path: Path) -> LineTexts:
    """The codes of a file as :func:`listed_codes` takes it.

    Raises:
        EdgedigitsError: see there; or the codes hold too many digits together.
    """
    codes = listed_codes(path)
    try:
        automaton = automaton_of(list(codes), MOST_STATES)
    except TooManyStates:
        raise EdgedigitsError(
            f"the {counted(len(codes), 'code')} of {path} hold too many digits together",
            "give fewer codes, or their form as a regular expression",
        ) from None
    return LineTexts(automaton, f"{counted(len(codes), 'code')} of {path.name}")


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


def _codes(path: Path, text: str) -> set[str]:
    """The distinct codes of a text."""
    codes: set[str] = set()
    first = True
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        code = _SEPARATOR.split(line, maxsplit=1)[0].strip().strip("\"'").strip()
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
        codes.add(code)
        if len(codes) > MOST_CODES:
            raise EdgedigitsError(
                f"{path} holds more than {MOST_CODES:,} codes", "give fewer, or their form as a regular expression"
            )
    return codes


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


def both(forms: LineTexts, codes: LineTexts) -> LineTexts:
    """The codes that have one of the forms.

    Raises:
        EdgedigitsError: none has.
    """
    if forms.automaton is None or codes.automaton is None:
        return codes if forms.automaton is None else forms
    shared = intersection(forms.automaton, codes.automaton, MOST_STATES)
    if shared.empty:
        raise EdgedigitsError(
            f"none of {codes.source} has {forms.source}",
            "check which digits the codes have, or leave one of the two out",
        )
    return LineTexts(shared, f"{codes.source} that have {forms.source}")
