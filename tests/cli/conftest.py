"""A wide terminal for all tests of commands: those that are about its width set their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from quick_timing import quick_timing

__all__ = ["quick_timing", "wide_terminal"]


@pytest.fixture(scope="session", autouse=True)
def wide_terminal() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "300")
        yield
