"""What other programs take of the machine while something is timed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from busy_programs import working

from edgedigits.core.machine.load import (
    BUSY,
    LEAST_SECONDS,
    CoreClocks,
    LoadWatch,
    busy_words,
    core_clocks,
    is_busy,
    share_of_others,
)
from edgedigits.results.timing import time_calls

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def stat(*cores: str) -> str:
    """A ``/proc/stat`` of these lines, each user nice system idle iowait irq softirq steal guest guest_nice."""
    return "\n".join(["cpu  1 2 3 4 5 6 7 8 9 10", *cores, "intr 5 0", "ctxt 9"]) + "\n"


def clocks(path: Path, text: str) -> CoreClocks:
    path.write_text(text)
    return core_clocks(path)


def at(seconds: float, own: float, **ticks: tuple[int, int]) -> CoreClocks:
    return CoreClocks(seconds, own, ticks)


class TestTheShareOfOthers:
    def test_is_what_the_cores_worked_without_what_we_worked(self):
        begin, end = at(5.0, 1.0, cpu0=(100, 1000), cpu1=(0, 1000)), at(6.0, 1.5, cpu0=(170, 1100), cpu1=(30, 1100))
        assert share_of_others(begin, end) == pytest.approx(100 / 200 - 0.5 / 2)

    def test_is_none_of_it_where_all_work_was_ours(self):
        assert share_of_others(at(5.0, 0.0, cpu0=(0, 0)), at(6.0, 1.02, cpu0=(100, 100))) == 0.0

    def test_is_all_where_others_left_nothing(self):
        assert share_of_others(at(0.0, 0.0, cpu0=(0, 0)), at(1.0, 0.0, cpu0=(100, 100))) == 1.0

    @pytest.mark.parametrize(
        "end",
        [
            pytest.param(at(1.0, 0.0), id="no clocks"),
            pytest.param(at(1.0, 0.0, cpu0=(5, 10), cpu1=(5, 10)), id="a core came"),
            pytest.param(at(1.0, 0.0, cpu0=(0, 0)), id="clocks that stand still"),
            pytest.param(at(LEAST_SECONDS / 2, 0.0, cpu0=(5, 10)), id="too short a time"),
        ],
    )
    def test_is_unknown_where_it_cannot_be_known(self, end: CoreClocks):
        assert share_of_others(at(0.0, 0.0, cpu0=(0, 0)), end) is None


class TestTheClocks:
    def test_work_is_user_nice_system_and_steal_of_each_core_that_may_be_used(self, tmp_path: Path):
        lines = [f"cpu{core} 10 20 30 400 50 6 7 8 5 5" for core in (*CORES, 999)]
        found = clocks(tmp_path / "stat", stat(*lines)).ticks
        assert found == {f"cpu{core}": (10 + 20 + 30 + 8, 531) for core in CORES}

    @pytest.mark.parametrize("text", ["", "cpu 1 2", stat("cpu0 1 2 3"), stat("cpu0 a b c d e f g h"), "\n\n"])
    def test_a_text_of_another_form_has_none(self, tmp_path: Path, text: str):
        assert clocks(tmp_path / "stat", text).ticks == {}

    def test_a_system_without_the_file_has_none(self, tmp_path: Path):
        assert core_clocks(tmp_path / "stat").ticks == {}


def test_what_is_said_of_a_busy_machine():
    assert busy_words(0.347) == "other programs took 35 % of the cores"
    assert [is_busy(load) for load in (None, 0.0, BUSY, BUSY + 0.01)] == [False, False, False, True]
    assert busy_words(None) == busy_words(BUSY) == ""


@pytest.mark.skipif(not core_clocks().ticks, reason="this system does not tell how much its cores work (/proc/stat)")
class TestOnThisMachine:
    def test_a_program_beside_us_is_noticed(self):
        watch = LoadWatch()
        with working(0.6) as process:
            assert process.stdout is not None
            worked = float(process.stdout.readline())
            share, passed = watch.share(), watch.seconds()
        assert share is not None
        assert share >= 0.6 * worked / (passed * len(CORES))

    def test_our_own_work_is_not_taken_for_that_of_others(self):
        watch, began = LoadWatch(), time.process_time()
        while time.process_time() - began < 0.5:
            continue
        share, passed = watch.share(), watch.seconds()
        assert share is not None
        assert share <= 1 - 0.5 / (passed * len(CORES)) + 0.1

    def test_calls_however_short_are_timed_for_long_enough_to_tell(self):
        found = time_calls(len, [b""])
        assert found.load is not None and 0 <= found.load <= 1
        assert 0 < found.median_us <= found.p95_us < 1e5
