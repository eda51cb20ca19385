"""What must be the same for an interrupted run to go on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgedigits.core.errors import EdgedigitsError


def check_identity(kind: str, out: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise where a run that shall go on in ``out`` was started with other settings.

    Args:
        kind: of run, for the message.
        out: its folder.
        before: what it was started with, as JSON gave it back.
        now: what it shall go on with, as JSON would give it back.

    Raises:
        EdgedigitsError: the first difference.
    """
    for name, value in now.items():
        if before.get(name) != value:
            raise EdgedigitsError(
                f"the {kind} in {out} was started with {name} {_words(before.get(name))}, not {_words(value)}",
                "resume it with what it was started with, or start anew with --force",
            )


def _words(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
