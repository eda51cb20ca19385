"""One table of the rows of several folders: where each comes from, which ones compare, and the front of each cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.results.folder import Results
from edgedigits.results.front import Cost, costs_of, front, on_platforms
from edgedigits.results.machine import Machine
from edgedigits.results.row import DIGIT_TASK, Accuracy, Row, dataclass_from

COMPARISON, MEASUREMENT = "compare", "measure"
ORIGINS = "origins"
_MOST_NAMED = 6


@dataclass(frozen=True)
class Entry:
    """A row in a table.

    Attributes:
        label: model and recipe, and where the table has them twice the folder too.
        source: the folder of results, as the table calls it.
        place: the row's own folder.
        row: what was measured.
        machine: that measured its latencies.
        kind: the command that measured it.
    """

    label: str
    source: str
    place: Path
    row: Row
    machine: Machine
    kind: str = ""


@dataclass(frozen=True)
class Table:
    """Rows side by side.

    Attributes:
        title: for people.
        entries: all rows, in the order of their folders.
        digits: the test digits that most rows were measured on; None where no row has an accuracy. Only rows on these
            are compared.
        machine: that most latencies were measured on; None where there is none.
        costs: that at least one row has a figure of; times once for each machine and runtime.
        fronts: by the name of a cost, the places of the entries on its front, from the cheapest to the dearest.
        results: the folders.
    """

    title: str
    entries: tuple[Entry, ...]
    digits: Accuracy | None
    machine: Machine | None
    costs: tuple[Cost, ...]
    fronts: dict[str, tuple[int, ...]]
    results: tuple[Results, ...]

    @property
    def task(self) -> str:
        """What the models of all rows read: ``digit`` or ``line``."""
        return self.entries[0].row.task if self.entries else DIGIT_TASK

    @property
    def measure(self) -> str:
        """What an accuracy of the table is called."""
        return "accuracy" if self.task == DIGIT_TASK else "exact lines"

    def on_the_digits(self, entry: Entry) -> bool:
        """Whether a row was measured on the test digits of the table."""
        accuracy = entry.row.accuracy
        return accuracy is not None and self.digits is not None and accuracy.digits_sha256 == self.digits.digits_sha256

    def compares(self, entry: Entry, cost: Cost) -> bool:
        """Whether a row may stand on the front of a cost."""
        return value_of(entry, cost) is not None and self.on_the_digits(entry)

    def fronts_of(self, place: int) -> tuple[str, ...]:
        """Names of the costs on whose front the entry at ``place`` stands."""
        return tuple(name for name, places in self.fronts.items() if place in places)

    @property
    def missing(self) -> tuple[str, ...]:
        """Rows that were announced and are not there, each with its folder."""
        return tuple(f"{results.folder / name}" for results in self.results for name in results.missing)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader has to know of the folders."""
        return tuple(warning for results in self.results for warning in results.warnings)


def value_of(entry: Entry, cost: Cost) -> float | None:
    """What a row has of a cost; None where it has nothing, or another machine timed it."""
    return cost.of(entry.row) if cost.machine in (None, entry.machine) else None


def gather(results: Results | Sequence[Results], task: str = "") -> Table:
    """Put the rows of one folder of results, or of several, into one table.

    Args:
        results: the folders.
        task: take the rows of this task only: ``digit`` or ``line``; empty: they all have to be of one.

    Raises:
        EdgedigitsError: a folder that compare wrote does not say where its rows come from; or rows of networks that
            read digits and of such as read lines, whose accuracies say different things.
    """
    folders = (results,) if isinstance(results, Results) else tuple(results)
    sources = _sources(folders)
    found = [entry for one, source in zip(folders, sources, strict=True) for entry in _of(one, source)]
    entries = _told_apart(beside_the_same_file(_of_one_task(found, task)))
    rows = [entry.row for entry in entries]
    digits = _most_frequent([row.accuracy for row in rows if row.accuracy])
    timed = [entry.machine for entry in entries if entry.row.latency]
    machines = Counter([machine for machine in timed if not machine.emulated] or timed)
    title = folders[0].header.title if len(folders) == 1 else _title(sources)
    machine = next(iter(dict(machines.most_common(1))), None)
    costs = _in_words(on_platforms(costs_of(rows), [(entry.machine, entry.row) for entry in entries]), rows)
    bare = Table(title, entries, digits, machine, costs, {}, folders)
    return Table(title, entries, digits, machine, bare.costs, {c.name: _front(bare, c) for c in bare.costs}, folders)


def _of_one_task(entries: Sequence[Entry], task: str) -> list[Entry]:
    tasks: dict[str, str] = {}
    for entry in entries:
        tasks.setdefault(entry.row.task, entry.source)
    if task or len(tasks) < 2:
        return [entry for entry in entries if task in ("", entry.row.task)]
    where = " and ".join(f"{name}s ({source})" for name, source in tasks.items())
    raise EdgedigitsError(
        f"these are rows of networks that read {where}, and the accuracies of the two do not compare",
        f"add --task {' or --task '.join(tasks)}, or name folders of one kind",
    )


