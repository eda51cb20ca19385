"""Which TFLite runtimes are installed, found out without loading one."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.runtime import RUNTIMES, Runtime

TENSORFLOW = "tensorflow"
_MODULES = dict(RUNTIMES) | {TENSORFLOW: "tensorflow.lite.python.interpreter"}
_TITLES = {TENSORFLOW: "LiteRT of TensorFlow"}
NO_TFLITE_RUNTIME = (3, 12)
"""The first Python that tflite-runtime has no wheel for (PyPI, its last release, 2.14)."""


@dataclass(frozen=True)
class InstalledRuntime:
    """A runtime that is there and not loaded.

    Attributes:
        package: its distribution, such as ``tflite-runtime``.
        version: of it.
    """

    package: str
    version: str

    def __str__(self) -> str:
        """Name and version as rows have them."""
        return f"{_TITLES.get(self.package, self.package)} {self.version}"

    def load(self) -> Runtime:
        """Load it; TensorFlow takes seconds and does not suit a process that has loaded another runtime.

        Raises:
            ImportError: it is installed and broken.
        """
        module = importlib.import_module(_MODULES[self.package])
        return Runtime(_TITLES.get(self.package, self.package), self.version, module)


def installed_runtimes(packages: tuple[str, ...] = ()) -> tuple[InstalledRuntime, ...]:
    """The runtimes to measure with.

    Args:
        packages: distributions that are wanted, such as ``tensorflow``; none: every runtime that is there, without
            TensorFlow's own, which a Raspberry Pi does not have.

    Raises:
        EdgedigitsError: one is unknown or not installed, or there is none.
    """
    found = []
    for package in packages or tuple(dict(RUNTIMES)):
        if package not in _MODULES:
            raise EdgedigitsError(f"no runtime is called {package!r}", f"choose among {', '.join(_MODULES)}")
        if here := _version(package):
            found.append(InstalledRuntime(package, here))
        elif packages:
            raise EdgedigitsError(f"{package} is not installed", _remedy(package))
    if not found:
        raise EdgedigitsError("no TFLite runtime is installed", 'pip install "edgedigits[edge]"')
    return tuple(found)


def _remedy(package: str) -> str:
    """How to come by a runtime, where there is one for this Python, or which others are here."""
    if package == "tflite-runtime" and sys.version_info >= NO_TFLITE_RUNTIME:
        here = [name for name in _MODULES if _version(name)]
        others = f"measure on {' or '.join(here)}" if here else 'pip install "edgedigits[edge]"'
        return f"it has no wheel for Python {'.'.join(map(str, NO_TFLITE_RUNTIME))} and later: {others}"
    return f"pip install {package}"


def _version(package: str) -> str:
    """Of a distribution; empty where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
