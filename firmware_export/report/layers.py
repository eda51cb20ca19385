"""What each layer costs on any core: multiply-accumulates, weights, and the arena bytes alive while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgedigits.firmware_export.library import LibraryExport
from edgedigits.firmware_export.planning.allocation import Allocation
from edgedigits.firmware_export.planning.arena import Layout


@dataclass(frozen=True)
class LayerCost:
    """One layer, or a few that run as one.

    Attributes:
        title: TFLite's operators and their shapes.
        macs: multiply-accumulates for one inference.
        weight_bytes: weights as the library holds them.
        arena_bytes: by variant of the kernels, the most that is in use at a step of this layer.
        encoding: of the weights, where they are not one byte each.
    """

    title: str
    macs: int
    weight_bytes: int
    arena_bytes: dict[str, int]
    encoding: str = ""


@dataclass(frozen=True)
class ArenaUse:
    """A piece of the arena in use: bytes ``start`` to ``end`` (not included), steps ``first`` to ``last`` (included).

    The step before the first is -1: the caller's input lies there.
    """

    key: tuple[str, int]
    start: int
    end: int
    first: int
    last: int


def layer_costs(library: LibraryExport) -> tuple[LayerCost, ...]:
    """The cost of each stage of a library, in their order."""
    used = {variant: _used_bytes(library, layout) for variant, layout in library.plan.layouts.items()}
    order = library.plan.schedule.order
    return tuple(
        LayerCost(
            stage.title,
            stage.macs,
            weights,
            {
                variant: max((size for size, runs in zip(sizes, order, strict=True) if runs == place), default=0)
                for variant, sizes in used.items()
            },
            encoding,
        )
        for place, (stage, weights, encoding) in enumerate(
            zip(library.plan.program.stages, library.weight_bytes, library.encodings, strict=True)
        )
    )


def arena_uses(layout: Layout) -> Iterator[ArenaUse]:
    """Which bytes of the arena are in use when and for what."""
    for block in layout.blocks:
        yield from _of_block(block, layout.offsets[block.key])


def _of_block(block: Allocation, offset: int) -> Iterator[ArenaUse]:
    for slot, alive in enumerate(block.alive):
        start = offset + slot * block.slot_bytes
        step, left = -1, alive
        while left:
            idle = (left & -left).bit_length() - 1
            left >>= idle
            busy = (~left & (left + 1)).bit_length() - 1
            yield ArenaUse(block.key, start, start + block.slot_bytes, step + idle, step + idle + busy - 1)
            left >>= busy
            step += idle + busy


def _used_bytes(library: LibraryExport, layout: Layout) -> list[int]:
    """For each step the bytes in use; memory that two values share is counted once."""
    tenants = list(arena_uses(layout))
    return [
        _union(sorted((one.start, one.end) for one in tenants if one.first <= step <= one.last))
        for step in range(len(library.plan.schedule.order))
    ]


def _union(spans: list[tuple[int, int]]) -> int:
    total = reached = 0
    for start, end in spans:
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total
