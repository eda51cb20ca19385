"""Rows that were measured on another machine: beside those of the same file, and in a choice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from measured_rows import accuracy, latency, row, write_results

from edgedigits.core.errors import EdgedigitsError
from edgedigits.results import (
    Accuracy,
    Limits,
    Machine,
    Results,
    Row,
    choose,
    gather,
    read_results,
    write_comparison,
)
from edgedigits.results.choosing.refusing import SAME_FILE
from edgedigits.results.tables.columns import brief_columns, columns_of
from edgedigits.results.tables.formats import markdown
from edgedigits.results.tables.remarks import machine_lines, remarks_on
from edgedigits.results.view import view_of

PI = Machine("Raspberry Pi 4 Model B Rev 1.4, Cortex-A72", 4, "Linux aarch64")
SAMPLES = Accuracy("samples, all of it", "5" * 64, 500, 99.4, "tflite-runtime 2.14.0")


def measured(folder: Path, *rows: Row, machine: Machine = PI) -> Results:
    """What ``measure`` writes on another machine."""
    results = write_results(folder, *rows, kind="measure")
    return replace(results, header=replace(results.header, machine=machine))


def device_row(sha256: str, median: float, **more: object) -> Row:
    return Row(
        "small",
        "int8",
        "",
        sha256=sha256,
        bytes=40_000,
        accuracy=SAMPLES,
        latencies=(latency(median),),
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture
def bench(tmp_path: Path) -> Results:
    return write_results(
        tmp_path / "bench",
        row(recipe="float32", percent=99.3, size=150_000, sha256="1" * 64, latencies=(latency(60.0),)),
        row(recipe="int8", percent=99.2, sha256="2" * 64, latencies=(latency(120.0),)),
    )


class TestTable:
    def test_a_measured_row_stands_behind_the_row_of_its_file_and_has_its_figures(self, bench: Results, tmp_path: Path):
        pi = measured(tmp_path / "pi", device_row("2" * 64, 900.0), device_row("1" * 64, 2_000.0))
        table = gather([bench, pi])
        assert [(entry.row.recipe, entry.source) for entry in table.entries] == [
            ("float32", "bench"),
            ("float32", "pi"),
            ("int8", "bench"),
            ("int8", "pi"),
        ]
        here, there = table.entries[2:]
        assert there.machine == PI
        assert there.row.latencies == (latency(900.0),)
        assert (there.row.accuracy, there.row.validation, there.row.drop) == (
            *(here.row.accuracy, here.row.validation),
            here.row.drop,
        )
        assert there.row.arena_bytes == here.row.arena_bytes
        assert there.row.notes == ("reads 99.40 % of samples, all of it there",)

    def test_the_order_of_the_folders_does_not_matter(self, bench: Results, tmp_path: Path):
        pi = measured(tmp_path / "pi", device_row("2" * 64, 900.0))
        assert [entry.source for entry in gather([pi, bench]).entries] == ["bench", "bench", "pi"]

    def test_an_accuracy_on_the_same_digits_is_the_devices_own(self, bench: Results, tmp_path: Path):
        own = device_row("2" * 64, 900.0)
        pi = measured(tmp_path / "pi", replace(own, accuracy=accuracy(98.0)))
        there = gather([bench, pi]).entries[2].row
        assert there.accuracy is not None and there.accuracy.percent == 98.0
        assert there.notes == ()

    def test_a_file_that_no_other_row_is_of_stands_alone(self, bench: Results, tmp_path: Path):
        pi = measured(tmp_path / "pi", device_row("7" * 64, 900.0))
        last = gather([bench, pi]).entries[-1].row
        assert last == device_row("7" * 64, 900.0)

    def test_a_run_that_failed_there_is_said(self, bench: Results, tmp_path: Path):
        broken = replace(device_row("2" * 64, 1.0), latencies=(), accuracy=None, failure="it crashes (SIGSEGV)")
        there = gather([bench, measured(tmp_path / "pi", broken)]).entries[2].row
        assert (there.failure, there.accuracy) == ("it crashes (SIGSEGV)", None)

    def test_each_machine_is_named(self, bench: Results, tmp_path: Path):
        table = gather([bench, measured(tmp_path / "pi", device_row("2" * 64, 900.0))])
        (column,) = (column for column in columns_of(table) if column.title == "machine")
        assert column.cells[2].lines == (PI.processor,)
        assert f"latency of pi: {PI.processor}, 4 cores, Linux aarch64" in machine_lines(table)

    def test_machines_are_not_named_where_there_is_one(self, bench: Results):
        assert machine_lines(gather(bench)) == ()
        assert "machine" not in [column.title for column in columns_of(gather(bench))]

    def test_a_comparison_of_comparisons_still_knows_which_rows_were_measured(self, bench: Results, tmp_path: Path):
        table = gather([bench, measured(tmp_path / "pi", device_row("2" * 64, 900.0))])
        write_comparison(table, tmp_path / "all")
        again = gather(read_results(tmp_path / "all"))
        assert [entry.kind for entry in again.entries] == ["benchmark", "benchmark", "measure"]
        assert [entry.row for entry in again.entries] == [entry.row for entry in table.entries]


class TestEmulated:
    @pytest.fixture
    def pair(self, bench: Results, tmp_path: Path) -> list[Results]:
        return [bench, measured(tmp_path / "pi", device_row("2" * 64, 9.0), machine=replace(PI, emulated=True))]

    def test_times_are_marked_wherever_they_are_shown(self, pair: list[Results]):
        table = gather(pair)
        brief = {column.title: column for column in brief_columns(table)}
        assert brief["latency µs"].cells[2].lines == ("9 ‡",)
        assert "9 / 10.8 (a) ‡" in markdown(view_of(table))
        legend = dict(line for remarks in remarks_on(table) for line in remarks.lines)
        assert legend["‡"].startswith("timed on an emulated machine")
        assert any(line.startswith("‡ latency of pi") for line in machine_lines(table))

    def test_times_of_real_machines_are_those_that_are_compared(self, pair: list[Results], tmp_path: Path):
        emulated = measured(
            tmp_path / "more",
            *(device_row(digit * 64, 9.0) for digit in "345"),
            machine=replace(PI, emulated=True),
        )
        table = gather([*pair, emulated])
        assert table.machine is not None and not table.machine.emulated

    def test_times_alone_are_marked_too(self, pair: list[Results]):
        assert machine_lines(gather(pair[1]))[0].startswith("‡ latency of pi")

    def test_they_are_never_chosen_silently(self, pair: list[Results]):
        with pytest.raises(EdgedigitsError) as caught:
            choose(gather(pair), Limits(latency=20e-6))
        assert "1 timed on an emulated machine, which counts where --machine names it" in str(caught.value)

    def test_they_are_chosen_where_the_machine_is_named_and_the_answer_says_so(self, pair: list[Results]):
        choice = choose(gather(pair), Limits(latency=20e-6, machine="raspberry pi 4"))
        assert choice.chosen.label == "small int8 (pi)"
        assert any("(emulated: a real one takes another time)" in note for note in choice.notes)


class TestChoice:
    @pytest.fixture
    def pair(self, bench: Results, tmp_path: Path) -> list[Results]:
        return [bench, measured(tmp_path / "pi", device_row("1" * 64, 2_000.0), device_row("2" * 64, 900.0))]

    def test_by_the_latencies_of_the_machine_that_is_named(self, pair: list[Results]):
        assert choose(gather(pair), Limits(latency=1e-3)).chosen.label == "small float32 (bench)"
        choice = choose(gather(pair), Limits(latency=1e-3, machine="Cortex-A72"))
        assert choice.chosen.label == "small int8 (pi)"
        assert "not measured on Cortex-A72" in choice.set_aside
        assert not any(note.startswith("latencies were measured on several machines") for note in choice.notes)

    def test_a_folder_names_its_machine_too(self, pair: list[Results]):
        assert choose(gather(pair), Limits(latency=1e-3, machine="pi")).chosen.source == "pi"

    def test_without_a_limit_of_time_a_file_is_one_candidate(self, pair: list[Results]):
        choice = choose(gather(pair), Limits(flash=200_000))
        assert (choice.chosen.source, choice.candidates) == ("bench", 2)
        assert "of the same file as another row, measured on another machine" in choice.set_aside

    def test_a_machine_that_measured_nothing_is_told(self, pair: list[Results]):
        with pytest.raises(EdgedigitsError, match="4 not measured on jetson"):
            choose(gather(pair), Limits(machine="jetson"))

    def test_a_core_has_no_machine(self, pair: list[Results]):
        with pytest.raises(EdgedigitsError, match="drop --machine or --core"):
            choose(gather(pair), Limits(core="m4", machine="pi"))


class TestChoiceAmongRowsThatWereOnlyMeasured:
    """They have an accuracy on the digits that ``measure`` read, and none on validation digits."""

    @pytest.fixture
    def pi(self, tmp_path: Path) -> Results:
        rows = (device_row("2" * 64, 900.0), device_row("3" * 64, 700.0, gzip_bytes=30_000))
        return measured(tmp_path / "pi", replace(rows[0], model="nano", bytes=16_000), rows[1])

    def test_is_by_size_and_latency_and_says_so(self, pi: Results):
        choice = choose(gather(pi), Limits(latency=5e-3, machine="Raspberry Pi 4"))
        assert (choice.chosen.label, choice.runner_up and choice.runner_up.label) == ("nano int8", "small int8")
        assert (choice.set_aside, choice.alike) == ({}, ())
        assert any("chosen by size and latency alone" in note and "samples" in note for note in choice.notes)
        assert not any(note.startswith("rows are chosen by their accuracy") for note in choice.notes)

    def test_never_is_by_what_they_read_there(self, pi: Results):
        better = tuple(
            replace(row, accuracy=replace(SAMPLES, percent=percent))
            for row, percent in zip(pi.rows, (10.0, 100.0), strict=True)
        )
        assert choose(gather(replace(pi, rows=better)), Limits()).chosen.label == "nano int8"

    def test_takes_a_row_of_known_accuracy_first(self, pi: Results, bench: Results):
        rows = tuple(row for row in pi.rows if row.sha256 == "3" * 64)
        pi = replace(pi, rows=rows, header=replace(pi.header, names=pi.header.names[1:]))
        choice = choose(gather([bench, pi]), Limits(flash=200_000))
        assert choice.chosen.label == "small float32"
        assert not any("validation accuracy" in reason for reason in choice.set_aside)
        assert "of small int8 (pi) that accuracy is not known: such rows come after all others" in choice.notes
        assert choose(gather([bench, pi]), Limits(machine="Cortex-A72")).chosen.label == "small int8 (pi)"

    def test_by_accuracy_says_what_would_tell_it_and_that_works(self, pi: Results, bench: Results):
        limits = Limits(accuracy=90.0, machine="Raspberry Pi 4")
        with pytest.raises(EdgedigitsError) as caught:
            choose(gather(pi), limits)
        assert "2 without a validation accuracy (nano int8, small int8)" in caught.value.what
        assert caught.value.remedy == f"drop --min-accuracy, or {SAME_FILE}"
        assert choose(gather(pi), replace(limits, accuracy=None)).chosen.label == "nano int8"
        assert choose(gather([pi, bench]), limits).chosen.row.sha256 == "2" * 64

    def test_that_miss_the_limits_is_told_without_an_accuracy(self, pi: Results):
        with pytest.raises(
            EdgedigitsError, match=r"the nearest, nano int8 .its validation accuracy is not known., misses"
        ):
            choose(gather(pi), Limits(flash=1))


@pytest.mark.parametrize(
    ("limits", "remedy", "followed"),
    [
        (
            Limits(machine="jetson"),
            f'name a machine that measured them: --machine "{PI.processor}"',
            Limits(machine=PI.processor),
        ),
        (Limits(ram=9_000), f"drop --max-ram, or {SAME_FILE}", Limits()),
    ],
)
def test_where_no_row_can_be_chosen_from_the_remedy_works(
    limits: Limits, remedy: str, followed: Limits, tmp_path: Path
):
    table = gather(measured(tmp_path / "pi", device_row("2" * 64, 900.0)))
    with pytest.raises(EdgedigitsError) as caught:
        choose(table, limits)
    assert caught.value.remedy == remedy
    assert choose(table, followed).chosen.label == "small int8"
