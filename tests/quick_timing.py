"""Latencies of baselines timed for a moment: tests look at what is told of them, not at the figures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

MOMENT = 0.05
"""Seconds; the least number of calls is made all the same."""


@pytest.fixture(scope="session", autouse=True)
def quick_timing() -> Iterator[None]:
    """Time each number of digits a call for a moment instead of three seconds, in processes of their own too."""
    from edgedigits.train.baselines import latency

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(latency, "SECONDS", MOMENT)
        yield
