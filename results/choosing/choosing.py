"""The best row that a device can take, which of its limits bind, and where nothing fits the nearest miss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edgedigits.core.counting import counted
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.machine.load import busy_words, is_busy
from edgedigits.results.choosing.choice import Better, Choice, LimitVerdict
from edgedigits.results.choosing.limits import NO_VALIDATION, Limits, Measure, measures_for
from edgedigits.results.choosing.refusing import (
    EMULATED_TIME,
    NAMED,
    NO_ACCURACY,
    NO_MODEL,
    OTHER_DIGITS,
    SAME_FILE,
    elsewhere,
    nothing_to_choose,
    reasons_text,
    report_command,
    some,
)
from edgedigits.results.front import answer_latency, figures_on
from edgedigits.results.row import DIGIT_TASK
from edgedigits.results.table import MEASUREMENT, Entry, Table
from edgedigits.results.telling import alike, how_told


@dataclass(frozen=True)
class _Contest:
    """The rows that may be chosen, what limits them, and the order in which they are better."""

    candidates: tuple[Entry, ...]
    limited: tuple[tuple[Measure, float], ...]
    measures: dict[str, Measure]

    def excess(self, entry: Entry, measure: Measure, limit: float) -> float:
        value = measure.of(entry)
        return math.inf if value is None else measure.excess(value, limit)

    def meets(self, entry: Entry, but: Measure | None = None) -> bool:
        return all(self.excess(entry, measure, limit) <= 0 for measure, limit in self.limited if measure is not but)

    def ranked(self, but: Measure | None = None) -> list[Entry]:
        """Rows within all limits but one, the best first."""
        return sorted((entry for entry in self.candidates if self.meets(entry, but)), key=self.rank)

    def rank(self, entry: Entry) -> tuple[float, float, float]:
        """What is better sorts first: more accurate on validation digits, then smaller, then faster.

        Rows of which nobody knows that accuracy come last.
        """
        accuracy, flash, latency = (self.measures[name].of(entry) for name in ("accuracy", "flash", "latency"))
        return -(accuracy or 0.0), math.inf if flash is None else flash, math.inf if latency is None else latency

    def nearest_miss(self) -> Entry:
        """The row whose largest excess over a limit is the smallest; of equal ones that with the smaller next one."""

        def misses(entry: Entry) -> tuple[list[float], tuple[float, float, float]]:
            excesses = (self.excess(entry, measure, limit) for measure, limit in self.limited)
            return sorted((max(excess, 0.0) for excess in excesses), reverse=True), self.rank(entry)

        return min(self.candidates, key=misses)


def choose(table: Table, limits: Limits) -> Choice:
    """Choose the best row that meets all limits.

    Args:
        table: of one folder of results or more.
        limits: of the device.

    Raises:
        EdgedigitsError: limits that mean nothing; no row that can be held against them; or no row that meets them, with
            the nearest miss.
    """
    limits.check()
    measures = measures_for(limits)
    given = [(name, getattr(limits, name)) for name in measures]
    limited = tuple((measures[name], float(limit)) for name, limit in given if limit is not None)
    aside = _set_aside(table, limits, [measure for measure, _ in limited])
    candidates = tuple(entry for entry in table.entries if entry.label not in aside)
    reasons = {reason: tuple(label for label, why in aside.items() if why == reason) for reason in aside.values()}
    if not candidates:
        raise nothing_to_choose(table, limits, reasons)
    contest = _Contest(candidates, limited, measures)
    ranked = contest.ranked()
    if not ranked:
        raise _nothing_fits(contest, reasons)
    verdicts = tuple(_verdict(contest, ranked[0], measure, limit) for measure, limit in limited)
    return Choice(
        limits,
        ranked[0],
        verdicts,
        ranked[1] if len(ranked) > 1 else None,
        alike(ranked[0], ranked, validation=True),
        len(candidates),
        len(ranked),
        reasons,
        _notes(table, contest, ranked[0], verdicts, limits, reasons),
    )


def _set_aside(table: Table, limits: Limits, measures: Sequence[Measure]) -> dict[str, str]:
    """Why a row cannot be chosen, by its label."""
    found = {}
    for entry in table.entries:
        reason = _why_not(table, entry, limits, measures)
        if reason:
            found[entry.label] = reason
    return found


def _why_not(table: Table, entry: Entry, limits: Limits, measures: Sequence[Measure]) -> str:
    row = entry.row
    if row.failure or row.accuracy is None:
        return NO_MODEL if row.failure else NO_ACCURACY
    if row.validation is None and entry.kind != MEASUREMENT:
        return NO_VALIDATION
    if row.validation and not table.on_the_digits(entry):
        return OTHER_DIGITS
    reason = _why_not_on_the_core(entry, limits.core) if limits.core else _why_not_there(table, entry, limits)
    return reason or next((measure.lacking for measure in measures if measure.of(entry) is None), "")


def _why_not_on_the_core(entry: Entry, core: str) -> str:
    figures = figures_on(entry.row, core)
    if figures is None:
        return f"without figures of {core}"
    return "" if figures.equal else f"whose outputs on {core} are not those of TFLite's reference kernels"


def _why_not_there(table: Table, entry: Entry, limits: Limits) -> str:
    """Why a row's machine keeps it from being chosen."""
    if limits.machine and not limits.names(entry):
        return elsewhere(limits.machine)
    if limits.latency is not None and entry.row.latency and not limits.names(entry):
        return EMULATED_TIME
    if limits.latency is None and not limits.machine and _is_another_rows_file(table, entry):
        return "of the same file as another row, measured on another machine"
    return ""


