"""The self-test of an exported C library, compiled and run on this computer."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgedigits.core.paths import StrPath
from edgedigits.firmware_export.proof.compiler import STANDARD, find_compiler, run_command

FLAGS = (STANDARD, "-O2")
NO_COMPILER = "no C compiler found: not compiled"

_RUN_SECONDS = 300


@dataclass(frozen=True)
class SelfTest:
    """What became of an exported library here.

    Attributes:
        result: ``passed``: it compiles, and every output equals that of TFLite's reference kernels. ``failed``: it does
            not. ``not run``: it compiles, but to a program that this computer does not run.
        compiler: the first line of what it says of its version; empty where there is none.
        flags: that it was given.
        said: what the self-test printed, or why it failed or was not run.
    """

    result: Literal["passed", "failed", "not run"]
    compiler: str
    flags: str
    said: str


def run_self_test(folder: StrPath, name: str = "digits") -> SelfTest:
    """Compile what ``write_target("c", ...)`` wrote and run its self-test.

    Args:
        folder: with ``main.c``, ``<name>.c`` and their headers; the program is made beside them and removed again.
        name: prefix of the library.
    """
    folder = Path(folder)
    compiler = find_compiler()
    flags = " ".join(FLAGS)
    if not compiler:
        return SelfTest("not run", "", flags, NO_COMPILER)
    title = _first_line(run_command((*compiler, "--version"))[1]) or compiler[0]
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as work:
        program = Path(work) / "selftest"
        sources = (str(folder / "main.c"), str(folder / f"{name}.c"))
        code, said = run_command((*compiler, *FLAGS, *sources, "-o", str(program)))
        if code != 0:
            return SelfTest("failed", title, flags, f"the compiler refuses it: {said}")
        try:
            code, said = run_command((str(program),), _RUN_SECONDS)
        except OSError as error:
            return SelfTest("not run", title, flags, f"compiled, but cannot be run here ({error.strerror})")
    return SelfTest("passed" if code == 0 else "failed", title, flags, said or f"it ended with {code}")


def _first_line(text: str) -> str:
    return text.splitlines()[0].strip() if text else ""
