"""The benchmark of epochs that a user of a GPU runs: both ways to bring digits in, and what it says without one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from edgedigits.core.keras.backend import tf

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "bench_epochs.py"


@pytest.mark.slow  # docs/gpu.md shows such a command, which the tests of the docs run
def test_it_times_both_ways_on_two_devices_and_tells_how_long_a_network_waits(tmp_path):
    options = [
        "--networks",
        "inf283-nn",
        "--steps",
        "4",
        "--logical",
        "2",
        "--compare",
        "--json",
        tmp_path / "told.json",
    ]
    command = [sys.executable, BENCHMARK, "--device", "cpu", "--trace", tmp_path / "trace", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "told.json").read_text())["networks"]
    assert [row["input"] for row in rows] == ["pipeline", "on the devices"]
    assert all(0 <= row["waits_percent"] <= 100 and row["seconds_per_epoch"] > 0 for row in rows)
    assert len(list((tmp_path / "trace").rglob("*.xplane.pb"))) == 2


@pytest.mark.skipif(bool(tf.config.list_physical_devices("GPU")), reason="this machine has a GPU")
def test_it_fails_with_a_remedy_where_there_is_no_gpu():
    command = [sys.executable, BENCHMARK, "--device", "gpu"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Error: TensorFlow ")
    assert "; " in done.stderr.splitlines()[-1]
