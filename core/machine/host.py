"""What may be asked of the machine, all in one value, so that another machine can stand in its place."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distributions
from pathlib import Path


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def text_of(path: Path) -> str:
    """What stands in a file of the kernel, without white space at its ends; empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip("\0 \t\r\n")
    except OSError:
        return ""


@dataclass(frozen=True)
class Host:
    """A machine as a program sees it.

    Attributes:
        root: folder that stands for ``/``.
        environ: environment variables.
        packages: folders with installed Python packages; None: those that Python imports from.
        system: as ``platform.system`` names it.
        machine: as ``platform.machine`` names it.
        python: version of Python.
    """

    root: Path = Path("/")
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    packages: tuple[str, ...] | None = None
    system: str = field(default_factory=platform.system)
    machine: str = field(default_factory=platform.machine)
    python: tuple[int, int, int] = sys.version_info[:3]

    def path(self, name: str) -> Path:
        """The file or folder that programs of this machine call ``name``, an absolute path."""
        return self.root / name.lstrip("/")

    def shown(self, path: Path) -> str:
        """A path of this machine as its programs write it."""
        return f"/{path.relative_to(self.root)}"

    def text(self, name: str) -> str:
        """What stands in a file, without white space at its ends; empty where it cannot be read."""
        return text_of(self.path(name))

    def command(self, name: str) -> Path | None:
        """Where the command ``name`` lies; None where ``PATH`` has none."""
        folders = (str(self.path(folder)) for folder in self.environ.get("PATH", "").split(os.pathsep) if folder)
        found = shutil.which(name, path=os.pathsep.join(folders))
        return Path(found) if found else None

    def distribution(self, name: str) -> Distribution | None:
        """The installed Python distribution of that name; None where there is none."""
        found = distributions(name=name, path=sys.path if self.packages is None else list(self.packages))
        return next(iter(found), None)

    def version(self, name: str) -> str | None:
        """Version of an installed Python distribution; None where there is none."""
        found = self.distribution(name)
        return found.version if found else None

    @property
    def in_container(self) -> bool:
        """Whether Docker, Podman or the like runs this program."""
        return any(self.path(name).exists() for name in ("/.dockerenv", "/run/.containerenv"))

    @property
    def linux(self) -> frozenset[str]:
        """Names of the Linux distribution and of those it derives from: ``debian``, ``ubuntu``, ``fedora``..."""
        lines = (line.partition("=") for line in self.text("/etc/os-release").splitlines())
        named = {key: value.strip("\"'") for key, _, value in lines}
        return frozenset(f"{named.get('ID', '')} {named.get('ID_LIKE', '')}".lower().split())

    def python_says(self, code: str, seconds: float) -> subprocess.CompletedProcess[str] | None:
        """What a Python of its own, with this machine's packages, prints when it runs ``code``.

        None where it does not end in time. A package that crashes or hangs while it loads does so over there.
        """
        command, environ = [sys.executable], dict(self.environ)
        if self.packages is not None:  # nothing of the packages that are really installed
            command += ["-S"]
            code = f"import sys; sys.path[:0] = {list(self.packages)!r}\n{code}"
        try:
            return subprocess.run(
                [*command, "-c", code], env=environ, capture_output=True, text=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return None
