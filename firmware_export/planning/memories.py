"""An arena in parts: each value, scratch row and sum that is kept lies in one of several memories."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgedigits.core.counting import counted
from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.planning.allocation import ALIGNMENT
from edgedigits.firmware_export.planning.arena import Arrangement, Layout, Room, blocks
from edgedigits.firmware_export.planning.plan import Plan

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", re.ASCII)
_SIZE = re.compile(r"([1-9]\d{0,8})([KM]?)", re.ASCII)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20}
_TAKEN = {"arena", "code", "input", "output", "weights", "label", "model", "strip"}
"""Words of the header's own macros."""
MOST_MEMORIES = 8
_LONGEST_NAME = 16
_ENDLESS = 1 << 28
"""Bytes; more than any arena has."""


@dataclass(frozen=True)
class Memory:
    """A part of the RAM: its name, which becomes part of macros, and how many bytes of it the library may have."""

    name: str
    bytes: int


def read_memory(text: str) -> Memory:
    """A memory of ``name=bytes``, such as ``dtcm=16K``; K stands for 1,024 bytes, M for 1,024 of these.

    Raises:
        EdgedigitsError: another form.
    """
    name, _, size = text.partition("=")
    found = _SIZE.fullmatch(size)
    if not (found and _NAME.fullmatch(name) and len(name) <= _LONGEST_NAME):
        raise EdgedigitsError(
            f"{text[:80]!r} names no memory and its size", "write a C identifier in lower case and bytes: dtcm=16K"
        )
    return Memory(name, int(found[1]) * _UNITS[found[2]])


def check_memories(memories: Sequence[Memory]) -> None:
    """Raise unless the library can have a macro and an array for each.

    Raises:
        EdgedigitsError: too many, two of one name, or a name that other macros have.
    """
    names = [memory.name for memory in memories]
    for name in names:
        if names.count(name) > 1:
            raise EdgedigitsError(f"two memories are called {name}", "name each memory once")
        if name in _TAKEN:
            raise EdgedigitsError(f"a memory cannot be called {name}", f"use another name, such as {name}_ram")
    if len(names) > MOST_MEMORIES:
        raise EdgedigitsError(f"{len(names)} memories are more than {MOST_MEMORIES}", "name fewer")


def split(plan: Plan, memories: Sequence[Memory]) -> Plan:
    """The same plan with everything laid out in these memories; inputs and outputs lie in the first one.

    Offsets count on from one memory to the next. Variants of the kernels for which the memories are too small keep
    their layout, and ``unfit`` says what is missing.

    Args:
        plan: of one arena.
        memories: in the order in which they shall be filled.

    Raises:
        EdgedigitsError: they are too small for every variant.
    """
    check_memories(memories)
    sizes = tuple(memory.bytes // ALIGNMENT * ALIGNMENT for memory in memories)
    layouts, unfit = dict(plan.layouts), {}
    for variant in plan.layouts:
        parts = _Parts(plan, variant)
        layout = parts.laid_out(sizes)
        if layout is None:
            unfit[variant] = _missing(parts, memories, sizes)
        else:
            layouts[variant] = layout
    if len(unfit) == len(layouts):
        raise EdgedigitsError(
            f"the arena does not fit into {_listed(memories)}",
            "give " + "; ".join(f"for the {variant} kernels {missing}" for variant, missing in unfit.items()),
        )
    names = tuple(memory.name for memory in memories)
    return replace(plan, layouts=layouts, memories=names, starts=Room(sizes).starts, unfit=unfit)


class _Parts:
    """Tries sizes of the memories for one variant of the kernels."""

    def __init__(self, plan: Plan, variant: str) -> None:
        made = blocks(plan.program, plan.schedule, variant)
        self._arrangement = Arrangement(plan.program, made, plan.schedule)
        self._ends = frozenset(("value", value) for value in plan.program.inputs + plan.program.output_roots)

    def laid_out(self, sizes: tuple[int, ...]) -> Layout | None:
        """Everything in memories of these sizes; None where there is no room."""
        return self._arrangement.laid_out(Room(sizes, self._ends))

    def least(self, sizes: tuple[int, ...], place: int) -> int | None:
        """Bytes of one memory with which everything was laid out, found by halving; None where it alone is no help."""
        layout = self.laid_out(_resized(sizes, place, _ENDLESS))
        if layout is None:
            return None
        lacking, enough = sizes[place], layout.parts[place]
        while enough - lacking > ALIGNMENT:
            tried = (lacking + enough) // 2 // ALIGNMENT * ALIGNMENT
            layout = self.laid_out(_resized(sizes, place, tried))
            if layout is None:
                lacking = tried
            else:
                enough = layout.parts[place]
        return enough


def _resized(sizes: tuple[int, ...], place: int, size: int) -> tuple[int, ...]:
    return (*sizes[:place], size, *sizes[place + 1 :])


def _missing(parts: _Parts, memories: Sequence[Memory], sizes: tuple[int, ...]) -> str:
    """By how many bytes one of the memories, or the first and the last, would have to be larger."""
    found = {place: parts.least(sizes, place) for place in range(len(sizes))}
    ways = [{place: size} for place, size in found.items() if size is not None]
    last = len(sizes) - 1
    if len(ways) == 1 < len(sizes):  # the first is too small for inputs and outputs, too
        first = parts.least(_resized(sizes, last, _ENDLESS), 0)
        rest = None if first is None else parts.least(_resized(sizes, 0, first), last)
        if first is not None and rest is not None and rest > sizes[last]:
            ways.append({0: first, last: rest})
    return " or ".join(
        " and ".join(
            f"{memories[place].name} {counted(size - memories[place].bytes, 'byte')} more"
            for place, size in way.items()
        )
        for way in ways
    )


def _listed(memories: Sequence[Memory]) -> str:
    return " and ".join(f"{memory.name} of {counted(memory.bytes, 'byte')}" for memory in memories)
