"""What a command reads is never what it replaces: such an output is refused before any work, with --force too."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from measured_rows import row, write_results

from edgedigits.cli.main import main
from edgedigits.core.pretrained.bundled import bundled_float_model, bundled_model

COMMANDS = {
    "quantize": ("quantize", "KERAS", "--out", "FLOAT"),
    "benchmark": ("benchmark", "KERAS", "--out", "FLOAT"),
    "calibration": ("calibration", "KERAS", "--out", "FLOAT"),
    "layer-error": ("layer-error", "KERAS", "--out", "FLOAT"),
    "train --from": ("train", "--from", "KERAS", "--dataset", "optdigits", "--out", "FLOAT"),
    "train --folds": (
        "train",
        "--from",
        "GIVEN/model.keras",
        "--dataset",
        "optdigits",
        "--folds",
        "2",
        "--out",
        "ROWS",
    ),
    "baseline --trained": ("baseline", "nf264-cnn1", "--dataset", "optdigits", "--trained", "GIVEN", "--out", "ROWS"),
    "measure": ("measure", "TFLITE", "--out", "INT8"),
    "corruptions": ("corruptions", "TFLITE", "KERAS", "--out", "INT8"),
    "compare": ("compare", "RESULTS", "--out", "RESULTS"),
    "firmware report --plot": ("firmware", "report", "TFLITE", "--core", "m4", "--plot", "TFLITE"),
    "firmware report --card": ("firmware", "report", "TFLITE", "--core", "m4", "--card", "INT8/card.json"),
    "firmware report --plot, its data": (
        *("firmware", "report", "TFLITE", "--core", "m4", "--dataset", "csv:VIDEO", "--plot", "VIDEO"),
    ),
    "predict --annotate": ("predict", "builtin", "DATA/0/1.png", "--annotate", "DATA"),
    "camera --record": ("camera", "--source", "VIDEO", "--record", "VIDEO"),
    "quantize, its data": ("quantize", "builtin-float", "--dataset", "folder:DATA/inner", "--out", "DATA"),
    "calibration, its data": ("calibration", "builtin-float", "--dataset", "folder:DATA", "--out", "DATA"),
    "layer-error, its data": ("layer-error", "builtin-float", "--dataset", "folder:DATA", "--out", "DATA"),
    "benchmark, its data": ("benchmark", "builtin-float", "--dataset", "folder:DATA", "--out", "DATA"),
    "measure, its data": ("measure", "builtin", "--dataset", "folder:DATA", "--out", "DATA"),
    "corruptions, its data": ("corruptions", "builtin", "--dataset", "folder:DATA", "--out", "DATA"),
    "train, its data": ("train", "--dataset", "folder:DATA", "--out", "DATA"),
}


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    """A float model, an int8 model, results, a folder of pictures and a video, each with what it is named by."""
    found = {name: tmp_path / name.lower() for name in ("FLOAT", "INT8", "DATA")}
    shutil.copytree(bundled_float_model().parent, found["FLOAT"])
    shutil.copytree(bundled_model().parent, found["INT8"])
    for inside in (found["DATA"] / "0", found["DATA"] / "inner" / "0"):
        inside.mkdir(parents=True)
        cv2.imwrite(str(inside / "1.png"), np.zeros((28, 28), np.uint8))
    video = cv2.VideoWriter(str(tmp_path / "seen.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 5, (64, 64))
    video.write(np.zeros((64, 64, 3), np.uint8))
    video.release()
    found |= {"KERAS": found["FLOAT"] / "model.keras", "TFLITE": found["INT8"] / "model.int8.tflite"}
    found |= {"ROWS": tmp_path / "rows", "GIVEN": tmp_path / "rows" / "nf264-cnn1"}
    shutil.copytree(found["FLOAT"], found["GIVEN"])
    results = write_results(tmp_path / "results", row()).folder
    return found | {"RESULTS": results, "VIDEO": tmp_path / "seen.avi", "builtin-float": bundled_float_model()}


@pytest.mark.parametrize("name", COMMANDS)
def test_an_input_inside_the_output_is_refused(name: str, places: dict[str, Path], tmp_path: Path):
    words = list(COMMANDS[name])
    for place, path in places.items():
        words = [word.replace(place, str(path)) for word in words]
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    found = CliRunner().invoke(main, [*words, "--force"])
    assert found.exit_code == 1, found.output
    assert "replaced" in found.stderr and "choose another --" in found.stderr
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_model_in_the_output_is_told_before_force_is_proposed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "model.keras").touch()
    for command in ("quantize", "calibration", "layer-error"):
        found = CliRunner().invoke(main, [command, str(tmp_path / "out/model.keras"), "--out", str(tmp_path / "out")])
        assert found.exit_code == 1 and "which would be replaced; choose another --out" in found.stderr, command