def _in_words(costs: Sequence[Cost], rows: Sequence[Row]) -> tuple[Cost, ...]:
    """Costs of rows of one task, their labels in its words."""
    task = rows[0].task if rows else DIGIT_TASK
    return tuple(replace(cost, label=cost.label.replace(DIGIT_TASK, task)) for cost in costs)


def _sources(folders: Sequence[Results]) -> list[str]:
    """As much of each folder's path, from its end, as tells it from all others; what was given where nothing does."""
    paths = [results.folder.resolve().parts for results in folders]
    names = []
    for results, path in zip(folders, paths, strict=True):
        lengths = (
            length for length in range(1, len(path)) if [other[-length:] for other in paths].count(path[-length:]) == 1
        )
        length = next(lengths, None)
        names.append("/".join(path[-length:]) if length else str(results.folder))
    return names


def _title(sources: Sequence[str]) -> str:
    more = len(sources) - _MOST_NAMED
    return ", ".join(sources[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _of(results: Results, source: str) -> list[Entry]:
    names = [name for name in results.header.names if name not in results.missing]
    entries = []
    for name, row in zip(names, results.rows, strict=True):
        place = results.folder / name
        if results.header.kind == COMPARISON:
            entries.append(_copied(results, name, row))
        else:
            entries.append(Entry(row.name, source, place, row, results.header.machine, results.header.kind))
    return entries


def origins(entries: Sequence[Entry], names: Sequence[str]) -> dict[str, Any]:
    """Where rows come from, for the settings of a folder that holds copies of them."""
    return {
        name: {"source": entry.source, "machine": asdict(entry.machine), "kind": entry.kind}
        for name, entry in zip(names, entries, strict=True)
    }


def _copied(results: Results, name: str, row: Row) -> Entry:
    try:
        origin = results.header.settings[ORIGINS][name]
        machine = dataclass_from(origin["machine"], Machine, "machine")
        kind = str(origin.get("kind", ""))  # older folders do not tell
        return Entry(row.name, str(origin["source"]), results.folder / name, row, machine, kind)
    except (KeyError, TypeError, ValueError) as error:
        raise EdgedigitsError(
            f"{results.folder} does not say where its row {name} comes from ({error})", "run compare again"
        ) from error


def beside_the_same_file(entries: Sequence[Entry]) -> list[Entry]:
    """Rows that ``measure`` wrote behind those of the same model file, with everything that those know of it.

    A Raspberry Pi times a model and reads what digits it has; what the file costs and how it reads the digits of the
    table is what the workstation has found out.
    """
    known: dict[str, Entry] = {}
    for entry in entries:
        if entry.kind != MEASUREMENT and entry.row.sha256:
            known.setdefault(entry.row.sha256, entry)
    found = [entry for entry in entries if entry.kind != MEASUREMENT or entry.row.sha256 not in known]
    for entry in reversed([entry for entry in entries if entry not in found]):
        same = known[entry.row.sha256]
        found.insert(found.index(same) + 1, replace(entry, row=_completed(entry, same.row)))
    return found


def _completed(entry: Entry, same: Row) -> Row:
    """The figures of a measured row, and those of another row of the same file where it has none of its own."""
    own = entry.row
    on_the_same = bool(own.accuracy and same.accuracy and own.accuracy.digits_sha256 == same.accuracy.digits_sha256)
    read = f"reads {own.accuracy.percent:.2f} % of {own.accuracy.digits} there" if own.accuracy else ""
    return replace(
        same,
        file="",
        failure=own.failure,
        accuracy=own.accuracy if on_the_same or own.failure else same.accuracy,
        latencies=own.latencies,
        checks=own.checks,
        settings=own.settings,
        notes=(*own.notes, *([read] if read and not on_the_same else [])),
    )


def _told_apart(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Labels that differ: with the folder where model and recipe do not suffice, with the row's folder where needed."""
    plain = Counter(entry.row.name for entry in entries)
    wider = Counter((entry.row.name, entry.source) for entry in entries)
    found = []
    for entry in entries:
        name, source = entry.row.name, entry.source
        if plain[name] > 1:
            where = source if wider[name, source] == 1 else f"{source}, {entry.place.name}"
            name = f"{name} ({where})"
        found.append(replace(entry, label=name))
    return tuple(found)


def _most_frequent(accuracies: Sequence[Accuracy]) -> Accuracy | None:
    """The first accuracy on the digits that occur most often; of equally frequent ones those that come first."""
    counts = Counter(accuracy.digits_sha256 for accuracy in accuracies)
    return max(accuracies, key=lambda accuracy: counts[accuracy.digits_sha256], default=None)


def _front(table: Table, cost: Cost) -> tuple[int, ...]:
    places = [place for place, entry in enumerate(table.entries) if table.compares(entry, cost)]
    points = []
    for place in places:
        row = table.entries[place].row
        value = value_of(table.entries[place], cost)
        assert value is not None and row.accuracy is not None
        points.append((float(value), row.accuracy.percent))
    return tuple(places[index] for index in front(points))
