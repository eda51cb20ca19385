"""Numbers and remarks as C."""

from __future__ import annotations

import textwrap

import numpy as np


def float_literal(value: float) -> str:
    """A C99 literal that a compiler reads back as the same float32: nine significant digits are enough.

    Source: IEEE 754-2008, 5.12.2 (decimal strings of 9 digits restore any binary32).
    """
    text = f"{np.float32(value):.9g}"
    return (text if "." in text or "e" in text else f"{text}.0") + "F"


def warning_comment(remark: str) -> str:
    """Lines of a C comment that warn of something; none where there is nothing to say."""
    lines = textwrap.wrap(f"WARNING: {remark}", 100) if remark else []
    return (" *\n" if lines else "") + "".join(f" * {line}\n" for line in lines)


def wrapped(text: str, width: int = 110) -> list[str]:
    """A text in lines of about ``width`` characters, broken at blanks."""
    lines, line = [], ""
    for item in text.split(" "):
        if len(line) + len(item) + 1 > width:
            lines.append(line)
            line = ""
        line = f"{line} {item}" if line else item
    return [*lines, line]


def string_literal(text: str) -> str:
    """Printable ASCII as a C string; a question mark is escaped because two of them may start a trigraph."""
    return '"' + "".join(f"\\{letter}" if letter in '"\\?' else letter for letter in text) + '"'


def wrapped_strings(texts: tuple[str, ...]) -> str:
    """Several strings as the items of an initializer: in one line where they fit, else over several."""
    items = [string_literal(text) for text in texts]
    if sum(len(item) + 2 for item in items) < 70:
        return ", ".join(items)
    lines, line = [], ""
    for item in items:
        if line and len(line) + len(item) > 100:
            lines.append(line.rstrip())
            line = ""
        line += f"{item}, "
    return "\n" + "".join(f"        {one}\n" for one in (*lines, line.rstrip(" ,"))) + "    "
