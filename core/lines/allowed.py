"""What a line may say: texts of given forms, codes of a list, or both."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.counting import counted
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.automaton import Automaton, TooManyStates, automaton_of, intersection, union
from edgedigits.core.lines.code_file import read_code_list

MOST_STATES = 8_000_000
"""States of an automaton, of 41 bytes each: a million random codes of 12 digits take 850,000."""


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

    def accepts_length(self, length: int) -> bool:
        """Whether a line may say a text of so many digits."""
        return self.automaton is None or self.automaton.accepts_length(length)


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


def read_codes(path: Path) -> LineTexts:
    """The codes of a file, as :func:`edgedigits.core.lines.code_file.read_code_list` takes them.

    Raises:
        EdgedigitsError: see there; or the codes hold too many digits together.
    """
    return of_codes(read_code_list(path), path)


def of_codes(codes: Collection[str], path: Path) -> LineTexts:
    """Codes that were read from a file.

    Raises:
        EdgedigitsError: they hold too many digits together.
    """
    try:
        automaton = automaton_of(list(codes), MOST_STATES)
    except TooManyStates:
        raise EdgedigitsError(
            f"the {counted(len(codes), 'code')} of {path} hold too many digits together",
            "give fewer codes, or their form as a regular expression",
        ) from None
    return LineTexts(automaton, f"{counted(len(codes), 'code')} of {path.name}")


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
