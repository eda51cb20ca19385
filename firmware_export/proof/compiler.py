"""The C compiler of this computer, and programs that end in time."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess

STANDARD = "-std=c99"
COMPILERS = ("cc", "gcc", "clang")
COMPILE_SECONDS = 300

_MOST_WORDS = 2000


def find_compiler() -> tuple[str, ...]:
    """The C compiler of this computer: what ``$CC`` names, else cc, gcc or clang; empty where there is none."""
    named = shlex.split(os.environ.get("CC", ""))
    if named and shutil.which(named[0]):
        return tuple(named)
    return next(((name,) for name in COMPILERS if shutil.which(name)), ())


def run_command(command: tuple[str, ...], seconds: float = COMPILE_SECONDS) -> tuple[int, str]:
    """Exit code of a command and what it said; -1 where it did not end in time."""
    english = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, env=english, capture_output=True, text=True, errors="replace", timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return -1, f"it did not end within {seconds:.0f} s"
    return done.returncode, (done.stdout + done.stderr).strip()[-_MOST_WORDS:]
