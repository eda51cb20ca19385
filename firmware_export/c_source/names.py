"""Names that can start every symbol of the C files."""

from __future__ import annotations

import re
from collections.abc import Sequence

from edgedigits.core.errors import EdgedigitsError

LONGEST_NAME = 32
"""Together with the longest suffix, names stay within the 63 significant characters that C99 promises (5.2.4.1)."""

LONGEST_MEMBER = 24
"""Of the name of one of several inputs or outputs."""

_KEYWORDS = frozenset(
    """
    alignas alignof and and_eq asm atomic auto bitand bitor bool break case catch char class co_await co_return
    co_yield compl complex concept const const_cast consteval constexpr constinit continue decltype default delete do
    double dynamic_cast else enum explicit export extern false float for fortran friend goto if imaginary import
    inline int long module mutable namespace new noexcept noreturn not not_eq nullptr operator or or_eq override
    private protected public register reinterpret_cast requires restrict return short signed sizeof static
    static_assert static_cast struct switch template this thread_local throw true try typedef typeid typename typeof
    typeof_unqual union unsigned using virtual void volatile wchar_t while xor xor_eq
    """.split()  # noqa: SIM905 - ninety quoted words are no easier to read
)
"""Keywords of C99 to C23 and C++98 to C++20 that are lower-case words."""


def check_name(name: str) -> None:
    """Raise unless ``name`` can start every symbol and macro of the C files.

    Lower case, because macros carry the name in capitals: ``Digits`` and ``digits`` would share them. No double or
    outer underscores, because C and C++ reserve such identifiers.

    Raises:
        EdgedigitsError: not such an identifier, a keyword of C or C++, or too long.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name, re.ASCII) or len(name) > LONGEST_NAME:
        raise EdgedigitsError(
            f"{name[:80]!r} cannot name C symbols",
            f"use at most {LONGEST_NAME} of a-z, 0-9 and single underscores, starting with a letter",
        )
    if name in _KEYWORDS:
        raise EdgedigitsError(f"{name!r} is a keyword of C or C++", f"use another name, such as {name}_digits")


def member_names(texts: Sequence[str], which: str) -> tuple[str, ...]:
    """A name in C for each of several inputs or outputs, all different.

    Args:
        texts: what the model calls them; it may come from anyone.
        which: ``input`` or ``output``, which names those whose own name cannot stand in C, such as ``input_1``.
    """
    names: list[str] = []
    for place, text in enumerate(texts):
        name = _member(text) or f"{which}_{place}"
        while name in names:
            name = f"{name}_{place}"
        names.append(name)
    return tuple(names)


def _member(text: str) -> str:
    """What is left of a tensor's name; empty where that tells nothing or is no name in C."""
    text = text.removeprefix("serving_default_").partition(":")[0]
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:LONGEST_MEMBER].strip("_")
    tells = re.match(r"[a-z]", name) and name not in _KEYWORDS and not name.startswith("statefulpartitionedcall")
    return name if tells else ""
