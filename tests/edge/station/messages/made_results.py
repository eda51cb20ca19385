"""Results of pieces that nobody read, to be told of."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.results import PieceResult


def result(number: int, station: str = "north", outcome: str = "accepted") -> PieceResult:
    """The result of the piece with that number; its code is the number, of five digits."""
    return PieceResult(
        id=f"{station}-{number:06d}",
        station=station,
        entered=1_764_500_000.0 + number,
        decided=1_764_500_000.25 + number,
        latency=0.125,
        code=f"{number:05d}",
        outcome=outcome,  # type: ignore[arg-type]
        why="" if outcome == "accepted" else "not sure enough",
        bin="A1",
        confidence=0.998,
        alternatives=((f"{number:05d}", 0.998), ("99999", 0.002)),
        frames=7,
        model="0" * 64,
    )


@contextmanager
def journal_in(folder: Path) -> Iterator[Journal]:
    """A journal that does not flush to the disk, as no test takes the power away."""
    journal = Journal(folder, durable=False)
    try:
        yield journal
    finally:
        journal.close()


@contextmanager
def pieces_coming(
    journal: Journal, count: int, per_second: float, station: str = "north"
) -> Iterator[threading.Thread]:
    """Add pieces 1 to ``count`` at that rate in a thread of their own; on leaving all of them have come."""
    pause = threading.Event()

    def add() -> None:
        for number in range(1, count + 1):
            journal.add(result(number, station), None)
            pause.wait(1 / per_second)

    thread = threading.Thread(target=add)
    thread.start()
    try:
        yield thread
    finally:
        thread.join()
