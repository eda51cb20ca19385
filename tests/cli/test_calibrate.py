"""``edgedigits calibrate``: what it finds out, what it keeps on the card, and what readers make of it."""

from __future__ import annotations

import json
import shutil
from importlib.resources import files
from pathlib import Path

import cv2
import pytest
from calling import call

from edgedigits.core.cards import read_card
from edgedigits.core.datasets.sample_digits import load_samples
from edgedigits.edge import LineReader
from edgedigits.edge.calibrating import calibrate
from edgedigits.train.lines.composing.composing import Composer

FIELDS = 60


@pytest.fixture(scope="module")
def fields(tmp_path_factory) -> Path:
    """Lines composed of the samples that ship."""
    folder = tmp_path_factory.mktemp("fields")
    (folder / "images").mkdir()
    composer, rows, place = Composer(load_samples().pool, (7,)), [], 0
    while len(rows) < FIELDS:
        line = composer.line(place)
        place += 1
        if line.text:
            cv2.imwrite(str(folder / "images" / f"{place}.png"), line.picture)
            rows.append(f"{place}.png,{line.text}")
    (folder / "truth.csv").write_text("\n".join(["image,text", *rows]) + "\n")
    return folder


@pytest.fixture
def model(tmp_path) -> Path:
    """A copy of the built-in line network, whose card may be written."""
    source = Path(str(files("edgedigits.core.pretrained"))) / "line"
    return Path(shutil.copytree(source, tmp_path / "line")) / "model.int8.tflite"


def test_the_card_keeps_what_was_found_and_readers_follow_it(model, fields):
    before = json.loads(call("fields", model, fields / "images", "--json").stdout)
    done = call("calibrate", model, fields / "images", "--target-error", 45)
    assert "temperature" in done.stdout
    assert "fitted on 30 fields" in done.stdout
    kept = read_card(model.parent / "card.json").settings["reading"]
    assert kept["proved"]
    assert 0 < kept["threshold"] <= 1
    assert kept["fields"] == [30, 30]
    assert cv2.imread(str(model.parent / "rejects.png")) is not None
    after = json.loads(call("fields", model, fields / "images", "--json").stdout)
    assert after["with_reject"] >= before["with_reject"]


def test_progress_is_told_of_every_field(model, fields):
    told = []
    calibrate(LineReader(model), fields / "images", fields / "truth.csv", 45, progress=told.append)
    assert told == list(range(1, FIELDS + 1))


def test_where_nothing_is_proved_every_line_is_rejected(model, fields):
    done = call("calibrate", model, fields / "images", "--target-error", 0.5, code=3)
    assert "cannot prove" in done.stdout or "no threshold makes sure" in done.stdout
    assert not read_card(model.parent / "card.json").settings["reading"]["proved"]
    read = json.loads(call("fields", model, fields / "images", "--rows", ":10", "--json").stdout)
    assert read["exact"] == 0
    assert read["with_reject"] > 0.5


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--target-error", 0], "give a percentage between 0 and 100"),
        (["--target-error", 100], "give a percentage between 0 and 100"),
        (["--rows", ":5"], "5 fields cannot calibrate; give 20 fields or more"),
        (["--truth", "none.csv"], "no truth file at none.csv"),
    ],
)
def test_what_makes_no_sense(words, says, model, fields):
    before = (model.parent / "card.json").read_bytes()
    assert says in call("calibrate", model, fields / "images", *words, code=1).stderr
    assert (model.parent / "card.json").read_bytes() == before


def test_the_table_in_the_folder_is_taken(model, fields):
    words = ["--rows", ":6", "--json"]
    beside, inside = (json.loads(call("fields", model, at, *words).stdout) for at in (fields / "images", fields))
    assert beside["fields"] == inside["fields"] == 6
    assert beside["exact"] == inside["exact"]
    assert call("calibrate", model, fields, "--target-error", 45).stdout


@pytest.mark.parametrize("command", ["fields", "calibrate"])
def test_without_a_table_the_option_that_names_one_is_told(command, model, tmp_path):
    (tmp_path / "photos").mkdir()
    said = call(command, model, tmp_path / "photos", code=1).stderr
    assert f"no truth.csv in {tmp_path / 'photos'} or beside it; name the CSV file" in said
    assert "--truth FILE" in said
    assert "no folder at none; give the folder" in call(command, model, "none", code=1).stderr


def test_pictures_that_are_missing_are_told_before_the_first_is_read(model, fields, tmp_path):
    rows = (fields / "truth.csv").read_text()
    (tmp_path / "truth.csv").write_text(f"{rows}none.png,12\n")
    before = (model.parent / "card.json").read_bytes()
    said = call("calibrate", model, fields, "--truth", tmp_path / "truth.csv", code=1).stderr
    assert f"1 of the {FIELDS + 1} pictures that" in said
    assert "none.png; give the folder that they lie in" in said
    assert (model.parent / "card.json").read_bytes() == before


def test_a_network_of_digits_is_refused(fields):
    digits = Path(str(files("edgedigits.core.pretrained"))) / "small" / "model.int8.tflite"
    said = call("calibrate", digits, fields / "images", code=1).stderr
    assert "reads single digits, and this needs a line network" in said


def test_a_line_network_without_its_card_asks_for_it(model, fields):
    card = model.with_name("card.json").rename(model.with_name("away.json"))
    said = call("calibrate", model, fields, "--target-error", 45, code=1).stderr
    assert "has no card.json beside it that says that it reads lines; copy its card.json" in said
    said = call("fields", model, fields, "--rows", ":1", code=1).stderr
    assert "is a line network: it reads the strip of a whole line and no single digits; copy its card.json" in said
    card.rename(model.with_name("card.json"))
    assert call("fields", model, fields, "--rows", ":1").stdout


def test_the_built_in_model_is_left_as_it_is(fields):
    assert "copy its folder" in call("calibrate", "builtin", fields / "images", code=1).stderr
