"""The TFLite runtime that this machine has."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
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
_OLDER = "this runtime is older than the model"
_REMEDIES = (
    ("find op", f"{_OLDER}: `edgedigits quantize` makes int8 models that it loads"),
    ("custom op", "no TFLite runtime knows the operator by itself: build the network without it"),
    ("TensorFlow op", "no TFLite runtime knows the operator by itself: build the network without it"),
    ("schema version", "convert the model again: TensorFlow 1.15 and later write version 3"),
    ("bad_alloc", "it takes more memory than there is: take a smaller model"),
    ("MemoryError", "it takes more memory than there is: take a smaller model"),
)
"""Words of a runtime that does not know what a file asks for, or has no room for it, and what helps."""

_VERSION = re.compile(r"builtin opcode '(\w+)' version")
_AS_QUANTIZE_MAKES_THEM = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"})
"""Operators of which newer versions come of other ways of quantizing, and not of what they compute."""

_OPERATOR = re.compile(r"Node number (\d+) \((\w+)\) failed to ")
"""What a runtime says last of an operator that it cannot prepare or compute; the rest of the file it has read."""

_TYPES = re.compile(r"only supports? |unsupported|not supported", re.IGNORECASE)
"""What kernels say of types that they are not written for."""


class Refused(EdgedigitsError):
    """A runtime does not load a model or cannot run it, most often for an operator that it does not know.

    Attributes:
        runtime: that refused.
        reason: in its own words.
        lacks: whether it does not know what the file asks for, which says nothing against the file.
    """

    def __init__(self, runtime: Runtime, path: Path, reason: str) -> None:
        """Say which runtime refused which file for which operator, and what can be done about it."""
        self.runtime = runtime
        reason = " ".join(reason.split())
        self.reason = reason[:300]
        known = next((remedy for words, remedy in _REMEDIES if words in reason), None)
        at = _OPERATOR.search(reason)
        self.lacks = known is not None or bool(at and _TYPES.search(reason))
        if known is None and at:
            operator = f"operator {at[1]}, {at[2]}{_types_read(path, int(at[1]))}"
            what = f"it has no kernel for {operator}" if self.lacks else f"it cannot compute {operator}"
            super().__init__(f"{runtime} refuses {path}: {what} ({self.reason})", _without(at[2]))
            return
        version = _VERSION.search(reason)
        if version and version[1] not in _AS_QUANTIZE_MAKES_THEM:
            known = f"{_OLDER}: {_without(version[1])}"
        super().__init__(f"{runtime} refuses {path}: {self.reason}", known or _DAMAGED)


def _without(operator: str) -> str:
    return f"convert the model without quantization, or build the network without {operator}"


def _types_read(path: Path, number: int) -> str:
    """Types of what an operator reads, where the schema package is there to tell: `` of int8 and int32``."""
    if not find_spec("tflite"):
        return ""
    from edgedigits.core.tflite.file import read_tflite  # needs NumPy, which `edgedigits doctor` may find broken

    try:
        content = read_tflite(path, subgraphs=True)
        tensors = [content.tensors[place] for place in content.nodes[number].inputs if place >= 0]
    except (EdgedigitsError, IndexError):  # a delegate's node comes after those of the file
        return ""
    kinds = dict.fromkeys(tensor.type.lower() for tensor in tensors)
    return f" of {' and '.join(kinds)}" if kinds else ""


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
