"""Where int8 takes longer than float32 the table says which kernels ran, and fronts of time are one machine's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from measured_rows import PI, latency, row, write_results

from edgedigits.results import Machine, Results, Row
from edgedigits.results.table import Table, gather
from edgedigits.results.tables.formats import markdown
from edgedigits.results.tables.int8_speed import slower_int8
from edgedigits.results.view import view_of

LITERT = "LiteRT of TensorFlow 2.21.0"
BOARD = Machine("Raspberry Pi 5, Cortex-A76", 4, "Linux aarch64")


def rows(int8: float, float32: float, delegate: str = "none", other: float = 15.0) -> tuple[Row, Row]:
    more = latency(other, LITERT, delegate="XNNPACK in part"), latency(44.0, LITERT)
    return (
        row(recipe="int8", latencies=(latency(int8, delegate=delegate), more[0])),
        row(recipe="float32", percent=99.3, size=120_000, latencies=(latency(float32), more[1])),
    )


def table(folder: Path, *of: Row) -> Table:
    return gather(write_results(folder / "bench", *of))


def on_the_board(folder: Path, *of: Row) -> Results:
    found = write_results(folder / "board", *of)
    return replace(found, header=replace(found.header, machine=BOARD))


class TestWhereInt8IsSlower:
    def test_the_kernels_the_reason_and_the_other_runtime_are_told(self, tmp_path: Path):
        (about, text), *others = slower_int8(table(tmp_path, *rows(176.0, 98.0)))
        assert (about, others) == (PI, [])
        assert text.startswith("1 of 1 int8 rows take longer than the float32 row of their network, such as small int8")
        assert "176 µs against 98 µs" in text
        assert "For float32 XNNPACK's kernels ran every operator; for int8 the runtime's own kernels" in text
        assert "built without XNNPACK's int8 operators" in text
        assert f"On {LITERT}, where for int8 XNNPACK's kernels ran a part" in text and "15 µs against 44 µs" in text
        assert "edgedigits measure" in text

    def test_nothing_is_told_where_it_is_faster(self, tmp_path: Path):
        assert slower_int8(table(tmp_path, *rows(50.0, 98.0))) == ()
        assert "takes longer" not in markdown(view_of(table(tmp_path / "again", *rows(50.0, 98.0))))

    def test_no_reason_is_made_up(self, tmp_path: Path):
        (_, text), *_ = slower_int8(table(tmp_path, *rows(176.0, 98.0, "XNNPACK")))
        assert "built without" not in text

    def test_a_float_row_of_another_machine_is_no_measure(self, tmp_path: Path):
        int8, floating = rows(176.0, 98.0)
        assert slower_int8(gather([write_results(tmp_path / "pc", floating), on_the_board(tmp_path, int8)])) == ()

    def test_an_arm_board_is_not_told_to_measure_on_an_arm_board(self, tmp_path: Path):
        (_, text), *_ = slower_int8(gather(on_the_board(tmp_path, *rows(176.0, 98.0))))
        assert "edgedigits measure" not in text

    def test_it_stands_in_the_markdown_table(self, tmp_path: Path):
        text = markdown(view_of(table(tmp_path, *rows(176.0, 98.0))))
        assert "## Where int8 takes longer than float32" in text and f"- **{PI}**: 1 of 1 int8 rows" in text


class TestFrontsOfTime:
    def test_each_runtime_of_a_machine_has_its_own(self, tmp_path: Path):
        found = table(tmp_path, *rows(176.0, 98.0))
        assert {name: places for name, places in found.fronts.items() if "latency" in name} == {
            f"latency on {PI}": (1,),
            f"latency on {LITERT}": (0, 1),
        }

    def test_each_machine_has_its_own_and_a_model_on_two_is_two_points(self, tmp_path: Path):
        one = row(latencies=(latency(40.0),))
        found = gather([write_results(tmp_path / "pc", one), on_the_board(tmp_path, one)])
        timed = [cost for cost in found.costs if cost.timed]
        assert len(timed) == 2 and len({cost.name for cost in timed}) == 2
        assert [found.fronts[cost.name] for cost in timed] == [(0,), (1,)]
        assert any("Raspberry Pi 5" in cost.label for cost in timed)

    def test_one_machine_and_runtime_needs_no_name(self, tmp_path: Path):
        assert "latency" in table(tmp_path, row()).fronts
