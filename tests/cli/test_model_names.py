"""A model is named in one way everywhere: by its path, its folder or the word builtin."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from edgedigits.cli.main import main
from edgedigits.core.pretrained.bundled import bundled_float_model, bundled_model

COMMANDS = ("quantize", "layer-error", "benchmark", "calibration")
SAMPLE = Path(__file__).parents[2] / "docs" / "sample.jpg"
TRAINED = {"train": ("--out", "out")}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def error(*words: object) -> str:
    """What a command says that does not come to its work."""
    found = CliRunner().invoke(main, [str(word) for word in words])
    assert found.exit_code == 1, found.output
    return found.stderr


def answer(*words: object) -> str:
    """What a command prints that does its work."""
    found = CliRunner().invoke(main, [str(word) for word in words])
    assert found.exit_code == 0, found.output
    return found.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_a_float_model_is_named_by_its_folder_or_builtin(name: str, tmp_path: Path):
    folder = tmp_path / "float"
    shutil.copytree(bundled_float_model().parent, folder)
    for word in ("builtin", folder):
        said = error(name, word, "--dataset", "npz:missing.npz", "--out", tmp_path / "out")
        assert "missing.npz" in said, said


@pytest.mark.parametrize("name", COMMANDS)
def test_a_tflite_model_is_told_from_a_float_one(name: str, tmp_path: Path):
    for word in (bundled_model(), bundled_model().parent):
        said = error(name, word, "--out", tmp_path / "out")
        assert "is a TFLite model" in said and "give the model.keras" in said


WITH_TFLITE = {
    "evaluate": ("--dataset", "samples"),
    "predict": (SAMPLE,),
    "export": ("--out", "out"),
    "firmware report": ("--images", 1),
    "camera": ("--source", SAMPLE.parent),
    "fields": (SAMPLE.parent,),
}
WITH_KERAS = dict.fromkeys(COMMANDS, ("--out", "out")) | {"evaluate": (), "train --from": ("--out", "out")}


@pytest.mark.parametrize("name", WITH_TFLITE)
def test_a_tflite_model_that_is_named_like_a_keras_model_is_told_what_it_is(name: str, tmp_path: Path):
    path = shutil.copyfile(bundled_model(), tmp_path / "mine.keras")
    said = error(*name.split(), path, *WITH_TFLITE[name])
    assert f"Error: {path} is a TFLite model by its content, not by its name; name it mine.tflite\n" in said


@pytest.mark.parametrize("name", [*WITH_TFLITE, *WITH_KERAS])
@pytest.mark.parametrize("called", ["mine.tflite", "mine.bin", "mine.KERAS"])
def test_a_keras_model_of_another_name_is_told_what_it_is(name: str, called: str, tmp_path: Path):
    path = shutil.copyfile(bundled_float_model(), tmp_path / called)
    said = error(*name.split(), path, *(WITH_TFLITE | WITH_KERAS)[name])
    assert f"Error: {path} is a Keras model by its content, not by its name; name it mine.keras\n" in said


@pytest.mark.parametrize("name", [name for name in WITH_TFLITE if name != "evaluate"])
def test_a_keras_model_where_a_tflite_one_is_wanted_is_told_how_to_make_one(name: str):
    path = bundled_float_model()
    said = error(*name.split(), path, *WITH_TFLITE[name])
    assert (
        f"{path} is a Keras model, where a TFLite model is wanted; make one of it: `edgedigits quantize {path}" in said
    )


def test_measure_says_so_in_the_row_of_the_model(tmp_path: Path):
    shutil.copyfile(bundled_float_model(), tmp_path / "mine.tflite")
    shutil.copyfile(bundled_model(), tmp_path / "other.keras")
    given = ("measure", "mine.tflite", "other.keras", "--dataset", "samples", "--out", "out", "--json")
    rows = json.loads(CliRunner().invoke(main, given).stdout)["rows"]
    told = " ".join(row["failure"] for row in rows)
    assert "mine.tflite is a Keras model by its content, not by its name; name it mine.keras" in told
    assert "other.keras is a TFLite model by its content, not by its name; name it other.tflite" in told


@pytest.mark.parametrize("called", ["MINE.TFLITE", "mine.bin", "mine"])
def test_a_tflite_model_of_any_other_name_is_taken(called: str, tmp_path: Path):
    path = shutil.copyfile(bundled_model(), tmp_path / called)
    assert json.loads(answer("evaluate", path, "--dataset", "samples", "--json"))["count"] == 500
    assert "0123456789 31415926 5807" in answer("predict", path, SAMPLE)
    answer("export", path, "--out", tmp_path / "c")
    for name in COMMANDS:
        assert "is a TFLite model, where the float model" in error(name, path, "--out", tmp_path / "out")
    assert "is quantized, and a training needs floats" in error("train", "--from", path, "--out", tmp_path / "out")


@pytest.mark.parametrize("name", [*WITH_TFLITE, *WITH_KERAS])
def test_an_hdf5_file_is_told_for_what_it_is(name: str, tmp_path: Path):
    path = tmp_path / "old.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    told = "has no card.json" if name == "train --from" else "is an HDF5 file"
    assert f"{path} {told}" in error(*name.split(), path, *(WITH_TFLITE | WITH_KERAS)[name])


@pytest.mark.parametrize("name", COMMANDS)
def test_a_folder_with_a_model_and_no_card_is_that_model(name: str, tmp_path: Path):
    shutil.copy(bundled_float_model(), tmp_path)
    for word in (tmp_path / "model.keras", tmp_path):
        assert "missing.npz" in error(name, word, "--dataset", "npz:missing.npz", "--out", tmp_path / "out")


def test_a_folder_with_a_tflite_model_and_no_card_is_that_model(tmp_path: Path):
    shutil.copy(bundled_model(), tmp_path)
    assert answer("predict", tmp_path, SAMPLE) == answer("predict", tmp_path / bundled_model().name, SAMPLE)
    told = "has no card.json, which says what network it is"
    shutil.copy(bundled_float_model(), tmp_path)
    for words in (("evaluate",), ("predict", "--model"), ("quantize", "--out", tmp_path / "out"), ("train", "--from")):
        said = error(*words, tmp_path, *((SAMPLE,) if "--model" in words else ()), *TRAINED.get(words[0], ()))
        names = f"{tmp_path} has no card.json and holds model.int8.tflite, model.keras"
        assert f"{names}; name one of them, as {tmp_path / 'model.int8.tflite'}" in said
    (tmp_path / "model.int8.tflite").unlink()
    for word in (tmp_path, tmp_path / "model.keras"):
        assert told in error("train", "--from", word, "--out", tmp_path / "out")
