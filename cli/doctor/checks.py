"""The list of checks."""

from __future__ import annotations

from edgedigits.cli.doctor import cameras, data, packages, system, tools, training
from edgedigits.cli.doctor.finding import Check, Finding, Installation, kind_of
from edgedigits.core.machine.host import Host

CHECKS: tuple[Check, ...] = (
    system.python,
    system.machine,
    system.temperature,
    packages.numpy,
    packages.opencv,
    packages.runtimes,
    training.tensorflow,
    training.gpu,
    cameras.cameras,
    cameras.picamera,
    tools.compilers,
    tools.microcontrollers,
    data.mnist,
    data.room,
)


def examine(host: Host) -> tuple[Installation, tuple[Finding, ...]]:
    """Carry out every check on a machine; the kind of its installation and what was found."""
    kind = kind_of(host)
    return kind, tuple(finding for check in CHECKS for finding in check(host, kind))
