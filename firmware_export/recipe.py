"""What an export was asked for."""

from __future__ import annotations

from dataclasses import dataclass

COMPACT, PLAIN = "compact", "plain"
WEIGHTS = (COMPACT, PLAIN)
"""How weights may lie in flash; the first one is the default."""


@dataclass(frozen=True)
class ExportRecipe:
    """What an export was asked for, and which version of the toolkit made it.

    A width is that of a line network's strips where it is not the file's; ``weights`` is one of :data:`WEIGHTS`.
    """

    name: str
    allow_failed: bool
    software: str
    width: int | None = None
    weights: str = COMPACT
