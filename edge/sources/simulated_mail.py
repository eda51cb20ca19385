"""Simulated mail on a belt, by a word such as ``mail:ordinary,seed=3,pieces=50``."""

from __future__ import annotations

from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.naming import no_entry
from edgedigits.edge.sources.base import Source, SourceKind

PREFIX = "mail:"

_SETTINGS = ("seed", "pieces", "frames", "hand", "form", "codes", "pace")
_PACES = ("fast", "real")


def _named(word: str) -> Source | None:
    """The mail of a word: a level, then settings with commas between them.

    ``seed=N``; ``pieces=N`` (100; without it, mail at its own pace never ends); ``frames=N`` in which a piece is wholly
    in view; ``hand=any|slanted|unusual``; ``form=5|4|5+4``; ``codes=FILE`` of the codes that occur; ``pace=real`` for
    frames that come as those of a camera.
    """
    if not word.startswith(PREFIX):
        return None
    from edgedigits.core.lines.code_file import read_code_list
    from edgedigits.edge.recordings.mail.belt import BeltPlan
    from edgedigits.edge.recordings.mail.source import MailAtItsPace, SimulatedMail

    level, *words = word.removeprefix(PREFIX).split(",")
    told = _told(words)
    real = told.get("pace", "fast")
    if real not in _PACES:
        raise no_entry(_PACES, real, "pace")
    plan = BeltPlan(
        level=level or BeltPlan.level,
        seed=_number(told, "seed", BeltPlan.seed) or 0,
        pieces=_number(told, "pieces", None if real == "real" else BeltPlan.pieces),
        hand=told.get("hand", BeltPlan.hand),
        form=told.get("form", BeltPlan.form),
        codes=tuple(sorted(read_code_list(Path(told["codes"])))) if "codes" in told else (),
        frames_in_view=_number(told, "frames", None),
    )
    return (MailAtItsPace if real == "real" else SimulatedMail)(plan, name=word)


def _told(words: list[str]) -> dict[str, str]:
    """Settings and their values."""
    told: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if name not in _SETTINGS:
            raise no_entry(_SETTINGS, name, "setting of simulated mail")
        if not equals or not value or name in told:
            raise EdgedigitsError(f'"{word}" says nothing of simulated mail', f"write {name}=VALUE, once")
        told[name] = value
    return told


def _number(told: dict[str, str], name: str, default: int | None) -> int | None:
    value = told.get(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit()):
        raise EdgedigitsError(f"{name}={value} of simulated mail", "give a whole number")
    return int(value)


KIND = SourceKind("simulated mail such as mail:ordinary", _named)
