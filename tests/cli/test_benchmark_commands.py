"""The commands that measure recipes: what they print, write and exit with."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from calling import call

from edgedigits.results import read_results

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
EDGEDIGITS = Path(sys.executable).with_name("edgedigits")


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A network that has learned little: what is told of it is what is tested."""
    import tf_keras as keras

    keras.utils.set_random_seed(3)
    layers = [keras.layers.Conv2D(8, 5, strides=4, activation="relu"), keras.layers.Flatten()]
    network = keras.Sequential([keras.Input((28, 28, 1)), *layers, keras.layers.Dense(10, activation="softmax")])
    path = tmp_path_factory.mktemp("float") / "model.keras"
    network.save(path)
    return path


@pytest.fixture(scope="module")
def measured(model, tmp_path_factory) -> tuple[Path, str]:
    """A folder of results and what was printed."""
    out = tmp_path_factory.mktemp("bench") / "out"
    recipes = ("--recipes", "float32,int8,int16x8")
    return out, call("benchmark", model, "--dataset", "optdigits", *recipes, "--out", out).stdout


def test_benchmark_prints_a_row_for_each_recipe_and_where_the_page_is(measured):
    out, text = measured
    for name in ("float32", "int8", "int16x8"):
        assert re.search(rf"\b{name}\b", text)
    assert "accuracy on optdigits, test part of split default, 180 digits" in text
    assert text.splitlines()[-1] == str(out / "index.html")
    assert (out / "index.html").is_file()


def test_choose_reads_what_benchmark_has_written(measured):
    out, _ = measured
    assert "rows meet all limits" in call("choose", "--max-flash", "1M", out).stdout


def test_rows_of_full_int8_have_the_bytes_of_their_parameters_without_a_compiler(measured):
    out, _ = measured
    found = {row.recipe: row.parameter_bytes for row in read_results(out).rows}
    weights, channels = 8 * 25 + 10 * 6 * 6 * 8, 8 + 10
    assert found["int8"] is not None
    assert weights + 9 * channels <= found["int8"] < 1.2 * weights + 9 * channels  # rows of a kernel are filled up
    assert (found["float32"], found["int16x8"]) == (None, None)
    assert json.loads((out / "int8" / "row.json").read_text())["parameter_bytes"] == found["int8"]
    assert "bytes of parameters" in (out / "results.md").read_text()


def test_benchmark_prints_json_for_scripts(model, tmp_path):
    command = (
        "benchmark",
        model,
        "--dataset",
        "optdigits",
        "--recipes",
        "float32",
        "--out",
        tmp_path / "out",
        "--json",
    )
    (row,) = json.loads(call(*command).stdout)
    assert (row["model"], row["recipe"], row["accuracy"]["count"]) == ("model", "float32", 180)
    assert row["bytes"] == (tmp_path / "out" / "float32" / "model.float32.tflite").stat().st_size


def test_benchmark_exits_with_1_where_nothing_could_be_measured(tmp_path):
    import tf_keras as keras

    layers = [keras.layers.Conv2D(4, 3, strides=3), keras.layers.GlobalAveragePooling2D()]
    network = keras.Sequential([keras.Input((28, 28, 1)), *layers, keras.layers.Dense(10, activation="softmax")])
    network.save(tmp_path / "model.keras")
    command = ("benchmark", tmp_path / "model.keras", "--dataset", "optdigits", "--recipes", "dynamic")
    result = call(*command, "--out", tmp_path / "out", code=1)
    assert re.search(r"dynamic failed: .*1,024 weights", result.stdout)
    assert (tmp_path / "out" / "index.html").is_file()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--recipes", "int4"), "no recipe is called 'int4'"),
        (("--recipes", ","), "no recipe is named"),
        (("--cores", "m99"), "m99"),
        (("--dataset", "nothing"), "choose one of mnist"),
        (("--resume",), "holds no benchmark to resume"),
    ],
)
def test_what_cannot_be_asked_for_is_said_before_anything_is_measured(options, says, model, tmp_path):
    result = call("benchmark", model, *options, "--out", tmp_path / "out", code=1)
    assert result.stderr.startswith("Error: ")
    assert says in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_row_for_which_there_was_no_time_is_no_failure_where_another_one_is_there(model, tmp_path):
    command = ("benchmark", model, "--dataset", "optdigits", "--recipes", "float32,qat-int8", "--time-limit", "0.001s")
    done = call(*command, "--out", tmp_path / "out")
    lines = done.stdout.splitlines()
    assert "recipes: 1 done, 1 not made: time limit" in done.stderr.splitlines()
    assert [line.split()[2:6] for line in lines if line.startswith("model  qat-int8")] == [
        ["not", "made:", "time", "limit"]
    ]
    assert any(line.startswith("model qat-int8 not made: time limit (0.001 s were over before it)") for line in lines)
    none = (*command[:4], "--recipes", "qat-int8", "--time-limit", "0.001s", "--out", tmp_path / "none")
    call(*none, code=1)


