"""A model is named in one way everywhere: by its path, its folder or the word builtin."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from edgedigits.cli.main import main
from edgedigits.edge.bundled import bundled_float_model, bundled_model

COMMANDS = ("quantize", "layer-error", "benchmark", "calibration")


def error(*words: object) -> str:
    """What a command says that does not come to its work."""
    found = CliRunner().invoke(main, [str(word) for word in words])
    assert found.exit_code == 1, found.output
    return found.stderr


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


def test_a_folder_of_pictures_is_told_from_a_picture(tmp_path: Path):
    said = error("predict", "builtin", tmp_path)
    assert f"{tmp_path} is a folder; name its pictures, as {tmp_path / '*'} does" in said
