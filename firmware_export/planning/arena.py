"""Where each value lies in the arena: rows share memory wherever they do not live at the same time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np

from edgedigits.firmware_export.planning.allocation import ALIGNMENT, Allocation
from edgedigits.firmware_export.planning.packing import ENDLESS, Packing
from edgedigits.firmware_export.planning.schedule import Schedule
from edgedigits.firmware_export.planning.stages import Program


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

    def spans(self, block: Allocation) -> tuple[tuple[int, int], ...]:
        """Words, first and one past the last, of the memories in which the block may lie."""
        if not self.sizes:
            return ENDLESS
        spans = tuple(
            (start // ALIGNMENT, (start + size) // ALIGNMENT)
            for start, size in zip(self.starts, self.sizes, strict=True)
        )
        return spans[:1] if block.key in self.first else spans


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
    """Find an offset for each block in one arena: see :class:`Arrangement`."""
    layout = Arrangement(program, made, plan).laid_out(Room())
    assert layout is not None, "an arena without end has room"
    return layout


class Arrangement:
    """Finds offsets of blocks; good ones, not provably the best.

    Blocks go one by one to the lowest place where nothing that they would overlap is alive at the same time. Several
    orders are tried and the best one is improved.

    Args:
        program: whose values and stages need memory.
        made: blocks of its variant of the kernels.
        plan: its order of execution.
    """

    def __init__(self, program: Program, made: tuple[Allocation, ...], plan: Schedule) -> None:
        self._made = made
        self._steps = len(plan.order)
        self._packing = Packing([block for block in made if any(block.alive)], _in_place(program, plan))

    def laid_out(self, room: Room) -> Layout | None:
        """The smallest layout found in a room; None where it is too small."""
        orders = [*self._greedy, self._searched]
        if room.first:  # before others take it
            keys = [block.key for block in self._packing.blocks]
            orders += [sorted(order, key=lambda which: keys[which] not in room.first) for order in orders]
        layouts = [layout for order in orders if (layout := self._placed(order, room))]
        return min(layouts, key=lambda layout: (sum(layout.parts[1:]), layout.bytes), default=None)

    @cached_property
    def _greedy(self) -> list[list[int]]:
        """The largest first, or the longest rows, or what is made first, or what is read last."""
        keys = (
            lambda block: (-block.size, block.key),
            lambda block: (-block.slot_bytes, block.key),
            lambda block: (min(alive & -alive for alive in block.alive if alive), block.key),
            lambda block: (-max(block.alive), -block.size, block.key),
        )
        blocks = self._packing.blocks
        return [sorted(range(len(blocks)), key=lambda which: key(blocks[which])) for key in keys]

    @cached_property
    def _searched(self) -> list[int]:
        """An order for one arena, whatever the room: memories of its size or more take it, too."""
        heights = []
        for order in self._greedy:
            placed: dict[int, int] = {}
            self._packing.place(order, placed)
            heights.append(self._packing.height(placed))
        start = self._greedy[heights.index(min(heights))]
        return self._packing.improved(start, -(-peak(self._packing.blocks, self._steps) // ALIGNMENT))

    def _placed(self, order: list[int], room: Room) -> Layout | None:
        blocks, placed = self._packing.blocks, dict[int, int]()
        for which in order:
            at = self._packing.lowest(which, placed, room.spans(blocks[which]))
            if at is None:
                return None
            placed[which] = at
        # Of what never runs, because the windows behind it see nothing but padding, nothing is written or read.
        offsets = {block.key: 0 for block in self._made}
        offsets |= {blocks[which].key: at * ALIGNMENT for which, at in placed.items()}
        ordered = tuple(blocks[which] for which in order)
        return Layout(offsets, ordered, _parts(offsets, ordered, room))


def _parts(offsets: dict[tuple[str, int], int], blocks: tuple[Allocation, ...], room: Room) -> tuple[int, ...]:
    """Bytes needed of each memory."""
    parts = [0] * len(room.starts)
    for block in blocks:
        at = offsets[block.key]
        # An empty block may lie where one memory ends and the next one starts.
        memory = max(place for place, start in enumerate(room.starts) if start <= at)
        parts[memory] = max(parts[memory], at + block.size - room.starts[memory])
    return tuple(parts)


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
