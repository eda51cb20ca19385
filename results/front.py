"""The Pareto front: rows than which no other one is both at least as accurate and at most as dear."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from edgedigits.core.counting import counted
from edgedigits.results.figures import figures_of
from edgedigits.results.machine import Machine
from edgedigits.results.row import CoreFigures, Latency, Row


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
        machine: whose times these are; None where the figure depends on no machine, or the table has one platform only.
        runtime: whose times these are; empty as above.
    """

    name: str
    label: str
    unit: str
    of: Callable[[Row], float | None]
    timed: bool = False
    core: str = ""
    machine: Machine | None = None
    runtime: str = ""

    @property
    def words(self) -> str:
        """The name as columns say it: ``flash on m4`` for ``m4_flash``."""
        return self.label if self.core else self.name

    @property
    def kind(self) -> str:
        """The name without the machine and runtime that it may end in."""
        return self.name.partition(PLATFORM)[0]


PLATFORM = " on "
"""Between the name of a timed cost and its machine and runtime, where there are several."""


def answer_latency(row: Row, runtime: str = "") -> Latency | None:
    """How long one digit takes that comes alone: on the first runtime that loads the model, or on one of this name."""
    return next((one for one in _measured(row, runtime) if one.batch == 1), None)


def best_latency(row: Row, runtime: str = "") -> Latency | None:
    """The least time a digit, in whatever batch, on any runtime or on one of this name."""
    return min(_measured(row, runtime), key=lambda one: one.median_us or 0.0, default=None)


def _measured(row: Row, runtime: str) -> list[Latency]:
    found = [one for one in row.latencies if not one.refused and one.median_us is not None]
    return [one for one in found if not runtime or one.runtime == runtime]


def timed_by(cost: Cost, row: Row) -> Latency | None:
    """The latency that a timed cost of a row is taken from."""
    return (answer_latency if cost.kind == LATENCY.name else best_latency)(row, cost.runtime)


def _answer_us(row: Row) -> float | None:
    latency = answer_latency(row)
    return latency.median_us if latency else None


def _least_us(row: Row) -> float | None:
    latency = best_latency(row)
    return latency.median_us if latency else None


FIGURES = tuple(Cost(one.cost, one.label, one.unit, of) for one, of in figures_of(Row) if one.cost)
"""Costs that are plain figures of a row: bytes, gzip, MACs, arena."""

LATENCY = Cost("latency", "latency of one digit, median", "µs", _answer_us, timed=True)
TIME = Cost("time", "time a digit in each row's best batch, median", "µs", _least_us, timed=True)
COSTS = (*FIGURES, LATENCY, TIME)


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


def on_platforms(costs: Iterable[Cost], measured: Sequence[tuple[Machine, Row]]) -> tuple[Cost, ...]:
    """Costs with those that are timed once for each machine and runtime, as times on two of them do not compare.

    Emulated machines have none beside real ones: their times say nothing.

    Args:
        costs: of the rows.
        measured: each row with the machine that timed it.
    """
    known = [(machine, row) for machine, row in measured if not machine.emulated] or measured
    platforms = dict.fromkeys((machine, one.runtime) for machine, row in known for one in _measured(row, ""))
    found: list[Cost] = []
    for cost in costs:
        if not cost.timed:
            found.append(cost)
            continue
        for machine, runtime in platforms:
            rows = [row for other, row in known if other == machine and _measured(row, runtime)]
            if cost is not TIME or any(one.batch > 1 for row in rows for one in _measured(row, runtime)):
                found.append(_on(cost, machine, runtime, tuple(platforms)))
    return tuple(found)


def _on(cost: Cost, machine: Machine, runtime: str, platforms: Sequence[tuple[Machine, str]]) -> Cost:
    machines = dict.fromkeys(other for other, _ in platforms)
    words = [runtime] if len({name for _, name in platforms}) > 1 or len(machines) == 1 else []
    if len(machines) > 1:
        same = [other for other in machines if other.processor == machine.processor]
        words.append(
            machine.processor + (f", {counted(machine.cores, 'core')}, {machine.system}" if len(same) > 1 else "")
        )
    ending = f"{PLATFORM}{', '.join(words)}" if len(platforms) > 1 else ""
    times = answer_latency if cost is LATENCY else best_latency

    def of(row: Row) -> float | None:
        found = times(row, runtime)
        return found.median_us if found else None

    return replace(
        cost, name=f"{cost.name}{ending}", label=f"{cost.label}{ending}", of=of, machine=machine, runtime=runtime
    )


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
