"""Programs that are run and measured, and what stops a run."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class CannotRun(Exception):
    """What this machine lacks, or what went otherwise than it has to, and what to do about it."""


@dataclass(frozen=True)
class Done:
    """A program that has run.

    Attributes:
        code: with which it ended.
        stdout: what it printed.
        stderr: what it said beside that.
        seconds: how long it took.
        peak_bytes: the most memory that was resident, of an emulated program with its emulator's.
    """

    code: int
    stdout: str
    stderr: str
    seconds: float
    peak_bytes: int


def run_program(
    command: Sequence[str], environment: Mapping[str, str], cwd: Path | None = None, *, may_fail: bool = False
) -> Done:
    """Run a program to its end.

    Raises:
        CannotRun: it ended with another code than 0, and ``may_fail`` is not set.
    """
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        began = time.perf_counter()
        child = subprocess.Popen(command, env=dict(environment), cwd=cwd, stdout=output, stderr=errors)
        _, status, usage = os.wait4(child.pid, 0)  # ru_maxrss is the largest of it and of its children
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        done = Done(child.returncode, output.read(), errors.read(), seconds, 1024 * usage.ru_maxrss)
    if done.code and not may_fail:
        raise CannotRun(f"{' '.join(command)} ended with code {done.code}:\n{done.stdout}{done.stderr}")
    return done
