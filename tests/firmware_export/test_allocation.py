"""Tests of the distances at which two blocks of the arena overwrite each other."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from edgedigits.firmware_export.planning.allocation import Allocation, forbidden
from tests.firmware_export.edge_layouts import collide

SOURCE = Allocation(("value", 1), 8, (0b00110, 0b01100))
MADE = Allocation(("value", 2), 8, (0b01100, 0b11000))
PAIR = frozenset({SOURCE.key, MADE.key})


def block(number: int, size: int, *alive: int) -> Allocation:
    return Allocation(("value", number), size, alive)


@pytest.mark.parametrize(
    ("slot", "count", "size"), [(3, 1, 4), (4, 1, 4), (5, 1, 8), (3, 4, 12), (5, 2, 12), (4, 0, 0)]
)
def test_a_block_has_whole_words(slot: int, count: int, size: int) -> None:
    assert block(0, slot, *(1,) * count).size == size


def test_blocks_that_never_live_together_may_lie_anywhere() -> None:
    assert forbidden(block(0, 8, 0b001), block(1, 8, 0b110), 0) == ()
    assert forbidden(block(0, 8, 0b010), block(1, 8, 0b101, 0), 0) == (), "nor in between"


def test_blocks_of_one_time_lie_behind_one_another() -> None:
    """The first ends where the second begins, or the other way round; in whole words."""
    assert forbidden(block(0, 8, 1), block(1, 12, 1), 0) == ((-1, 3),)
    assert forbidden(block(0, 5, 1), block(1, 9, 1), 0) == ((-1, 3),)


def test_rows_follow_those_that_they_are_made_of() -> None:
    """Each row of four words is written where rows of three words were read before."""
    read = block(0, 12, 0b00011, 0b00111, 0b01111)
    made = block(1, 16, 0b11110, 0b11100, 0b11000)
    assert forbidden(made, read, 0)[0][0] == -5, "six words lower the last row ends where its source begins"


def test_between_two_rows_that_live_there_may_be_room() -> None:
    ring = block(0, 8, 0b01, 0b10, 0b01)
    assert forbidden(block(1, 8, 0b01), ring, 0) == ((-1, 2), (3, 6))


def test_rows_lie_on_each_other_only_in_the_steps_in_which_one_turns_into_the_other() -> None:
    """Bit 0 is the time before the first step, bit 1 the first step."""
    assert forbidden(SOURCE, MADE, 0) == ((-3, 2),)
    assert forbidden(SOURCE, MADE, 0b01100) == ((-3, 0), (1, 2))
    assert forbidden(SOURCE, MADE, 0b00100) == ((-3, 2),)
    assert forbidden(SOURCE, block(2, 8, 0b01100), 0b01100) == ((-3, 2),), "another ring of rows"
    assert forbidden(SOURCE, replace(MADE, slot_bytes=9), 0b01100) == ((-3, 3),)


@pytest.mark.parametrize("seed", range(40))
def test_they_are_the_distances_at_which_rows_collide(seed: int) -> None:
    """Against a rule that looks at two offsets and each row."""
    drawn = Random(seed)

    def some(number: int) -> Allocation:
        return block(number, drawn.choice((3, 4, 8, 10)), *(drawn.randrange(64) for _ in range(drawn.randrange(1, 5))))

    one, two = some(1), some(2)
    if seed % 2:
        two = replace(two, slot_bytes=one.slot_bytes, alive=tuple(drawn.randrange(64) for _ in one.alive))
    turning = drawn.choice((0, 0b111111, one.alive[0] & two.alive[0]))
    ranges = forbidden(one, two, turning)
    for words in range(-20, 21):
        inside = any(low <= words < high for low, high in ranges)
        assert inside is collide(80 + 4 * words, one, 80, two, {PAIR: turning}), words
    assert all(high < low for (_, high), (low, _) in pairwise(ranges)) or turning
