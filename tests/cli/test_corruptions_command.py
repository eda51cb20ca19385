"""`edgedigits corruptions`: several models, one table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from calling import call

from edgedigits.core.files import sha256_of
from edgedigits.core.pretrained.bundled import bundled_model


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A data set of twenty drawn digits, two of each."""
    from edgedigits.core.datasets import load_dataset

    pool = load_dataset("samples").pool
    places = np.concatenate([np.flatnonzero(pool.labels == digit)[:2] for digit in range(10)])
    path = tmp_path_factory.mktemp("digits") / "few.npz"
    np.savez(path, x_train=pool.images[places], y_train=pool.labels[places])
    return f"npz:{path}"


def test_the_built_in_model_is_measured_once(few: str, tmp_path: Path):
    out = tmp_path / "out"
    told = json.loads(call("corruptions", "builtin", "--dataset", few, "--out", out, "--json").stdout)
    assert told == json.loads((out / "corruptions.json").read_text())
    assert [one["label"] for one in told["models"]] == ["builtin"]
    assert told["models"][0]["sha256"] == sha256_of(bundled_model())
    assert told["recipe"]["count"] == 20
    again = call("corruptions", "builtin", "--dataset", few, "--out", out)
    assert "builtin: measured before" in again.stderr
    assert f"{out / 'corruptions.png'}" in again.stdout
    assert "% read wrongly of 20 digits" in again.stdout


def test_figures_are_those_of_evaluate(few: str, tmp_path: Path):
    alone = json.loads(call("evaluate", "builtin", "--dataset", few, "--corruptions", "--json").stdout)["corruptions"]
    suite = json.loads(call("corruptions", "builtin", "--dataset", few, "--out", tmp_path / "out", "--json").stdout)
    assert suite["models"][0]["errors"] == alone


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("no.tflite", None, "no model at"),
        ("text.txt", b"hello", "neither .keras nor .tflite"),
        ("cut.tflite", b"\x1c\0\0\0TFL3" + bytes(40), "cut.tflite"),
    ],
)
def test_a_bad_model_is_refused_before_any_is_measured(name, content, why, few: str, tmp_path: Path):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    found = call("corruptions", "builtin", path, "--dataset", few, "--out", tmp_path / "out", code=1)
    assert why in found.stderr and found.stderr.count("Error:") == 1
    assert not (tmp_path / "out" / "corruptions.json").exists()


def test_a_line_network_is_refused(tmp_path: Path):
    from edgedigits.core.pretrained.bundled import bundled_line_model

    found = call("corruptions", bundled_line_model(), "--out", tmp_path / "out", code=1)
    assert "reads lines" in found.stderr


def test_models_of_one_network_and_recipe_are_told_apart_by_their_folder(tmp_path: Path):
    import shutil

    from edgedigits.cli.commands.corrupting import _labels

    for name in ("one", "two"):
        shutil.copytree(bundled_model().parent, tmp_path / name)
    models = [tmp_path / name / "model.int8.tflite" for name in ("one", "two")]
    assert _labels(models) == [f"small int8 ({tmp_path / name})" for name in ("one", "two")]
    assert _labels([bundled_model(), models[0], models[0]]) == ["builtin", "small int8", "small int8"]
