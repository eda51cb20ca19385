"""The commands that read a station's journal."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from calling import call

from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.results import PieceResult

NOON = 1_796_040_000.0  # 2026-11-30 12:00 UTC
ACCEPTED = PieceResult(
    *("a", "hall", NOON, NOON, 0.125, "48000", "accepted", "", "A4", 0.9975), (("48000", 0.9975),), 4, "c0ffee"
)
REJECTED = replace(ACCEPTED, id="b", outcome="rejected", why="two codes are likely", bin="", confidence=0.5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A journal with a piece that was accepted, and one that was rejected and labelled."""
    picture = np.full((60, 300, 3), 200, np.uint8)
    journal = Journal(tmp_path / "journal")
    journal.add(ACCEPTED, picture)
    journal.add(REJECTED, picture)
    journal.key("b", "48001", "ann", NOON)
    journal.close()
    return tmp_path / "journal"


def test_show_prints_the_last_results_the_newest_first(folder: Path):
    lines = call("journal", "show", folder).stdout.splitlines()
    assert [line.split()[:3] for line in lines[1:3]] == [
        ["2026-11-30T12:00:00.000Z", "rejected", "48000"],
        ["2026-11-30T12:00:00.000Z", "accepted", "48000"],
    ]


def test_show_prints_as_many_as_asked_for_as_json(folder: Path):
    assert json.loads(call("journal", "show", folder, "--limit", 1, "--json").stdout) == [REJECTED.as_dict()]


def test_show_says_that_a_journal_is_empty(tmp_path: Path):
    Journal(tmp_path).close()
    assert "no results in" in call("journal", "show", tmp_path).stdout


def test_export_writes_the_table_and_says_how_much_it_holds(folder: Path, tmp_path: Path):
    said = call("journal", "export", folder, "--out", tmp_path / "out" / "pieces.csv").stdout
    assert said.splitlines() == [str(tmp_path / "out" / "pieces.csv"), "2 pieces, 1 labelled"]
    assert (tmp_path / "out" / "pieces.csv").read_text().count("\n") == 3


def test_export_refuses_a_file_that_is_there(folder: Path, tmp_path: Path):
    (tmp_path / "pieces.csv").write_text("mine")
    said = call("journal", "export", folder, "--out", tmp_path / "pieces.csv", code=1).stderr
    assert "choose another --out, or add --force to replace it" in said
    call("journal", "export", folder, "--out", tmp_path / "pieces.csv", "--force")


def test_export_as_json_says_what_was_written(folder: Path, tmp_path: Path):
    out = tmp_path / "pieces.csv"
    said = json.loads(call("journal", "export", folder, "--out", out, "--json").stdout)
    assert said == {"out": str(out), "pieces": 2, "labelled": 1}


def test_labelled_writes_lines_that_fields_takes(folder: Path, tmp_path: Path):
    call("journal", "labelled", folder, "--out", tmp_path / "lines")
    assert (tmp_path / "lines" / "truth.csv").read_text() == "image,text,piece\nline-000001.png,48001,b\n"
    told = json.loads(call("fields", "builtin", tmp_path / "lines", "--json").stdout)
    assert told["fields"] == 1


def test_labelled_digits_need_boxes_and_the_error_says_so(folder: Path, tmp_path: Path):
    said = call("journal", "labelled", folder, "--as", "folder", "--out", tmp_path / "digits", code=1).stderr
    assert "1: no box for each of its digits" in said
    assert not (tmp_path / "digits").exists()


@pytest.mark.parametrize("words", [["show"], ["export", "--out", "o.csv"], ["labelled", "--out", "o"]])
def test_a_folder_without_a_journal_is_an_error_with_a_remedy(tmp_path: Path, words: list[str]):
    said = call("journal", words[0], tmp_path, *words[1:], code=1).stderr
    assert "no journal at" in said
    assert list(tmp_path.iterdir()) == []


def test_the_commands_load_neither_parquet_nor_a_runtime_before_they_need_it(folder: Path):
    code = (
        "import sys; from edgedigits.cli.main import main\n"
        "main(['journal', 'show', sys.argv[1]], standalone_mode=False)\n"
        "assert not {'pyarrow', 'tflite_runtime', 'ai_edge_litert', 'starlette', 'paho'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
