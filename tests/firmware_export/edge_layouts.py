"""Layouts as they were before there was a search, of blocks at edges of rows, and which blocks overwrite each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edgedigits.firmware_export.planning.allocation import ALIGNMENT, Allocation

Turning = Mapping[frozenset[tuple[str, int]], int]


def edge_layout_bytes(made: tuple[Allocation, ...], shared: Turning) -> int:
    """Bytes of the smallest arena of the four orders."""
    living = [block for block in made if any(block.alive)]
    orders = (
        sorted(living, key=lambda block: (-block.size, block.key)),
        sorted(living, key=lambda block: (-block.slot_bytes, block.key)),
        sorted(living, key=lambda block: (min(alive & -alive for alive in block.alive if alive), block.key)),
        sorted(living, key=lambda block: (-max(block.alive), -block.size, block.key)),
    )
    return min(_placed_bytes(order, shared) for order in orders)


def _placed_bytes(order: list[Allocation], shared: Turning) -> int:
    placed: list[tuple[int, Allocation]] = []
    for block in order:
        at = next(
            offset
            for offset in sorted({0, *_edges(block, placed)})
            if not any(collide(offset, block, other_at, other, shared) for other_at, other in placed)
        )
        placed.append((at, block))
    return max((at + block.size for at, block in placed), default=0)


def _edges(block: Allocation, placed: list[tuple[int, Allocation]]) -> Iterator[int]:
    for at, other in placed:
        for slot in range(len(other.alive) + 1):
            edge = at + slot * other.slot_bytes
            yield -(-edge // ALIGNMENT) * ALIGNMENT
            if edge >= block.size:
                yield (edge - block.size) // ALIGNMENT * ALIGNMENT


def collide(at: int, block: Allocation, other_at: int, other: Allocation, shared: Turning) -> bool:
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
