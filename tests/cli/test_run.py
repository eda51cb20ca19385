"""`edgedigits run` from end to end, and what it does where MNIST cannot be had."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

EDGEDIGITS = Path(sys.executable).with_name("edgedigits")


@pytest.fixture(scope="module")
def fallen_back(tmp_path_factory):
    """A run on a machine that neither has MNIST nor can fetch it."""
    folder = tmp_path_factory.mktemp("run")
    environment = {name: value for name, value in os.environ.items() if name != "EDGEDIGITS_DATA"}
    environment |= {"EDGEDIGITS_CACHE": str(folder / "cache"), "HTTPS_PROXY": "http://127.0.0.1:9"}
    done = subprocess.run(
        [EDGEDIGITS, "run", "--model", "micro", "--epochs", "30", "--out", folder / "out", "--json"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "out", done


def test_fallback_is_loud_and_stands_in_the_report(fallen_back):
    out, done = fallen_back
    assert "WARNING" in done.stderr
    assert "NOT those of MNIST" in done.stderr
    assert "NOT those of MNIST" in (out / "report.html").read_text(encoding="utf-8")
    assert json.loads(done.stdout)["dataset"] == "optdigits"


def test_every_stage_leaves_its_files(fallen_back):
    out, _ = fallen_back
    for name in (
        "float/model.keras",
        "float/card.json",
        "int8/model.int8.tflite",
        "int8/proof.json",
        "c/digits_model.c",
        "recording/digits.avi",
        "recording/read.jsonl",
        "recording/read.avi",
        "report.json",
    ):
        assert (out / name).stat().st_size > 0, name


def test_summary_agrees_with_the_files(fallen_back):
    out, done = fallen_back
    summary = json.loads(done.stdout)
    assert summary["int8_bytes"] == (out / "int8" / "model.int8.tflite").stat().st_size
    assert summary["frames"] == len((out / "recording" / "read.jsonl").read_text().splitlines()) == 240
    assert summary["int8_accuracy"] > 90
    assert summary["frames_exact"] > 0


def test_report_is_self_contained(fallen_back):
    page = (fallen_back[0] / "report.html").read_text(encoding="utf-8")
    assert page.count('src="data:image/png;base64,') == 4
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "http" not in re.sub(r"MNIST was not found.*?</p>", "", page, flags=re.DOTALL)


def test_interrupted_run_says_how_its_training_goes_on_and_it_does(tmp_path):
    process = subprocess.Popen(
        [EDGEDIGITS, "run", "--model", "nano", "--dataset", "optdigits", "--epochs", "30", "--out", tmp_path / "out"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("epoch 2/"):
            process.send_signal(signal.SIGINT)
            break
    rest = process.stderr.read()
    assert process.wait() == 1
    found = re.search(r"Error: training stopped in epoch \d+ of 30; `edgedigits (.*)` goes on", rest)
    assert found, rest
    subprocess.run([EDGEDIGITS, *found[1].split()], check=True, capture_output=True)
    assert len((tmp_path / "out" / "float" / "history.csv").read_text().splitlines()) == 31


def test_stages_that_were_done_stay_where_a_later_one_fails(tmp_path):
    """A file stands where the folder of the C files shall be."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "c").write_text("in the way")
    done = subprocess.run(
        [
            *(EDGEDIGITS, "run", "--model", "nano", "--dataset", "optdigits", "--epochs", "20"),
            *("--out", tmp_path / "out", "--force"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Error:" in done.stderr
    assert (tmp_path / "out" / "int8" / "model.int8.tflite").is_file()
    assert not (tmp_path / "out" / "report.html").exists()
