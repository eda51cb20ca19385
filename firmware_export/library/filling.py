"""Templates of the library's C."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from string import Template

_TEMPLATES = files("edgedigits.firmware_export.library") / "templates"


def fill(template: str, fields: Mapping[str, object]) -> str:
    """A template's text with its fields."""
    text = (_TEMPLATES / template).read_text(encoding="utf-8")
    return Template(text).substitute(fields)
