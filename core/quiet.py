"""Keep the logs of native libraries, which go past Python to file descriptor 2, off the screen."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def native_logs_hidden() -> Iterator[None]:
    """Throw away what is written to standard error meanwhile; exceptions pass as they are."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as sink:
        os.dup2(sink.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
