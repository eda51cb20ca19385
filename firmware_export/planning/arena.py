"""Where each value lies in the arena: rows share memory wherever they do not live at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

import numpy as np

from edgedigits.firmware_export.planning.schedule import Schedule
from edgedigits.firmware_export.planning.stages import Program

ALIGNMENT = 4
"""Bytes: scratch memory holds 32-bit numbers."""

_BEYOND = 1 << 62
"""An offset behind every block."""


@dataclass(frozen=True)
class Allocation:
    """Memory that must lie together.

    Attributes:
        key: ``("value", number)``, ``("scratch", stage)`` or ``("kept", stage)``.
        slot_bytes: size of each slot.
        alive: for each slot a bit mask of the steps at which it must not be overwritten; bit 0 is the time before the
            first step.
    """

    key: tuple[str, int]
    slot_bytes: int
    alive: tuple[int, ...]

    @property
    def size(self) -> int:
        """Bytes, rounded up to the alignment."""
        return -(-self.slot_bytes * len(self.alive) // ALIGNMENT) * ALIGNMENT


@dataclass(frozen=True)
class Room:
    """Memories one behind the other; no block lies in two.

    Attributes:
        sizes: of the memories, in bytes, multiples of the alignment; none for one without end.
        first: keys of blocks that lie in the first one.
    """

    sizes: tuple[int, ...] = ()
    first: frozenset[tuple[str, int]] = frozenset()

    @property
    def starts(self) -> tuple[int, ...]:
        """Where the memories start."""
        return (0, *accumulate(self.sizes[:-1]))

    def takes(self, at: int, block: Allocation) -> bool:
        """Whether the block may lie there."""
        if not self.sizes:
            return True
        allowed = 1 if block.key in self.first else len(self.sizes)
        spans = list(zip(self.starts, self.sizes, strict=True))[:allowed]
        return any(start <= at and at + block.size <= start + size for start, size in spans)


@dataclass(frozen=True)
class Layout:
    """Offsets of all blocks.

    Attributes:
        offsets: by the keys of the blocks.
        blocks: in the order in which they were placed.
        parts: bytes that are needed of each memory; of an arena in one part of it alone.
    """

    offsets: dict[tuple[str, int], int]
    blocks: tuple[Allocation, ...]
    parts: tuple[int, ...]

    @property
    def bytes(self) -> int:
        """Bytes of the arena that the caller gives."""
        return self.parts[0]


def blocks(program: Program, plan: Schedule, variant: str) -> tuple[Allocation, ...]:
    """Everything that needs memory under one variant of the kernels."""
    made = []
    for value, lives in plan.lives.items():
        slots = [0] * plan.slots[value]
        for row, life in enumerate(lives):
            slots[row % len(slots)] |= _span(life.birth, life.death)
        content = program.values[value]
        if content.before or content.after:
            # The padding stays from row to row. Nothing lives of a value that is never read.
            slots = [_span(_first(alive), _last(alive)) if alive else 0 for alive in slots]
        made.append(Allocation(("value", value), content.row_bytes, tuple(slots)))
    for place, stage in enumerate(program.stages):
        times = [time for time, runs in enumerate(plan.order) if runs == place]
        if scratch := stage.scratch.get(variant, 0):
            made.append(Allocation(("scratch", place), scratch, (sum(_span(time, time) for time in times),)))
        if stage.kept and times:
            made.append(Allocation(("kept", place), stage.kept, (_span(times[0], times[-1]),)))
    return tuple(made)


def _first(alive: int) -> int:
    return (alive & -alive).bit_length() - 2


def _last(alive: int) -> int:
    return alive.bit_length() - 2


def _span(birth: int, death: int) -> int:
    """Bit mask of the steps from birth to death, both included."""
    return ((1 << (death - birth + 1)) - 1) << (birth + 1)


def peak(made: tuple[Allocation, ...], steps: int) -> int:
    """Bytes alive at the fullest moment: no layout can need less."""
    moments = np.zeros(-(-(steps + 2) // 8) * 8, np.int64)
    for block in made:
        for alive in block.alive:
            bits = np.frombuffer(alive.to_bytes(len(moments) // 8, "little"), np.uint8)
            moments += block.slot_bytes * np.unpackbits(bits, bitorder="little").astype(np.int64)
    return int(moments.max())


def lay_out(program: Program, made: tuple[Allocation, ...], plan: Schedule) -> Layout:
    """Find an offset for each block in one arena: see :func:`lay_out_in`."""
    layout = lay_out_in(program, made, plan, Room())
    assert layout is not None, "an arena without end has room"
    return layout


def lay_out_in(program: Program, made: tuple[Allocation, ...], plan: Schedule, room: Room) -> Layout | None:
    """Find an offset for each block; a good one, not provably the best. None where there is no room.

    The largest block goes first, each to the lowest place where nothing that it would overlap is alive at the same
    time; several orders are tried and the smallest arena wins.
    """
    shared = _in_place(program, plan)
    living = [block for block in made if any(block.alive)]
    orders: tuple[list[Allocation], ...] = (
        sorted(living, key=lambda block: (-block.size, block.key)),
        sorted(living, key=lambda block: (-block.slot_bytes, block.key)),
        sorted(living, key=lambda block: (min(alive & -alive for alive in block.alive if alive), block.key)),
        sorted(living, key=lambda block: (-max(block.alive), -block.size, block.key)),
    )
    if room.first:  # before others take it
        orders += tuple(sorted(order, key=lambda block: block.key not in room.first) for order in orders)
    layouts = [layout for order in orders if (layout := _place(order, shared, room))]
    if not layouts:
        return None
    best = min(layouts, key=lambda layout: (sum(layout.parts[1:]), layout.bytes))
    # Of what never runs, because the windows behind it see nothing but padding, nothing is written or read.
    return replace(best, offsets={block.key: 0 for block in made} | best.offsets)


def _in_place(program: Program, plan: Schedule) -> dict[frozenset[tuple[str, int]], int]:
    """For pairs of blocks that may lie on each other: the steps at which a row turns into one of the other.

    It does so only where nobody reads it later: the row made of it may be one that nobody reads at all.
    """
    pairs = {}
    for place, stage in enumerate(program.stages):
        if not stage.kernel.works_in_place:
            continue
        times = [time for time, runs in enumerate(plan.order) if runs == place]
        for value in stage.inputs:
            lives = plan.lives.get(value, ())
            steps = sum(_span(time, time) for time, life in zip(times, lives, strict=False) if life.death == time)
            source, made = program.values[value], program.values[stage.output]
            # A padded row is filled before it is made, which would destroy its source.
            if source.shape == made.shape and not any((source.before, source.after, made.before, made.after)):
                pairs[frozenset({("value", value), ("value", stage.output)})] = steps
    return pairs


def _place(order: list[Allocation], shared: dict[frozenset[tuple[str, int]], int], room: Room) -> Layout | None:
    placed: list[tuple[int, Allocation]] = []
    for block in order:
        free = (
            offset
            for offset in sorted({*room.starts, *_candidates(block, placed)})
            if room.takes(offset, block)
            and not any(collide(offset, block, other_at, other, shared) for other_at, other in placed)
        )
        at = next(free, None)
        if at is None:
            return None
        placed.append((at, block))
    offsets = {block.key: at for at, block in placed}
    borders = (*room.starts, _BEYOND)
    parts = (
        max([at + block.size - start for at, block in placed if start <= at < end], default=0)
        for start, end in pairwise(borders)
    )
    return Layout(offsets, tuple(order), tuple(parts))


def _candidates(block: Allocation, placed: list[tuple[int, Allocation]]) -> Iterator[int]:
    for at, other in placed:
        for slot in range(len(other.alive) + 1):
            edge = at + slot * other.slot_bytes
            yield -(-edge // ALIGNMENT) * ALIGNMENT
            if edge >= block.size:
                yield (edge - block.size) // ALIGNMENT * ALIGNMENT


def collide(
    at: int, block: Allocation, other_at: int, other: Allocation, shared: dict[frozenset[tuple[str, int]], int]
) -> bool:
    """True where two blocks at these offsets would overwrite each other's living rows."""
    if at >= other_at + other.size or other_at >= at + block.size:
        return False
    both = frozenset({block.key, other.key})
    allowed = shared.get(both, 0) if at == other_at and block.slot_bytes == other.slot_bytes else 0
    if len(block.alive) != len(other.alive):
        allowed = 0
    for slot, alive in enumerate(block.alive):
        start = at + slot * block.slot_bytes
        first = max((start - other_at) // other.slot_bytes, 0)
        last = min(-(-(start + block.slot_bytes - other_at) // other.slot_bytes), len(other.alive))
        if any(alive & other.alive[position] & ~allowed for position in range(first, last)):
            return True
    return False
