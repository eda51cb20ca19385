"""A board for tests: the exported program as a process behind a real pseudo-terminal, and a wire that can be bad."""

from __future__ import annotations

import os
import select
import subprocess
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

Transform = Callable[[bytes], bytes]


def unchanged(data: bytes) -> bytes:
    return data


class Wire:
    """Carries bytes between a pseudo-terminal, whose name is ``port``, and a process, changed on their way.

    Attributes:
        port: to open as a serial port.
        to_board: what happens to bytes on their way to the board.
        from_board: the same for the other way.
    """

    def __init__(self, command: list[str | Path], to_board: Transform, from_board: Transform, delay: float) -> None:
        self.to_board, self.from_board = to_board, from_board
        self._master, self._slave = os.openpty()
        os.set_blocking(self._master, False)
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._command, self._delay = command, delay
        self._process: subprocess.Popen[bytes] | None = None
        self._stop, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._carry)
        self._thread.start()

    def close(self) -> None:
        """Unplug: stop the process and close both ends of the terminal."""
        if not self._thread.is_alive():
            return
        os.write(self._wake, b"x")
        self._thread.join()
        for handle in (self._master, self._slave, self._stop, self._wake):
            os.close(handle)

    def _carry(self) -> None:
        start = time.monotonic()
        while True:
            if self._process is None and time.monotonic() - start >= self._delay:
                self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            process = self._process
            sources = [self._stop, self._master, *([process.stdout] if process and process.stdout else [])]
            ready, _, _ = select.select(sources, [], [], 0.05)
            if self._stop in ready:
                break
            if self._master in ready:
                data = self.to_board(os.read(self._master, 4096))
                if process and process.stdin:  # a board that is not up yet loses what is sent to it
                    process.stdin.write(data)
                    process.stdin.flush()
            if process and process.stdout in ready:
                data = self.from_board(os.read(process.stdout.fileno(), 4096))
                with suppress(BlockingIOError):  # nobody reads: a real wire would lose it, too
                    os.write(self._master, data)
        if self._process:
            self._process.kill()
            self._process.communicate()


@contextmanager
def wire(
    *command: str | Path, to_board: Transform = unchanged, from_board: Transform = unchanged, delay: float = 0.0
) -> Iterator[Wire]:
    """A wire to the process that ``command`` starts after ``delay`` seconds."""
    made = Wire(list(command), to_board, from_board, delay)
    try:
        yield made
    finally:
        made.close()
