"""The front of the best rows, and the table that rows of several folders make."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from measured_rows import accuracy, baseline_rows, failed, latency, network_rows, on_core, refused, row, write_results

from edgedigits.core.errors import EdgedigitsError
from edgedigits.results import Machine, Results, read_results
from edgedigits.results.comparing import write_comparison
from edgedigits.results.front import answer_latency, costs_of, front
from edgedigits.results.table import Table, gather

POINTS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30)


def names_on(table: Table, cost: str) -> list[str]:
    return [table.entries[place].label for place in table.fronts[cost]]


class TestFront:
    @given(POINTS)
    def test_holds_exactly_the_points_that_no_other_one_dominates(self, points: list[tuple[int, int]]):
        def dominated(one: tuple[int, int]) -> bool:
            return any(other != one and other[0] <= one[0] and other[1] >= one[1] for other in points)

        assert sorted(front(points)) == [place for place, point in enumerate(points) if not dominated(point)]

    @given(POINTS)
    def test_rises_with_the_cost(self, points: list[tuple[int, int]]):
        kept = [points[place] for place in front(points)]
        assert kept == sorted(kept)

    def test_equal_points_stand_on_it_together(self):
        assert front([(5, 90), (3, 80), (3, 80), (4, 70)]) == (1, 2, 0)


class TestCosts:
    def test_are_those_that_a_row_has_figures_of(self):
        assert [cost.name for cost in costs_of([row(macs=None, gzip_bytes=None, latencies=())])] == ["bytes", "arena"]

    def test_of_each_core_follow(self):
        rows = [row(cores=(on_core(1, 2, 3.0), on_core(4, 5, 6.0, "uno", "cycles"))), row()]
        known = {cost.name: cost for cost in costs_of(rows) if cost.core}
        assert list(known) == ["m4_flash", "m4_ram", "m4_instructions", "uno_flash", "uno_ram", "uno_cycles"]
        assert [cost.of(rows[0]) for cost in known.values()] == [1, 2, 3.0, 4, 5, 6.0]
        assert {cost.of(rows[1]) for cost in known.values()} == {None}

    def test_latency_is_that_of_the_first_runtime_that_loads_it_for_one_digit_alone(self):
        mixed = row(latencies=(refused(), latency(5.0, "sklearn", batch=100), latency(70.0, "LiteRT"), latency(60.0)))
        found = answer_latency(mixed)
        assert found is not None and found.runtime == "LiteRT"
        assert {cost.name: cost.of(mixed) for cost in costs_of([mixed]) if cost.timed} == {"latency": 70.0, "time": 5.0}

    def test_without_batches_there_is_one_time(self):
        assert "time" not in {cost.name for cost in costs_of([row()])}


class TestTable:
    def test_front_of_each_cost(self, tmp_path: Path):
        table = gather(write_results(tmp_path / "bench", *network_rows()))
        assert names_on(table, "MACs") == ["nano float32", "small float32"]
        assert names_on(table, "gzip")[-4:] == ["small pruned-int8", "small int8", "small dynamic", "small float32"]
        assert names_on(table, "m4_flash") == ["nano int8", "small int8"]

    def test_rows_on_other_digits_are_shown_and_on_no_front(self, tmp_path: Path):
        table = gather(write_results(tmp_path / "base", *baseline_rows()))
        other = table.entries[2]
        assert table.digits is not None and table.digits.digits_sha256 == "a" * 64
        assert not table.on_the_digits(other) and table.fronts_of(2) == ()
        assert names_on(table, "time") == ["random-forest scikit-learn"]

    def test_of_equally_frequent_digits_the_first_ones_count(self, tmp_path: Path):
        rows = (row(recipe="a", accuracy=accuracy(90.0, sha="1" * 64)), row(recipe="b", accuracy=accuracy(91.0)))
        table = gather(write_results(tmp_path, *rows))
        assert table.digits is not None and table.digits.digits_sha256 == "1" * 64

    def test_rows_of_the_same_name_are_told_apart_by_their_folder(self, tmp_path: Path):
        parts = [write_results(tmp_path / name, row(), row(recipe=name)) for name in ("one", "two")]
        assert [entry.label for entry in gather(parts).entries] == [
            "small int8 (one)",
            "small one",
            "small int8 (two)",
            "small two",
        ]

    def test_folders_of_the_same_name_are_told_apart_by_their_path(self, tmp_path: Path):
        parts = [write_results(tmp_path / name / "out", row()) for name in ("one", "two")]
        assert [entry.source for entry in gather(parts).entries] == ["one/out", "two/out"]

    def test_rows_of_the_same_name_in_one_folder_are_told_apart_too(self, tmp_path: Path):
        labels = [entry.label for entry in gather(write_results(tmp_path / "bench", row(), row())).entries]
        assert len(set(labels)) == 2

    def test_failed_rows_alone_make_a_table_without_a_front(self, tmp_path: Path):
        table = gather(write_results(tmp_path, failed("small", "int8", "no room")))
        assert (table.digits, table.machine, table.costs, table.fronts) == (None, None, (), {})


class TestComparison:
    @pytest.fixture
    def parts(self, tmp_path: Path) -> list[Results]:
        there = write_results(tmp_path / "there", *network_rows())
        return [
            replace(there, header=replace(there.header, machine=Machine("Cortex-A76", 4, "Linux aarch64"))),
            write_results(tmp_path / "here", row(), *baseline_rows()),
        ]

    def test_keeps_the_cards_of_the_models(self, tmp_path: Path):
        results = write_results(tmp_path / "bench", row("one"), row("two"))
        (results.folder / results.header.names[0] / "card.json").write_text("{}")
        write_comparison(gather(results), tmp_path / "all")
        assert [path.parent.name for path in (tmp_path / "all").glob("*/card.json")] == ["one-int8"]

    def test_reads_back_as_the_table_that_was_written(self, parts: list[Results], tmp_path: Path):
        table = gather(parts)
        write_comparison(table, tmp_path / "all")
        again = gather(read_results(tmp_path / "all"))
        assert [(one.source, one.row, one.machine) for one in again.entries] == [
            (one.source, one.row, one.machine) for one in table.entries
        ]
        assert again.fronts == table.fronts

    def test_names_that_are_no_file_names_become_folders(self, tmp_path: Path):
        rows = [row("../evil", "int8"), row("../evil", "Int8"), row("..", ".."), row("a/b", "x" * 300)]
        write_comparison(gather(write_results(tmp_path / "bench", row("kept"))), tmp_path / "all")
        table = gather([write_results(tmp_path / str(place), one) for place, one in enumerate(rows)])
        write_comparison(table, tmp_path / "all", force=True)
        folders = sorted(path.name for path in (tmp_path / "all").iterdir() if path.is_dir())
        assert folders == ["a-b-" + "x" * 76, "evil-Int8-2", "evil-int8", "row"]

    def test_a_folder_that_it_reads_is_not_replaced(self, parts: list[Results], tmp_path: Path):
        with pytest.raises(EdgedigitsError, match="choose another --out"):
            write_comparison(gather(parts), tmp_path / "here", force=True)
        assert read_results(tmp_path / "here").rows

    def test_one_that_lost_its_origins_is_refused(self, parts: list[Results], tmp_path: Path):
        write_comparison(gather(parts), tmp_path / "all")
        damaged = read_results(tmp_path / "all")
        damaged = replace(damaged, header=replace(damaged.header, settings={}))
        with pytest.raises(EdgedigitsError, match="does not say where its row"):
            gather(damaged)
