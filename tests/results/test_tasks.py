"""Rows of networks that read lines, and that no table mixes them with rows of digits."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from measured_rows import row, write_results

from edgedigits.cli.main import main
from edgedigits.core.errors import EdgedigitsError
from edgedigits.results import choose, gather, read_results
from edgedigits.results.choosing.limits import Limits
from edgedigits.results.row import row_from
from edgedigits.results.tables.columns import brief_columns, columns_of
from edgedigits.results.tables.formats import rows_json, table_csv


def line_row(recipe: str = "int8", percent: float = 90.0):
    plain = row(recipe=recipe, percent=percent)
    return replace(plain, model="line", task="line", character_error_rate=2.5)


@pytest.fixture
def folders(tmp_path):
    write_results(tmp_path / "digits", row(recipe="int8", percent=99.0))
    write_results(tmp_path / "lines", line_row(), line_row("float32", 91.0))
    return [read_results(tmp_path / name) for name in ("digits", "lines")]


def test_they_are_in_no_table_together(folders):
    with pytest.raises(
        EdgedigitsError, match=r"digits \(digits\) and lines \(lines\).*add --task digit or --task line"
    ):
        gather(folders)


def test_one_kind_can_be_taken(folders):
    assert [entry.row.model for entry in gather(folders, "line").entries] == ["line", "line"]
    assert [entry.row.task for entry in gather(folders, "digit").entries] == ["digit"]


def test_a_table_of_lines_counts_lines(folders):
    table = gather(folders[1])
    assert (table.task, table.measure) == ("line", "exact lines")
    titles = [column.title for column in columns_of(table)]
    assert "exact lines % (95 % interval)" in titles
    assert "character errors %" in titles
    assert any("µs a line" in title for title in titles)
    assert "µs a line" in [column.title for column in brief_columns(table)]
    assert all("digit" not in cost.label for cost in table.costs)


def test_a_table_of_digits_says_nothing_of_lines(folders):
    titles = [column.title for column in columns_of(gather(folders[0]))]
    assert "accuracy % (95 % interval)" in titles
    assert "character errors %" not in titles


def test_files_tell_the_task_and_the_errors(folders):
    table = gather(folders[1])
    assert [(one["task"], one["character_error_rate"]) for one in rows_json(table)] == [("line", 2.5)] * 2
    assert [one["task"] for one in csv.DictReader(io.StringIO(table_csv(table)))] == ["line", "line"]


def test_rows_from_before_tasks_are_of_digits():
    old = json.loads(json.dumps(row().as_dict()))
    del old["task"], old["character_error_rate"]
    assert row_from(old).task == "digit"


def test_choosing_says_by_what_lines_are_chosen(folders):
    choice = choose(gather(folders, "line"), Limits())
    assert choice.chosen.row.recipe == "float32"
    assert "rows are chosen by the validation lines they read exactly; test lines only report" in choice.notes


def test_the_commands_take_one_kind(folders, tmp_path):
    from click.testing import CliRunner

    named = [str(results.folder) for results in folders]
    for command in ("compare", "choose"):
        refused = CliRunner().invoke(main, [command, *named])
        assert refused.exit_code == 1
        assert "the accuracies of the two do not compare" in refused.output
        taken = CliRunner().invoke(main, [command, *named, "--task", "line", "--json"])
        assert taken.exit_code == 0, taken.output
        assert "small" not in taken.stdout
    nothing = CliRunner().invoke(main, ["compare", named[0], "--task", "line"])
    assert nothing.exit_code == 1
    assert "no row of the task line is finished" in nothing.output


def test_a_comparison_of_lines_is_read_again(folders, tmp_path):
    from edgedigits.results.comparing import write_comparison

    write_comparison(gather(folders, "line"), tmp_path / "all")
    assert gather(read_results(tmp_path / "all")).task == "line"
