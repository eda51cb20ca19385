"""What an export was asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ExportRecipe:
    """What an export was asked for, and which version of the toolkit made it."""

    name: str
    allow_failed: bool
    software: str
