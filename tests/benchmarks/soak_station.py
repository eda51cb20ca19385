"""A station at work for half an hour: what it needs, and whether every frame and every piece is accounted for.

    python tests/benchmarks/soak_station.py [--minutes 30]

A real `edgedigits station` reads simulated mail at the pace of a belt (1280x720, 30 frames a second), its page open,
its journal flushed to the disk, a real mosquitto told of every piece and somebody listening there. Prints what was
measured and exits with 1 where a claim fails. Needs the program mosquitto.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1] / "edge" / "station" / "messages"))
sys.path.insert(0, str(Path(__file__).parents[1] / "edge" / "station"))

import click
import psutil
from mosquitto import Broker, Listener, in_order_of_first_arrival
from whole_station import OpenPage, RunningStation, Told, events_of, tells, wait_until_told, write_config

from edgedigits.core.machine.load import LoadWatch, busy_words
from edgedigits.edge.station.journal.records import Event
from edgedigits.results.machine import this_machine

MAIL = "mail:ordinary,pace=real"
RATE = 30

EVERY = 1.0
"""Seconds between two samples."""

MOST_GROWTH = 5.0
"""Megabytes by which resident memory may grow after the warm-up."""

_MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Sample:
    """The station at a moment.

    Attributes:
        at: seconds since its start.
        resident: memory in megabytes.
        files: open files and sockets, without the connections of those who look at the page.
        threads: of the process.
        figures: of ``/metrics``.
    """

    at: float
    resident: float
    files: int
    threads: int
    figures: dict[str, float]


@dataclass(frozen=True)
class Soak:
    """What was seen.

    Attributes:
        samples: one a second, after the start.
        told: by the station at its end.
        events: of the journal.
        heard: messages at the subscriber, as (sequence, id).
        pictures: of the page that were fetched.
        page_events: that the page was sent.
        page_failures: requests that failed.
        busy: what other programs took meanwhile, in words.
    """

    samples: Sequence[Sample]
    told: Told
    events: Sequence[Event]
    heard: Sequence[tuple[int, str]]
    pictures: int
    page_events: int
    page_failures: int
    busy: str

    @property
    def steady(self) -> Sequence[Sample]:
        """The samples after the warm-up: the first third, but five minutes at most."""
        begin = self.samples[0].at + min(300.0, (self.samples[-1].at - self.samples[0].at) / 3)
        return [one for one in self.samples if one.at >= begin]

    @property
    def growth(self) -> float:
        """Megabytes from the first tenth of the steady samples to the last, medians: a frame in flight is 3 of them."""
        tenth = max(1, len(self.steady) // 10)
        first, last = self.steady[:tenth], self.steady[-tenth:]
        return statistics.median(one.resident for one in last) - statistics.median(one.resident for one in first)

    def claims(self) -> list[tuple[str, str, bool]]:
        """What must hold: in words, what was found, and whether it held."""
        told, steady = self.told, self.steady
        files = _usual([one.files for one in steady])
        threads = _usual([one.threads for one in steady])
        lost = told.given - told.frames - told.skipped
        sequences = [event.sequence for event in self.events]
        ids = {event.sequence: event.result.id for event in self.events}
        strange = [one for one in self.heard if ids.get(one[0]) != one[1]]
        arrived = in_order_of_first_arrival(sequence for sequence, _ in self.heard)
        return [
            (f"memory grows by less than {MOST_GROWTH:.0f} MB", f"{self.growth:+.1f} MB", self.growth < MOST_GROWTH),
            # The journal keeps up to three connections to read by, and opens them as they are needed.
            ("open files do not grow", "{} to {}, {} at most".format(*files), files[1] - files[0] <= 2),
            # One that answers the page comes and goes with its requests.
            ("threads do not grow", "{} to {}, {} at most".format(*threads), threads[1] - threads[0] <= 1),
            (
                "every frame was looked at or counted as skipped",
                f"{told.given} given, {told.frames} looked at, {told.skipped} skipped, {lost} at the end",
                0 <= lost <= 2,
            ),
            (
                "the journal has every piece of the station, without a gap",
                f"{told.pieces} pieces, {len(sequences)} events",
                sequences == list(range(1, told.pieces + 1)),
            ),
            (
                "the subscriber has every event, in order, each with its id",
                f"{len(arrived)} of {len(sequences)}, {len(self.heard) - len(arrived)} twice",
                arrived == sequences and not strange,
            ),
            ("the page answered", f"{self.page_failures} failures", not self.page_failures),
        ]


def _usual(counts: Sequence[int]) -> tuple[int, int, int]:
    """The most frequent count of the first third and of the last, and the greatest: pictures are written meanwhile."""
    third = max(1, len(counts) // 3)
    return statistics.mode(counts[:third]), statistics.mode(counts[-third:]), max(counts)


def soak(folder: Path, seconds: float, *, source: str = MAIL, every: float = EVERY) -> Soak:
    """Run a station for so long in a folder.

    Args:
        folder: of its configuration, its journal and the broker's files.
        seconds: from its first frame.
        source: of the mail.
        every: seconds between two samples.
    """
    broker = Broker(folder / "broker")
    listener = Listener(broker.port, "edgedigits/north/pieces")
    config = write_config(folder / "station", source, tells(broker.port))
    watch = LoadWatch()
    try:
        with RunningStation(config) as station:
            station.wait_for_frames(1)
            with OpenPage(station.url) as page:
                samples = list(_samples(station, seconds, every))
            told = station.stop()
        busy = busy_words(watch.share())
        events = events_of(config)
        wait_until_told(config, source)
        heard = [(one["sequence"], one["id"]) for one in listener.wait_for_pieces(len(events))]
    finally:
        listener.close()
        broker.stop()
    return Soak(samples, told, events, heard, page.pictures, page.events, page.failures, busy)


def _samples(station: RunningStation, seconds: float, every: float) -> Iterator[Sample]:
    process, port = psutil.Process(station.process.pid), urlsplit(station.url).port
    begun = time.monotonic()
    while (at := time.monotonic() - begun) < seconds:
        with process.oneshot():
            resident, threads = process.memory_info().rss / _MEGABYTE, process.num_threads()
        yield Sample(at, resident, _open_files(process, port), threads, station.figures())
        time.sleep(max(0.0, every - (time.monotonic() - begun - at)))


def _open_files(process: psutil.Process, port: int | None) -> int:
    connections = process.net_connections("tcp")
    visitors = [one for one in connections if one.laddr.port == port and one.status != psutil.CONN_LISTEN]
    return int(process.num_fds()) - len(visitors)


@click.command(help=__doc__)
@click.option("--minutes", default=30.0, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), help="Kept afterwards.  [default: a temporary one]")
def main(minutes: float, folder: Path | None) -> None:
    where = this_machine()
    print(f"{where.processor}, {where.cores} cores, {where.system}; {minutes:g} minutes", flush=True)
    with tempfile.TemporaryDirectory() as made:
        seen = soak(folder or Path(made), 60 * minutes)
    show(seen)
    sys.exit(0 if all(held for *_, held in seen.claims()) else 1)


def show(seen: Soak) -> None:
    """Print what was measured, and each claim."""
    begin, end = seen.samples[0], seen.samples[-1]
    spent = end.at - begin.at
    frames, skipped = (
        end.figures[name] - begin.figures[name]
        for name in ("edgedigits_frames_total", "edgedigits_frames_skipped_total")
    )
    steady, pieces = [one.resident for one in seen.steady], 60 * len(seen.events) / spent
    print(f"{(frames + skipped) / spent:.2f} frames a second came, {frames / spent:.2f} were looked at")
    print(f"{pieces:.0f} pieces a minute; {seen.pictures} pictures and {seen.page_events} events to the page")
    print(f"memory after the warm-up: {min(steady):.1f} to {max(steady):.1f} MB")
    print(f"processor: {_processor(begin, end):.0f} % of a core, the making of the mail among it")
    for name in ("edgedigits_frame_seconds", "edgedigits_latency_seconds"):
        print(f"{name}: {_mean(name, end.figures) * 1000:.1f} ms on average")
    if seen.busy:
        print(f"{seen.busy} meanwhile")
    for words, found, held in seen.claims():
        print(f"{'holds' if held else 'FAILS'}  {words}: {found}")


def _processor(begin: Sample, end: Sample) -> float:
    """Percent of one core that the station took."""
    name = "process_cpu_seconds_total"
    return 100 * (end.figures[name] - begin.figures[name]) / (end.at - begin.at)


def _mean(name: str, figures: dict[str, float]) -> float:
    count, total = (
        sum(value for key, value in figures.items() if key.startswith(f"{name}_{end}")) for end in ("count", "sum")
    )
    return total / count if count else 0.0


if __name__ == "__main__":
    main()
