"""`edgedigits compare` and `edgedigits choose`: what they print, write and refuse."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from calling import call
from measured_rows import baseline_rows, failed, latency, network_rows, on_core, row, write_results

from edgedigits.cli.quantities import CLOCK, DURATION, PERCENT, SIZE, Quantity
from edgedigits.results import read_results
from edgedigits.results.telling import how_told

FILES = {"results.md", "results.csv", "rows.json", "index.html", "front.png", "results.json"}


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    return write_results(tmp_path / "bench", *network_rows()).folder


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write_results(tmp_path / "base", *baseline_rows(), kind="baseline").folder


class TestCompare:
    def test_shows_all_rows_in_the_order_of_the_folders(self, bench: Path, base: Path):
        lines = call("compare", bench, base).stdout.splitlines()
        assert lines[0].split()[:4] == ["model", "recipe", "from", "accuracy"]
        assert [line.split()[0] for line in lines[1:12]] == [
            *(["small"] * 5),
            *(["nano"] * 3),
            *("random-forest", "decision-tree", "knn"),
        ]
        assert lines[4].split()[-5:] == ["416", "-", "-", "-", "gzip"]
        assert "small clustered-int8 failed: layer 'conv2d' has 144 weights, fewer than 256 clusters" in lines
        assert "accuracy on mnist, its own test digits, 10,000 digits" in lines
        assert "* on other test digits, not compared: knn scikit-learn" in lines
        assert any(
            "most accurate row, small float32 (99.31 %): 2 rows: small dynamic, small int8;" in li for li in lines
        )

    def test_figures_of_cores_are_shown_or_said_to_have_no_room(self, bench: Path, monkeypatch: pytest.MonkeyPatch):
        wide = call("compare", bench).stdout
        assert all(f"{what} on m4" in wide for what in ("flash", "RAM", "instructions"))
        assert "39,633" in wide and "6,632" in wide and "2,155,589" in wide
        monkeypatch.setenv("COLUMNS", "70")
        narrow = " ".join(call("compare", bench).stdout.split())
        said = narrow.partition("no room for: ")[2].partition(" (a wider")[0]
        shown = narrow.partition("no room for: ")[0]
        for what, figure in (("flash", "39,633"), ("RAM", "6,632"), ("instructions", "2,155,589")):
            assert (figure in shown) != (f"{what} on m4" in said)
        assert "instructions on m4" in said

    def test_a_busy_machine_is_told_beside_the_latency(self, tmp_path: Path):
        folder = write_results(tmp_path / "bench", row(latencies=(latency(416.0, load=0.347),)), row("nano")).folder
        lines = call("compare", folder).stdout.splitlines()
        assert "416, busy 35 %" in lines[1] and "busy" not in lines[2]
        assert any(line.startswith("busy: the share of the cores that other programs took") for line in lines)
        assert "latency 416 µs (other programs took 35 % of the cores meanwhile)" in call("choose", folder).stdout

    def test_writes_a_folder_that_compare_and_choose_read(self, bench: Path, base: Path, tmp_path: Path):
        out = tmp_path / "all"
        shown = call("compare", bench, base, "--out", out).stdout
        assert shown.splitlines()[-1] == str(out / "index.html")
        assert {path.name for path in out.iterdir() if path.is_file()} == FILES
        assert call("compare", out).stdout.splitlines()[:12] == shown.splitlines()[:12]
        assert call("choose", out, "--json").stdout == call("choose", bench, base, "--json").stdout.replace(
            str(bench / "0-small-float32"), str(out / "small-float32")
        ).replace(str(bench / "1-small-dynamic"), str(out / "small-dynamic"))

    def test_prints_the_rows_as_json(self, bench: Path):
        found = json.loads(call("compare", bench, "--json").stdout)
        assert [one["recipe"] for one in found][:3] == ["float32", "dynamic", "int8"]
        assert found[2]["fronts"][:2] == ["bytes", "gzip"]

    def test_a_folder_named_twice_counts_once(self, bench: Path):
        assert len(json.loads(call("compare", bench, bench.parent / "." / "bench", "--json").stdout)) == 8

    def test_a_row_in_two_folders_stands_there_twice(self, bench: Path, tmp_path: Path):
        other = write_results(tmp_path / "other", row()).folder
        found = json.loads(call("compare", bench, other, "--json").stdout)
        assert [one["label"] for one in found if one["recipe"] == "int8" and one["model"] == "small"] == [
            "small int8 (bench)",
            "small int8 (other)",
        ]

    def test_keeps_a_folder_that_is_not_empty(self, bench: Path, tmp_path: Path):
        (tmp_path / "all").mkdir()
        (tmp_path / "all" / "mine.txt").write_text("mine")
        assert "add --force to replace it" in call("compare", bench, "--out", tmp_path / "all", code=1).stderr
        kept = call("compare", bench, "--out", tmp_path / "all", "--force", code=1).stderr
        assert "mine.txt is none of the files that such a folder holds" in kept
        (tmp_path / "all" / "mine.txt").rename(tmp_path / "all" / "results.csv")
        call("compare", bench, "--out", tmp_path / "all", "--force")
        assert (tmp_path / "all" / "results.csv").read_text() != "mine"

    def test_never_replaces_a_folder_that_it_reads(self, bench: Path):
        assert "choose another --out" in call("compare", bench, "--out", bench, "--force", code=1).stderr
        assert len(read_results(bench).rows) == 8

    def test_warns_of_rows_that_are_not_there_and_of_reports_of_other_models(self, bench: Path):
        (bench / "0-small-float32" / "row.json").unlink()
        (bench / "2-small-int8" / "firmware.json").write_text('{"sha256": "other"}')
        found = call("compare", bench)
        assert f"Warning: {bench / '0-small-float32'} is not there" in found.stderr
        assert "is about another model than small int8" in found.stderr
        assert "Warning" not in found.stdout


class TestBadFolders:
    @pytest.mark.parametrize("command", ["compare", "choose"])
    def test_without_results(self, command: str, tmp_path: Path):
        assert "name a folder that benchmark" in call(command, tmp_path, code=1).stderr
        assert "holds no results.json" in call(command, tmp_path / "nowhere", code=1).stderr

    @pytest.mark.parametrize("command", ["compare", "choose"])
    def test_of_another_version(self, command: str, bench: Path):
        path = bench / "results.json"
        path.write_text(path.read_text().replace('"format": 1', '"format": 9'))
        assert "has format 9, this version reads format 1" in call(command, bench, code=1).stderr

    @pytest.mark.parametrize("command", ["compare", "choose"])
    def test_with_a_half_written_row(self, command: str, bench: Path):
        path = bench / "2-small-int8" / "row.json"
        path.write_text(path.read_text()[:200])
        assert f"{path} is half-written or damaged" in call(command, bench, code=1).stderr

    @pytest.mark.parametrize("command", ["compare", "choose"])
    def test_without_a_finished_row(self, command: str, tmp_path: Path):
        empty = write_results(tmp_path / "empty").folder
        assert f"{empty}: no row is finished; run the command" in call(command, empty, code=1).stderr

    def test_whose_rows_all_failed_are_shown_and_not_chosen_from(self, tmp_path: Path):
        folder = write_results(tmp_path / "failed", failed("small", "int8", "no room")).folder
        assert "small int8 failed: no room" in call("compare", folder).stdout
        call("compare", folder, "--out", tmp_path / "out")
        assert "none of 1 row can be chosen" in call("choose", folder, code=1).stderr

    @pytest.mark.parametrize(("command", "wanted"), [("compare", "DIR|MODEL..."), ("choose", "DIR...")])
    def test_none_at_all_is_wrong_usage(self, command: str, wanted: str):
        assert f"Missing argument '{wanted}'" in call(command, code=2).stderr


class TestChoose:
    def test_explains_its_answer(self, bench: Path, base: Path):
        model = bench / "2-small-int8" / "model.int8.tflite"
        model.write_bytes(b"")
        limits = ("--max-flash", "42k", "--max-ram", "16k", "--max-latency", "5ms", "--min-accuracy", "99")
        assert call("choose", *limits, bench, base).stdout.splitlines()[:15] == [
            "small int8: validation accuracy 99.29 %, test accuracy 99.29 % (99.11 to 99.44), model file 41,600 "
            "bytes, arena 12,000 bytes, latency 416 µs",
            str(model),
            "",
            "limit           of                          given          here         left  missed by  binds",
            "--min-accuracy  validation accuracy       99.00 %       99.29 %  0.29 points          3  no",
            "--max-flash     model file           43,008 bytes  41,600 bytes  1,408 bytes          2  yes",
            "--max-ram       arena                16,384 bytes  12,000 bytes  4,384 bytes          0  no",
            "--max-latency   latency                      5 ms        416 µs     4.584 ms          0  no",
            "--max-flash: 102,992 bytes more would allow small float32, 99.31 %",
            "",
            "2 of 7 rows meet all limits",
            "cannot be told apart from it: small pruned-int8 (99.02 %); of 5,000 validation digits, "
            + how_told("digit"),
            "next: small pruned-int8: validation accuracy 99.02 %, test accuracy 99.02 % (98.81 to 99.20), model "
            "file 41,600 bytes, arena 12,000 bytes, latency 416 µs",
            "not candidates: 1 without a model (small clustered-int8), 2 without an arena (random-forest scikit-learn, "
            "decision-tree scikit-learn), 1 on other test digits (knn scikit-learn)",
            "note: flash is the model file and RAM TFLite's arena: code, stack and the runtime come on top; --core "
            "takes the figures of a firmware report instead",
        ]

    def test_names_the_nearest_miss_where_nothing_fits(self, bench: Path):
        limits = ("--max-flash", "32k", "--max-ram", "8k", "--max-latency", "5ms", "--min-accuracy", "99")
        message = call("choose", *limits, bench, code=1).stderr
        assert message.startswith("Error: no row meets all limits; the nearest, small int8 (99.29 % of")
        assert "allow --max-flash 41600 and --max-ram 12000" in message

    def test_on_a_core_with_its_clock(self, tmp_path: Path):
        rows = (row(cores=(on_core(39_633, 6_632, 2_155_589.0),)), row(recipe="float32", percent=99.5))
        folder = write_results(tmp_path / "bench", *rows).folder
        found = json.loads(
            call("choose", folder, "--core", "m4", "--mhz", "80MHz", "--max-latency", "30ms", "--json").stdout
        )
        assert found["chosen"]["label"] == "small int8"
        assert found["verdicts"][0]["value"] == pytest.approx(2_155_589 / 80e6)
        assert "needs" not in found
        assert "add --mhz" in call("choose", folder, "--core", "m4", "--max-latency", "30ms", code=1).stderr
        assert (
            "no row has figures of m0 (there are those of m4); run `edgedigits firmware report MODEL --core m0`"
            in call("choose", folder, "--core", "m0", code=1).stderr
        )
        assert "no core is called 'm9'" in call("choose", folder, "--core", "m9", code=1).stderr

    @pytest.mark.parametrize(
        "wrong",
        [
            ("--max-flash", "32 potatoes"),
            ("--max-flash", "32KB"),
            ("--max-flash", "-1"),
            ("--max-flash", "0"),
            ("--max-ram", "nan"),
            ("--max-latency", "5"),
            ("--max-latency", "inf"),
            ("--max-latency", "1e3ms"),
            ("--min-accuracy", "101"),
            ("--min-accuracy", "nan"),
            ("--min-accuracy", "99 percent"),
            ("--mhz", "0"),
        ],
        ids=" ".join,
    )
    def test_a_limit_that_is_none_is_wrong_usage(self, wrong: tuple[str, str], tmp_path: Path):
        message = call("choose", *wrong, tmp_path, code=2).stderr
        assert f"Invalid value for '{wrong[0]}'" in message
        assert repr(wrong[1]) in message


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (SIZE, "32768", 32_768),
        (SIZE, "32k", 32_768),
        (SIZE, "32K", 32_768),
        (SIZE, "32KiB", 32_768),
        (SIZE, "32kB", 32_000),
        (SIZE, "1.5k", 1_536),
        (SIZE, "0.5M", 524_288),
        (SIZE, "2 MiB", 2_097_152),
        (SIZE, "2MB", 2_000_000),
        (SIZE, "100B", 100),
        (DURATION, "500us", 500e-6),
        (DURATION, "500µs", 500e-6),
        (DURATION, "5ms", 5e-3),
        (DURATION, "0.1s", 0.1),
        (PERCENT, "99", 99.0),
        (PERCENT, "98.5%", 98.5),
        (CLOCK, "80", 80.0),
        (CLOCK, "1.2GHz", 1_200.0),
    ],
)
def test_quantities_with_their_units(kind: Quantity, text: str, value: float):
    assert kind.convert(text, None, None) == pytest.approx(value)


def test_a_size_below_a_byte_is_none():
    with pytest.raises(click.BadParameter):
        SIZE.convert("0.0001k", None, None)
