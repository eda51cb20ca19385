"""Few pictures of one's own: what the built-in model reads of them, and trainings that start from it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from calling import call

from edgedigits.core.cards import card_of
from edgedigits.core.datasets import load_dataset, stratified_sample
from edgedigits.core.pretrained.bundled import bundled_float_model, bundled_model

COUNT = 120


def flat(text: str) -> str:
    """Printed sentences without the line ends that fit them to the terminal."""
    return " ".join(text.split())


@pytest.fixture(scope="module")
def mine(tmp_path_factory) -> Path:
    """A folder of 120 pictures, dark on light, 60 pixels high; one 3 lies in the folder of the eights."""
    folder = tmp_path_factory.mktemp("pictures") / "mine"
    digits = load_dataset("samples").pool
    for number, index in enumerate(stratified_sample(digits.labels, COUNT, seed=1)):
        picture = cv2.resize(255 - np.pad(digits.images[index], 8), (60, 60), interpolation=cv2.INTER_AREA)
        path = folder / str(digits.labels[index]) / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), picture)
    shutil.move(sorted((folder / "3").iterdir())[0], folder / "8" / "strayed.png")
    return folder


@pytest.fixture(scope="module")
def tuned(mine, tmp_path_factory):
    """The folder of a training of an epoch that began with the built-in model, and what it said."""
    out = tmp_path_factory.mktemp("tuned") / "out"
    given = ("train", "--from", "builtin", "--dataset", f"folder:{mine}", "--augment", "none", "--epochs", 1)
    return out, call(*given, "--out", out)


def test_the_built_in_model_is_measured_on_all_pictures_and_names_those_it_read_wrongly(mine):
    text = call("evaluate", "builtin", "--dataset", f"folder:{mine}").stdout
    assert f"on 120 digits, all of folder:{mine}" in flat(text)
    found = re.search(r"accuracy (.*) % \(95 % interval (.*) to (.*)\): (\d+) right, (\d+) wrong", flat(text))
    right, wrong = int(found[4]), int(found[5])
    assert right + wrong == COUNT
    assert wrong >= 1
    assert float(found[2]) < float(found[1]) < float(found[3])
    assert float(found[1]) == pytest.approx(100 * right / COUNT, abs=0.01)
    assert re.search(rf"  {mine}/8/strayed\.png  8 as 3, confidence 0\.\d\d\n", text)
    assert len(re.findall(r"\d as \d, confidence", text)) == wrong


def test_pictures_that_it_reads_badly_can_be_learned_and_the_command_is_named(mine, tmp_path):
    """Noisy digits; those that it reads well need no such line."""
    noise = np.random.default_rng(0)
    for picture in mine.rglob("*.png"):
        noisy = tmp_path / "my digits" / picture.relative_to(mine)
        noisy.parent.mkdir(parents=True, exist_ok=True)
        pixels = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE)
        pixels[8:-8, 8:-8] -= (noise.random((44, 44)) < 0.2).astype(np.uint8) * (pixels[8:-8, 8:-8] // 2)
        cv2.imwrite(str(noisy), pixels)
    said = call("evaluate", "builtin", "--dataset", f"folder:{tmp_path / 'my digits'}").stdout
    named = said.partition("It can learn them:\n")[2].replace("\\\n", "").partition("\n")[0]
    assert shlex.split(named)[1:6] == ["train", "--from", "builtin", "--dataset", f"folder:{tmp_path / 'my digits'}"]
    assert "can learn" not in call("evaluate", "builtin", "--dataset", f"folder:{mine}").stdout


def test_mirrored_pictures_stop_the_command_which_names_what_mends_them(mine, tmp_path):
    for picture in mine.rglob("*.png"):
        mirrored = tmp_path / "my digits" / picture.relative_to(mine)
        mirrored.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(mirrored), cv2.imread(str(picture))[:, ::-1])
    spec = f"folder:{tmp_path / 'my digits'}"
    for command in (("evaluate", "builtin"), ("measure", "builtin", "--threads", 1)):
        refused = call(*command, "--dataset", spec, code=1).stderr
        assert f"give --dataset '{spec}' --orientation mirrored; where they are right" in refused
    told = json.loads(call("evaluate", "builtin", "--dataset", spec, "--orientation", "mirrored", "--json").stdout)
    assert told["dataset"] == f"{spec}+mirrored"
    assert told["accuracy"] > 95
    told = json.loads(call("evaluate", "builtin", "--dataset", spec, "--orientation", "as-is", "--json").stdout)
    assert told["accuracy"] < 80


def test_words_without_a_data_set_are_wrong_usage():
    assert "give --dataset, too" in flat(call("evaluate", "builtin", "--invert", code=2).stderr)


def test_json_names_every_wrong_digit_and_its_file(mine):
    told = json.loads(call("evaluate", "builtin", "--dataset", f"folder:{mine}", "--json").stdout)
    wrong = {one["file"]: (one["truth"], one["read"]) for one in told["wrong"]}
    assert wrong[str(mine / "8" / "strayed.png")] == (8, 3)
    assert len(wrong) == COUNT - round(told["accuracy"] * COUNT / 100)


def test_more_wrong_pictures_than_fit_are_counted(mine, tmp_path):
    """Every picture lies in a folder that is not its own."""
    for digit in range(10):
        shutil.copytree(mine / str(digit), tmp_path / str((digit + 1) % 10))
    text = flat(call("evaluate", "builtin", "--dataset", f"folder:{tmp_path}+as-is").stdout)
    assert re.search(r"and \d+ more: --json names all", text)


def test_digits_without_files_are_not_named():
    assert "read wrongly:" not in call("evaluate", "builtin", "--dataset", "samples").stdout


def test_a_training_from_the_built_in_model_takes_its_network_and_says_what_that_reads(tuned):
    out, told = tuned
    card = card_of(out / "model.keras")
    assert (card.network, card.parent["sha256"]) == ("small", card_of(bundled_float_model()).sha256)
    assert card.pretrained_on == [card_of(bundled_model()).dataset]
    start = card.measured["start_test_accuracy"]
    assert start > 90
    assert f"started from {bundled_float_model()}, which reads {start:.2f} % of these test digits" in flat(told.stdout)


def test_what_came_of_it_is_measured_on_what_neither_training_has_seen(tuned, mine, data_folder):
    out, _ = tuned
    own = json.loads(call("evaluate", out / "model.keras", "--json").stdout)
    assert own["count"] == card_of(out / "model.keras").dataset["test"] == COUNT // 10
    mnist = json.loads(call("evaluate", out, "--dataset", "mnist", "--json").stdout)
    assert mnist["count"] == 10_000
    refused = call("evaluate", out, "--dataset", "mnist", "--split", "nf264", code=1).stderr
    assert "training digits are among the test digits" in refused


def test_the_int8_model_that_comes_of_it_knows_the_same(tuned, mine, tmp_path):
    out, _ = tuned
    call("quantize", out / "model.keras", "--max-drop", 60, "--out", tmp_path / "int8")
    card = card_of(tmp_path / "int8" / "model.int8.tflite")
    assert card.dataset["spec"] == f"folder:{mine}"
    assert [one["spec"] for one in card.pretrained_on] == ["mnist"]
    call("quantize", out / "model.keras", "--dataset", "samples", "--max-drop", 60, "--out", tmp_path / "other")
    card = card_of(tmp_path / "other" / "model.int8.tflite")
    assert (card.dataset["spec"], [one["spec"] for one in card.pretrained_on]) == (
        "samples",
        [f"folder:{mine}", "mnist"],
    )


def test_cross_validation_is_proposed_with_the_same_start(tuned, tmp_path):
    out, _ = tuned
    told = call("quantize", out / "model.keras", "--max-drop", 5, "--out", tmp_path / "int8", code=3).stderr
    assert "edgedigits train --from builtin --dataset folder:" in flat(told.replace("\\\n", ""))


def test_a_start_and_another_network_exclude_each_other(mine, tmp_path):
    given = ("train", "--from", "builtin", "--model", "nano", "--dataset", f"folder:{mine}", "--out", tmp_path / "o")
    assert "is the network small, not nano; leave --model out" in flat(call(*given, code=1).stderr)


def test_a_start_that_is_no_float_model_is_refused(tmp_path):
    refused = call("train", "--from", bundled_model(), "--dataset", "samples", "--out", tmp_path / "o", code=1).stderr
    assert "is quantized, and a training needs floats" in flat(refused)
    assert "no model at" in call("train", "--from", tmp_path / "x", "--out", tmp_path / "o", code=1).stderr


def test_few_digits_of_ones_own_are_better_shown_to_the_built_in_model_first(mine, tmp_path):
    given = ("train", "--model", "nano", "--dataset", f"folder:{mine}", "--epochs", 1, "--out", tmp_path / "out")
    told = flat(call(*given).stderr)
    assert (
        f"note: 96 training digits are few to begin from nothing: `edgedigits evaluate builtin --dataset folder:{mine}`"
        in told
    )
    assert f"`edgedigits train --from builtin --dataset folder:{mine}` goes on from it" in told


def test_too_few_steps_are_told_with_how_many_are_usual(mine, tuned, tmp_path):
    given = ("train", "--model", "nano", "--dataset", f"folder:{mine}", "--epochs", 1, "--out", tmp_path / "out")
    told = flat(call(*given).stderr)
    assert "note: 1 epoch of 96 training digits is 6 steps, and a training takes 1,500 or more" in told
    assert "leave --epochs out, or give --epochs 250" in told
    assert "and a training takes" in flat(tuned[1].stderr)
    assert "few to begin from nothing" not in tuned[1].stderr


def test_data_sets_that_come_with_it_are_no_few_digits_of_ones_own(tmp_path):
    told = call("train", "--model", "nano", "--dataset", "samples", "--epochs", 1, "--out", tmp_path / "out").stderr
    assert "few to begin from nothing" not in told


def test_the_list_of_data_sets_says_what_to_do_first_with_ones_own():
    assert "edgedigits evaluate builtin --dataset folder:DIR" in flat(call("datasets").stdout)