def _is_another_rows_file(table: Table, entry: Entry) -> bool:
    """Whether a row differs from another one by its machine only, which nobody asked for."""
    others = (other for other in table.entries if other.kind != MEASUREMENT)
    return entry.kind == MEASUREMENT and any(other.row.sha256 == entry.row.sha256 for other in others)


def _verdict(contest: _Contest, chosen: Entry, measure: Measure, limit: float) -> LimitVerdict:
    value = measure.of(chosen)
    assert value is not None
    missed = sum(contest.excess(entry, measure, limit) > 0 for entry in contest.candidates)
    first = contest.ranked(but=measure)[0]
    better = None
    if first is not chosen:
        needs = measure.of(first)
        assert needs is not None
        better = Better(first, needs, abs(needs - limit))
    slack = value - limit if measure.at_least else limit - value
    return LimitVerdict(measure, limit, value, slack, missed, better)


def _nothing_fits(contest: _Contest, reasons: dict[str, tuple[str, ...]]) -> EdgedigitsError:
    nearest = contest.nearest_miss()
    misses, allow = [], []
    for measure, limit in contest.limited:
        value = measure.of(nearest)
        assert value is not None
        if measure.excess(value, limit) > 0:
            by = measure.difference(abs(value - limit))
            misses.append(f"{measure.option} by {by} ({measure.label} {measure.text(value)}, {_bound(measure, limit)})")
            allow.append(f"{measure.option} {_argument(measure, value)}")
    accuracy = nearest.row.validation
    read = (
        f"{accuracy.percent:.2f} % of the validation {nearest.row.task}s"
        if accuracy
        else "its validation accuracy is not known"
    )
    aside = sum(map(len, reasons.values()))
    tried = f"{counted(len(contest.candidates), 'row was', 'rows were')} tried" + (
        f", {aside} not: {reasons_text(reasons)}" if aside else ""
    )
    return EdgedigitsError(
        f"no row meets all limits; the nearest, {nearest.label} ({read}), misses {' and '.join(misses)}; {tried}",
        f"allow {' and '.join(allow)}, or add a folder with other models",
    )


def _bound(measure: Measure, limit: float) -> str:
    return f"{measure.text(limit)} {'wanted' if measure.at_least else 'allowed'}"


def _argument(measure: Measure, value: float) -> str:
    """The least strict limit that a value meets, as the option takes it."""
    if measure.unit == "bytes":
        return f"{value:.0f}"
    if measure.unit == "%":
        return f"{math.floor(round(value * 100, 6)) / 100:g}"
    return f"{math.ceil(round(value * 1e6, 6))}us"


