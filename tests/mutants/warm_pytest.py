"""Runs pytest again and again on a module that changes, in processes that are copies of one with all libraries loaded.

    python tests/mutants/warm_pytest.py SOCKET MODULE TESTS...

Loading NumPy, OpenCV, hypothesis or TensorFlow takes longer than most tests run that notice a mutant. Each run begins
with the tests that noticed most so far. ``ask_pytest.py`` asks for a run.
"""

from __future__ import annotations

import contextlib
import importlib
import math
import os
import resource
import select
import socket
import sys
import time
from collections import Counter
from pathlib import Path

import hypothesis
import pytest

MEMORY = 8 << 30
"""Bytes that a run may map: a mutant that fills a list for ever ends here."""

LOADED_BY_US = ("__main__", "tflite_runtime")
"""What ``core/tflite/runtime.py`` has to load itself, in a way of its own where TensorFlow is loaded."""

LONGEST = 3600
"""Seconds of processor that a run may take while it is not known how many the tests need."""


class MostFirst:
    """A plugin of pytest that begins with the tests that noticed most, and says which one notices now."""

    def __init__(self, noticed: Counter[str], told: int) -> None:
        self.noticed = noticed
        self.told = told

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Sort them; those that noticed nothing stay in their order."""
        items.sort(key=lambda item: -self.noticed[item.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tell the server."""
        if report.failed:
            os.write(self.told, f"{report.nodeid}\n".encode())


class Run:
    """One run of the tests, in a process of its own that leads its group, and ends after some seconds of processor.

    Attributes:
        ended: a file descriptor that can be read once the run is over.
    """

    def __init__(
        self, tests: list[str], noticed: Counter[str], seconds: int = LONGEST, *, tell_libraries: bool = False
    ) -> None:
        self._words, told = os.pipe()
        self._process = os.fork()
        if not self._process:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            words = ["-x", "-q", "-p", "no:cacheprovider", *tests]
            status = pytest.main(words, plugins=[MostFirst(noticed, told)])
            if tell_libraries:
                os.write(told, "\n".join(libraries()).encode())
            os._exit(status)
        os.close(told)
        self.ended = os.pidfd_open(self._process)

    def result(self) -> tuple[bool, list[str]]:
        """Whether all went well, and what was told; waits for it."""
        with os.fdopen(self._words, closefd=False) as words:
            told = words.read().split("\n")
        select.select([self.ended], [], [])
        return self.end() == 0, [word for word in told if word]

    def end(self) -> int:
        """Put an end to it, with all that it has started, where it is not over."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process, 9)
        _, status = os.waitpid(self._process, 0)
        os.close(self.ended)
        os.close(self._words)
        return status


def processor_seconds() -> float:
    """What the runs that are over have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def libraries() -> list[str]:
    """Names of the modules loaded that do not stand in this checkout."""
    here = str(Path.cwd().parent)
    files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
    files = {name: file for name, file in files.items() if not name.startswith(LOADED_BY_US)}
    return [name for name, file in files.items() if file and not file.startswith(here)]


def serve(path: str, module: str, tests: list[str]) -> None:
    """Tell on standard output how long the tests take where nothing is changed, then answer whoever connects."""
    # What fails needs no smaller example, and the same mutants shall live each time.
    hypothesis.settings.register_profile(
        "mutants",
        database=None,
        derandomize=True,
        deadline=None,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
    )
    hypothesis.settings.load_profile("mutants")
    noticed: Counter[str] = Counter()
    for name in Run(tests, noticed, tell_libraries=True).result()[1]:
        # Some modules exist only once another one has made them.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    begin, before = time.monotonic(), processor_seconds()
    passed, _ = Run(tests, noticed).result()
    if not passed:
        sys.exit(f"{module}: its tests fail as it is")
    patience = math.ceil(5 + 3 * (processor_seconds() - before))
    # Python takes a compiled file for that of a module which was changed within the same second to the same size.
    for compiled in Path(module).parent.glob(f"__pycache__/{Path(module).stem}.*.pyc"):
        compiled.unlink()
    sys.dont_write_bytecode = True
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        print(time.monotonic() - begin, flush=True)
        # Whoever started the server holds its standard input open.
        while listening in select.select([listening, sys.stdin], [], [])[0]:
            line, _ = listening.accept()
            with line:
                made = Run(tests, noticed, patience)
                # Whoever asks is killed where time is up: a run that waits for ever takes no processor.
                if made.ended in select.select([made.ended, line], [], [])[0]:
                    passed, failed = made.result()
                    noticed.update(failed)
                    line.send(bytes([not passed]))
                else:
                    made.end()


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], sys.argv[3:])
