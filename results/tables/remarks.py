"""What stands below a table: what the columns mean, how it was measured, and which rows have no model."""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.core.machine.load import BUSY, is_busy
from edgedigits.results.figures import figures_of
from edgedigits.results.front import PLATFORM
from edgedigits.results.machine import Machine
from edgedigits.results.published import published_in
from edgedigits.results.row import Row
from edgedigits.results.table import Table
from edgedigits.results.tables.columns import BUSY_MARK, EMULATED, one_line, setting_text, settings_of
from edgedigits.results.tables.int8_speed import slower_int8
from edgedigits.results.telling import alike, how_told, most_accurate

BUSY_TEXT = (
    "the share of the cores that other programs took while this was timed, where it is more than "
    f"{100 * BUSY:.0f} %: a quiet machine is faster"
)

PUBLISHED_TITLE = "Published by others: reference points that compete with no row"


@dataclass(frozen=True)
class Remarks:
    """A heading and what stands under it, a line each.

    Attributes:
        title: the heading.
        lines: what a line is about (may be empty) and what it says.
    """

    title: str
    lines: tuple[tuple[str, str], ...]


def remarks_on(table: Table) -> tuple[Remarks, ...]:
    """All remarks on a table; a heading without lines is left out."""
    entries = table.entries
    found = (
        Remarks("How to read it", _legend(table)),
        Remarks("Rows without a model", tuple((e.label, one_line(e.row.failure)) for e in entries if e.row.failure)),
        Remarks(PUBLISHED_TITLE, tuple((one.name, one.words()) for one in published_in(table))),
        Remarks("Runtimes", _runtimes(table)),
        Remarks("Where int8 takes longer than float32", slower_int8(table)),
        Remarks(
            "Does not load",
            tuple(
                (f"{entry.label} on {one_line(latency.runtime)}", one_line(latency.refused))
                for entry in entries
                for latency in entry.row.latencies
                if latency.refused
            ),
        ),
        Remarks("Notes", tuple((entry.label, one_line(note)) for entry in entries for note in entry.row.notes)),
        Remarks("What the recipes are", _recipes(table)),
        Remarks("Not there", tuple(("", f"{place} was announced and is not there") for place in table.missing)),
        Remarks("Warnings", tuple(("", one_line(warning)) for warning in table.warnings)),
        Remarks("Machine and software", _origins(table)),
    )
    return tuple(one for one in found if one.lines)


def machine_text(machine: Machine) -> str:
    """A machine in words."""
    cores = f"{machine.cores} core{'' if machine.cores == 1 else 's'}"
    plain = f"{one_line(machine.processor)}, {cores}, {one_line(machine.system)}"
    return f"{plain}, emulated: its times say nothing of a real one" if machine.emulated else plain


def machine_lines(table: Table) -> tuple[str, ...]:
    """Which rows were timed on which machine, where there are several, and that times of an emulated one are marked."""
    timed = [entry for entry in table.entries if entry.row.latency]
    machines = dict.fromkeys(entry.machine for entry in timed)
    lines = []
    for machine in machines:
        sources = dict.fromkeys(entry.source for entry in timed if entry.machine == machine)
        mark = f"{EMULATED} " if machine.emulated else ""
        lines.append(f"{mark}latency of {', '.join(sources)}: {machine_text(machine)}")
    return tuple(lines) if len(machines) > 1 or any(machine.emulated for machine in machines) else ()


def alike_words(table: Table, most: int = 5) -> str:
    """Which rows cannot be told apart from the most accurate one, at most so many named; empty where all can be."""
    best = most_accurate(table)
    if best is None or best.row.accuracy is None:
        return ""
    found = alike(best, [entry for entry in table.entries if table.on_the_digits(entry)])
    if not found:
        return ""
    named = ", ".join([*(entry.label for entry in found[:most]), *(["..."] if len(found) > most else [])])
    return (
        f"cannot be told apart from the most accurate row, {best.label} ({best.row.accuracy.percent:.2f} %): "
        f"{len(found)} row{'' if len(found) == 1 else 's'}: {named}; {how_told(table.task)}"
    )


def _legend(table: Table) -> tuple[tuple[str, str], ...]:
    lines: list[tuple[str, str]] = []
    if table.digits:
        where = f"{one_line(table.digits.digits)}: {table.digits.count:,} {table.task}s"
        lines.append((table.measure, f"on {where}, with its 95 % interval (Wilson)"))
    if any(entry.row.drop for entry in table.entries):
        text = (
            f"{table.measure} of the float network minus this one's, percentage points, with the 95 % interval of a "
            "difference of paired proportions (Agresti and Min); p of McNemar's exact test; agreement: "
            f"{table.task}s both read the same"
        )
        lines.append(("drop", text))
    for figure, of in figures_of(Row):
        if figure.note and any(of(entry.row) for entry in table.entries):
            lines.append((figure.title, figure.note))
    if words := alike_words(table, len(table.entries)):
        lines.append(("differences", words))
    if table.fronts:
        text = (
            "no other row costs at most as much and is at least as accurate; only rows on the same test "
            f"{table.task}s compete"
        )
        lines.append(("on the front", text))
    if any(is_busy(latency.load) for entry in table.entries for latency in entry.row.latencies):
        lines.append((BUSY_MARK, BUSY_TEXT))
    others = {
        entry.row.accuracy.digits_sha256: entry.row.accuracy
        for entry in table.entries
        if entry.row.accuracy and not table.on_the_digits(entry)
    }
    lines += [
        ("*", f"measured on {one_line(one.digits)}, {one.count:,} other {table.task}s") for one in others.values()
    ]
    if any(entry.machine.emulated and entry.row.latency for entry in table.entries):
        lines.append((EMULATED, "timed on an emulated machine: how long a real one takes, it does not say"))
    if any(not one.equal for entry in table.entries for one in entry.row.cores):
        lines.append(("†", "some of its outputs on this core are not those of TFLite's reference kernels"))
    return tuple(lines)


def _runtimes(table: Table) -> tuple[tuple[str, str], ...]:
    letters = settings_of([entry.row for entry in table.entries])
    lines = [(letter, setting_text(setting, table.task)) for setting, letter in letters.items()]
    platforms = dict.fromkeys(cost.name.partition(PLATFORM)[2] for cost in table.costs if cost.machine)
    if len(platforms) > 1:
        text = f"each machine and runtime has fronts of its own, as their times do not compare: {'; '.join(platforms)}"
        lines.append(("latency and time", text))
    return tuple(lines)


def _recipes(table: Table) -> tuple[tuple[str, str], ...]:
    known = dict.fromkeys((entry.row.recipe, one_line(entry.row.about)) for entry in table.entries)
    return tuple((recipe, about) for recipe, about in known if about)


def _origins(table: Table) -> tuple[tuple[str, str], ...]:
    lines = []
    for results in table.results:
        software = ", ".join(f"{name} {version}" for name, version in results.header.software.items())
        lines.append((results.folder.resolve().name, one_line(f"{results.header.title}; {software}")))
    machines = dict.fromkeys((machine_text(entry.machine), entry.source) for entry in table.entries)
    for text in dict.fromkeys(text for text, _ in machines):
        lines.append((", ".join(source for known, source in machines if known == text), text))
    return tuple(lines)