def alike_text(choice: Choice) -> str:
    """The rows that cannot be told apart from the chosen one, with what they read, and how that was found."""
    rows = [(entry.label, entry.row.validation) for entry in choice.alike]
    named = [f"{label} ({accuracy.percent:.2f} %)" for label, accuracy in rows if accuracy]
    task = choice.chosen.row.task
    count = choice.chosen.row.validation.count if choice.chosen.row.validation else 0
    others = f"{counted(len(named), 'row')}: " if len(named) > NAMED else ""
    return f"{others}{some(named)}; of {count:,} validation {task}s, {how_told(task)}"


def _notes(
    table: Table,
    contest: _Contest,
    chosen: Entry,
    verdicts: Sequence[LimitVerdict],
    limits: Limits,
    reasons: dict[str, tuple[str, ...]],
) -> tuple[str, ...]:
    best = min(contest.candidates, key=contest.rank)
    notes = []
    if best is not chosen and not any(verdict.better for verdict in verdicts):
        over = [m.option for m, limit in contest.limited if contest.excess(best, m, limit) > 0]
        notes.append(f"no limit binds alone: {best.label} would be better and misses {' and '.join(over)}")
    if limits.core:
        notes += _core_notes(chosen, limits)
        if measures_for(limits)["flash"].lacking in reasons:
            notes.append(f"`{report_command(None, limits.core)}` adds a row's figures of {limits.core}")
    else:
        notes += _plain_notes(table, chosen, limits)
    return (*notes, *_accuracy_notes(contest, chosen))


def _accuracy_notes(contest: _Contest, chosen: Entry) -> list[str]:
    """By what rows are chosen, and which ones nobody knows it of."""
    row = chosen.row
    if row.validation is None:
        digits = row.accuracy.digits if row.accuracy else "no digits"
        return [
            f"no accuracy on validation {row.task}s is known of {chosen.label}, which was only measured (on {digits}): "
            f"it is chosen by size and latency alone; to choose by accuracy, {SAME_FILE}"
        ]
    by = "their accuracy on validation digits" if row.task == DIGIT_TASK else "the validation lines they read exactly"
    notes = [f"rows are chosen by {by}; test {row.task}s only report"]
    unknown = tuple(entry.label for entry in contest.candidates if entry.row.validation is None)
    if unknown:
        notes.append(f"of {some(unknown)} that accuracy is not known: such rows come after all others")
    return notes


def _core_notes(chosen: Entry, limits: Limits) -> list[str]:
    figures = figures_on(chosen.row, limits.core)
    assert figures is not None
    notes = [
        f"flash is code, tables and weights of the exported C on {limits.core}; RAM its arena, static data and stack"
    ]
    if limits.mhz and figures.unit == "instructions":
        notes.append(f"latency is instructions at {limits.mhz:g} MHz, one instruction a cycle assumed")
    elif limits.mhz:
        notes.append(f"latency is cycles at {limits.mhz:g} MHz")
    return notes


def _plain_notes(table: Table, chosen: Entry, limits: Limits) -> list[str]:
    notes = []
    if limits.flash is not None or limits.ram is not None:
        notes.append(
            "flash is the model file and RAM TFLite's arena: code, stack and the runtime come on top; "
            "--core takes the figures of a firmware report instead"
        )
    latency = answer_latency(chosen.row)
    if limits.latency is not None and latency:
        machine = f"{chosen.machine.processor}, {chosen.machine.system}"
        if chosen.machine.emulated:
            machine += " (emulated: a real one takes another time)"
        threads = f"{latency.threads} thread{'' if latency.threads == 1 else 's'}"
        notes.append(f"latency is the median on {machine} with {latency.runtime}, {threads}")
        notes += [f"{busy_words(latency.load)} while that was timed: a quiet machine is faster"] * is_busy(latency.load)
        timed = {entry.machine for entry in table.entries if entry.row.latency and limits.names(entry)}
        if len(timed) > 1:
            notes.append(
                "latencies were measured on several machines: each row is held to the limit on its own, "
                "--machine takes those of one"
            )
    return notes
