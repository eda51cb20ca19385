"""Runs pytest again and again on a module that changes, in processes that are copies of one with all libraries loaded.

    python tests/mutants/warm_pytest.py SOCKET MODULE TESTS...    serves
    python -I -S tests/mutants/warm_pytest.py SOCKET              runs the tests once and exits as pytest does

Loading NumPy, OpenCV, hypothesis or TensorFlow takes longer than most tests run that notice a mutant.
"""

from __future__ import annotations

import socket
import sys

MEMORY = 8 << 30
"""Bytes that a run may map: a mutant that fills a list for ever ends here."""


def ask(path: str) -> int:
    """Have the tests run once; 2 where the server is gone."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(path)
        answer = line.recv(1)
    return answer[0] if answer else 2


def serve(path: str, module: str, tests: list[str]) -> None:
    """Tell on standard output how long the tests take where nothing is changed, then answer whoever connects."""
    import os
    import select
    import time
    from pathlib import Path

    import hypothesis

    # What fails needs no smaller example, and the same mutants shall live each time.
    hypothesis.settings.register_profile(
        "mutants",
        database=None,
        derandomize=True,
        deadline=None,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
    )
    hypothesis.settings.load_profile("mutants")
    load_what_is_loaded_by(tests)
    begin = time.monotonic()
    _, status = os.waitpid(forked(tests), 0)
    if status:
        sys.exit(f"{module}: its tests fail as it is")
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
                child = forked(tests)
                ended = os.pidfd_open(child)
                ready, _, _ = select.select([ended, line], [], [])  # the asking one is killed where time is up
                os.killpg(child, 9)
                _, status = os.waitpid(child, 0)
                os.close(ended)
                if ended in ready:
                    line.send(bytes([0 if status == 0 else 1]))


def load_what_is_loaded_by(tests: list[str]) -> None:
    """Import what the tests import, without the packages of this checkout and their tests."""
    import contextlib
    import importlib
    import os

    reading, writing = os.pipe()
    child = forked(tests, writing)
    os.close(writing)
    with os.fdopen(reading) as names:
        found = names.read().split()
    os.waitpid(child, 0)
    for name in found:
        # Some modules exist only once another one has made them.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def libraries() -> list[str]:
    """Names of the modules loaded that do not stand in this checkout."""
    from pathlib import Path

    here = str(Path.cwd().parent)
    files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
    return [name for name, file in files.items() if file and name != "__main__" and not file.startswith(here)]


def forked(tests: list[str], names: int | None = None) -> int:
    """The process, leader of its group, that runs the tests and writes the names of what it has loaded."""
    import os
    import resource

    import pytest

    if child := os.fork():
        return child
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    status = pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests])
    if names is not None:
        with os.fdopen(names, "w") as told:
            told.write("\n".join(libraries()))
    return os._exit(status)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        sys.exit(ask(sys.argv[1]))
    serve(sys.argv[1], sys.argv[2], sys.argv[3:])
