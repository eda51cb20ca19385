"""What a device allows, and what each row has of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from edgedigits.core.errors import EdgedigitsError
from edgedigits.results.front import answer_latency, figures_on
from edgedigits.results.table import Entry

_ROUNDING = 5e-4
"""Percentage points that a share and its decimal may lie apart: less than one digit of 100,000 counts."""

NO_VALIDATION = "without a validation accuracy"


@dataclass(frozen=True)
class Limits:
    """What a device allows; None where it sets no limit.

    Attributes:
        flash: bytes.
        ram: bytes.
        latency: seconds of one inference.
        accuracy: percent of the validation digits that must at least be read right.
        core: the microcontroller whose firmware figures count, such as ``m4``. Empty: the size of the model file counts
            as flash, TFLite's arena as RAM, and the latency on the machine that measured it.
        mhz: clock of the core, megahertz; needed for a latency on a core.
        machine: part of the name of the machine whose latencies count, or of its folder of results. Empty: every
            machine but emulated ones.
        parameters: bytes of parameters in the flash of the exported C.
    """

    flash: int | None = None
    ram: int | None = None
    latency: float | None = None
    accuracy: float | None = None
    core: str = ""
    mhz: float | None = None
    machine: str = ""
    parameters: int | None = None

    def names(self, entry: Entry) -> bool:
        """Whether the latencies of a row count: those of the machine that is named, else of every real one."""
        if not self.machine:
            return not entry.machine.emulated
        words = f"{entry.machine.processor}, {entry.machine.system}\n{entry.source}".casefold()
        return self.machine.casefold() in words

    def check(self) -> None:
        """Refuse limits that mean nothing.

        Raises:
            EdgedigitsError: a limit that is no positive number, an accuracy above 100 %, a clock without a core, or a
                latency on a core without a clock.
        """
        for option, value in (
            *(("--max-flash", self.flash), ("--max-ram", self.ram)),
            *(("--max-latency", self.latency), ("--mhz", self.mhz), ("--max-parameters", self.parameters)),
        ):
            if value is not None and not 0 < value < math.inf:
                raise EdgedigitsError(f"{option} is {value}", "give a number above 0")
        if self.accuracy is not None and not 0 <= self.accuracy <= 100:
            raise EdgedigitsError(f"--min-accuracy is {self.accuracy}", "give a percentage from 0 to 100")
        if self.mhz is not None and not self.core:
            raise EdgedigitsError("--mhz is the clock of a core, and no core is named", "add --core, such as --core m4")
        if self.core and self.machine:
            raise EdgedigitsError(
                "--machine is about measured latencies, those of a core are counted", "drop --machine or --core"
            )
        if self.core and self.latency is not None and self.mhz is None:
            raise EdgedigitsError(
                f"how long {self.core} takes depends on its clock", "add --mhz, such as --mhz 80, or drop --max-latency"
            )


@dataclass(frozen=True)
class Measure:
    """One thing that a device limits.

    Attributes:
        option: that limits it.
        label: for people.
        unit: of values and limits: ``bytes``, ``s`` or ``%``.
        of: the value of a row; None where it has none.
        at_least: True where the limit is the least that is allowed, not the most.
        lacking: what to say of a row without a value.
    """

    option: str
    label: str
    unit: str
    of: Callable[[Entry], float | None]
    lacking: str
    at_least: bool = False

    def text(self, value: float) -> str:
        """A value with its unit."""
        if self.unit == "bytes":
            return f"{value:,.0f} bytes"
        return f"{value:.2f} %" if self.unit == "%" else seconds_text(value)

    def difference(self, value: float) -> str:
        """A difference of two values with its unit."""
        return self.text(value).replace("%", "points")

    def excess(self, value: float, limit: float) -> float:
        """By which share of the limit a value misses it; 0 or less where it meets it.

        Of accuracy it is the share of the errors: 98.9 % misses 99 % by a tenth.
        """
        if not self.at_least:
            return value / limit - 1
        allowed = 100 - limit
        if value >= limit - _ROUNDING:
            return 0.0
        return (100 - value) / allowed - 1 if allowed > 0 else math.inf


def seconds_text(seconds: float) -> str:
    """A duration in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.4g} {unit}"
    return f"{seconds * 1e6:.4g} µs"


def measures_for(limits: Limits) -> dict[str, Measure]:
    """How each field of :class:`Limits` is measured, by its name: flash, ram, latency, parameters, accuracy."""
    parameters = Measure(
        *("--max-parameters", "parameters in flash", "bytes"),
        lambda entry: entry.row.parameter_bytes,
        "without bytes of parameters",
    )
    accuracy = Measure("--min-accuracy", "validation accuracy", "%", _accuracy, NO_VALIDATION, at_least=True)
    if not limits.core:
        return {
            "accuracy": accuracy,
            "flash": Measure("--max-flash", "model file", "bytes", lambda e: e.row.bytes, "without a size"),
            "ram": Measure("--max-ram", "arena", "bytes", lambda e: e.row.arena_bytes, "without an arena"),
            "latency": Measure(
                *("--max-latency", "latency", "s"),
                lambda entry: _latency(entry) if limits.names(entry) else None,
                "without a latency of one digit alone",
            ),
            "parameters": parameters,
        }
    core, mhz = limits.core, limits.mhz
    lacking = f"without figures of {core}"

    def figure(name: str) -> Callable[[Entry], float | None]:
        return lambda entry: getattr(figures_on(entry.row, core), name, None)

    def latency(entry: Entry) -> float | None:
        found = figures_on(entry.row, core)
        return found.instructions / (mhz * 1e6) if found and mhz else None

    return {
        "accuracy": accuracy,
        "flash": Measure("--max-flash", f"flash on {core}", "bytes", figure("flash_bytes"), lacking),
        "ram": Measure("--max-ram", f"RAM on {core}", "bytes", figure("ram_bytes"), lacking),
        "latency": Measure("--max-latency", f"latency on {core}", "s", latency, lacking),
        "parameters": parameters,
    }


def _accuracy(entry: Entry) -> float | None:
    """On validation digits: what is chosen by test digits can no longer be reported on them."""
    return entry.row.validation.percent if entry.row.validation else None


def _latency(entry: Entry) -> float | None:
    found = answer_latency(entry.row)
    return None if found is None or found.median_us is None else found.median_us / 1e6
