"""``edgedigits measure``: what it prints and writes, and that it needs nothing that a Raspberry Pi lacks."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from measured_rows import row, write_results

from edgedigits.cli.commands.measuring import _show
from edgedigits.cli.main import main
from edgedigits.core.files import sha256_of
from edgedigits.results import Accuracy, Latency, Row, read_results, this_machine
from edgedigits.results.measuring import Measurement

ROOT = Path(__file__).parents[2]
NANO = ROOT / "tests" / "firmware_export" / "models" / "nano" / "model.int8.tflite"
BUILTIN = ROOT / "core" / "pretrained" / "small" / "model.int8.tflite"

NOT_ON_A_PI = """
from importlib.machinery import PathFinder

names = set("tensorflow tf_keras keras sklearn scipy matplotlib plotly jinja2 tflite platformdirs pooch requests "
            "joblib serial optuna sqlalchemy xgboost psutil pandas".split())
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, path=None, target=None: (
    None if name.partition(".")[0] in names else find(name, path, target)
)
"""
"""A sitecustomize.py, which child processes load too: nothing but what `[edge]` brings can be imported."""


def command(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def edge_only(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which nothing but what ``[edge]`` brings can be imported."""
    folder = tmp_path_factory.mktemp("edge-only")
    (folder / "sitecustomize.py").write_text(NOT_ON_A_PI)
    return os.environ | {"PYTHONPATH": str(folder)}


def on_a_pi(edge_only: dict[str, str], *words: object, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edgedigits", *map(str, words)],
        env=edge_only,
        capture_output=True,
        text=True,
        check=False,
        **more,
    )


