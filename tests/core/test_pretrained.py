"""Pretrained models by their names: which there are, what a name stands for, and the figures of their cards."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from pretrained_models import put_model, rewrite_card

from edgedigits.core.cards import card_of
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.pretrained.bundled import (
    SHIPPED,
    bundled_float_model,
    bundled_model,
    float_model_path,
    is_word,
    model_path,
    word_of,
    word_of_floats,
)
from edgedigits.core.pretrained.candidates import Candidate, Candidates, Spread
from edgedigits.core.pretrained.catalogue import NAMES, Pretrained, model_at
from edgedigits.core.pretrained.figures import Figures, figures_of, with_figures

FIGURES = Figures(
    float_accuracy=99.0,
    int8_accuracy=98.9,
    corruption_errors={"fog": 3.0, "stripe": 5.0},
    corruption_error=4.0,
    optdigits_accuracy=None,
    usps_like_accuracy=96.5,
    macs=70_832,
    activation_bytes=1_760,
    parameter_bytes=5_499,
    digits={"mnist": 10_000, "optdigits": 1_797},
    software={"runtime": "tflite-runtime 2.14.0", "tensorflow": "2.21.0", "opencv": "4.11.0"},
)

SHIPPED_ONE = Candidate(0, 98.7, 99.2, 99.0, 98.9, "ab" * 32)
SEEDS = (
    Candidate(1, 98.5, 99.3, 98.7, 98.5, "1" * 64),
    Candidate(2, 98.6, 99.1, 98.9, 98.8, "2" * 64),
    Candidate(3, 98.4, 98.9, 99.1, 98.8, "3" * 64),
)


def test_those_that_are_whole_are_offered_from_the_smallest_to_the_largest(pretrained: Pretrained):
    assert list(pretrained.models) == ["pico", "small"]
    assert pretrained.get("base") is None and pretrained.get("nano") is None and pretrained.get("..") is None


def test_a_folder_that_is_not_there_has_none(tmp_path: Path):
    assert Pretrained(tmp_path / "missing").models == {}


def test_the_package_offers_names_that_it_knows():
    assert set(SHIPPED.models) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_of_the_package_is_whole_and_its_card_says_what_it_is_chosen_by(name: str):
    if name not in SHIPPED.models:
        pytest.skip(f"{name} does not come with this version")
    model = SHIPPED.models[name]
    floats, int8 = card_of(model.float_path), card_of(model.int8_path)
    assert (int8.parent["sha256"], int8.verdict) == (floats.sha256, "passed")
    figures = figures_of(int8)
    assert figures.digits == {"mnist": 10_000, "optdigits": 1_797} and len(figures.corruption_errors) == 15
    for card in (floats, int8):
        assert "/" not in json.dumps([card.dataset, card.parent, card.pretrained_on, card.measured])


def test_a_name_stands_for_the_int8_model_or_for_the_floats(pretrained: Pretrained):
    folder = pretrained.root / "pico"
    assert model_path("pico", pretrained) == folder / "int8" / "model.int8.tflite"
    assert float_model_path("pico", pretrained) == folder / "model.keras"
    assert card_of(model_path("pico", pretrained)).kind == "tflite"
    assert card_of(float_model_path("pico", pretrained)).kind == "keras"


def test_the_int8_model_is_the_file_that_its_card_names_whatever_its_recipe(tmp_path: Path):
    int8 = put_model(tmp_path / "nano").int8_folder
    (int8 / "model.int8.tflite").rename(int8 / "model.qat-int8.tflite")
    rewrite_card(int8, file="model.qat-int8.tflite")
    assert model_path("nano", Pretrained(tmp_path)) == int8 / "model.qat-int8.tflite"


def test_a_folder_of_that_name_is_meant_by_its_path_alone(
    pretrained: Pretrained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(bundled_model().parent, "pico")
    own = Path("pico", "model.int8.tflite")
    assert model_path("pico", pretrained) == pretrained.root / "pico" / "int8" / "model.int8.tflite"
    for path in ("./pico", Path("pico"), own):
        assert model_path(path, pretrained) == float_model_path(path, pretrained) == own


def test_builtin_stays_what_it_is(pretrained: Pretrained):
    assert model_path("builtin", pretrained) == bundled_model()
    assert float_model_path("builtin", pretrained) == bundled_float_model()


@pytest.mark.parametrize("find", [model_path, float_model_path])
@pytest.mark.parametrize(("word", "near"), [("pcio", "pico"), ("Small", "small"), ("bultin", "builtin")])
def test_of_an_unknown_name_the_nearest_is_told_and_what_lists_all(find, word: str, near: str, pretrained: Pretrained):
    with pytest.raises(EdgedigitsError) as error:
        find(word, pretrained)
    assert error.value.what == f"no model at {word}"
    assert error.value.remedy.startswith(f"did you mean {near}? give the path of a model")
    assert "`edgedigits models`" in error.value.remedy


def test_of_a_path_no_name_is_near(pretrained: Pretrained):
    with pytest.raises(EdgedigitsError) as error:
        model_path("out/pico.tflite", pretrained)
    assert "did you mean" not in error.value.remedy


def test_a_file_is_traced_back_to_the_word_that_stands_for_it(pretrained: Pretrained):
    assert [word_of(find("small", pretrained), pretrained) for find in (model_path, float_model_path)] == ["small"] * 2
    assert word_of(bundled_model(), pretrained) == word_of(bundled_float_model(), pretrained) == "builtin"
    assert word_of(pretrained.root / "small" / "int8" / "card.json", pretrained) == ""
    assert (is_word("pico", pretrained), is_word("builtin", pretrained), is_word("base", pretrained)) == (1, 1, 0)


def test_floats_are_known_by_their_sha256(tmp_path: Path):
    model = put_model(tmp_path / "nano")
    rewrite_card(model.folder, sha256="ab" * 32)
    assert word_of_floats("ab" * 32, Pretrained(tmp_path)) == "nano"
    assert word_of_floats("cd" * 32, Pretrained(tmp_path)) == ""
    assert word_of_floats(card_of(bundled_float_model()).sha256, Pretrained(tmp_path)) == "builtin"


def test_a_folder_of_any_name_that_holds_both_forms_is_a_model(tmp_path: Path):
    put_model(tmp_path / "mine")
    assert model_at(tmp_path / "mine").name == "mine"
    (tmp_path / "mine" / "int8" / "card.json").unlink()
    with pytest.raises(EdgedigitsError, match=r"does not hold model\.keras with its card and int8/"):
        model_at(tmp_path / "mine")


def test_a_card_keeps_figures_beside_what_it_measured_before():
    card = card_of(bundled_model())
    filled = with_figures(card, FIGURES)
    assert figures_of(card) is None
    assert figures_of(filled) == FIGURES
    assert filled.measured.items() >= card.measured.items()
    assert figures_of(with_figures(filled, replace(FIGURES, macs=1))).macs == 1


def test_every_number_has_a_name_of_its_own():
    assert dict(FIGURES.named()) == {
        "float_accuracy": 99.0,
        "int8_accuracy": 98.9,
        "corruption_errors.fog": 3.0,
        "corruption_errors.stripe": 5.0,
        "corruption_error": 4.0,
        "optdigits_accuracy": None,
        "usps_like_accuracy": 96.5,
        "macs": 70_832,
        "activation_bytes": 1_760,
        "parameter_bytes": 5_499,
    }


def chosen_among(*beside: Candidate) -> Figures:
    return replace(FIGURES, candidates=Candidates(SHIPPED_ONE, beside))


def test_a_card_keeps_the_candidates_with_mean_and_sample_deviation_of_those_beside():
    filled = with_figures(card_of(bundled_model()), chosen_among(*SEEDS))
    told = json.loads(json.dumps(filled.measured["pretrained"]["candidates"]))
    assert told["count"] == 4 and [one["seed"] for one in (told["shipped"], *told["beside"])] == [0, 1, 2, 3]
    assert told["int8_beside"] == {"mean": pytest.approx(98.7), "deviation": pytest.approx(0.03**0.5)}
    assert told["float_beside"] == {"mean": pytest.approx(98.9), "deviation": pytest.approx(0.2)}
    assert figures_of(filled) == chosen_among(*SEEDS)


def test_one_beside_has_no_deviation_and_none_no_mean():
    assert Candidates(SHIPPED_ONE, SEEDS[:1]).int8 == Spread(98.5, None)
    alone = Candidates(SHIPPED_ONE)
    assert (alone.count, alone.int8, alone.floats, alone.better) == (1, None, None, None)


def test_the_better_one_is_that_of_the_validation_digits_with_distortions():
    assert Candidates(SHIPPED_ONE, SEEDS).better is None  # the first reads more as they are, the third more test digits
    assert Candidates(SEEDS[0], (SHIPPED_ONE, SEEDS[1])).better == SHIPPED_ONE
    assert Candidates(SEEDS[0], (replace(SEEDS[1], augmented_accuracy=98.5),)).better is None


def test_what_the_own_one_was_chosen_by_are_figures():
    told = dict(chosen_among().named())
    assert (told["augmented_accuracy"], told["validation_accuracy"]) == (98.7, 99.2)
    assert not {"augmented_accuracy", "validation_accuracy"} & set(dict(FIGURES.named()))


def test_the_package_s_cards_from_before_candidates_are_read():
    old = with_figures(card_of(bundled_model()), FIGURES).measured["pretrained"]
    del old["candidates"], old["usps_like_accuracy"]
    card = replace(card_of(bundled_model()), measured={"pretrained": old})
    assert figures_of(card) == replace(FIGURES, usps_like_accuracy=None) and FIGURES.candidates is None


@pytest.mark.parametrize(
    "wrong",
    [
        "four",
        {"beside": []},
        {"beside": {}, "shipped": asdict(SHIPPED_ONE)},
        {"beside": [1], "shipped": asdict(SHIPPED_ONE)},
        {"beside": [], "shipped": asdict(SHIPPED_ONE) | {"seed": 0.5}},
        {"beside": [], "shipped": asdict(SHIPPED_ONE) | {"more": 1}},
        {"beside": [], "shipped": {k: v for k, v in asdict(SHIPPED_ONE).items() if k != "augmented_accuracy"}},
        {"beside": [], "shipped": asdict(SHIPPED_ONE) | {"int8_accuracy": 98.8}},
        {"beside": [], "shipped": asdict(SHIPPED_ONE) | {"float_accuracy": 98.8}},
    ],
)
def test_candidates_of_another_form_and_a_shipped_one_of_other_figures_are_refused(wrong):
    card = with_figures(card_of(bundled_model()), chosen_among())
    whole = card.measured["pretrained"]
    with pytest.raises(EdgedigitsError, match="figures that this version does not know"):
        figures_of(replace(card, measured={"pretrained": whole | {"candidates": wrong}}))


@pytest.mark.parametrize(
    "wrong", [{"macs": 1}, {"more": 1}, {"macs": "1"}, {"corruption_errors": [3.0]}, {"software": "2.14"}, "figures"]
)
def test_figures_of_another_form_are_refused(wrong):
    card = with_figures(card_of(bundled_model()), FIGURES)
    whole = card.measured["pretrained"]
    kept = wrong if wrong == {"macs": 1} or isinstance(wrong, str) else whole | wrong
    with pytest.raises(EdgedigitsError, match="figures that this version does not know"):
        figures_of(replace(card, measured={"pretrained": kept}))
