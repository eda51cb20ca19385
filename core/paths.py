"""Paths as callers may give them: ``"photo.jpg"`` as well as ``Path("photo.jpg")``."""

from __future__ import annotations

import os
from typing import TypeAlias

StrPath: TypeAlias = str | os.PathLike[str]
"""A path: every public function takes it and turns it into a :class:`pathlib.Path` first."""
