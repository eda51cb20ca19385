"""Options that take a number with a unit: ``32k``, ``5ms``, ``99%``."""

from __future__ import annotations

import re
from typing import Any

import click

_NUMBER = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?) ?([A-Za-zµ%]*)")


class Quantity(click.ParamType[float]):
    """A positive number with one of some units, which are case-sensitive where that tells them apart."""

    def __init__(self, name: str, units: dict[str, float], *, example: str, most: float | None = None) -> None:
        self.name = name
        self._units = units
        self._example = example
        self._most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number in the unit whose factor is 1."""
        if isinstance(value, int | float):
            return value
        found = _NUMBER.fullmatch(str(value).strip())
        if not found or found[2] not in self._units:
            units = ", ".join(unit or "no unit" for unit in self._units)
            self.fail(f"{value!r} is no {self.name}: write it as {self._example} (units: {units}).", param, ctx)
        number = float(found[1]) * self._units[found[2]]
        if number <= 0 or (self._most is not None and number > self._most):
            most = "" if self._most is None else f" and at most {self._most:g}"
            self.fail(f"{value!r} is out of range: more than 0{most}.", param, ctx)
        return number


class ByteCount(Quantity):
    """Whole bytes."""

    def __init__(self) -> None:
        kibi, mebi = dict.fromkeys(("k", "K", "KiB"), 1024.0), dict.fromkeys(("M", "MiB"), 1024.0**2)
        units = {"": 1.0, "B": 1.0, **kibi, "kB": 1000.0, **mebi, "MB": 1000.0**2}
        super().__init__("size", units, example="32768, 32k or 0.5M")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The bytes that fit into the size."""
        size = int(super().convert(value, param, ctx))
        if size < 1:
            self.fail(f"{value!r} is less than a byte.", param, ctx)
        return size


SIZE = ByteCount()
DURATION = Quantity("duration", {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0}, example="500us, 5ms or 0.1s")
TIME_LIMIT = Quantity("time limit", {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}, example="90s, 10m or 2h")
PERCENT = Quantity("percentage", {"": 1.0, "%": 1.0}, example="99 or 98.5", most=100.0)
CLOCK = Quantity("clock", {"": 1.0, "MHz": 1.0, "GHz": 1000.0}, example="80 or 80MHz")
