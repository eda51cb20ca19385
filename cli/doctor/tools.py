"""Compilers and emulators: of this computer and of the microcontrollers that ``edgedigits firmware`` knows."""

from __future__ import annotations

from collections.abc import Iterator

from edgedigits.cli.doctor.finding import Finding, Installation
from edgedigits.core.machine.host import Host
from edgedigits.firmware_export.boards.cores import CORES

_OF_THIS_COMPUTER = (("cc", "gcc", "the exported C on this computer"), ("clang", "clang", "the same under clang"))


def compilers(host: Host, _kind: Installation) -> Iterator[Finding]:
    """Compilers of this computer."""
    for command, package, purpose in _OF_THIS_COMPUTER:
        yield _tool(host, command, package, purpose)


def microcontrollers(host: Host, _kind: Installation) -> Iterator[Finding]:
    """Cross compilers and emulators, each with the cores that need it."""
    needed: dict[tuple[str, str], list[str]] = {}
    for core in CORES:
        for tool in ((f"{core.compiler}gcc", core.compiler_package), (core.emulator[0], core.emulator_package)):
            needed.setdefault(tool, []).append(core.name)
    for (command, package), cores in needed.items():
        yield _tool(host, command, package, f"`edgedigits firmware report --core {','.join(cores)}`")


def _tool(host: Host, command: str, package: str, purpose: str) -> Finding:
    path = host.command(command)
    if path is not None:
        return Finding(command, "ok", host.shown(path))
    return Finding(command, "missing", f"for {purpose}", f"`sudo apt install {package}`")
