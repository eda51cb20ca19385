"""Keep the logs of native libraries, which go past Python to file descriptor 2, off the screen."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def native_logs_hidden() -> Iterator[None]:
    """Throw away what is written to file descriptor 2 meanwhile; exceptions carry their own words."""
    try:
        kept = os.dup(2)
    except OSError:  # a service without standard error has nothing to hide
        yield
        return
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
