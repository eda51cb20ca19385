"""Cameras: those that Linux numbers, and the Raspberry Pi's own."""

from __future__ import annotations

import os
from collections.abc import Iterator

from edgedigits.cli.doctor.finding import Finding, Installation
from edgedigits.core.machine.host import Host


def cameras(host: Host, _kind: Installation) -> Iterator[Finding]:
    """Every video device with its name, and whether this user may open it."""
    if host.system != "Linux":
        yield Finding("cameras", "ok", f"{host.system} does not list them; `edgedigits camera --source 0` tries one")
        return
    nodes = sorted(host.path("/dev").glob("video[0-9]*"), key=lambda path: (len(path.name), path.name))
    if not nodes:
        yield Finding("cameras", "missing", "no /dev/video*", "plug one in; videos, folders and streams need none")
        return
    named = [
        f"{host.shown(node)} ({host.text(f'/sys/class/video4linux/{node.name}/name') or 'no name'})" for node in nodes
    ]
    closed = [host.shown(node) for node in nodes if not os.access(node, os.R_OK | os.W_OK)]
    if closed:
        remedy = "`sudo usermod --append --groups video $USER`, then log in again"
        yield Finding("cameras", "fault", f"you may not open {', '.join(closed)}", remedy)
        return
    yield Finding("cameras", "ok", ", ".join(named))


def picamera(host: Host, _kind: Installation) -> Iterator[Finding]:
    """On a Raspberry Pi, the package that reads the camera on its ribbon cable."""
    if not host.text("/proc/device-tree/model").startswith("Raspberry Pi"):
        return
    done = host.python_says("import importlib.util, sys; sys.exit(importlib.util.find_spec('picamera2') is None)", 60)
    if done is not None and done.returncode == 0:
        yield Finding("picamera2", "ok", "the Pi's own camera is `--source picamera`")
        return
    remedy = (
        "`sudo apt install python3-picamera2`, and an environment that sees it: "
        "`python3 -m venv --system-site-packages ~/edgedigits`"
    )
    yield Finding("picamera2", "missing", "not seen from here: the Pi's own camera cannot be read", remedy)
