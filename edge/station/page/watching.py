"""What is told to open pages: looked at whenever the journal changes, and once a second."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import asdict
from typing import Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.journal.records import Counts
from edgedigits.edge.station.page.assets import page_version
from edgedigits.edge.station.page.events import EventStreams
from edgedigits.edge.station.page.parts import PageParts

EVERY = 1.0
"""Seconds between two looks at what does not tell of itself: rates, alarms, outputs."""

PATIENCE = 0.2
"""Seconds after which the thread looks whether it is to end."""

SHORTEST = 0.02
"""Seconds between two looks at the journal, however much happens in it."""

LATEST = 30
"""Results that a page shows."""

DAY = 24 * 3600.0

_log = logging.getLogger(__name__)


def state_of(parts: PageParts, now: float) -> dict[str, Any]:
    """All that a page shows that has just been opened.

    Args:
        parts: of the station.
        now: seconds since 1970.
    """
    return {
        "version": page_version(),
        "results": [result.as_dict() for result in parts.journal.latest(LATEST)],
        "review": review_of(parts.journal.counts(now)),
        "status": status_of(parts, now),
    }


def status_of(parts: PageParts, now: float) -> dict[str, Any]:
    """What changes slowly: counts, rates, outputs, alarms, the log, the machine, region and threshold."""
    counts = parts.journal.counts(now - DAY)
    minute = parts.journal.counts(now - 60)
    size = parts.live.size
    return {
        "counts": {"accepted": counts.accepted, "rejected": counts.rejected, "keyed": counts.keyed},
        "rates": {
            **parts.live.rates(),
            "pieces_per_minute": minute.accepted + minute.rejected + minute.keyed,
        },
        "outputs": [
            {
                "name": one.output.name,
                "waiting": one.waiting,
                "reconnects": one.reconnects,
                "error": one.last_error if one.away else "",
            }
            for one in parts.outputs
        ],
        "alarms": parts.alarms.active(),
        "log": [line.as_dict() for line in parts.log.lines()],
        "adjustments": adjustments_of(parts),
        "picture": list(size) if size else None,
        "machine": asdict(parts.machine()),
        "model": parts.model(),
    }


def adjustments_of(parts: PageParts) -> dict[str, Any]:
    """Region and threshold as they hold now, and as they are configured."""
    current, configured = parts.adjustments.current, parts.adjustments.configured
    threshold, words = parts.threshold() if parts.threshold else (current.threshold, "")
    return {
        "region": current.region,
        "threshold": threshold if threshold is None else min(threshold, 1.0),
        "threshold_words": words,
        "changed": parts.adjustments.changed,
        "configured": {"region": configured.region, "threshold": parts.configured_threshold()},
    }


def review_of(counts: Counts) -> dict[str, Any]:
    """How many pieces wait to be reviewed, and how many of them for their result."""
    return {"held": counts.held, "waiting": counts.waiting}


class Watcher(threading.Thread):
    """Tells open pages what happened.

    Args:
        parts: of the station.
        streams: of the pages.
    """

    def __init__(self, parts: PageParts, streams: EventStreams) -> None:
        super().__init__(name="page-events", daemon=True)
        self._parts = parts
        self._streams = streams
        self._stopped = threading.Event()
        self._sequence = parts.journal.last_sequence()
        self._changes = -1
        self._status: dict[str, Any] = {}
        self._looked = self._woke = 0.0

    def stop(self) -> None:
        """End soon."""
        self._stopped.set()

    def run(self) -> None:
        """Look, tell, wait."""
        while not self._stopped.wait(max(0.0, SHORTEST - (time.monotonic() - self._woke))):
            self._woke = time.monotonic()
            changes = self._parts.journal.changes
            try:
                self._look(changes)
            except EdgedigitsError as error:  # a journal that cannot be read now: the alarm stands on the page
                _log.warning("the page cannot be told what is new: %s", error)
                self._stopped.wait(EVERY)
            self._parts.journal.wait(self._sequence, min(PATIENCE, self._wait()), changes)

    def _wait(self) -> float:
        return max(0.0, self._looked + EVERY - time.monotonic())

    def _look(self, changes: int) -> None:
        if not self._streams.watched:
            self._sequence = self._parts.journal.last_sequence()
            self._looked = time.monotonic()
            return
        journal, now = self._parts.journal, time.time()
        if changes != self._changes:  # also where a piece is given back, which no count tells
            self._changes = changes
            self._streams.publish_from_thread("review", review_of(journal.counts(now)))
        if events := journal.events(self._sequence):
            self._sequence = events[-1].sequence
            self._streams.publish_from_thread("results", [event.result.as_dict() for event in events])
        if not self._wait():
            self._looked = time.monotonic()
            status = status_of(self._parts, now)
            if status != self._status:
                self._status = status
                self._streams.publish_from_thread("status", status)
