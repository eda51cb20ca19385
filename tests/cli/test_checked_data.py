"""Data that users really have go through the commands, or stop them with what mends it."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from calling import call

from edgedigits.core.cards import card_of
from edgedigits.core.datasets import load_dataset, stratified_sample

QUICK = ("--from", "builtin", "--augment", "none", "--epochs", 1)


def flat(text: str) -> str:
    return " ".join(text.split())


def case(data_folder: Path, name: str) -> Path:
    path = data_folder / "cases" / "datasets" / name
    if not path.is_file():
        pytest.skip(f"no {path}")
    return path


def test_a_table_in_emnists_order_stops_and_is_as_accurate_as_upright_once_it_is_mended(data_folder, tmp_path):
    spec = f"csv:{case(data_folder, 'emnist_order.csv.gz')}"
    refused = call("train", *QUICK, "--dataset", spec, "--out", tmp_path / "out", code=1).stderr
    assert f"give --dataset {spec} --orientation transposed; where they are right" in refused
    assert not (tmp_path / "out").exists()
    call("train", *QUICK, "--dataset", spec, "--orientation", "transposed", "--out", tmp_path / "out")
    card = card_of(tmp_path / "out" / "model.keras")
    assert card.dataset["spec"] == f"{spec}+transposed"
    assert card.measured["test_accuracy"] > 95


def test_a_table_with_its_label_last_is_learned_as_such(data_folder, tmp_path):
    spec = f"csv:{case(data_folder, 'label_last.csv.gz')}"
    told = call("train", "--model", "nano", "--epochs", 1, "--dataset", spec, "--out", tmp_path / "out")
    assert "the labels are taken from the last column" in flat(told.stderr)
    assert card_of(tmp_path / "out" / "model.keras").measured["test_accuracy"] < 100


def test_dark_digits_stop_every_command_until_they_are_inverted(tmp_path):
    digits = load_dataset("optdigits").pool
    digits = digits.take(stratified_sample(digits.labels, 60, seed=0))
    np.savez(tmp_path / "dark.npz", x_train=255 - digits.images, y_train=digits.labels)
    spec = f"npz:{tmp_path}/dark.npz"
    for command in (
        ("evaluate", "builtin"),
        ("quantize", "builtin", "--out", tmp_path / "int8"),
        ("measure", "builtin", "--threads", 1),
        ("baseline", "knn", "--split", "default", "--out", tmp_path / "knn"),
        ("calibration", "builtin", "--out", tmp_path / "study"),
    ):
        assert f"give --dataset {spec} --invert; where" in call(*command, "--dataset", spec, code=1).stderr
    told = json.loads(call("evaluate", "builtin", "--dataset", spec, "--invert", "--json").stdout)
    assert told["dataset"] == f"{spec}+inverted"
    assert told["accuracy"] > 90


def test_bad_pictures_that_are_left_out_stay_so_in_later_stages(tmp_path):
    digits = load_dataset("samples").pool
    for number, index in enumerate(stratified_sample(digits.labels, 100, seed=1)):
        path = tmp_path / "mine" / str(digits.labels[index]) / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), digits.images[index])
    bad = sorted((tmp_path / "mine" / "3").iterdir())[:2]
    for path in bad:
        path.write_bytes(b"")
    given = ("train", *QUICK, "--dataset", f"folder:{tmp_path}/mine", "--out", tmp_path / "out")
    refused = call(*given, code=1).stderr
    assert all(str(path) in refused for path in bad)
    assert "--skip-bad" in refused
    assert "2 pictures" in flat(call(*given, "--skip-bad").stderr)
    card = card_of(tmp_path / "out" / "model.keras")
    assert card.dataset["spec"] == f"folder:{tmp_path}/mine+skip-bad"
    assert card.dataset["train"] + card.dataset["validation"] + card.dataset["test"] == 98
    call("quantize", tmp_path / "out", "--max-drop", 60, "--out", tmp_path / "int8")
    assert card_of(tmp_path / "int8" / "model.int8.tflite").dataset == card.dataset


@pytest.mark.parametrize(
    "command", ["train", "run", "baseline", "search", "quantize", "evaluate", "measure", "benchmark"]
)
def test_every_command_with_a_data_set_takes_what_mends_it(command):
    told = call(command, "--help").stdout
    assert all(option in told for option in ("--dataset", "--orientation", "--invert", "--skip-bad"))


def test_one_class_is_never_learned_to_100_percent(tmp_path):
    digits = load_dataset("samples").pool
    threes = digits.take(np.flatnonzero(digits.labels == 3))
    np.savez(tmp_path / "threes.npz", x_train=threes.images, y_train=threes.labels)
    given = ("train", *QUICK, "--dataset", f"npz:{tmp_path}/threes.npz", "--out", tmp_path / "out")
    assert "one class only to train on, the digit 3" in call(*given, code=1).stderr


@pytest.mark.parametrize("name", ["model.tflite", "model.keras", "model.h5"])
def test_a_model_that_is_a_pointer_of_git_lfs_is_called_so(tmp_path, name):
    (tmp_path / name).write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0a\nsize 5\n")
    assert "is a Git LFS pointer" in call("evaluate", tmp_path / name, "--dataset", "samples", code=1).stderr
