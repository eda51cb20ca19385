"""Figures of a station for Prometheus."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from edgedigits.edge.station.messages.raspberry_pi import FIRMWARE, THERMAL, THROTTLING, temperatures, throttling
from edgedigits.edge.station.updates.events import ROLLED_BACK, TAKEN

if TYPE_CHECKING:
    from edgedigits.edge.station.results import PieceResult

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Of :meth:`StationMetrics.text`."""

LATENCIES = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0)
"""Upper bounds of the latency histogram, seconds: a piece shall have its result within 0.2."""

FRAME_TIMES = (0.002, 0.005, 0.01, 0.015, 0.02, 0.025, 0.033, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0)
"""Upper bounds of the frame time histogram, seconds: 0.033 leaves 30 frames a second."""

OUTCOMES = ("accepted", "rejected", "keyed")


class StationMetrics:
    """What is counted and measured in a station, in a registry of its own; safe to use from several threads."""

    def __init__(
        self,
        station: str = "",
        alarms: Callable[[], Mapping[str, str]] | None = None,
        updates: Callable[[], Mapping[str, int]] | None = None,
        model: Callable[[], str] | None = None,
        *,
        thermal: Path = THERMAL,
        firmware: Path = FIRMWARE,
    ) -> None:
        """Begin at zero.

        Args:
            station: its name, in ``edgedigits_station_info``.
            alarms: names and words of the active alarms, asked at each scrape.
            updates: what became of updates of the model, as
                :attr:`edgedigits.edge.station.updates.at_work.StationUpdates.counts` has it, asked at each scrape.
            model: sha256 of the network that reads, asked at each scrape.
            thermal: folder of the thermal zones.
            firmware: file that says whether a Raspberry Pi is throttled.
        """
        self.registry = CollectorRegistry()
        own: dict[str, Any] = {"registry": self.registry}
        self._frames = Counter("edgedigits_frames", "Frames that were looked at.", **own)
        self._skipped = Counter("edgedigits_frames_skipped", "Frames that were dropped for newer ones.", **own)
        self._skipped_so_far = 0
        self._frame_time = Histogram(
            "edgedigits_frame_seconds", "Time that one frame took.", buckets=FRAME_TIMES, **own
        )
        self._pieces = Counter("edgedigits_pieces", "Mail pieces by what became of them.", ["outcome"], **own)
        self._latency = Histogram(
            "edgedigits_latency_seconds",
            "Time from a piece wholly in view to its result.",
            ["outcome"],
            buckets=LATENCIES,
            **own,
        )
        for outcome in OUTCOMES:
            self._pieces.labels(outcome)
            self._latency.labels(outcome)
        self._reconnects = Counter("edgedigits_reconnects", "Times an output came back.", ["output"], **own)
        self._away = Counter("edgedigits_output_failures", "Times an output went away.", ["output"], **own)
        self._refused = Counter("edgedigits_refused", "Pieces that an output will never take.", ["output"], **own)
        self._queue = Gauge("edgedigits_queue", "Pieces that an output was not told of yet.", ["output"], **own)
        self._up = Gauge(
            "edgedigits_output_up", "1 while an output takes pieces, 0 while it is away.", ["output"], **own
        )
        Gauge("edgedigits_station_info", "The station's name.", ["station"], **own).labels(station).set(1)
        self.registry.register(_Machine(alarms or dict, thermal, firmware))
        self.registry.register(_Updates(updates or dict, model or str))
        ProcessCollector(registry=self.registry)
        self._lock = threading.Lock()  # guards the difference between two totals of skipped frames

    def frame(self, seconds: float) -> None:
        """A frame was looked at, which took so many seconds."""
        self._frames.inc()
        self._frame_time.observe(seconds)

    def skipped(self, total: int) -> None:
        """So many frames were skipped since the station started."""
        with self._lock:
            more, self._skipped_so_far = total - self._skipped_so_far, total
        self._skipped.inc(more if more >= 0 else total)  # a camera that was opened again counts from zero

    def piece(self, result: PieceResult) -> None:
        """A piece has its result; its latency counts by outcome, as a person takes longer than the network."""
        self._pieces.labels(result.outcome).inc()
        self._latency.labels(result.outcome).observe(result.latency)

    def watch_output(self, output: str, waiting: Callable[[], int], takes: Callable[[], bool]) -> None:
        """Ask at each scrape how many pieces wait for an output, and whether it takes any."""
        self._queue.labels(output).set_function(waiting)
        self._up.labels(output).set_function(takes)
        for counter in (self._reconnects, self._away, self._refused):
            counter.labels(output)

    def reconnected(self, output: str) -> None:
        """An output came back."""
        self._reconnects.labels(output).inc()

    def failed(self, output: str) -> None:
        """An output went away."""
        self._away.labels(output).inc()

    def refused(self, output: str) -> None:
        """An output will never take a piece."""
        self._refused.labels(output).inc()

    def text(self) -> bytes:
        """All of it in Prometheus' text format, of type :data:`CONTENT_TYPE`."""
        return generate_latest(self.registry)


class _Machine(Collector):
    """What is asked at each scrape: alarms, temperatures, throttling."""

    def __init__(self, alarms: Callable[[], Mapping[str, str]], thermal: Path, firmware: Path) -> None:
        self._alarms, self._thermal, self._firmware = alarms, thermal, firmware

    def collect(self) -> Iterator[GaugeMetricFamily]:
        alarms = GaugeMetricFamily("edgedigits_alarm", "1 for each active alarm.", labels=["name"])
        for name in self._alarms():
            alarms.add_metric([name], 1)
        yield alarms
        heat = GaugeMetricFamily("edgedigits_temperature_celsius", "Temperature by thermal zone.", labels=["zone"])
        for zone, degrees in temperatures(self._thermal).items():
            heat.add_metric([zone], degrees)
        yield heat
        slowed = GaugeMetricFamily("edgedigits_throttled", "1 while a Raspberry Pi is slowed down.", labels=["reason"])
        bits = throttling(self._firmware)
        if bits is not None:
            for reason, bit in THROTTLING.items():
                slowed.add_metric([reason], bits >> bit & 1)
        yield slowed


class _Updates(Collector):
    """Which model reads, and what became of updates of it since the station started."""

    def __init__(self, counts: Callable[[], Mapping[str, int]], model: Callable[[], str]) -> None:
        self._counts, self._model = counts, model

    def collect(self) -> Iterator[Metric]:
        reads = GaugeMetricFamily("edgedigits_model_info", "sha256 of the network that reads.", labels=["model"])
        reads.add_metric([self._model()], 1)
        yield reads
        refused = dict(self._counts())
        taken, back = refused.pop(TAKEN, 0), refused.pop(ROLLED_BACK, 0)
        yield CounterMetricFamily("edgedigits_updates_taken", "Updates that were taken.", value=taken)
        yield CounterMetricFamily("edgedigits_updates_rolled_back", "Updates that were taken back.", value=back)
        kinds = CounterMetricFamily("edgedigits_updates_refused", "Updates that were not taken.", labels=["kind"])
        for kind, count in refused.items():
            kinds.add_metric([kind], count)
        yield kinds
