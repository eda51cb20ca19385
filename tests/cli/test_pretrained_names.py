"""``pico`` is taken wherever a model is: its int8 form, and where floats are wanted these."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from edgedigits.cli.main import main
from edgedigits.core.files import sha256_of
from edgedigits.core.pretrained.bundled import bundled_float_model
from edgedigits.core.pretrained.catalogue import Pretrained
from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.report.cores import missing_tool

SAMPLE = Path(__file__).parents[2] / "docs" / "sample.jpg"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("pico", "small"):
        Path(name).mkdir()  # a folder of that name is ./pico


def call(pretrained: Pretrained, *words: object, code: int = 0) -> Result:
    found = CliRunner().invoke(main, [str(word) for word in words], obj=pretrained)
    assert found.exit_code == code, found.output
    return found


def test_it_reads_digits_of_a_data_set(pretrained: Pretrained):
    told = json.loads(call(pretrained, "evaluate", "pico", "--dataset", "samples", "--json").stdout)
    assert told["model"] == str(pretrained.root / "pico" / "int8" / "model.int8.tflite")
    assert told["count"] == 500 and told["accuracy"] > 95


@pytest.mark.parametrize("words", [("predict", "pico", SAMPLE), ("predict", "--model", "pico", SAMPLE)])
def test_it_reads_pictures(words: tuple[object, ...], pretrained: Pretrained):
    assert "31415926" in call(pretrained, *words).stdout


@pytest.mark.parametrize("words", [("pico",), ("--model", "pico")])
def test_it_reads_a_source(words: tuple[str, ...], pretrained: Pretrained, tmp_path: Path):
    shutil.copy(SAMPLE, tmp_path / "pico" / "page.jpg")
    told = call(pretrained, "camera", *words, "--source", tmp_path / "pico").stdout
    assert "31415926" in json.loads(told.splitlines()[0])["text"]


def test_it_is_exported(pretrained: Pretrained, tmp_path: Path):
    call(pretrained, "export", "pico", "--out", tmp_path / "c")
    assert (
        sha256_of(pretrained.root / "pico" / "int8" / "model.int8.tflite") in (tmp_path / "c" / "digits.c").read_text()
    )


def test_it_is_measured_beside_another_one(pretrained: Pretrained):
    given = ("measure", "pico", "small", "--threads", 1, "--json")
    assert len(json.loads(call(pretrained, *given).stdout)["rows"]) == 2


def test_a_report_of_its_firmware_is_not_written_into_the_package(pretrained: Pretrained, tmp_path: Path):
    if lacking := missing_tool(core("m4")):
        pytest.skip(lacking)
    given = ("firmware", "report", "pico", "--core", "m4", "--images", 1, "--dataset", "samples")
    before = sorted(pretrained.root.rglob("*"))
    call(pretrained, *given)
    assert sorted(pretrained.root.rglob("*")) == before
    call(pretrained, *given, "--card", tmp_path / "pico.json")
    assert json.loads((tmp_path / "pico.json").read_text())["file"] == "model.int8.tflite"


@pytest.mark.parametrize("name", ["quantize", "layer-error", "benchmark", "calibration", "convert"])
def test_where_floats_are_wanted_it_is_floats(name: str, pretrained: Pretrained):
    more = () if name == "convert" else ("--dataset", "npz:missing.npz")
    found = call(pretrained, name, "pico", *more, "--out", "out", code=0 if name == "convert" else 1)
    assert "missing.npz" in found.stderr or (name == "convert" and Path("out").is_dir())


def test_a_training_starts_from_its_floats(pretrained: Pretrained):
    found = call(pretrained, "train", "--from", "pico", "--dataset", "npz:missing.npz", "--out", "out", code=1)
    assert "missing.npz" in found.stderr


def test_digits_that_it_misreads_can_be_learned_from_it(pretrained: Pretrained, tmp_path: Path):
    for digit in range(2):
        folder = tmp_path / "mine" / str(digit)
        folder.mkdir(parents=True)
        cv2.imwrite(str(folder / "one.png"), np.full((40, 40), 255, np.uint8) - _stroke())
    told = call(pretrained, "evaluate", "pico", "--dataset", "folder:mine").stdout
    assert "edgedigits train --from pico --dataset folder:mine" in told


def _stroke() -> np.ndarray:
    return cv2.line(np.zeros((40, 40), np.uint8), (8, 8), (32, 8), 255, 4)


@pytest.mark.parametrize(
    "words", [("predict", "pcio", SAMPLE), ("camera", "pcio", "--source", SAMPLE.parent), ("evaluate", "pcio")]
)
def test_of_a_name_that_is_none_the_nearest_is_told(words: tuple[object, ...], pretrained: Pretrained):
    said = call(pretrained, *words, code=1).stderr
    assert "no model at pcio; did you mean pico?" in said and "`edgedigits models`" in said


def test_a_name_that_is_known_but_not_there_is_a_path(pretrained: Pretrained):
    assert "no model at base;" in call(pretrained, "evaluate", "base", code=1).stderr


def test_what_only_lines_can_be_read_by_says_so(pretrained: Pretrained):
    said = call(pretrained, "predict", "pico", SAMPLE, "--form", r"\d+", code=1).stderr
    assert "reads single digits" in said


def test_without_other_ones_the_names_are_those_of_the_package():
    found = CliRunner().invoke(main, ["evaluate", str(bundled_float_model().parent / "missing")])
    assert "no model at" in found.stderr
