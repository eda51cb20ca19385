"""Shared by the tests of training: one PostgreSQL server for all that need one."""

import pytest
from quick_timing import quick_timing

from tests.train.postgres_server import postgres_server

__all__ = ["quick_timing", "server"]


@pytest.fixture(scope="session")
def server():
    """A running PostgreSQL server; skips where it is not installed."""
    with postgres_server() as running:
        yield running
