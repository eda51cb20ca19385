"""A table as Markdown, CSV, JSON and files, with whatever stands in the rows."""

from __future__ import annotations

import csv
import io
import json
import re
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from measured_rows import REFUSAL, baseline_rows, failed, latency, network_rows, on_core, row, write_results

import edgedigits.results as results_room
from edgedigits.core.errors import EdgedigitsError
from edgedigits.results import Results, read_results, row_from
from edgedigits.results.pages.axes import accuracy_axis, kind_of, logarithmic
from edgedigits.results.pages.picture import front_png
from edgedigits.results.table import Table, gather
from edgedigits.results.tables.formats import markdown, rows_json, table_csv
from edgedigits.results.tables.writing import write_tables
from edgedigits.results.view import view_of

HOSTILE = "</script><script>alert(1)</script> | a_b *c* `d`\n| x |"
FILES = ("results.md", "results.csv", "rows.json", "index.html", "front.png")


@pytest.fixture
def results(tmp_path: Path) -> list[Results]:
    return [
        write_results(tmp_path / "bench", *network_rows()),
        write_results(tmp_path / "base", *baseline_rows(), kind="baseline"),
    ]


@pytest.fixture
def table(results: list[Results]) -> Table:
    return gather(results)


def table_lines(text: str) -> list[list[str]]:
    """The cells of a Markdown table, as GitHub divides them."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def csv_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


class TestMarkdown:
    def test_has_a_line_a_row_with_its_figures(self, table: Table):
        head, _, *lines = table_lines(markdown(view_of(table)))
        found = dict(zip(head, lines[2], strict=True))
        assert len(lines) == 11
        assert found == {
            "model": "small",
            "recipe": "int8",
            "from": "bench",
            "accuracy % (95 % interval)": "99.29 (99.11 to 99.44)",
            "accuracy % on validation digits": "99.29",
            "drop, points (95 % interval)": "+0.01 (-0.09 to +0.11)",
            "McNemar p": "0.041",
            "agreement %": "99.50",
            "bytes": "41,600",
            "gzip bytes": "31,200",
            "weights in the file": "35,600",
            "MACs": "1,637,760",
            "arena bytes": "12,000",
            "latency, µs a digit, median / 95th percentile": "416 / 499 (a)",
            "flash on m4, bytes": "39,633",
            "RAM on m4, bytes": "6,632",
            "instructions on m4": "2,155,589",
            "made in s": "12.5",
            "on the front of": (
                "bytes; gzip; latency on tflite-runtime 2.14.0; flash on m4; RAM on m4; instructions on m4"
            ),
        }

    def test_says_why_a_runtime_does_not_load_a_model(self, table: Table):
        text = markdown(view_of(table))
        assert (
            "does not load (a): Didn't find op for builtin opcode 'FULLY_CONNECTED' versi...<br>420 / 504 (b)" in text
        )
        assert f"- **small dynamic on tflite-runtime 2.14.0**: {REFUSAL}" in text

    def test_a_failed_row_stands_there_with_its_reason(self, table: Table):
        text = markdown(view_of(table))
        assert next(cells for cells in table_lines(text) if "clustered-int8" in cells)[3] == "failed"
        assert "- **small clustered-int8**: layer 'conv2d' has 144 weights, fewer than 256 clusters" in text

    def test_a_row_for_which_there_was_no_time_has_not_failed(self, tmp_path: Path):
        late = failed("small", "qat-int8", "not made: time limit (60 s were over before it); --resume makes it")
        text = markdown(view_of(gather(write_results(tmp_path / "late", row(), late))))
        assert next(cells for cells in table_lines(text) if "qat-int8" in cells)[2] == "not made: time limit"

    def test_names_digits_runtimes_and_machine(self, table: Table):
        text = markdown(view_of(table))
        assert "- **accuracy**: on mnist, its own test digits: 10,000 digits, with its 95 % interval (Wilson)" in text
        assert r"- **\***: measured on optdigits, test part of split default, 10,000 other digits" in text
        assert "- **d**: scikit-learn 1.9.1, 1 thread, delegate none, 1,000 digits a call" in text
        assert "97.10 \\* (96.75 to 97.41)" in text
        assert f"- **bench, base**: {table.machine.processor}, {table.machine.cores} cores, " in text

    def test_columns_that_no_row_fills_are_left_out(self, tmp_path: Path):
        head = table_lines(markdown(view_of(gather(write_results(tmp_path, row(macs=None, drop=None))))))[0]
        assert not {"MACs", "McNemar p", "from", "flash on m4, bytes"} & set(head)

    def test_missing_rows_warnings_and_notes_are_told(self, tmp_path: Path):
        results = write_results(tmp_path, row(notes=("seen in training",)))
        results = replace(results, missing=("1-small-float16",), warnings=("an old report",))
        text = markdown(view_of(gather(results)))
        assert "1-small-float16 was announced and is not there" in text
        assert "- an old report" in text
        assert "- **small int8**: seen in training" in text

    def test_outputs_that_differ_on_a_core_are_marked(self, tmp_path: Path):
        text = markdown(
            view_of(gather(write_results(tmp_path, row(cores=(replace(on_core(1, 2, 3.0), equal=False),)))))
        )
        assert "| 3 † |" in text
        assert "not those of TFLite's reference kernels" in text

    def test_a_busy_machine_is_told_beside_the_latency(self, tmp_path: Path):
        rows = (row(latencies=(latency(416.0, load=0.347),)), row("nano", latencies=(latency(40.0, load=0.1),)))
        text = markdown(view_of(gather(write_results(tmp_path, *rows))))
        assert "| 416 / 499 (a), busy 35 % |" in text
        assert "| 40 / 48 (a) |" in text
        assert "- **busy**: the share of the cores that other programs took while this was timed" in text

    def test_hostile_texts_break_neither_cells_nor_lines(self, tmp_path: Path):
        rows = (row(HOSTILE, HOSTILE, notes=(HOSTILE,)), failed(HOSTILE, "int8", HOSTILE))
        text = markdown(view_of(gather(write_results(tmp_path, *rows, title=HOSTILE))))
        widths = {len(cells) for cells in table_lines(text)}
        assert len(widths) == 1
        assert "<script" not in text
        assert r"\| a_b \*c\* \`d\` \| x \|" in text


class TestCsv:
    def test_has_a_line_a_row_and_plain_numbers(self, table: Table):
        text = table_csv(table)
        rows = csv_rows(text)
        assert len(text.splitlines()) == 12
        small = rows[2]
        assert (small["model"], small["recipe"], small["source"], small["file"]) == (
            *("small", "int8", "bench", "model.int8.tflite"),
        )
        numbers = {
            "accuracy_percent": 99.29,
            "drop_points": 99.3 - 99.29,
            "bytes": 41_600,
            "macs": 1_637_760,
            "latency_1_median_us": 416,
            "m4_flash_bytes": 39_633,
            "m4_instructions": 2_155_589,
        }
        assert {name: float(small[name]) for name in numbers} == pytest.approx(numbers)

    def test_the_load_of_the_machine_stands_beside_each_latency(self, tmp_path: Path):
        rows = (row(latencies=(latency(416.0, load=0.347),)), row("nano"))
        found = csv_rows(table_csv(gather(write_results(tmp_path, *rows))))
        assert [one["latency_1_load"] for one in found] == ["0.347", ""]

    def test_what_is_not_known_is_empty(self, table: Table):
        empty = csv_rows(table_csv(table))[4]
        assert empty["failure"].startswith("layer")
        assert {empty[name] for name in ("accuracy_percent", "bytes", "latency_1_median_us", "m4_equal")} == {""}

    @pytest.mark.parametrize("text", ["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r\n=1", "-5"])
    def test_a_text_never_becomes_a_formula(self, tmp_path: Path, text: str):
        found = csv_rows(table_csv(gather(write_results(tmp_path, row(text, notes=(text,))))))[0]
        assert found["model"] == f"'{text.strip()}"
        assert found["notes"].startswith("'")

    def test_negative_numbers_stay_numbers(self, tmp_path: Path):
        found = csv_rows(table_csv(gather(write_results(tmp_path, row(percent=99.5)))))[0]
        assert float(found["drop_points"]) == pytest.approx(-0.2)

    def test_line_breaks_in_texts_make_no_lines(self, tmp_path: Path):
        assert len(table_csv(gather(write_results(tmp_path, row(HOSTILE)))).splitlines()) == 2


class TestJson:
    def test_rows_come_back_as_they_were(self, table: Table):
        content = json.loads(json.dumps(rows_json(table)))
        added = ("label", "source", "machine", "on_the_digits", "fronts")
        plain = [row_from({name: value for name, value in one.items() if name not in added}) for one in content]
        assert plain == [entry.row for entry in table.entries]
        assert [one["on_the_digits"] for one in content][-1] is False
        assert content[3]["fronts"] == ["gzip"]


def pixels(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


class TestPicture:
    def test_is_the_same_bytes_twice_and_knows_no_date(self, table: Table):
        png = front_png(view_of(table))
        assert pixels(png) == (1200, 720)
        assert front_png(view_of(table)) == png
        assert b"Software" not in png and b"tIME" not in png and b"date" not in png.lower()[:400]

    @pytest.mark.parametrize(
        "rows",
        [
            (),
            (failed("small", "int8", "no room"),),
            (row(accuracy=None),),
            (row(bytes=0), row(recipe="float32")),
            (row(percent=100.0), row(percent=0.0, size=7, recipe="float32")),
            (row("$x^{", r"\frac$ %", percent=10.0), row(size=7)),
            tuple(row("search", f"trial {n}", percent=90 + n / 12, size=1_000 + 400 * n) for n in range(100)),
            tuple(row(f"knn-{n}", "scikit-learn", percent=97 - n / 100, size=1_000 * n) for n in range(1, 31)),
        ],
        ids=["none", "failed", "unmeasured", "no bytes", "extremes", "formula", "hundred", "thirty models"],
    )
    def test_is_drawn_of_any_rows(self, tmp_path: Path, rows: tuple[Any, ...]):
        pixels(front_png(view_of(gather(write_results(tmp_path, *rows)))))


class TestAxes:
    def test_a_wide_range_is_logarithmic_and_a_narrow_one_is_not(self):
        assert logarithmic([1_000, 50_000])
        assert not logarithmic([40_000, 60_000])
        assert not logarithmic([0, 50_000])
        assert not logarithmic([])

    def test_accuracies_far_apart_are_drawn_by_their_errors(self):
        axis = accuracy_axis([row(percent=percent).accuracy for percent in (87.3, 95.7, 99.3)])
        assert axis.by_errors
        assert axis.marks == (90, 95, 97, 98, 98.5, 99, 99.4)
        assert axis.height(row(percent=99.3).accuracy) == pytest.approx(0.7)
        assert axis.height(row(percent=100.0).accuracy) == pytest.approx(0.005)

    def test_accuracies_near_each_other_are_drawn_as_they_are(self):
        axis = accuracy_axis([row(percent=percent).accuracy for percent in (98.9, 99.3)])
        assert not axis.by_errors
        assert axis.height(row(percent=99.3).accuracy) == 99.3

    @pytest.mark.parametrize(
        ("recipe", "kind"),
        [("trial 17", "trial"), ("int8", "int8"), ("k = 3", "k"), ("7", "7"), ("int16x8", "int16x8")],
    )
    def test_numbered_recipes_share_a_symbol(self, recipe: str, kind: str):
        assert kind_of(row(recipe=recipe)) == kind


class TestFiles:
    def test_all_are_written_beside_what_lies_there(self, results: list[Results], tmp_path: Path):
        folder = tmp_path / "bench"
        before = (folder / "results.json").read_bytes()
        assert write_tables(folder, results) == tuple(folder / name for name in FILES)
        assert all((folder / name).stat().st_size for name in FILES)
        assert (folder / "results.json").read_bytes() == before

    def test_one_folder_and_no_rows_at_all(self, tmp_path: Path):
        write_tables(tmp_path, write_results(tmp_path))
        assert "There is no row." in (tmp_path / "results.md").read_text()
        assert json.loads((tmp_path / "rows.json").read_text()) == []

    def test_the_same_results_give_the_same_bytes(self, results: list[Results], tmp_path: Path):
        one, two = ([path.read_bytes() for path in write_tables(tmp_path / name, results)] for name in ("one", "two"))
        assert one == two

    def test_a_folder_that_may_not_be_written_is_an_error_that_helps(self, results: list[Results], tmp_path: Path):
        (tmp_path / "file").write_text("")
        with pytest.raises(EdgedigitsError, match="is a file; name another folder"):
            write_tables(tmp_path / "file" / "tables", results)


def test_the_table_of_the_docs_is_what_its_rows_say():
    folder = Path(__file__).parents[2] / "docs" / "benchmark"
    table = gather(read_results(folder))
    assert table_lines(markdown(view_of(table))) == table_lines((folder / "results.md").read_text())
    assert table_csv(table) == (folder / "results.csv").read_text()


def test_reading_comparing_and_choosing_loads_nothing_heavy(tmp_path: Path):
    code = (
        "import sys\nfrom edgedigits.results import choose, gather, read_results\n"
        "import edgedigits.results.tables.formats\n"
        "heavy = {'jinja2', 'plotly', 'matplotlib', 'sklearn', 'tensorflow', 'pandas', 'tf_keras'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_every_public_name_is_there():
    assert all(getattr(results_room, name).__doc__ for name in results_room.__all__)
