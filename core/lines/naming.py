"""How lines to learn from are named: ``lines``, or ``lines:FOLDER[,FOLDER]`` with real fields beside those composed."""

from __future__ import annotations

from pathlib import Path

from edgedigits.core.errors import EdgedigitsError

LINES = "lines"


def is_lines(spec: str) -> bool:
    """Whether a data set's name names lines, not digits."""
    return spec == LINES or spec.startswith(f"{LINES}:")


def folders_of(spec: str) -> tuple[Path, ...]:
    """The folders of fields that a name of lines names.

    Raises:
        EdgedigitsError: it names no lines, or an empty folder's name.
    """
    remedy = "give lines, or lines:FOLDER with truth.csv and its pictures in FOLDER"
    if not is_lines(spec):
        raise EdgedigitsError(f"{spec!r} names digits, and a line network learns from lines", remedy)
    _, colon, rest = spec.partition(":")
    names = rest.split(",") if colon else []
    if not all(names):
        raise EdgedigitsError(f"{spec!r} lacks the name of a folder", remedy)
    return tuple(Path(name) for name in names)
