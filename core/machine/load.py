"""How busy other programs keep the machine while something is timed: a time measured beside them is not the machine's.

Linux counts for each core the clock ticks in which it worked; what this process and its finished children worked of
them is known more exactly, and the rest is that of others.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

BUSY = 0.1
"""Share of the cores from which on a reader of a time has to know that others took it."""

LEAST_SECONDS = 0.3
"""A shorter time has too few ticks (of 1/100 s on most machines) to tell anything."""

_STAT = Path("/proc/stat")
_WORKING = (0, 1, 2, 7)
"""Places of user, nice, system and steal (other guests of the same host) in a line of ``/proc/stat``, proc(5).
Interrupts are left out: they may as well be those of our own camera or network."""

_PLACES = 8  # up to steal; guest time is part of user time


@dataclass(frozen=True)
class CoreClocks:
    """The clocks of the machine's cores at one moment.

    Attributes:
        at: seconds of a clock that only goes forward.
        own: seconds that this process and its finished children have worked, all threads together.
        ticks: by the name of a core, how many ticks it worked and how many there were.
    """

    at: float
    own: float
    ticks: dict[str, tuple[int, int]]


class LoadWatch:
    """Watches, from when it is made, what other programs take of the cores that this process may use."""

    def __init__(self) -> None:
        self._begin = core_clocks()

    def share(self) -> float | None:
        """What others took until now, as :func:`share_of_others` tells it."""
        return share_of_others(self._begin, core_clocks())

    def seconds(self) -> float:
        """How long it has been watching."""
        return time.perf_counter() - self._begin.at


def core_clocks(stat: Path = _STAT) -> CoreClocks:
    """Read the clocks; no core has any where the system does not tell them."""
    spent = os.times()
    own = time.process_time() + spent.children_user + spent.children_system
    try:
        text = stat.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        text = ""
    return CoreClocks(time.perf_counter(), own, _ticks(text, _usable_cores()))


def share_of_others(begin: CoreClocks, end: CoreClocks) -> float | None:
    """The share of the cores, 0 to 1, that other programs took between two moments.

    None where it cannot be known: no clocks, cores that came or went, or less than :data:`LEAST_SECONDS`.
    """
    if not begin.ticks or begin.ticks.keys() != end.ticks.keys() or end.at - begin.at < LEAST_SECONDS:
        return None
    worked, passed = (sum(end.ticks[core][place] - begin.ticks[core][place] for core in end.ticks) for place in (0, 1))
    if passed <= 0 or worked < 0:
        return None
    own = (end.own - begin.own) / ((end.at - begin.at) * len(end.ticks))
    return round(min(max(worked / passed - own, 0.0), 1.0), 3)


def is_busy(load: float | None) -> bool:
    """Whether others took so much that a time measured beside them has to say so."""
    return load is not None and load > BUSY


def busy_share(load: float | None) -> str:
    """The share of the cores that other programs took, in percent; empty where it was little or is not known."""
    return f"{100 * load:.0f} %" if load is not None and is_busy(load) else ""


def busy_words(load: float | None) -> str:
    """What to say beside a time that was measured while others worked; empty where they did not, or nobody knows."""
    share = busy_share(load)
    return f"other programs took {share} of the cores" if share else ""


def _usable_cores() -> set[str] | None:
    """Names of the cores that this process may use, as ``/proc/stat`` has them; None where any may be."""
    return {f"cpu{core}" for core in os.sched_getaffinity(0)} if hasattr(os, "sched_getaffinity") else None


def _ticks(text: str, usable: set[str] | None) -> dict[str, tuple[int, int]]:
    found = {}
    for line in text.splitlines():
        name, *fields = line.split()[: 1 + _PLACES] or [""]
        numbered = name.startswith("cpu") and name != "cpu"
        if numbered and (usable is None or name in usable) and len(fields) == _PLACES and all(map(str.isdigit, fields)):
            counts = [int(field) for field in fields]
            found[name] = sum(counts[place] for place in _WORKING), sum(counts)
    return found
