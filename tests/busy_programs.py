"""Real programs that keep the machine busy beside a test, for a bounded time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_WORK = """
import sys, time
while time.process_time() < float(sys.argv[1]): pass
print(time.process_time(), flush=True)
sys.stdin.read()
"""


@contextmanager
def working(seconds: float) -> Iterator[subprocess.Popen[str]]:
    """A program that works for so many seconds of its own processor time, prints them, and waits to be ended."""
    command = [sys.executable, "-c", _WORK, str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def busy_machine(most_seconds: float = 60.0) -> Iterator[None]:
    """As many working programs as there are cores."""
    with ExitStack() as programs:
        for _ in range(os.cpu_count() or 1):
            programs.enter_context(working(most_seconds))
        yield
