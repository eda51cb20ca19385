"""Mutants that no test can notice, and why: they compute the same, or what they change is no promise."""

from __future__ import annotations

EXPLAINED: dict[tuple[str, str, str], str] = {}
"""Module, the line as it stands, and the line as it was changed, to the reason."""
