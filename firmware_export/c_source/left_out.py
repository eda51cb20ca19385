"""Kernels without the parts that no layer of a network needs: they are not even there as text."""

from __future__ import annotations

import re
from collections.abc import Iterator

RARE = frozenset({"SHORT_CONSTANTS", "BYTE_BIASES", "LITTLE_MEMORY"})
"""Macros that few networks have."""

_CONDITION = re.compile(r"#(if|elif|else|endif)\b ?(.*)")


def without(text: str, macros: frozenset[str]) -> str:
    """C without what stands under ``#if defined(MACRO)`` of macros that are not defined.

    Args:
        text: C whose conditions name these macros in ``#if defined(A) && defined(B)`` alone, not in ``#elif``.
        macros: that are not defined.
    """
    return "".join(_lines(text, macros))


def _lines(text: str, macros: frozenset[str]) -> Iterator[str]:
    falls = [False]  # of each open condition whether it is one that falls away,
    dropped = [False]  # and whether the lines of its branch do
    for given in text.splitlines(keepends=True):
        line, found = given, _CONDITION.match(given)
        word = found[1] if found else ""
        if word == "if":
            falls.append(any(f"defined({macro})" in line for macro in macros))
            dropped.append(falls[-1])
        elif word == "elif" and falls[-1]:
            falls[-1] = dropped[-1] = False
            line = f"#if{line.removeprefix('#elif')}"
        elif word == "else" and falls[-1]:
            dropped[-1] = False
        if not any(dropped) and not (word in {"if", "else", "endif"} and falls[-1]):
            yield line
        if word == "endif":
            falls.pop()
            dropped.pop()
