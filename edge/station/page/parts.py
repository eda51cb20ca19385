"""What the page shows of the station, as its handlers know it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from edgedigits.edge.station.adjustments import Adjustments
from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.page.live import LiveState
from edgedigits.edge.station.page.recent_log import RecentLog


class ShownAlarms(Protocol):
    """What is wrong now."""

    def active(self) -> dict[str, str]:
        """Words of each alarm, by its name."""
        ...


class ShownMetrics(Protocol):
    """Figures for Prometheus."""

    def text(self) -> bytes:
        """All of them in Prometheus' text format."""
        ...


class ShownOutput(Protocol):
    """An output, and how far it lies behind."""

    @property
    def name(self) -> str:
        """What it is called."""
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
        """Why it does not get through now; empty where it does."""
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
        bin_of: where a piece of a code goes.
        accepts: whether a code has one of the forms that are expected, and is valid where there is a list.
        forms: regular expressions of the codes that are expected, for people to see.
        log: the last warnings.
    """

    station: str
    journal: Journal
    live: LiveState
    adjustments: Adjustments
    alarms: ShownAlarms
    metrics: ShownMetrics
    outputs: Sequence[ShownOutput] = ()
    bin_of: Callable[[str], str] = lambda code: ""  # noqa: ARG005
    accepts: Callable[[str], bool] = lambda code: True  # noqa: ARG005
    forms: tuple[str, ...] = ()
    log: RecentLog = field(default_factory=RecentLog)
