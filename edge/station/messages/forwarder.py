"""The thread that takes events from the journal to one output."""

from __future__ import annotations

import logging
import random
import threading
import time
from typing import TYPE_CHECKING

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.messages.outputs import EventRefused, Output, OutputAway

if TYPE_CHECKING:
    from edgedigits.edge.station.alarms import Alarms
    from edgedigits.edge.station.journal.journal import Journal
    from edgedigits.edge.station.journal.records import Event
    from edgedigits.edge.station.messages.metrics import StationMetrics

log = logging.getLogger(__name__)

_AT_ONCE = 100  # events read from the journal at a time
_MARK_EVERY = 1.0  # seconds: each note of how far an output came is a write to the disk, for which the station waits
_IDLE = 0.5  # seconds between two looks at an output that has nothing to do
_ALARM_AFTER = 10.0  # seconds that an output is away before it is an alarm: brokers restart


class Forwarder:
    """Delivers the journal's events to one output: in order, at least once, for as long as it takes.

    The journal keeps how far the output came and is told only after the other side has an event, so that a kill at
    any moment loses none; what was delivered in the last second is then delivered again, with the same id.

    Attributes:
        output: where the events go.
        away: whether the last attempt failed.
        reconnects: how often the output came back after it was away.
        refused: events that the other side will never take, and that were passed over.
        last_error: why it is or was away, and what to do; empty where it never was.
    """

    def __init__(
        self,
        journal: Journal,
        output: Output,
        metrics: StationMetrics | None = None,
        alarms: Alarms | None = None,
        *,
        first_pause: float = 0.5,
        longest_pause: float = 30.0,
    ) -> None:
        """Prepare; :meth:`start` begins.

        Args:
            journal: whose events are delivered.
            output: where to.
            metrics: are told of reconnects and of the queue.
            alarms: an output that stays away is one, and the output is told of all of them.
            first_pause: seconds before the second attempt; each further pause is twice as long.
            longest_pause: seconds of the longest one.
        """
        self.output = output
        self.away = False
        self.reconnects = self.refused = 0
        self.last_error = ""
        self._journal, self._metrics, self._alarms = journal, metrics, alarms
        self._first_pause, self._longest_pause = first_pause, longest_pause
        self._reached = self._marked = journal.delivered(output.name)
        self._mark_next = 0.0
        self._told: dict[str, str] | None = None
        self._failures = 0
        self._away_since = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"forwarder of {output.name}", daemon=True)
        if metrics:
            metrics.watch_output(output.name, lambda: self.waiting, lambda: not self.away)

    @property
    def waiting(self) -> int:
        """Events of the journal that the other side does not have yet."""
        return max(0, self._journal.last_sequence() - self._reached)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self, patience: float = 1.0) -> None:
        """End within about a second; what was not delivered waits in the journal.

        Args:
            patience: seconds to wait for what is being delivered.
        """
        self._stopping.set()
        self.output.close()
        if self._thread.is_alive():
            self._thread.join(patience)
        if self._thread.is_alive():
            log.warning("%s is still busy and is left alone", self.output.name)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._mark()
                self._tell_alarms()
                self._forward()
            except EdgedigitsError as error:
                if not self._stopping.is_set():  # else it was closed for that
                    self._pause(error)
            except Exception as error:
                if self._stopping.is_set():
                    log.debug("%s failed while the station stops", self.output.name, exc_info=True)
                    break
                log.exception("%s failed in a way that nobody foresaw; it is tried again", self.output.name)
                self._pause(OutputAway(f"{type(error).__name__}: {error}", "see the log; please report it"))
        self._mark(now=True)

    def _forward(self) -> None:
        """Deliver what there is; otherwise wait for more."""
        events = self._journal.events(self._reached, _AT_ONCE)
        if not events:
            self.output.check()
            self._came_back()
            self._journal.wait(self._reached, _IDLE)
        for event in events:
            if self._stopping.is_set():
                break
            self._deliver(event)
            self._reached = event.sequence
            self._came_back()
            self._mark()

    def _deliver(self, event: Event) -> None:
        try:
            self.output.deliver(event)
        except EventRefused as error:
            self.refused += 1
            if self._metrics:
                self._metrics.refused(self.output.name)
            log.error("%s refuses piece %s: %s; it is passed over", self.output.name, event.result.id, error)

    def _mark(self, *, now: bool = False) -> None:
        """Note in the journal how far the output came, now and then; a full disk does not keep it from going on."""
        moment = time.monotonic()
        if self._reached == self._marked or (moment < self._mark_next and not now):
            return
        self._mark_next = moment + _MARK_EVERY
        try:
            self._journal.mark_delivered(self.output.name, self._reached)
        except EdgedigitsError as error:
            log.warning("%s may be told again of what it knows: %s", self.output.name, error)
            self._mark_next = moment + self._longest_pause
        else:
            self._marked = self._reached

    def _tell_alarms(self) -> None:
        if self._alarms is None:
            return
        active = dict(self._alarms.active())
        if active != self._told:
            self.output.tell_alarms(active)
            self._told = active

    def _came_back(self) -> None:
        if not self.away:
            return
        self.away = False
        self._failures = 0
        self.reconnects += 1
        log.info("%s is back after %.0f s", self.output.name, time.monotonic() - self._away_since)
        if self._metrics:
            self._metrics.reconnected(self.output.name)
        if self._alarms:
            self._alarms.clear(self._alarm)

    def _pause(self, error: EdgedigitsError) -> None:
        """Say once that the output is away, and wait before the next attempt."""
        now = time.monotonic()
        if not self.away:
            self.away, self._away_since = True, now
            if self._metrics:
                self._metrics.failed(self.output.name)
        if str(error) != self.last_error or not self._failures:
            log.warning("%s: %s; what it was not told waits in the journal", self.output.name, error)
        self.last_error = str(error)
        if self._alarms and now - self._away_since >= _ALARM_AFTER:
            self._alarms.set(self._alarm, str(error))
        pause = min(self._longest_pause, self._first_pause * 2.0 ** min(self._failures, 16))
        self._failures += 1
        # Many stations that lost one broker shall not all come back at the same moment.
        again = (
            error.again if isinstance(error, OutputAway) and error.again is not None else pause * random.uniform(0.5, 1)
        )
        self._stopping.wait(again)

    @property
    def _alarm(self) -> str:
        return f"{self.output.name} away"
