"""The TFLite runtime that this machine has."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.quiet import native_logs_hidden

RUNTIMES = (("tflite-runtime", "tflite_runtime.interpreter"), ("ai-edge-litert", "ai_edge_litert.interpreter"))


@dataclass(frozen=True)
class Runtime:
    """A TFLite runtime: name of its distribution, version, and the module that has its ``Interpreter``."""

    name: str
    version: str
    module: ModuleType

    def __str__(self) -> str:
        """Name and version, for people."""
        return f"{self.name} {self.version}"


_DAMAGED = "the file is damaged: copy or make it again"
_REMEDIES = (
    ("find op", "this runtime is older than the model: `edgedigits quantize` makes int8 models that it loads"),
    ("custom op", "no TFLite runtime knows the operator by itself: build the network without it"),
    ("schema version", "convert the model again: TensorFlow 1.15 and later write version 3"),
)
"""Words of a runtime that does not know what a file asks for, and what helps."""


class Refused(EdgedigitsError):
    """A runtime does not load a model, most often for an operator that it does not know.

    Attributes:
        runtime: that refused.
        reason: in its own words.
    """

    @property
    def lacks(self) -> bool:
        """Whether it does not know what the file asks for, which says nothing against the file."""
        return any(words in self.reason for words, _ in _REMEDIES)

    def __init__(self, runtime: Runtime, path: Path, reason: str) -> None:
        """Say which runtime refused which file, and what can be done about it."""
        self.runtime = runtime
        self.reason = " ".join(reason.split())[:300]
        remedy = next((remedy for words, remedy in _REMEDIES if words in self.reason), _DAMAGED)
        super().__init__(f"{runtime} refuses {path}: {self.reason}", remedy)


@cache
def runtime() -> Runtime:
    """The first of tflite-runtime and ai-edge-litert that is installed.

    Raises:
        EdgedigitsError: neither is, or what is installed does not load.
    """
    reasons = []
    for name, module in RUNTIMES:
        try:
            found = version(name)
        except PackageNotFoundError:
            continue
        try:
            with native_logs_hidden(), _own_symbols_first():
                return Runtime(name, found, importlib.import_module(module))
        except ImportError as error:
            reasons.append(f"{name} {found} does not load here ({' '.join(str(error).split())[:200]})")
    raise EdgedigitsError(", ".join(reasons) or "no TFLite runtime is installed", 'pip install "edgedigits[edge]"')


def delegate_of(interpreter: Any) -> str:
    """What runs an interpreter's operators: ``XNNPACK``, ``XNNPACK in part`` or ``none``, its runtime's own kernels."""
    # XNNPACK is the only delegate that a runtime brings. The operators that it takes over stay in the list.
    nodes = [node for node in interpreter._get_ops_details() if "DELEGATE" in node["op_name"].upper()]
    if not nodes:
        return "none"
    source, result = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    return "XNNPACK" if source in nodes[0]["inputs"] and result in nodes[0]["outputs"] else "XNNPACK in part"


@contextmanager
def _own_symbols_first() -> Iterator[None]:
    """Load a library so that it calls its own functions where TensorFlow, loaded before, has some of the same name.

    Without this tflite-runtime 2.14 fails with ``vector::reserve`` in a process that has TensorFlow 2.21.
    """
    if "tensorflow" not in sys.modules or not hasattr(os, "RTLD_DEEPBIND"):
        yield
        return
    flags = sys.getdlopenflags()
    sys.setdlopenflags(os.RTLD_NOW | os.RTLD_DEEPBIND)
    try:
        yield
    finally:
        sys.setdlopenflags(flags)
