"""The Pareto front: rows than which no other one is both at least as accurate and at most as dear."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from edgedigits.core.results.row import CoreFigures, Latency, Row


@dataclass(frozen=True)
class Cost:
    """What a model costs in one respect; less is better.

    Attributes:
        name: one word, such as ``bytes`` or ``m4_flash``.
        label: for people.
        unit: of the figure.
        of: the figure of a row; None where it has none.
        timed: True where the figure depends on the machine that measured it.
        core: the microcontroller that it is about; empty where it is about none.
    """

    name: str
    label: str
    unit: str
    of: Callable[[Row], float | None]
    timed: bool = False
    core: str = ""


def answer_latency(row: Row) -> Latency | None:
    """On the first runtime that loads the model, how long one digit takes that comes alone."""
    alone = (one for one in row.latencies if not one.refused and one.batch == 1 and one.median_us is not None)
    return next(alone, None)


def _answer_us(row: Row) -> float | None:
    latency = answer_latency(row)
    return latency.median_us if latency else None


def _least_us(row: Row) -> float | None:
    times = [one.median_us for one in row.latencies if not one.refused and one.median_us is not None]
    return min(times, default=None)


BYTES = Cost("bytes", "size of the model file", "bytes", lambda row: row.bytes)
GZIP = Cost("gzip", "size after gzip", "bytes", lambda row: row.gzip_bytes)
MACS = Cost("MACs", "multiply-accumulates of one inference", "MACs", lambda row: row.macs)
ARENA = Cost("arena", "arena", "bytes", lambda row: row.arena_bytes)
LATENCY = Cost("latency", "latency of one digit, median", "µs", _answer_us, timed=True)
TIME = Cost("time", "time a digit in each row's best batch, median", "µs", _least_us, timed=True)
COSTS = (BYTES, GZIP, MACS, ARENA, LATENCY, TIME)


def figures_on(row: Row, core: str) -> CoreFigures | None:
    """What the firmware report of a row says of one core."""
    return next((one for one in row.cores if one.core == core), None)


def core_costs(core: str, unit: str) -> tuple[Cost, Cost, Cost]:
    """Flash, RAM and instructions of a core.

    Args:
        core: such as ``m4``.
        unit: that its emulator counts, ``instructions`` or ``cycles``.
    """

    def of(figure: Callable[[CoreFigures], float]) -> Callable[[Row], float | None]:
        def value(row: Row) -> float | None:
            found = figures_on(row, core)
            return None if found is None else figure(found)

        return value

    return (
        Cost(f"{core}_flash", f"flash on {core}", "bytes", of(lambda found: found.flash_bytes), core=core),
        Cost(f"{core}_ram", f"RAM on {core}", "bytes", of(lambda found: found.ram_bytes), core=core),
        Cost(f"{core}_{unit}", f"{unit} on {core}", unit, of(lambda found: found.instructions), core=core),
    )


def costs_of(rows: Iterable[Row]) -> tuple[Cost, ...]:
    """The costs that at least one row has a figure of; those of cores last, in the order in which they occur.

    :data:`TIME` is among them only where a row was measured in batches: it is :data:`LATENCY` otherwise.
    """
    known = list(rows)
    units = {one.core: one.unit for row in known for one in row.cores}
    batches = any(one.batch > 1 and not one.refused for row in known for one in row.latencies)
    plain = [cost for cost in COSTS if cost is not TIME or batches]
    found = (*plain, *(cost for core, unit in units.items() for cost in core_costs(core, unit)))
    return tuple(cost for cost in found if any(cost.of(row) is not None for row in known))


def front(points: Sequence[tuple[float, float]]) -> tuple[int, ...]:
    """Places of the points that no other one dominates, from the cheapest to the dearest.

    A point is dominated by one that costs at most as much and is at least as accurate, and is not equal to it in both.

    Args:
        points: cost (less is better) and accuracy (more is better) of each.
    """
    order = sorted(range(len(points)), key=lambda place: (points[place][0], -points[place][1]))
    kept: list[int] = []
    for place in order:
        if not kept or points[place][1] > points[kept[-1]][1] or points[place] == points[kept[-1]]:
            kept.append(place)
    return tuple(kept)
