"""Who is logged in, and how often an address may try a password."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

LONGEST_WAIT = 300.0
"""Seconds that an address waits at most after a wrong password."""

_ADDRESSES = 1000


@dataclass(frozen=True)
class Session:
    """Somebody who gave the password.

    Attributes:
        csrf: token that goes with every request that changes something.
        ends: when the password is asked for again, by the clock of :class:`Sessions`.
    """

    csrf: str
    ends: float


class Sessions:
    """Sessions in memory: all of them end when the station stops.

    Args:
        seconds: that one lasts.
        most: at the same time; the oldest ends where there would be more.
        now: clock in seconds, that never jumps.
    """

    def __init__(self, seconds: float, most: int, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._most = most
        self._now = now
        self._lock = threading.Lock()  # handlers of several threads
        self._open: OrderedDict[str, Session] = OrderedDict()

    def begin(self) -> tuple[str, Session]:
        """A new session, and the secret of its cookie."""
        secret = secrets.token_urlsafe(32)
        session = Session(secrets.token_urlsafe(32), self._now() + self._seconds)
        with self._lock:
            self._open[_key(secret)] = session
            while len(self._open) > self._most:
                self._open.popitem(last=False)
        return secret, session

    def of(self, secret: str | None) -> Session | None:
        """The session of a cookie; None where there is none, or it has ended."""
        if not secret:
            return None
        with self._lock:
            session = self._open.get(_key(secret))
            if session is not None and session.ends <= self._now():
                del self._open[_key(secret)]
                return None
            return session

    def end(self, secret: str | None) -> None:
        """End a session; harmless where there is none."""
        with self._lock:
            self._open.pop(_key(secret or ""), None)


def _key(secret: str) -> str:
    """What a session is found by: comparing digests tells nothing of the secrets."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def same_secret(one: str, other: str) -> bool:
    """Whether two tokens are equal; how long that takes does not tell how near they are."""
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))


class LoginTries:
    """Makes an address wait after wrong passwords: twice as long after each, up to five minutes.

    Args:
        free: wrong passwords before the first wait.
        now: clock in seconds, that never jumps.
    """

    def __init__(self, free: int, now: Callable[[], float] = time.monotonic) -> None:
        self._free = free
        self._now = now
        self._lock = threading.Lock()  # handlers of several threads
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()  # how many, and when the next is allowed

    def wait(self, address: str) -> float:
        """Seconds until the address may try again; 0 where it may now."""
        with self._lock:
            _, allowed = self._wrong.get(network_of(address), (0, 0.0))
            return max(0.0, allowed - self._now())

    def wrong(self, address: str) -> None:
        """Count a wrong password."""
        with self._lock:
            network = network_of(address)
            count = self._wrong.pop(network, (0, 0.0))[0] + 1
            wait = min(LONGEST_WAIT, 2.0 ** min(count - self._free, 20)) if count >= self._free else 0.0
            self._wrong[network] = (count, self._now() + wait)
            while len(self._wrong) > _ADDRESSES:
                self._wrong.popitem(last=False)

    def right(self, address: str) -> None:
        """Forget the wrong ones."""
        with self._lock:
            self._wrong.pop(network_of(address), None)


def network_of(address: str) -> str:
    """What counts as one visitor: an IPv4 address, or the /64 that one IPv6 host may take its addresses from."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
