"""`train --preset`: what ships can be made again by a command."""

import json

import pytest
from calling import call

from edgedigits.core.cards import read_card
from edgedigits.train.presets import PRESETS


@pytest.fixture(scope="module")
def lessons(tmp_path_factory):
    out = tmp_path_factory.mktemp("taught") / "lessons"
    call("teach", "builtin", "--dataset", "optdigits", "--passes", "1", "--out", out)
    return out


def test_a_preset_learns_from_lessons_and_is_quantized_by_them(lessons, tmp_path):
    given = ("--dataset", "optdigits", "--lessons", lessons)
    call("train", "--preset", "nano", *given, "--epochs", "20", "--out", tmp_path / "float")
    card = read_card(tmp_path / "float" / "card.json")
    assert (card.network, card.settings["augmentation"]) == (PRESETS["nano"].network, "none")
    assert card.settings["spoilt"] > 0
    model = tmp_path / "float" / "model.keras"
    loose = ("--max-drop", "100", "--min-accuracy", "0", "--lessons", lessons, "--epochs", "2")
    told = call("quantize", model, "--preset", "nano", *loose, "--json", "--out", tmp_path / "int8")
    details = json.loads(told.stdout)["card"]["settings"]["details"]
    (phase,) = details["tuning"]["phases"]
    assert (details["name"], phase["epochs"], phase["rate"]) == (PRESETS["nano"].recipe, 2, PRESETS["nano"].rate)
    assert (details["lessons"], details["spoilt"]) == (card.settings["lessons"], card.settings["spoilt"])


def test_a_preset_without_lessons_says_how_to_get_some(tmp_path):
    told = call("train", "--preset", "micro", "--out", tmp_path / "out", code=1).stderr
    assert "Error: the preset micro learns from lessons; write some by `edgedigits teach TEACHER..." in told


def test_a_preset_is_not_quantized_without_lessons(tmp_path):
    told = call("quantize", "nano", "--preset", "nano", "--out", tmp_path / "out", code=1).stderr
    assert "Error: nano is fine-tuned by what teachers say; give --lessons" in told


def test_an_unknown_preset_is_answered_with_those_there_are(tmp_path):
    told = call("train", "--preset", "mikro", "--lessons", tmp_path, "--out", tmp_path / "out", code=1).stderr
    assert "did you mean micro" in told


@pytest.mark.parametrize("other", [("--model", "small"), ("--from", "builtin")])
def test_a_preset_beside_another_network_is_a_contradiction(lessons, tmp_path, other):
    told = call("train", "--preset", "micro", *other, "--lessons", lessons, "--out", tmp_path / "out", code=2).stderr
    assert "leave one of them out" in told
