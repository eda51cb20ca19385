"""What others have published stands beside the rows as reference points, and competes with none of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from measured_rows import accuracy, row, write_results

from edgedigits.core.datasets import MnistUnavailable, load_dataset
from edgedigits.results.pages.figures import plots_of
from edgedigits.results.pages.page import page
from edgedigits.results.pages.picture import front_png
from edgedigits.results.published import MNIST_TEST, PUBLISHED, published_beside, published_in
from edgedigits.results.table import Table, gather
from edgedigits.results.tables.formats import markdown, rows_json
from edgedigits.results.view import view_of


def network(name: str, percent: float, parameters: int | None, sha: str = MNIST_TEST, **more: object):
    return row(name, percent=percent, parameter_bytes=parameters, accuracy=accuracy(percent, sha=sha), **more)


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """Every row is worse than what others have published with fewer bytes."""
    return gather(write_results(tmp_path / "bench", network("a", 97.0, 20_000), network("b", 98.0, 30_000)))


def named(table: Table, cost: str) -> list[str]:
    return [one.name for found in table.costs if found.name == cost for one in published_beside(table, found)]


def test_stand_beside_bytes_of_parameters_alone(table: Table):
    assert {cost.name: bool(named(table, cost.name)) for cost in table.costs} == {
        **dict.fromkeys((cost.name for cost in table.costs), False),
        "parameters": True,
    }


def test_stand_beside_the_same_digits_alone(tmp_path: Path):
    other = gather(write_results(tmp_path, network("a", 97.0, 20_000, sha="5" * 64)))
    assert named(other, "parameters") == [] and published_in(other) == ()
    lines = gather(write_results(tmp_path / "lines", network("line", 97.0, 20_000, task="line")))
    assert named(lines, "parameters") == []


def test_no_row_that_counts_parameters_leaves_them_out(tmp_path: Path):
    table = gather(write_results(tmp_path, network("a", 97.0, None)))
    assert published_in(table) == ()
    assert "BitNetMCU" not in markdown(view_of(table)) + page(view_of(table))


def test_compete_with_no_row(table: Table):
    assert [table.entries[place].row.model for place in table.fronts["parameters"]] == ["a", "b"]
    assert all("parameters" in found["fronts"] for found in rows_json(table))


def test_are_drawn_as_points_of_their_own_shape_in_that_plot_alone(table: Table):
    view = view_of(table)
    traces = {
        plot.cost.name: [one for one in plot.figure["data"] if one["meta"].get("published")] for plot in plots_of(view)
    }
    assert {name for name, found in traces.items() if found} == {"parameters"}
    (trace,) = traces["parameters"]
    assert list(trace["x"]) == [one.bytes for one in PUBLISHED]
    assert list(trace["text"]) == [one.name for one in PUBLISHED]
    assert trace["marker"]["symbol"] not in {look.symbol for look in view.looks.values()}
    assert "697" in trace["hovertext"][0] and "not compared" in trace["hovertext"][0]


def test_axes_have_room_for_them(tmp_path: Path):
    """Rows between 99.0 and 99.1 % alone would be drawn on an axis that ends before 99.58 %."""
    table = gather(write_results(tmp_path, network("a", 99.0, 20_000), network("b", 99.1, 30_000)))
    plot = next(one for one in plots_of(view_of(table)) if one.cost.name == "parameters")
    axis = plot.figure["layout"]["yaxis"]
    drawn = [height for trace in plot.figure["data"] for height in trace["y"]]
    assert axis.get("type") == "log" or min(axis["range"]) < min(drawn) <= max(drawn) < max(axis["range"])
    assert plot.figure["layout"]["xaxis"]["type"] == "log"


def test_page_and_table_say_where_each_comes_from(table: Table):
    view = view_of(table)
    text = markdown(view)
    assert "## Published by others" in text
    for one in PUBLISHED:
        assert one.name in text and one.name in page(view)
    assert "github.com/cpldcpu/BitNetMCU" in text
    assert "as reported to us" in text


def test_the_picture_has_a_plot_of_parameters_where_rows_have_them_and_shows_them(table: Table, tmp_path: Path):
    def size(png: bytes) -> tuple[int, int]:
        return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")

    picture = front_png(view_of(table))
    assert picture == front_png(view_of(table))
    bare = gather(write_results(tmp_path / "bare", network("a", 97.0, None), network("b", 98.0, None)))
    one = size(front_png(view_of(bare)))
    assert size(picture) == (one[0], 2 * one[1])
    elsewhere = replace(table, digits=replace(table.digits, digits_sha256="5" * 64))
    assert front_png(view_of(elsewhere)) != picture


def test_the_figures_are_those_of_their_sources():
    """BitNetMCU's tables give bits for all but the small one, of which they give the layers' sizes."""
    bits = {"16": 42_880, "32": 58_624, "48": 74_368, "64": 90_112, "96": 106_854.4}
    percents = {"16 small": 98.92, "16": 99.06, "32": 99.28, "48": 99.44, "64": 99.55, "96": 99.58}
    found = {one.name.removeprefix("BitNetMCU "): one for one in PUBLISHED if one.name.startswith("BitNetMCU")}
    assert {name: one.percent for name, one in found.items()} == percents
    for name, count in bits.items():
        assert found[name].bytes == round(count / 8)
    small = 3 * 16 * 9 + (64 * 64 * 2 + 64 * 48 * 4 + 48 * 10 * 4) // 8
    assert found["16 small"].bytes == small == 3_232
    (smallest,) = (one for one in PUBLISHED if one not in found.values())
    assert (smallest.percent, smallest.bytes) == (98.94, 697)
    assert len({one.name for one in PUBLISHED}) == len(PUBLISHED)


def test_the_docs_say_what_the_plots_show():
    text = (Path(__file__).parents[2] / "docs" / "benchmark.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith(("| BitNetMCU", "| smallest published"))]
    told = [tuple(cell.strip() for cell in line.split("|")[2:4]) for line in lines]
    assert told == [(f"{one.percent:.2f}", f"{one.bytes:,}") for one in PUBLISHED]


def test_words_say_accuracy_bytes_source_and_remark():
    one = PUBLISHED[1]
    for part in (one.system, "98.92 %", "3,232 bytes", one.source, one.remark):
        assert part in one.words()


def test_the_digits_are_mnists_own_test_digits():
    try:
        mnist = load_dataset("mnist")
    except MnistUnavailable:
        pytest.skip("MNIST is not at hand")
    assert mnist.test is not None and mnist.test.sha256() == MNIST_TEST
    committed = Path(__file__).parents[2] / "docs" / "benchmark" / "nano-int8" / "row.json"
    assert json.loads(committed.read_text())["accuracy"]["digits_sha256"] == MNIST_TEST