@pytest.fixture(scope="module")
def written(edge_only: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of results as a Raspberry Pi writes it."""
    out = tmp_path_factory.mktemp("measured") / "pi"
    done = on_a_pi(edge_only, "measure", "builtin", NANO, "--threads", "1", "--out", out, "--emulated")
    assert done.returncode == 0, done.stderr
    assert "small int8: 46,440 bytes" in done.stdout and "nano int8: 16,192 bytes" in done.stdout
    assert str(out) in done.stdout
    return out


def test_the_environment_lacks_what_it_shall_lack(edge_only: dict[str, str]):
    code = "from importlib.util import find_spec as f; print(f('numpy') and not f('tflite') and not f('matplotlib'))"
    done = subprocess.run([sys.executable, "-c", code], env=edge_only, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_it_writes_rows_that_name_file_and_machine(written: Path):
    results = read_results(written)
    assert (results.header.kind, results.header.machine.emulated) == ("measure", True)
    assert [row.sha256 for row in results.rows] == [sha256_of(BUILTIN), sha256_of(NANO)]
    assert {path.name for path in written.iterdir()} == {
        *("results.json", "results.md", "results.csv"),
        *("small-int8", "nano-int8"),
    }
    assert "‡" in (written / "results.md").read_text()


def test_compare_and_choose_take_it_on_a_pi_too(written: Path, edge_only: dict[str, str]):
    compared = on_a_pi(edge_only, "compare", written)
    assert compared.returncode == 0, compared.stderr
    assert "‡ latency of pi" in compared.stdout
    chosen = on_a_pi(edge_only, "choose", written, "--max-flash", "1M")
    assert chosen.returncode == 0, chosen.stderr
    assert chosen.stdout.startswith("nano int8: 97.00 % (") and "chosen by size and latency alone" in chosen.stdout
    refused = on_a_pi(edge_only, "choose", written, "--min-accuracy", "90")
    assert refused.returncode == 1
    assert "2 without a validation accuracy" in refused.stderr and "drop --min-accuracy, or name" in refused.stderr


def test_json_has_machine_and_rows():
    done = command("measure", NANO, "--threads", "1", "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == {"machine", "software", "rows"}
    assert found["rows"][0]["latencies"][0]["threads"] == 1
    assert found["rows"][0]["checks"]["runs"][0]["right"] == 485


def test_the_console_tells_time_accuracy_and_condition():
    done = command("measure", NANO, "--threads", "1,2")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    head = next(line for line in lines if line.startswith("runtime"))
    assert head.split()[:3] == ["runtime", "delegate", "threads"]
    assert "of 500 digits (samples, all of it)" in done.stdout
    cells = re.findall(r"(?:none|XNNPACK|in part) +(\d+) +\S+ +\S+ +(\S+) +(\S+) +\S+", done.stdout)
    assert {threads for threads, *_ in cells} == {"1", "2"}
    assert all((read == ["-", "-"]) == (threads == "2") for threads, *read in cells), "no cell is empty"
    assert "-: digits are read once with each runtime and delegate" in lines
    assert "not throttled" in done.stdout or "°C" in done.stdout or "tells no temperature" in done.stdout
    assert max(map(len, lines)) <= 80


def shown(row: Row, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the console tells of a measured row."""
    _show(Measurement(this_machine(), (row,), {}, {}))
    return capsys.readouterr().out.splitlines()


def measured_row(*loads: float | None) -> Row:
    times = tuple(
        Latency(f"tflite-runtime 2.14.{place}", 1, "none", 1, 100.0, 120.0, "", load)
        for place, load in enumerate(loads)
    )
    runs = [{"runtime": one.runtime, "delegate": "none", "right": 9_990, "same_outputs": 10_000} for one in times]
    state = {"celsius": {}, "megahertz": {}, "governors": {}, "throttled": None}
    digits = Accuracy("folder:/home/pi/pictures/of/digits, all of it", "a" * 64, 10_000, 99.9, times[0].runtime)
    return row(
        "small", "int8", accuracy=digits, latencies=times, checks={"runs": runs, "before": state, "after": state}
    )


@pytest.mark.parametrize("columns", ["80", "200"])
def test_what_other_programs_took_has_a_column_where_it_was_much(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", columns)
    lines = shown(measured_row(0.02, 0.698), capsys)
    assert [line.split()[-1] for line in lines if line.startswith("runtime")] == ["busy"]
    assert [line.rstrip().endswith("70 %") for line in lines if line.startswith("tflite-runtime")] == [False, True]
    assert any(line.startswith("busy: other programs took") for line in lines)
    assert not any("busy" in line for line in shown(measured_row(0.02, None), capsys))


def test_the_longest_names_fit_80_columns_beside_what_others_took(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "80")
    row = measured_row(0.02, 0.698)
    named = {"runtime": "ai-edge-litert 12.13.14", "delegate": "XNNPACK in part"}
    slow = [replace(one, **named, median_us=12_345.6, p95_us=12_345.6) for one in row.latencies]
    runs = [run | named for run in row.checks["runs"]]
    lines = shown(replace(row, latencies=tuple(slow), checks=row.checks | {"runs": runs}), capsys)
    assert [line for line in lines if len(line.rstrip()) > 80] == []
    assert any(line.rstrip().endswith("70 %") for line in lines)


def test_sentences_of_it_fit_the_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "60")
    failure = "no runtime of this machine runs it: tflite-runtime 2.14.0: the file is damaged and cannot be read"
    lines = [*shown(measured_row(0.3), capsys), *shown(replace(measured_row(0.3), failure=failure), capsys)]
    assert any(line.startswith("of 10,000 digits") for line in lines)
    assert [line for line in lines if len(line) > 60] == []


def test_a_folder_that_is_taken_is_told_before_anything_is_measured(tmp_path: Path):
    (tmp_path / "file").write_text("")
    begin = time.perf_counter()
    done = command("measure", NANO, "--out", tmp_path)
    assert (done.exit_code, "exists and is not empty" in done.stderr) == (1, True)
    assert "nano int8" not in done.stderr, f"measured for {time.perf_counter() - begin} s"


def test_models_that_all_fail_are_an_exit_code_of_1(tmp_path: Path):
    damaged = tmp_path / "model.tflite"
    damaged.write_bytes(NANO.read_bytes()[:4000])
    done = command("measure", damaged, "--threads", "1", "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "failed: " in done.stdout
    assert read_results(tmp_path / "out").rows[0].failure


@pytest.mark.parametrize("words", ["0", "1,", "two", "-1", "65", "1;2"])
def test_threads_that_are_no_numbers_are_wrong_usage(words: str):
    done = command("measure", NANO, "--threads", words)
    assert done.exit_code == 2
    assert "1,2,4" in done.stderr


def test_ctrl_c_leaves_neither_a_folder_nor_a_process(tmp_path: Path):
    words = [sys.executable, "-m", "edgedigits", "measure", str(BUILTIN), "--out", str(tmp_path / "out")]
    with subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as running:
        group = running.pid
        while not (children := children_of(group)) and running.poll() is None:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=60)
    assert running.returncode == 1
    assert b"Traceback" not in errors
    assert not any(tmp_path.iterdir())
    assert children and not any(Path(f"/proc/{child}").exists() for child in children)


def children_of(process: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []


def test_its_rows_stand_beside_those_of_a_benchmark(written: Path, tmp_path: Path):
    import shutil

    write_results(tmp_path / "bench", row("small", "int8", sha256=sha256_of(BUILTIN)))
    shutil.copytree(written, tmp_path / "pi")
    done = command("compare", tmp_path / "bench", tmp_path / "pi", "--out", tmp_path / "all")
    assert done.exit_code == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("small")]
    assert [line[:3] for line in lines] == [["small", "int8", "bench"], ["small", "int8", "pi"]]
    assert lines[0][3] == lines[1][3] == "99.10"
    assert "‡" in lines[1] and "‡" not in lines[0]
    assert "‡" in (tmp_path / "all" / "index.html").read_text()
