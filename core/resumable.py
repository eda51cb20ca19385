"""Runs that take long and leave what they have done: when one begins, goes on, or is refused.

A run writes into a folder and has an identity, the settings that must agree for it to be the same run. Asked to write
into a folder, a command starts anew (it is empty, or ``--force``), goes on (``--resume``, and the same run lies there),
or refuses with a remedy. Each kind of run says only how it is recognised; :class:`Resumable` decides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgedigits.core.cards import code_version
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import refuse_to_overwrite


@dataclass(frozen=True)
class Resumable:
    """A kind of run that can go on where it was killed.

    Attributes:
        kind: the word for it, as in ``holds no search to resume``.
        begun: whether a folder holds such a run, from its first file on. It may raise where that file is damaged.
    """

    kind: str
    begun: Callable[[Path], bool]

    def check_folder(self, out: Path, *, force: bool, resume: bool) -> None:
        """Raise where a run can neither begin nor go on in ``out``.

        Args:
            out: folder to write into.
            force: replace what lies there from another run; without a meaning where ``resume`` is set.
            resume: go on with what lies there.

        Raises:
            EdgedigitsError: ``out`` is not empty and ``force`` not set, holds nothing to resume, or cannot be written.
        """
        if resume:
            if not self.begun(out):
                full = out.is_dir() and any(out.iterdir())
                otherwise = "start anew with --force instead of --resume" if full else "leave out --resume"
                raise EdgedigitsError(
                    f"{out} holds no {self.kind} to resume",
                    f"name the folder of that {self.kind}, or {otherwise}",
                )
        elif not force and self.begun(out):
            article = "an" if self.kind[0] in "aeiou" else "a"
            raise EdgedigitsError(
                f"{out} holds {article} {self.kind} already", "go on with --resume, or start anew with --force"
            )
        else:
            refuse_to_overwrite(out, force)

    def check_same(self, out: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        """Raise where the run in ``out`` is another one; as :func:`check_identity`."""
        check_identity(self.kind, out, before, now)


def identity_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What must be the same for a run to go on, as JSON gives it back: its settings and the version of the toolkit."""
    decoded: dict[str, Any] = json.loads(json.dumps({"version of edgedigits": code_version(), **settings}))
    return decoded


def check_identity(kind: str, out: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise where a run in ``out`` was started with other settings than it shall go on with, or be taken for.

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
                "resume it with what it was started with, or start anew with --force instead of --resume",
            )


def _words(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
