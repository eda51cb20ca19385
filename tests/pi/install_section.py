"""The commands under 'Install on a Raspberry Pi' in docs/pi.md, and how each is done in a root without systemd."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "pi.md"
HEADING = "## Install on a Raspberry Pi"

WORKSTATION, RUN, CHECK, SERVICE, NOT_HERE = "workstation", "run", "check", "service", "not here"

KINDS: Mapping[str, str] = {
    r"python3 -m pip wheel .*|scp .*": WORKSTATION,
    r"sudo apt-get .*": RUN,
    r"sudo python3 -m venv .*": RUN,
    r"sudo \S+/pip install .*": RUN,
    r"sudo \S+/edgedigits station init .*": RUN,
    r"sudo sed -i .*": RUN,
    r"sudo \S+/edgedigits station check .*": CHECK,
    r"sudo \S+/edgedigits station install --now": SERVICE,
    r"ssh .*|sudo systemctl .*|sudo journalctl .*": NOT_HERE,
}
"""What each command is done as: by the run itself on this machine, as it stands, after the camera is replaced by a
recording, without systemd, or not at all."""


@dataclass(frozen=True)
class Step:
    """A command of the section.

    Attributes:
        shown: as it stands there.
        kind: of :data:`KINDS`.
    """

    shown: str
    kind: str

    @property
    def words(self) -> list[str]:
        """The program with its arguments; who runs it is root already."""
        words = shlex.split(self.shown)
        return words[1:] if words[0] == "sudo" else words


def steps(page: str) -> list[Step]:
    """The commands of the section in their order: its indented lines.

    Raises:
        ValueError: there is no such section, or a command of which nobody said how it is done.
    """
    _, found, rest = page.partition(f"{HEADING}\n")
    if not found:
        raise ValueError(f"docs/pi.md has no section '{HEADING}'")
    section = rest.partition("\n## ")[0]
    shown = [line.strip() for line in section.splitlines() if line.startswith("    ")]
    return [Step(command, _kind(command)) for command in shown]


def _kind(command: str) -> str:
    for pattern, kind in KINDS.items():
        if re.fullmatch(pattern, command):
            return kind
    raise ValueError(f"say in KINDS of tests/pi/install_section.py how this is done in a root: {command}")


def with_settings(text: str, values: Mapping[tuple[str, str], str]) -> str:
    """A configuration as `edgedigits station init` writes it, with other values: what a person does in an editor.

    Args:
        text: of the file.
        values: TOML by table and setting; settings that are commented out are put in.

    Raises:
        ValueError: a setting is not there.
    """
    left = dict(values)
    table, lines = "", []
    for line in text.splitlines():
        head = re.fullmatch(r"\[(\w+)\]", line)
        table = head[1] if head else table
        key = re.match(r"(?:# )?(\w+) = ", line)
        value = left.pop((table, key[1]), None) if key else None
        lines.append(line if key is None or value is None else f"{key[1]} = {value}")
    if left:
        raise ValueError(f"the configuration has no {', '.join('.'.join(names) for names in left)}")
    return "\n".join(lines) + "\n"


def service_of(unit: str) -> tuple[list[str], str]:
    """The command of a systemd unit and the folder in which it runs."""
    found = dict(re.findall(r"(?m)^(ExecStart|WorkingDirectory)=(.*)$", unit))
    return shlex.split(found["ExecStart"]), found["WorkingDirectory"]
