"""How many requests an address may make."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from edgedigits.edge.station.page.access.sessions import network_of

_ADDRESSES = 2000


class RequestRate:
    """A token bucket for each address; used by one thread.

    Args:
        per_second: requests in the long run.
        burst: requests at once.
        now: clock in seconds, that never jumps.
    """

    def __init__(self, per_second: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._now = now
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, address: str) -> bool:
        """Whether the address may make a request now; counts it."""
        network, now = network_of(address), self._now()
        left, since = self._left.pop(network, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._per_second)
        self._left[network] = (max(0.0, left - 1), now)
        while len(self._left) > _ADDRESSES:
            self._left.popitem(last=False)
        return left >= 1
