"""Python and the machine itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import metadata

from edgedigits.cli.doctor.finding import Finding, Installation
from edgedigits.core.counting import counted
from edgedigits.core.machine.host import Host, usable_cores

_HOT = 80  # degrees Celsius from which a Raspberry Pi slows down (Raspberry Pi documentation, "Frequency management")


def python(host: Host, _kind: Installation) -> Iterator[Finding]:
    """Whether the package was tried on this Python: the versions that its own metadata lists."""
    listed = metadata("edgedigits").get_all("Classifier") or []
    tried = sorted(
        (int(match[1]), int(match[2]))
        for line in listed
        if (match := re.fullmatch(r"Programming Language :: Python :: (\d+)\.(\d+)", line))
    )
    found = ".".join(str(part) for part in host.python)
    if host.python[:2] in tried:
        yield Finding("Python", "ok", found, needed=True)
        return
    known = ", ".join(f"{major}.{minor}" for major, minor in tried)
    newest = f"python{tried[-1][0]}.{tried[-1][1]}"
    remedy = f"`{newest} -m venv ~/edgedigits` makes an environment with one of them"
    yield Finding("Python", "fault", f"{found}; tried are {known}", remedy, needed=True)


def machine(host: Host, _kind: Installation) -> Iterator[Finding]:
    """What it is, its cores, its memory."""
    model = host.text("/proc/device-tree/model")
    release = re.search(r'^PRETTY_NAME="?([^"\n]+)', host.text("/etc/os-release"), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s+(\d+) kB", host.text("/proc/meminfo"), re.MULTILINE)
    parts = [model, f"{host.system} {host.machine}", release[1] if release else "", counted(usable_cores(), "core")]
    if memory:
        parts.append(f"{int(memory[1]) / 2**20:.1f} GB of memory")
    yield Finding("machine", "ok", ", ".join(part for part in parts if part))


def temperature(host: Host, _kind: Installation) -> Iterator[Finding]:
    """The warmest sensor, where the kernel shows one."""
    zones = host.path("/sys/class/thermal").glob("thermal_zone*/temp")
    values = [host.text(host.shown(zone)) for zone in zones]
    degrees = max((int(value) / 1000 for value in values if re.fullmatch(r"-?\d+", value)), default=None)
    if degrees is None:
        return
    hot = degrees >= _HOT
    remedy = "give it a heat sink or a fan: it slows down" if hot else ""
    yield Finding("temperature", "fault" if hot else "ok", f"{degrees:.0f} degrees Celsius", remedy)
