"""The codes that simulated mail carries: drawn by a form, or of a list."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from edgedigits.core.errors import EdgedigitsError

SEPARATOR = "-"
"""Written between the groups of a code, as in ZIP+4; no part of the code itself."""

_FORM = re.compile(r"[1-9](\+[1-9])?")
_CODE = re.compile(r"\d{1,12}(-\d{1,12})?", re.ASCII)


class Codes:
    """Draws codes, each as it is written."""

    def __init__(self, form: str = "5", listed: Sequence[str] = ()) -> None:
        """Take the form or the list.

        Args:
            form: digits of a code, such as ``5`` or ``4``; ``5+4`` for groups with a dash between them. Several forms
                with commas between them occur equally often.
            listed: the codes that occur, with a dash where one is written; where it is empty, the form says them.

        Raises:
            EdgedigitsError: no form, or no code.
        """
        self._forms = [word.strip() for word in form.split(",")]
        self._listed = tuple(listed)
        for word in self._forms:
            if not _FORM.fullmatch(word):
                raise EdgedigitsError(f'no form of codes "{word}"', "give digits such as 5, 4 or 5+4")
        for code in self._listed:
            if not _CODE.fullmatch(code):
                raise EdgedigitsError(f'"{code}" is no code', "give 1 to 12 digits, with one dash at most")

    def draw(self, draw: np.random.Generator) -> str:
        """The next code."""
        if self._listed:
            return self._listed[int(draw.integers(len(self._listed)))]
        form = self._forms[int(draw.integers(len(self._forms)))]
        groups = [int(word) for word in form.split("+")]
        return SEPARATOR.join("".join(str(digit) for digit in draw.integers(0, 10, group)) for group in groups)


def code_of(written: str) -> str:
    """The code that is written: its digits."""
    return written.replace(SEPARATOR, "")