def test_a_time_limit_wants_a_unit(model, tmp_path):
    said = call("benchmark", model, "--time-limit", "10", "--out", tmp_path / "out", code=2).stderr
    assert "write it as 90s, 10m or 2h" in said


def test_results_are_not_overwritten_without_force(measured, model):
    out, _ = measured
    stderr = call("benchmark", model, "--dataset", "optdigits", "--out", out, code=1).stderr
    assert "--resume" in stderr
    assert "--force" in stderr


def test_cores_write_a_firmware_report_beside_full_int8_models(measured, model):
    from edgedigits.firmware_export.boards.cores import core
    from edgedigits.firmware_export.report.cores import missing_tool

    out, _ = measured
    if lacking := missing_tool(core("m0")):
        pytest.skip(lacking)
    command = ("benchmark", model, "--dataset", "optdigits", "--recipes", "float32,int8,int16x8", "--out", out)
    call(*command, "--cores", "m0", "--resume")
    assert [path.parent.name for path in out.glob("*/firmware.json")] == ["int8"]
    rows = {row.recipe: row for row in read_results(out).rows}
    (figures,) = rows["int8"].cores
    assert (figures.core, figures.equal) == ("m0", True)
    assert rows["float32"].cores == ()
    assert "m0" in (out / "results.csv").read_text().splitlines()[0]


def test_a_core_that_cannot_be_measured_is_a_note_of_the_row(measured, model, tmp_path, monkeypatch):
    import shutil

    shutil.copytree(measured[0], tmp_path / "out")
    monkeypatch.setenv("PATH", str(tmp_path))
    command = ("benchmark", model, "--dataset", "optdigits", "--recipes", "float32,int8,int16x8", "--resume")
    for _ in range(2):
        call(*command, "--cores", "m4", "--out", tmp_path / "out")
    rows = {row.recipe: row for row in read_results(tmp_path / "out").rows}
    assert len([note for note in rows["int8"].notes if note.startswith("m4: not measured: ")]) == 1
    assert not [note for note in rows["float32"].notes if "m4" in note]


@pytest.mark.slow  # tests/quantize/test_benchmark.py interrupts the same without a process of its own
def test_ctrl_c_keeps_the_rows_and_resume_goes_on(model, tmp_path):
    out = tmp_path / "out"
    command = [EDGEDIGITS, "benchmark", model, "--dataset", "optdigits", "--recipes", "float32,int8", "--out", out]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("int8: convert"):
            process.send_signal(signal.SIGINT)
            break
    _, rest = process.communicate()
    assert process.returncode == 1
    assert re.search(r"Error: stopped at int8; 1 of 2 rows are measured; --resume goes on", rest)
    assert read_results(out).missing == ("int8",)
    assert "int8" in call(*command[1:], "--resume").stdout
    assert not read_results(out).missing


def test_calibration_prints_figures_and_advice(model, tmp_path):
    out = tmp_path / "out"
    text = call("calibration", model, "--dataset", "optdigits", "--seeds", 1, "--out", out).stdout
    assert re.search(r"stratified\s+500\s+\d", text)
    assert re.search(r"take [\d,]+ digits, (random|stratified|hardest)", text)
    assert {path.name for path in out.iterdir()} == {"calibration.json", "calibration.csv", "calibration.png"}
    assert "--force" in call("calibration", model, "--out", out, code=1).stderr


def test_calibration_of_a_model_that_is_not_there_writes_nothing(tmp_path):
    assert "no model at" in call("calibration", tmp_path / "no.keras", "--out", tmp_path / "out", code=1).stderr
    assert list(tmp_path.iterdir()) == []


def test_layer_error_names_the_noisiest_layer(model, tmp_path):
    command = ("layer-error", model, "--dataset", "optdigits", "--out")
    text = call(*command, tmp_path / "out").stdout
    assert re.search(r"^conv2d\S* +Conv2D 5x5, 1 to 8 +\d+\.\d", text, re.MULTILINE)
    assert re.search(r"noisiest layer with weights: (conv2d|dense)", text)
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".json", ".csv", ".png"}
    found = json.loads(call(*command, tmp_path / "json", "--json").stdout)
    assert found["noisiest"] in {layer["layer"] for layer in found["layers"]}
    assert "--force" in call(*command, tmp_path / "out", code=1).stderr


def test_the_help_of_quantize_names_every_recipe():
    from edgedigits.quantize import RECIPES

    text = call("quantize", "--help").output
    assert [name for name in RECIPES if not re.search(rf"(^|[ ,]){name}([ ,]|$)", text, re.MULTILINE)] == []
