"""`edgedigits search`: what it prints, what it leaves, how it fails."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from calling import call
from click.testing import CliRunner

from edgedigits.cli.main import main

EDGEDIGITS = Path(sys.executable).with_name("edgedigits")
QUICK = ["search", "--preset", "quick", "--dataset", "optdigits", "--device", "cpu"]


@pytest.fixture(scope="module")
def searched(tmp_path_factory) -> tuple[Path, str, str]:
    """A folder that the command filled with a search, and what it printed."""
    out = tmp_path_factory.mktemp("cli") / "search"
    result = call(*QUICK, "--trials", 2, "--out", out)
    return out, result.stdout, result.stderr


def test_presets_are_listed():
    text = call("search", "--list").output
    assert re.search(r"inf283 +16 \(all\) +the INF283 report's grid", text)
    assert "separable" in text


def test_a_preset_must_be_named():
    assert "--preset" in call("search", "--out", "x", code=2).stderr


def test_the_list_of_presets_is_json_where_that_is_asked_for():
    for words in (("--list", "--json"), ("--json", "--list")):
        listed = json.loads(CliRunner().invoke(main, ["search", *words]).stdout)
        assert {one["name"] for one in listed} >= {"separable", "inf283", "quick"}
        assert all(one["trials"] >= 1 and one["about"] for one in listed)


def test_a_line_for_each_trial_and_a_table_of_the_front(searched):
    _, printed, told = searched
    lines = [line for line in told.splitlines() if line.startswith("trial")]
    assert [line.split(";")[0] for line in lines] == [f"trial {number} is complete" for number in range(2)]
    assert re.fullmatch(r"trial 1 is complete; 2 of 2 complete, 0 running, front of \d", lines[-1])
    assert re.search(r"trial +validation % +test % +int8 bytes +MACs +network", printed)
    assert "2 of 2 trials complete" in printed
    assert "\x1b" not in printed + told


def test_the_front_compares_with_other_results(searched, tmp_path):
    out, _, _ = searched
    call("compare", out, "--out", tmp_path / "table")
    names = json.loads((out / "results.json").read_text())["names"]
    text = (tmp_path / "table" / "results.md").read_text()
    assert all(f"trial {name.removeprefix('trial-')}" in text for name in names)


def test_a_model_of_the_front_can_be_quantized(searched, tmp_path):
    out, _, _ = searched
    model = next(out.glob("trial-*/model.keras"))
    call("quantize", model, "--max-drop", 50, "--out", tmp_path / "int8", code=1)  # two epochs: it guesses
    assert (tmp_path / "int8" / "model.int8.tflite").is_file()


def test_a_finished_search_is_printed_again_as_json(searched):
    out, _, _ = searched
    found = json.loads(call(*QUICK, "--resume", "--json", "--out", out).stdout)
    assert [trial["state"] for trial in found["trials"]] == ["complete"] * 2
    assert found["storage"].startswith("sqlite:///")
    assert all(row["accuracy"]["percent"] > 0 for row in found["front"])


def test_a_search_is_not_overwritten_by_accident(searched):
    out, _, _ = searched
    assert re.search("Error: .*--resume.*--force", call(*QUICK, "--out", out, code=1).stderr)


def test_an_unreachable_database_is_one_line_without_the_password(tmp_path):
    storage = "postgresql://ann:s3cret@127.0.0.1:1/studies"
    text = call(*QUICK, "--storage", storage, "--out", tmp_path / "out", code=1).stderr
    assert re.fullmatch(r"Error: the database postgresql://ann:\*\*\*@127.0.0.1:1/studies cannot be used .*\n", text)
    assert "check that the server runs" in text


def test_ctrl_c_ends_cleanly_and_on_a_terminal_the_front_is_drawn(tmp_path):
    control, terminal = pty.openpty()
    process = subprocess.Popen(
        [EDGEDIGITS, *QUICK, "--trials", "50", "--out", tmp_path / "out"],
        stdout=subprocess.DEVNULL,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"},
    )
    os.close(terminal)
    text, sent = "", False
    while piece := _read(control):
        text += piece
        if "validation %" in text and not sent:
            process.send_signal(signal.SIGINT)
            sent = True
    assert process.wait() == 1
    assert "trial 0 is complete" in text
    assert re.search(r"Error: search stopped with \d+ of 50 trials complete", " ".join(text.split()))
    assert "Traceback" not in text


def _read(descriptor: int) -> str:
    try:
        return os.read(descriptor, 4096).decode(errors="replace")
    except OSError:  # what Linux gives where the terminal's other end was closed
        return ""
