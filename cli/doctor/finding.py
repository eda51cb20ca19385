"""What a check tells, and which kind of installation it is told of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from edgedigits.core.machine.host import Host

OPENCVS = {
    "opencv-python-headless": "edge",
    "opencv-python": "desktop",
    "opencv-contrib-python": "desktop",
    "opencv-contrib-python-headless": "edge",
}
"""Distributions of OpenCV, each with the extra that brings it or its like: those of ``desktop`` open windows."""

RUNTIMES = ("tflite-runtime", "ai-edge-litert")

Status = Literal["ok", "missing", "fault"]


class Installation(IntEnum):
    """What an installation is for, each reading and doing what the one before it does; named after the extra for it."""

    bare = 0
    edge = 1
    desktop = 2
    train = 3
    gpu = 4


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report.

    Attributes:
        name: what was looked at.
        status: ``ok``; ``missing`` where it is not there; ``fault`` where it is there and does not work.
        found: what is there, in words.
        remedy: what to do, with the command in backticks; empty where there is nothing to do.
        needed: whether this kind of installation cannot do without it.
    """

    name: str
    status: Status
    found: str
    remedy: str = ""
    needed: bool = False

    @property
    def broken(self) -> bool:
        """Whether something that is needed does not work."""
        return self.needed and self.status != "ok"


Check = Callable[[Host, Installation], Iterable[Finding]]
"""Looks at one thing of a machine with an installation of some kind."""


def kind_of(host: Host) -> Installation:
    """The kind of installation, from what is installed of it; a damaged one counts as what it was meant to be."""
    if any(host.version(name) for name in ("nvidia-cudnn-cu12", "nvidia-cuda-runtime-cu12")):
        return Installation.gpu
    if any(host.version(name) for name in ("tensorflow", "tensorflow-cpu", "tf_keras")):
        return Installation.train
    if opencv_extra(host) == "desktop":
        return Installation.desktop
    return (
        Installation.edge if any(host.version(name) for name in ("numpy", *OPENCVS, *RUNTIMES)) else Installation.bare
    )


def opencv_extra(host: Host) -> str:
    """``desktop`` where the only OpenCV that is installed opens windows, else ``edge``."""
    return "desktop" if {extra for name, extra in OPENCVS.items() if host.version(name)} == {"desktop"} else "edge"


def install(extra: str) -> str:
    """The command that brings what an extra of the package names, in backticks."""
    return f'`pip install "edgedigits[{extra}]"`'


def last_line(text: str) -> str:
    """The last line of what a program said, cut to what one reads: of a traceback, the error itself."""
    lines = text.strip().splitlines()
    return " ".join(lines[-1].split())[:160] if lines else "it ended without a word"
