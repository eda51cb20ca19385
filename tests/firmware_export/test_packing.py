"""Tests of the search for an order of blocks, and of layouts against those without it."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from random import Random

import pytest

from edgedigits.firmware_export import export_library
from edgedigits.firmware_export.planning.allocation import Allocation
from edgedigits.firmware_export.planning.arena import Layout, _in_place, blocks, lay_out
from edgedigits.firmware_export.planning.packing import Packing
from edgedigits.firmware_export.planning.schedule import Schedule
from edgedigits.firmware_export.planning.stages import Program
from edgedigits.firmware_export.recipe import COMPACT
from edgedigits.firmware_export.variants import VARIANTS
from tests.firmware_export.arena_checker import ArenaChecker
from tests.firmware_export.edge_layouts import Turning, collide, edge_layout_bytes

SHIPPED = sorted((Path(__file__).parents[2] / "core/pretrained/digits").glob("*/int8/*.tflite"))


def block(number: int, size: int, *alive: int) -> Allocation:
    return Allocation(("value", number), size, alive)


def check_apart(layout: Layout, turning: Turning) -> None:
    for one, two in combinations(layout.blocks, 2):
        assert not collide(layout.offsets[one.key], one, layout.offsets[two.key], two, turning), (one.key, two.key)
    assert layout.bytes == max(layout.offsets[one.key] + one.size for one in layout.blocks)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parts[-3])
def test_shipped_networks_take_no_more_than_without_the_search(path: Path) -> None:
    plan = export_library(path, allow_failed=True, weights=COMPACT).plan
    turning = _in_place(plan.program, plan.schedule)
    for variant in VARIANTS:
        check_apart(plan.layouts[variant], turning)
        made = blocks(plan.program, plan.schedule, variant)
        assert plan.arena_bytes[variant] <= edge_layout_bytes(made, turning)
        assert ArenaChecker(plan, variant).run() == plan.arena_bytes[variant], "nothing that is read was overwritten"


def test_there_are_shipped_networks() -> None:
    assert len(SHIPPED) >= 5


def test_nano_fits_beside_its_stack() -> None:
    """Into 2,048 bytes; without the search it takes 1,832 bytes and 1,796."""
    arenas = export_library(
        next(path for path in SHIPPED if path.parts[-3] == "nano"), allow_failed=True, weights=COMPACT
    ).plan.arena_bytes
    assert arenas["plain"] <= 1572
    assert arenas["avr"] <= 1560


def drawn_blocks(seed: int) -> tuple[Allocation, ...]:
    """A chain of values of which each is made of the last one row by row, and scratch memory of each stage."""
    drawn, made, step = Random(seed), [], 0
    births = [0] * drawn.randrange(4, 9)
    for number in range(drawn.randrange(3, 8)):
        rows = max(2, len(births) - drawn.randrange(3))
        deaths = [step + 1 + row for row in range(len(births))]
        alive = (((1 << (last - birth + 1)) - 1) << birth for birth, last in zip(births, deaths, strict=True))
        made.append(block(number, drawn.randrange(5, 60), *alive))
        steps = ((1 << len(births)) - 1) << (step + 1)
        made.append(Allocation(("scratch", number), drawn.randrange(4, 200), (steps,)))
        births = [step + 1 + row for row in range(rows)]
        step += len(deaths)
    return tuple(made)


@pytest.mark.parametrize("seed", range(30))
def test_drawn_chains_take_no_more_than_without_the_search(seed: int) -> None:
    made = drawn_blocks(seed)
    layout = lay_out(Program({}, (), (), ()), made, Schedule((0,) * 80, {}, {}))
    check_apart(layout, {})
    assert layout.bytes <= edge_layout_bytes(made, {})


def test_an_order_is_improved() -> None:
    """Of three blocks two of which live at different times; in the given order the last one finds no place below."""
    packing = Packing((block(0, 4, 0b01), block(1, 8, 0b11), block(2, 8, 0b10)), {})
    placed: dict[int, int] = {}
    assert packing.place((0, 1, 2), placed)
    assert packing.height(placed) == 5
    better: dict[int, int] = {}
    packing.place(packing.improved((0, 1, 2), 4), better)
    assert packing.height(better) == 4


def test_an_order_that_needs_no_more_than_the_fewest_words_stays() -> None:
    packing = Packing((block(0, 4, 0b01), block(1, 8, 0b11), block(2, 8, 0b10)), {})
    assert packing.improved((0, 1, 2), 5) == [0, 1, 2]


def test_the_search_finds_the_same_order_again() -> None:
    made = drawn_blocks(3)
    orders = [Packing(made, {}).improved(range(len(made)), 0) for _ in range(2)]
    assert orders[0] == orders[1]
    assert sorted(orders[0]) == list(range(len(made)))


def test_a_block_lies_in_the_first_span_with_room() -> None:
    packing = Packing((block(0, 8, 1), block(1, 12, 1)), {})
    assert packing.lowest(1, {0: 0}) == 2
    assert packing.lowest(1, {0: 0}, ((0, 4), (4, 8))) == 4
    assert packing.lowest(1, {0: 0}, ((0, 5),)) == 2
    assert packing.lowest(1, {0: 0}, ((0, 4),)) is None
    assert not packing.place((0, 1), {}, most=4)
    assert packing.place((0, 1), {}, most=5)


def test_one_block_or_none_needs_no_search() -> None:
    assert Packing((), {}).improved((), 0) == []
    assert Packing((block(0, 5, 1),), {}).improved((0,), 0) == [0]
