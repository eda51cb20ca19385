"""What a run says of itself while it goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Say what is done, and how long it took once it is."""
    print(f"{what} ...", flush=True)
    begin = time.perf_counter()
    yield
    print(f"    {time.perf_counter() - begin:.0f} s", flush=True)
