"""Initializers of the kernels' structs: no number reaches C that its field cannot hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.c_source.left_out import RARE, without

_KERNELS = files("edgedigits.firmware_export.operators") / "kernels"
_STRUCT = re.compile(r"typedef struct \{\n(.*?)\n\} (\w+);", re.DOTALL)
_FIELD = re.compile(r"^    (?:const (?:FLASH|CONV_MEMORY) )?(\w+) (\*?)\w+;", re.MULTILINE)
_INTEGER = re.compile(r"(u?)int(\d+)_t")


def initializer(kind: str, fields: Iterable[object], title: str) -> str:
    """The fields of a struct of ``types.h`` or of a kernel's own file in braces.

    Args:
        kind: name of the struct, such as ``conv_t``.
        fields: for each field an integer, a tuple of integers for the variants of the kernels, or C text.
        title: what the struct describes, for the message.

    Raises:
        EdgedigitsError: an integer is outside the range of its field.
    """
    written = []
    for field, limits in zip(fields, _limits(kind), strict=True):
        numbers = field if isinstance(field, tuple) else (field,)
        for number in numbers:
            if isinstance(number, int) and limits is not None and not limits[0] <= number <= limits[1]:
                raise EdgedigitsError(
                    f"{title} is too large for the library: {number} where at most {limits[1]} fits",
                    "build the network with smaller windows, steps and rows",
                )
        written.append(by_variant(field) if isinstance(field, tuple) else str(field))
    return "{" + ", ".join(written) + "}"


def by_variant(numbers: tuple[int, ...]) -> str:
    """A number for each of VARIANTS as C."""
    return str(numbers[0]) if len(set(numbers)) == 1 else f"ARENA({', '.join(str(number) for number in numbers)})"


@cache
def _limits(kind: str) -> tuple[tuple[int, int] | None, ...]:
    """Least and greatest number of each field of a struct; None for pointers and structs."""
    return tuple(None if pointer else _range(named) for named, pointer in _FIELD.findall(structs()[kind]))


@cache
def structs() -> dict[str, str]:
    """The fields of every struct of the kernels by its name, as they stand there."""
    texts = (
        without(file.read_text(encoding="utf-8"), RARE)
        for file in _KERNELS.iterdir()
        if file.name.endswith((".c", ".h"))
    )
    return {name: body for text in texts for body, name in _STRUCT.findall(text)}


def _range(named: str) -> tuple[int, int] | None:
    integer = _INTEGER.fullmatch(named)
    if integer is None:
        return None
    bits = int(integer[2])
    return (0, 2**bits - 1) if integer[1] else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
