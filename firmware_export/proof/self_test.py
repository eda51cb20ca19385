"""The self-test of an exported C library, compiled and run on this computer."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgedigits.core.paths import StrPath

FLAGS = ("-std=c99", "-O2")
COMPILERS = ("cc", "gcc", "clang")
NO_COMPILER = "no C compiler found: not compiled"

_COMPILE_SECONDS = 300
_RUN_SECONDS = 300
_MOST_WORDS = 2000


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


def find_compiler() -> tuple[str, ...]:
    """The C compiler of this computer: what ``$CC`` names, else cc, gcc or clang; empty where there is none."""
    named = shlex.split(os.environ.get("CC", ""))
    if named and shutil.which(named[0]):
        return tuple(named)
    return next(((name,) for name in COMPILERS if shutil.which(name)), ())


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
    title = _first_line(_run((*compiler, "--version"), _COMPILE_SECONDS)[1]) or compiler[0]
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as work:
        program = Path(work) / "selftest"
        sources = (str(folder / "main.c"), str(folder / f"{name}.c"))
        code, said = _run((*compiler, *FLAGS, *sources, "-o", str(program)), _COMPILE_SECONDS)
        if code != 0:
            return SelfTest("failed", title, flags, f"the compiler refuses it: {said}")
        try:
            code, said = _run((str(program),), _RUN_SECONDS)
        except OSError as error:
            return SelfTest("not run", title, flags, f"compiled, but cannot be run here ({error.strerror})")
    return SelfTest("passed" if code == 0 else "failed", title, flags, said or f"it ended with {code}")


def _run(command: tuple[str, ...], seconds: float) -> tuple[int, str]:
    """Exit code of a command and what it said; -1 where it did not end in time."""
    english = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(command, env=english, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return -1, f"it did not end within {seconds:.0f} s"
    return done.returncode, (done.stdout + done.stderr).strip()[-_MOST_WORDS:]


def _first_line(text: str) -> str:
    return text.splitlines()[0].strip() if text else ""
