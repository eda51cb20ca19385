"""The choice for a device: which row, what binds, what comes near."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from measured_rows import accuracy, baseline_rows, failed, latency, network_rows, on_core, refused, row, write_results

from edgedigits.core.errors import EdgedigitsError
from edgedigits.results import Machine, Row
from edgedigits.results.choosing.choice import Choice
from edgedigits.results.choosing.choosing import choose
from edgedigits.results.choosing.limits import Limits, measures_for, seconds_text
from edgedigits.results.table import Table, gather


@pytest.fixture
def table(tmp_path: Path) -> Table:
    parts = (write_results(tmp_path / "bench", *network_rows()), write_results(tmp_path / "base", *baseline_rows()))
    return gather(parts)


def of(tmp_path: Path, *rows: Row) -> Table:
    return gather(write_results(tmp_path / "bench", *rows))


def binding(choice: Choice) -> dict[str, str]:
    """Which limits bind, and the row that each keeps out."""
    return {one.measure.option: one.better.entry.label for one in choice.verdicts if one.better}


class TestTheRow:
    def test_is_the_most_accurate_within_the_limits(self, table: Table):
        choice = choose(table, Limits(flash=42 * 1024, ram=16 * 1024, latency=5e-3, accuracy=99.0))
        assert choice.chosen.label == "small int8"
        assert choice.runner_up is not None and choice.runner_up.label == "small pruned-int8"
        assert (choice.candidates, choice.fitting) == (7, 2)

    def test_without_limits_is_the_most_accurate_of_all(self, table: Table):
        choice = choose(table, Limits())
        assert choice.chosen.label == "small float32"
        assert choice.verdicts == ()

    def test_of_equally_accurate_ones_is_the_smallest_then_the_fastest(self, tmp_path: Path):
        rows = (
            row(recipe="large", size=50_000),
            row(recipe="slow", latencies=(latency(900.0),)),
            row(recipe="fast", latencies=(latency(300.0),)),
            row(recipe="unmeasured", latencies=()),
        )
        choice = choose(of(tmp_path, *rows), Limits())
        assert (choice.chosen.row.recipe, choice.runner_up and choice.runner_up.row.recipe) == ("fast", "slow")

    def test_may_reach_its_limits_exactly(self, tmp_path: Path):
        exact = Limits(flash=40_000, ram=12_000, latency=400e-6, accuracy=99.1)
        assert [one.slack for one in choose(of(tmp_path, row()), exact).verdicts] == pytest.approx([0, 0, 0, 0])

    def test_may_be_the_only_one(self, tmp_path: Path):
        choice = choose(of(tmp_path, row()), Limits(flash=50_000))
        assert choice.runner_up is None
        assert binding(choice) == {}


class TestWhatBinds:
    def test_is_the_limit_without_which_a_better_row_would_be_chosen(self, table: Table):
        choice = choose(table, Limits(flash=42 * 1024, ram=16 * 1024, latency=5e-3, accuracy=99.0))
        assert binding(choice) == {"--max-flash": "small float32"}
        flash = choice.verdicts[1]
        assert (flash.value, flash.slack, flash.missed_by) == (41_600, 42 * 1024 - 41_600, 2)
        assert flash.better is not None
        assert (flash.better.needs, flash.better.more) == (146_000, 146_000 - 42 * 1024)

    def test_may_be_several_limits_each_for_itself(self, tmp_path: Path):
        rows = (
            row(recipe="a", percent=98.0),
            row(recipe="big", percent=99.5, size=90_000, latencies=(latency(10.0),)),
            row(recipe="slow", percent=99.4, latencies=(latency(9_000.0),)),
        )
        choice = choose(of(tmp_path, *rows), Limits(flash=50_000, latency=1e-3))
        assert binding(choice) == {"--max-flash": "small big", "--max-latency": "small slow"}

    def test_may_be_none_alone_and_two_together(self, tmp_path: Path):
        rows = (row(recipe="a", percent=98.0), row(recipe="big", percent=99.5, size=90_000, latencies=(latency(9e3),)))
        choice = choose(of(tmp_path, *rows), Limits(flash=50_000, latency=1e-3))
        assert binding(choice) == {}
        assert choice.notes[0].startswith("no limit binds alone: small big would be better and misses --max-flash and")

    def test_is_never_the_least_accuracy_as_the_most_accurate_is_taken(self, table: Table):
        assert "--min-accuracy" not in binding(choose(table, Limits(accuracy=99.3)))


class TestNoCandidates:
    def test_are_rows_that_cannot_be_held_against_the_limits(self, table: Table):
        aside = choose(table, Limits(flash=50_000, ram=16_000)).set_aside
        assert aside == {
            "without a model": ("small clustered-int8",),
            "without an arena": ("random-forest scikit-learn", "decision-tree scikit-learn"),
            "on other test digits": ("knn scikit-learn",),
        }

    def test_lack_only_what_is_limited(self, table: Table):
        assert choose(table, Limits(accuracy=80.0)).candidates == 9

    def test_measured_in_batches_alone_or_refused_have_no_latency(self, tmp_path: Path):
        rows = (
            row(recipe="a"),
            row(recipe="batched", latencies=(latency(1.0, batch=1_000),)),
            row(recipe="refused", latencies=(refused(),)),
        )
        aside = choose(of(tmp_path, *rows), Limits(latency=1.0)).set_aside
        assert aside == {"without a latency of one digit alone": ("small batched", "small refused")}

    @pytest.mark.parametrize(
        ("rows", "limits", "message"),
        [
            ((), Limits(), "there is no row to choose from; name folders with finished rows"),
            (
                (failed("small", "int8", "no room"), row(accuracy=None, recipe="x")),
                Limits(),
                "none of 2 rows can be chosen: 1 without a model (small int8), 1 without a test accuracy (small x)",
            ),
            ((row(arena_bytes=None),), Limits(ram=1), "1 without an arena (small int8); drop --max-ram"),
        ],
    )
    def test_alone_are_an_error(self, tmp_path: Path, rows: tuple[Row, ...], limits: Limits, message: str):
        with pytest.raises(EdgedigitsError, match=re.escape(message)):
            choose(of(tmp_path, *rows), limits)

    def test_of_many_a_few_are_named(self, tmp_path: Path):
        rows = [failed("small", f"r{number}", "no room") for number in range(9)]
        with pytest.raises(EdgedigitsError, match=re.escape("9 without a model (small r0, small r1, small r2, ...)")):
            choose(of(tmp_path, *rows), Limits())


def test_rows_are_chosen_by_validation_digits_and_not_by_test_digits(tmp_path: Path):
    lucky, sound = row(recipe="lucky", percent=99.5), row(recipe="sound", percent=99.4)
    assert lucky.validation and sound.validation
    rows = (
        replace(lucky, validation=replace(lucky.validation, percent=98.9)),
        replace(sound, validation=replace(sound.validation, percent=99.1)),
    )
    choice = choose(of(tmp_path, *rows), Limits())
    assert choice.chosen.row.recipe == "sound"
    assert choose(of(tmp_path / "again", *rows), Limits(accuracy=99.0)).fitting == 1


def test_rows_without_a_validation_accuracy_are_set_aside(tmp_path: Path):
    rows = (row(recipe="a"), row(recipe="b", percent=99.9, validation=None))
    choice = choose(of(tmp_path, *rows), Limits())
    assert choice.set_aside == {"without a validation accuracy": ("small b",)}


def test_a_latency_of_a_busy_machine_is_told(tmp_path: Path):
    rows = (row(recipe="busy", percent=99.5, latencies=(latency(40.0, load=0.5),)), row(recipe="quiet"))
    words = "other programs took 50 % of the cores while that was timed: a quiet machine is faster"
    assert words in choose(of(tmp_path, *rows), Limits(latency=1.0)).notes
    assert words not in choose(of(tmp_path, *rows[1:]), Limits(latency=1.0)).notes


class TestNothingFits:
    def test_names_the_nearest_miss_and_by_how_much(self, table: Table):
        with pytest.raises(EdgedigitsError) as caught:
            choose(table, Limits(flash=32 * 1024, ram=8 * 1024, latency=5e-3, accuracy=99.0))
        assert caught.value.what.startswith(
            "no row meets all limits; the nearest, small int8 (99.29 % of the validation digits), misses "
            "--max-flash by 8,832 bytes (model file 41,600 bytes, 32,768 bytes allowed) and --max-ram by 3,808 "
            "bytes (arena 12,000 bytes, 8,192 bytes allowed); 7 rows were tried, 4 not: 1 without a model"
        )
        assert caught.value.remedy.startswith("allow --max-flash 41600 and --max-ram 12000, or")

    def test_accuracy_is_missed_by_a_share_of_the_errors(self, tmp_path: Path):
        """98.9 % has a tenth more errors than 99 % allows: nearer than a file that is a fifth too large."""
        rows = (row(recipe="less", percent=98.9), row(recipe="larger", percent=99.0, size=60_000))
        with pytest.raises(
            EdgedigitsError, match=r"the nearest, small less .*--min-accuracy by 0.10 points .*99.00 % wanted"
        ):
            choose(of(tmp_path, *rows), Limits(flash=50_000, accuracy=99.0))

    def test_what_it_tells_to_allow_suffices(self, tmp_path: Path):
        table = of(tmp_path, row(percent=98.57, latencies=(latency(416.3),)))
        with pytest.raises(EdgedigitsError, match=r"allow --min-accuracy 98.57 and --max-latency 417us"):
            choose(table, Limits(latency=100e-6, accuracy=99.0))
        assert choose(table, Limits(latency=417e-6, accuracy=98.57)).fitting == 1

    def test_of_everything_right_is_the_most_accurate_row(self, tmp_path: Path):
        rows = (row(recipe="less", percent=98.0), row(recipe="more", percent=99.0))
        with pytest.raises(EdgedigitsError, match="the nearest, small more"):
            choose(of(tmp_path, *rows), Limits(accuracy=100.0))


class TestOnACore:
    @pytest.fixture
    def cores(self, tmp_path: Path) -> Table:
        rows = (
            row(recipe="a", percent=99.0, cores=(on_core(30_000, 5_000, 2_000_000.0),)),
            row(recipe="b", percent=99.2, cores=(on_core(40_000, 6_000, 3_000_000.0),)),
            row(recipe="bare", percent=99.9),
            row(recipe="other", percent=99.8, cores=(on_core(1, 1, 1.0, "m0"),)),
            row(recipe="wrong", percent=99.7, cores=(replace(on_core(1, 1, 1.0), equal=False),)),
        )
        return of(tmp_path, *rows)

    def test_flash_ram_and_instructions_are_those_of_the_report(self, cores: Table):
        choice = choose(cores, Limits(flash=35_000, ram=8_000, latency=0.1, core="m4", mhz=80.0))
        assert choice.chosen.row.recipe == "a"
        assert [one.value for one in choice.verdicts] == [30_000, 5_000, 2_000_000 / 80e6]
        assert "latency is instructions at 80 MHz, one instruction a cycle assumed" in choice.notes

    def test_rows_without_its_figures_are_no_candidates_and_told_how_to_get_them(self, cores: Table):
        choice = choose(cores, Limits(core="m4"))
        assert choice.chosen.row.recipe == "b"
        assert choice.set_aside == {
            "without figures of m4": ("small bare", "small other"),
            "whose outputs on m4 are not those of TFLite's reference kernels": ("small wrong",),
        }
        assert "`edgedigits firmware report MODEL --core m4` adds a row's figures of m4" in choice.notes

    def test_cycles_are_taken_as_they_are(self, tmp_path: Path):
        table = of(tmp_path, row(cores=(on_core(1, 1, 16e6, "uno", "cycles"),)))
        choice = choose(table, Limits(latency=1.0, core="uno", mhz=16.0))
        assert choice.verdicts[0].value == 1.0
        assert "latency is cycles at 16 MHz" in choice.notes

    def test_a_core_without_figures_is_an_error_that_names_the_command_and_the_model(self, cores: Table):
        model = cores.entries[0].place / "model.a.tflite"
        model.write_bytes(b"")
        with pytest.raises(EdgedigitsError) as caught:
            choose(cores, Limits(core="m55"))
        assert caught.value.what == "no row has figures of m55 (there are those of m4, m0)"
        command = f"`edgedigits firmware report {model} --core m55`"
        assert caught.value.remedy == f"for each model run, such as for this one, {command}"

    def test_where_the_models_lie_elsewhere_their_folders_are_compared_again(self, tmp_path: Path):
        with pytest.raises(
            EdgedigitsError, match=r"^no row has figures of m4; run `.* MODEL --core m4` for each model,"
        ):
            choose(of(tmp_path, row()), Limits(core="m4"))


class TestParameters:
    """Bytes of parameters in the exported C, which no core changes."""

    @pytest.fixture
    def counted(self, tmp_path: Path) -> Table:
        few, many = on_core(9_000, 1_000, 2e5), on_core(40_000, 6_000, 2e6)
        rows = (
            row("nano", "int8", 96.0, parameter_bytes=1_900, cores=(few,)),
            row("small", "int8", 99.0, parameter_bytes=33_000, cores=(many,)),
            row("small", "float32", 99.5),
        )
        return of(tmp_path, *rows)

    @pytest.mark.parametrize("core", ["", "m4"])
    def test_are_a_limit_with_a_core_and_without(self, counted: Table, core: str):
        assert choose(counted, Limits(parameters=33_000, core=core)).chosen.label == "small int8"
        assert choose(counted, Limits(parameters=32_999, core=core)).chosen.label == "nano int8"

    def test_set_rows_aside_that_have_none(self, counted: Table):
        found = choose(counted, Limits(parameters=33_000))
        assert found.set_aside == {"without bytes of parameters": ("small float32",)}
        assert choose(counted, Limits()).set_aside == {}

    def test_that_nothing_meets_are_told_by_how_much(self, counted: Table):
        with pytest.raises(EdgedigitsError, match=r"misses --max-parameters by 900 bytes.*allow --max-parameters 1900"):
            choose(counted, Limits(parameters=1_000))


class TestNotes:
    def test_say_what_counts_as_flash_and_ram_without_a_core(self, table: Table):
        assert choose(table, Limits(ram=16_000)).notes[0].startswith("flash is the model file and RAM TFLite's arena")

    def test_name_machine_and_runtime_of_a_latency(self, tmp_path: Path):
        here = write_results(tmp_path / "here", row(recipe="a"))
        there = write_results(tmp_path / "there", row(recipe="b", percent=99.5))
        there = replace(there, header=replace(there.header, machine=Machine("Cortex-A76", 4, "Linux aarch64")))
        notes = choose(gather([here, there]), Limits(latency=1.0)).notes
        assert "latency is the median on Cortex-A76, Linux aarch64 with tflite-runtime 2.14.0, 1 thread" in notes
        assert any(note.startswith("latencies were measured on several machines") for note in notes)


class TestLimits:
    @pytest.mark.parametrize(
        ("limits", "message"),
        [
            (Limits(flash=0), "--max-flash is 0; give a number above 0"),
            (Limits(ram=-1), "--max-ram is -1"),
            (Limits(latency=math.nan), "--max-latency is nan"),
            (Limits(latency=math.inf), "--max-latency is inf"),
            (Limits(accuracy=100.1), "--min-accuracy is 100.1"),
            (Limits(accuracy=math.nan), "--min-accuracy is nan"),
            (Limits(mhz=80.0), "--mhz is the clock of a core, and no core is named"),
            (Limits(core="m4", latency=1.0), "how long m4 takes depends on its clock; add --mhz"),
            (Limits(core="m4", mhz=0.0), "--mhz is 0.0"),
            (Limits(parameters=0), "--max-parameters is 0"),
        ],
    )
    def test_that_mean_nothing_are_refused(self, table: Table, limits: Limits, message: str):
        with pytest.raises(EdgedigitsError, match=re.escape(message)):
            choose(table, limits)

    @pytest.mark.parametrize(
        ("seconds", "text"), [(2.5, "2.5 s"), (1.0, "1 s"), (0.0123, "12.3 ms"), (416e-6, "416 µs"), (0.0, "0 µs")]
    )
    def test_durations_are_written_in_the_unit_that_suits_them(self, seconds: float, text: str):
        assert seconds_text(seconds) == text


def test_the_choice_is_json(table: Table):
    found = json.loads(json.dumps(choose(table, Limits(flash=42 * 1024)).as_dict()))
    assert found["chosen"]["label"] == "small int8"
    assert found["verdicts"][0]["binds"] is True
    assert found["verdicts"][0]["better"]["label"] == "small float32"
    assert found["runner_up"]["figures"]["model file"] == 41_600


def test_rows_on_the_digits_of_most_rows_are_compared(tmp_path: Path):
    rows = (row(recipe="a"), row(recipe="b"), row(recipe="best", accuracy=accuracy(99.99, "others", "c" * 64)))
    choice = choose(of(tmp_path, *rows), Limits())
    assert choice.chosen.row.recipe == "a"
    assert choice.set_aside == {"on other test digits": ("small best",)}


def test_a_percentage_that_is_proposed_is_met_when_it_is_typed():
    """4,845 of 5,000 are 96.9 %, which as doubles need not be equal."""
    measure = measures_for(Limits())["accuracy"]
    for right in range(4500, 5001):
        value = 100 * (right / 5000)
        assert measure.excess(value, float(f"{right / 50:.2f}")) <= 0, right
        assert measure.excess(value, float(f"{(right + 1) / 50:.2f}")) > 0, right
