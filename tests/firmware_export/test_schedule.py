"""In which order rows are made and how long each one lives, on programs made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from edgedigits.firmware_export.planning.schedule import Life, Schedule, _ring, schedule
from edgedigits.firmware_export.planning.stages import Kernel, Program, RowValue, Stage


def rows(height: int, view_of: int | None = None) -> RowValue:
    return RowValue((height, 1, 1), 0, view_of=view_of)


def stage(inputs: tuple[int, ...], output: int, steps: int, **fields: Any) -> Stage:
    return Stage("", Kernel("any"), None, inputs, output, steps, **fields)


def lives(*spans: tuple[int, int]) -> tuple[Life, ...]:
    return tuple(Life(birth, death) for birth, death in spans)


CHAIN = Program({0: rows(3), 1: rows(3), 2: rows(3)}, (stage((0,), 1, 3), stage((1,), 2, 3, rows=2)), (0,), (2,))
"""The second stage reads two rows for each of its own, the last of them one."""


def test_rows_are_made_when_they_are_read() -> None:
    assert schedule(CHAIN, frozenset()) == Schedule(
        (0, 0, 1, 0, 1, 1),
        {0: lives((-1, 0), (-1, 1), (-1, 3)), 1: lives((0, 2), (1, 4), (3, 5)), 2: lives((2, 6), (4, 6), (5, 6))},
        {0: 3, 1: 2, 2: 3},
    )


def test_a_whole_value_is_made_before_it_is_read() -> None:
    made = schedule(CHAIN, frozenset({1}))
    assert made.order == (0, 0, 0, 1, 1, 1)
    assert made.lives[1] == lives((0, 3), (1, 4), (2, 5))
    assert made.slots[1] == 3


@pytest.mark.parametrize(("root", "view", "output"), [(5, 1, 2), (1, 5, 6), (5, 6, 1)])
def test_what_is_seen_under_another_shape_is_made_and_kept_as_a_whole(root: int, view: int, output: int) -> None:
    """Whichever of the numbers is the greater one."""
    values = {0: rows(3), root: rows(3), view: rows(1, root), output: rows(2)}
    # Its second step sees nothing but padding.
    program = Program(values, (stage((0,), root, 3), stage((view,), output, 2, step=5)), (0,), (output,))
    made = schedule(program, frozenset())
    assert made.order == (0, 0, 0, 1, 1)
    assert made.lives[root] == lives((0, 3), (1, 3), (2, 3))
    assert view not in made.lives
    assert made.slots == {0: 3, root: 3, output: 2}


def test_an_output_that_is_seen_under_another_shape_is_there_at_the_end() -> None:
    program = Program({0: rows(2), 1: rows(2), 2: rows(1, 1)}, (stage((0,), 1, 2),), (0,), (2,))
    made = schedule(program, frozenset())
    assert made.lives[1] == lives((0, 2), (1, 2))
    assert made.slots[1] == 2


def test_a_mean_makes_its_row_at_its_last_step() -> None:
    values = {0: rows(3), 1: rows(3), 2: rows(1), 3: rows(1)}
    program = Program(values, (stage((0,), 1, 3), stage((1,), 2, 3), stage((2,), 3, 1)), (0,), (3,))
    made = schedule(program, frozenset())
    assert made.order == (0, 1, 0, 1, 0, 1, 2)
    assert made.lives[1] == lives((0, 1), (2, 3), (4, 5))
    assert made.lives[2] == lives((5, 6))
    assert made.lives[3] == lives((6, 7))
    assert made.slots[1] == 1


def test_a_row_that_nobody_reads_lives_for_a_moment() -> None:
    values = {0: rows(3), 1: rows(3), 2: rows(2)}
    program = Program(values, (stage((0,), 1, 3), stage((1,), 2, 2, step=2)), (0,), (2,))
    made = schedule(program, frozenset())
    assert made.order == (0, 1, 0, 0, 1)
    assert made.lives[1] == lives((0, 1), (2, 2), (3, 4))
    assert made.slots[1] == 1


@pytest.mark.parametrize("seen", [rows(3), rows(1, 1)])
def test_what_no_window_sees_is_not_made_and_has_a_slot_all_the_same(seen: RowValue) -> None:
    values = {0: rows(3), 1: rows(3), 2: seen, 3: rows(2)}
    makers = (stage((0,), 1, 3),) if seen.view_of else (stage((0,), 1, 3), stage((1,), 2, 3))
    program = Program(values, (*makers, stage((2,), 3, 2, above=9)), (0,), (3,))
    made = schedule(program, frozenset({1, 2}))
    assert set(made.order) == {len(makers)}
    assert made.lives[1] == ()
    assert made.slots[1] == 1


def test_two_inputs_are_made_as_far_as_each_is_read() -> None:
    """The second one starts two rows later, as of values that are joined row after row."""
    values = {0: rows(2), 1: rows(2), 2: rows(2), 3: rows(4)}
    stages = (stage((0,), 1, 2), stage((0,), 2, 2), stage((1, 2), 3, 4, lag=2))
    made = schedule(Program(values, stages, (0,), (3,)), frozenset())
    assert made.order == (0, 2, 0, 2, 1, 2, 1, 2)
    assert made.lives[2] == lives((4, 5), (6, 7))
    assert made.lives[0] == lives((-1, 4), (-1, 6))


def test_what_one_reader_had_made_another_finds() -> None:
    """The last stage reads row after row of a value of which the one before it has read a row further."""
    values = {number: rows(3) for number in range(4)}
    stages = (stage((0,), 1, 3), stage((1,), 2, 3, rows=2), stage((2, 1), 3, 3))
    made = schedule(Program(values, stages, (0,), (3,)), frozenset())
    assert made.order == (0, 0, 1, 2, 0, 1, 2, 1, 2)
    assert made.lives[1] == lives((0, 3), (1, 6), (4, 8))


@pytest.mark.parametrize(
    ("spans", "slots"),
    [
        ((), 1),
        (((0, 9),), 1),
        (((0, 1), (2, 3), (4, 5)), 1),
        # A row that is born when another one is read last needs a place of its own.
        (((0, 1), (1, 2), (2, 3)), 2),
        (((0, 1), (2, 5), (3, 6)), 2),
        (((0, 3), (1, 4), (2, 5)), 3),
        # The first row would leave room for all that come after it, the others do not leave it for each other.
        (((0, 0), (1, 3), (2, 5), (3, 5), (6, 7)), 3),
        (((0, 3), (1, 4), (4, 5), (5, 8), (6, 9), (7, 9)), 3),
    ],
)
def test_a_ring_has_as_many_slots_as_rows_are_needed_at_a_time(spans: Any, slots: int) -> None:
    assert _ring(lives(*spans)) == slots
