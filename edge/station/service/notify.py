"""Telling systemd how the station is: sd_notify(3), without its library."""

from __future__ import annotations

import os
import socket


def notify(*lines: str) -> bool:
    """Send lines such as ``READY=1`` to the service manager.

    Returns:
        Whether there is one that took them; a station that was started by hand has none.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):  # a name outside the file system
        address = f"\0{address[1:]}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sending:
            sending.connect(address)
            sending.sendall("\n".join(lines).encode())
    except OSError:
        return False  # a manager that is gone is no reason to stop reading mail
    return True


def ready(status: str = "") -> bool:
    """The station reads from now on."""
    return notify("READY=1", *_status(status))


def alive(status: str = "") -> bool:
    """Still at work; without this for ``WatchdogSec`` the service manager kills and restarts the station."""
    return notify("WATCHDOG=1", *_status(status))


def stopping(status: str = "") -> bool:
    """The station ends, as it was told to."""
    return notify("STOPPING=1", *_status(status))


def watchdog_seconds() -> float | None:
    """Seconds within which :func:`alive` is expected; ``None`` where nobody waits for it."""
    pid = os.environ.get("WATCHDOG_PID")
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or (pid and pid != str(os.getpid())):
        return None
    return int(microseconds) / 1e6 or None


class Watchdog:
    """Tells the service manager that the station is at work, as often as it wants to hear it and no more.

    Call :meth:`beat` from the loop that must not hang, never from a thread of its own: it is the loop that is watched.
    """

    def __init__(self) -> None:
        seconds = watchdog_seconds()
        self._every = None if seconds is None else seconds / 3
        self._next = 0.0

    def beat(self, now: float, status: str = "") -> bool:
        """The loop went round at ``now`` (``time.monotonic()``); returns whether somebody was told."""
        if self._every is None or now < self._next:
            return False
        self._next = now + self._every
        return alive(status)


def _status(words: str) -> tuple[str, ...]:
    return (f"STATUS={words.splitlines()[0]}",) if words.strip() else ()
