"""Standard output whose reader may go away, as with ``| head``."""

from __future__ import annotations

import os
import sys
from codecs import lookup
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import TextIOWrapper
from typing import Any, TextIO, cast


class ReadOrNot:
    """A text stream that drops what nobody reads any more, so that the command comes to its own end and exit code."""

    def __init__(self, plain: TextIO) -> None:
        self.plain = plain

    def write(self, text: str) -> int:
        """Write, or drop, a text; returns its length."""
        try:
            return self.plain.write(text)
        except BrokenPipeError:
            self._drop()
            return len(text)

    def flush(self) -> None:
        """Hand over, or drop, what was written."""
        try:
            self.plain.flush()
        except BrokenPipeError:
            self._drop()

    def _drop(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.plain.fileno())  # the stream keeps what it could not deliver, and flushes it again
        os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plain, name)


@contextmanager
def read_or_not() -> Iterator[None]:
    """Let standard output be one whose reader may go away; one that somebody else has replaced stays."""
    plain = sys.__stdout__
    if plain is None or sys.stdout is not plain:
        yield
        return
    stream = ReadOrNot(plain)
    with redirect_stdout(cast(TextIO, stream)), _any_name(stream):
        yield


@contextmanager
def _any_name(stream: ReadOrNot) -> Iterator[None]:
    """Let names of files be printed that are no text: as the bytes that they are, or where that fails, escaped."""
    plain, errors = stream.plain, stream.plain.errors
    if not isinstance(plain, TextIOWrapper) or errors != "strict":
        yield
        return
    utf8 = lookup(plain.encoding).name == "utf-8"
    stream.flush()  # what changes the stream flushes it, and its reader may have gone
    plain.reconfigure(errors="surrogateescape" if utf8 else "backslashreplace")
    try:
        yield
    finally:
        stream.flush()
        plain.reconfigure(errors=errors)


def plain_stdout() -> TextIO:
    """Standard output that raises where its reader has gone, for a command that shall end then."""
    return sys.stdout.plain if isinstance(sys.stdout, ReadOrNot) else sys.stdout
