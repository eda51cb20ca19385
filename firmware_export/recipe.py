"""What an export was asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ExportRecipe:
    """What an export was asked for, and which version of the toolkit made it.

    A width is that of a line network's strips where it is not the file's.
    """

    name: str
    allow_failed: bool
    software: str
    width: int | None = None
