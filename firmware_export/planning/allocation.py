"""Memory that must lie together, and how far apart two such blocks must lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ALIGNMENT = 4
"""Bytes: scratch memory holds 32-bit numbers."""

Distances = tuple[tuple[int, int], ...]
"""Ranges of whole words, first and one past the last, in order and apart."""


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


def forbidden(block: Allocation, other: Allocation, turning: int) -> Distances:
    """Distances of two blocks at which they would overwrite each other's living rows.

    Args:
        block: the one whose offset less that of the other is the distance.
        other: the other one.
        turning: bit mask of the steps at which a row of one turns into the row of the other on the same place; such
            rows may lie on each other, if the two have slots of one size and number.
    """
    rows, others = np.nonzero(_together(block, other))
    if not len(rows):
        return ()
    # Slot r of the one and slot o of the other overlap where each begins before the other ends.
    lows = (others * other.slot_bytes - (rows + 1) * block.slot_bytes) // ALIGNMENT + 1
    highs = -(-((others + 1) * other.slot_bytes - rows * block.slot_bytes) // ALIGNMENT)
    order = np.argsort(lows)
    lows, highs = lows[order], np.maximum.accumulate(highs[order])
    starts = np.flatnonzero(np.append(True, lows[1:] > highs[:-1]))
    ends = np.append(starts[1:], len(lows)) - 1
    ranges = tuple((int(low), int(high)) for low, high in zip(lows[starts], highs[ends], strict=True))
    return _without_zero(ranges) if _may_lie_on(block, other, turning) else ranges


def _together(block: Allocation, other: Allocation) -> NDArray[np.bool_]:
    """Of shape (slots, slots of the other): whether two slots live at the same time."""
    if not _ever(block) & _ever(other):
        return np.zeros((0, 0), np.bool_)
    steps = max(_ever(block), _ever(other)).bit_length()
    return _steps(block, steps) @ _steps(other, steps).T > 0


def _ever(block: Allocation) -> int:
    ever = 0
    for alive in block.alive:
        ever |= alive
    return ever


def _steps(block: Allocation, steps: int) -> NDArray[np.float32]:
    """Of shape (slots, steps): 1 where a slot lives; float for a fast product."""
    row = -(-steps // 8)
    packed = b"".join(alive.to_bytes(row, "little") for alive in block.alive)
    bits = np.unpackbits(np.frombuffer(packed, np.uint8).reshape(-1, row), axis=1, bitorder="little")
    return bits.astype(np.float32)


def _may_lie_on(block: Allocation, other: Allocation, turning: int) -> bool:
    if block.slot_bytes != other.slot_bytes or len(block.alive) != len(other.alive):
        return False
    return not any(alive & also & ~turning for alive, also in zip(block.alive, other.alive, strict=True))


def _without_zero(ranges: Distances) -> Distances:
    cut = []
    for low, high in ranges:
        cut += [(low, 0), (1, high)] if low <= 0 < high else [(low, high)]
    return tuple((low, high) for low, high in cut if low < high)
