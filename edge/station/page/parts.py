"""What the page shows of the station, as its handlers know it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from edgedigits.edge.station.alarms import Alarms
from edgedigits.edge.station.configuration.adjustments import Adjustments
from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.messages.raspberry_pi import MachineState, MachineWatch
from edgedigits.edge.station.page.live import LiveState
from edgedigits.edge.station.page.recent_log import RecentLog


class ShownMetrics(Protocol):
    """Figures for Prometheus."""

    def text(self) -> bytes:
        """All of them in Prometheus' text format."""
        ...


class Named(Protocol):
    """What has a name."""

    name: str


class ShownOutput(Protocol):
    """What takes results to an output, and how far it lies behind."""

    @property
    def output(self) -> Named:
        """Who is told."""
        ...

    @property
    def away(self) -> bool:
        """Whether it does not get through now."""
        ...

    @property
    def waiting(self) -> int:
        """Results that it has not told of yet."""
        ...

    @property
    def reconnects(self) -> int:
        """How often it found the other side again."""
        ...

    @property
    def last_error(self) -> str:
        """Why it does not or did not get through; empty where it always did."""
        ...


@dataclass(frozen=True)
class PageParts:
    """All that the page shows and changes.

    Attributes:
        station: its name.
        journal: pieces, results, and what waits to be reviewed.
        live: the newest frame.
        adjustments: region and threshold.
        alarms: what is wrong now.
        metrics: figures for Prometheus.
        outputs: who is told of results.
        accepts: whether a code has one of the forms that are expected, and is valid where there is a list.
        forms: regular expressions of the codes that are expected, for people to see.
        threshold: the confidence from which codes are accepted now, and where it comes from, in words; None where only
            the adjustments tell.
        configured_threshold: the confidence from which codes would be accepted had nobody changed it on the page.
        model: which network reads, in few words.
        log: the last warnings.
        machine: how hot it is, and whether it slows itself down.
    """

    station: str
    journal: Journal
    live: LiveState
    adjustments: Adjustments
    alarms: Alarms
    metrics: ShownMetrics
    outputs: Sequence[ShownOutput] = ()
    accepts: Callable[[str], bool] = lambda code: True  # noqa: ARG005
    forms: tuple[str, ...] = ()
    threshold: Callable[[], tuple[float, str]] | None = None
    configured_threshold: Callable[[], float | None] = lambda: None
    model: Callable[[], str] = lambda: ""
    log: RecentLog = field(default_factory=RecentLog)
    machine: Callable[[], MachineState] = field(default_factory=lambda: MachineWatch().state)
