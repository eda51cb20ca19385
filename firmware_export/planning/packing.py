"""Blocks one by one to the lowest place that is free, and a search for the order in which that takes least memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from edgedigits.firmware_export.planning.allocation import ALIGNMENT, Allocation, forbidden

_EFFORT = 20_000
"""Blocks to place while an order is improved: hundreds of orders of a network that fits a chip."""

_WORSE = 32
"""An order that takes up to one part in so many more than the best one is taken on from."""

_TOP = 0.4
"""Share of the moves that move the block which ends highest."""

ENDLESS = ((0, 1 << 60),)
"""Words of one memory without end."""


class Packing:
    """Where blocks may lie beside each other; they go by their places among ``blocks``, and offsets count in words.

    Args:
        blocks: each lives at some time.
        turning: for pairs of their keys that may lie on each other, the steps at which they may.
    """

    def __init__(self, blocks: Sequence[Allocation], turning: Mapping[frozenset[tuple[str, int]], int]) -> None:
        self.blocks = tuple(blocks)
        self.words = tuple(block.size // ALIGNMENT for block in blocks)
        self._near: tuple[list[tuple[int, int, int]], ...] = tuple([] for _ in blocks)
        for one, block in enumerate(blocks):
            for two, other in enumerate(blocks[:one]):
                for low, high in forbidden(block, other, turning.get(frozenset({block.key, other.key}), 0)):
                    self._near[one].append((two, low, high))
                    self._near[two].append((one, 1 - high, 1 - low))

    def lowest(self, which: int, placed: Mapping[int, int], spans: Sequence[tuple[int, int]] = ENDLESS) -> int | None:
        """The lowest offset of a block beside those that are placed, inside one of the spans; None for none."""
        taken = sorted((low + placed[two], high + placed[two]) for two, low, high in self._near[which] if two in placed)
        for start, end in spans:
            at = start
            for low, high in taken:
                if low > at:
                    break
                at = max(at, high)
            if at + self.words[which] <= end:
                return at
        return None

    def height(self, placed: Mapping[int, int]) -> int:
        """Words up to the end of the highest block."""
        return max((at + self.words[which] for which, at in placed.items()), default=0)

    def place(self, order: Sequence[int], placed: dict[int, int], most: int = ENDLESS[0][1]) -> bool:
        """Add blocks in this order to those that are placed; False, and not all added, where they need more words."""
        for which in order:
            at = self.lowest(which, placed)
            if at is None or at + self.words[which] > most:
                return False
            placed[which] = at
        return True

    def improved(self, order: Sequence[int], fewest: int) -> list[int]:
        """An order that takes as many words as this one or fewer; the same one for the same blocks.

        One block is moved to another place in the order, again and again, and the move is kept where the arena grows
        little over the smallest one found so far.

        Args:
            order: to start from.
            fewest: words that need not be undercut.
        """
        drawn = Random(0).random
        order, placed = list(order), dict[int, int]()
        self.place(order, placed)
        best, least = order, self.height(placed)
        effort = _EFFORT if len(order) > 1 else 0
        while least > fewest and effort > 0:
            source = self._highest(order, placed) if drawn() < _TOP else int(drawn() * len(order))
            target = int(drawn() * len(order))
            tried = [*order[:source], *order[source + 1 :]]
            tried.insert(target, order[source])
            same = min(source, target)
            effort -= len(order) - same
            found = {which: placed[which] for which in order[:same]}
            if self.place(tried[same:], found, least + least // _WORSE):
                order, placed = tried, found
                if self.height(found) < least:
                    best, least = tried, self.height(found)
        return best

    def _highest(self, order: Sequence[int], placed: Mapping[int, int]) -> int:
        """Where in the order the block stands that ends highest; of several the first one."""
        return max(range(len(order)), key=lambda place: placed[order[place]] + self.words[order[place]])
