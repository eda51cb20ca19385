"""What an export was asked for."""

from __future__ import annotations

from dataclasses import dataclass

AUTO, COMPACT, PLAIN, BLOB = "auto", "compact", "plain", "blob"
WEIGHTS_INSIDE = (AUTO, COMPACT, PLAIN)
WEIGHTS = (*WEIGHTS_INSIDE, BLOB)
"""How weights may lie in flash, in the C or outside of it; the default, the first, is compact where it is worth it."""


@dataclass(frozen=True)
class ExportRecipe:
    """What an export was asked for, and which version of the toolkit made it.

    A width is that of a line network's strips where it is not the file's; ``weights`` is one of :data:`WEIGHTS`.
    """

    name: str
    allow_failed: bool
    software: str
    width: int | None = None
    weights: str = AUTO
