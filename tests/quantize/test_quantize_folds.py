"""A cross-validation quantized fold by fold: one verdict over all digits, and folders that are none."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from edgedigits.core.cards import read_card, write_card
from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.statistics.metrics import pool
from edgedigits.core.statistics.outcome import outcome_of
from edgedigits.quantize import QuantizeRequest, fold_models, quantize_folds

FOLDS = 3


@pytest.fixture(scope="module")
def folds(trained, tmp_path_factory):
    """Three folds as ``edgedigits train --folds`` leaves them, with one network in all of them."""
    folder = tmp_path_factory.mktemp("folds")
    card = read_card(trained.parent / "card.json")
    dataset = load_dataset("optdigits")
    for fold in range(1, FOLDS + 1):
        place = folder / f"fold-{fold}-of-{FOLDS}"
        place.mkdir()
        shutil.copy(trained, place / "model.keras")
        write_card(place, replace(card, dataset=split_dataset(dataset, place.name).describe()))
    (folder / "folds.json").write_text("{}")
    return folder


@pytest.fixture(scope="module")
def proved(folds, tmp_path_factory):
    told: list[str] = []
    out = tmp_path_factory.mktemp("proved") / "out"
    request = QuantizeRequest(folds, calibration=50, max_drop=1.0)
    return quantize_folds(request, out, progress=lambda stage, *_: told.append(stage)), told


@pytest.fixture
def spoiled(folds, tmp_path):
    """A copy of the folds, to be spoiled."""
    shutil.copytree(folds, tmp_path / "folds")
    return tmp_path / "folds"


def test_every_digit_of_the_pool_counts_once(proved):
    proof, told = proved
    assert [fold.proof.comparison.count for fold in proof.folds] == [599, 599, 599]
    assert proof.comparison == pool([fold.proof.comparison for fold in proof.folds])
    assert proof.comparison.count == 1797
    assert dict.fromkeys(stage.split(":")[0] for stage in told) == dict.fromkeys(f"fold-{n}-of-3" for n in (1, 2, 3))


def test_verdict_is_that_of_all_digits_and_each_model_keeps_its_own(proved):
    proof, _ = proved
    found = proof.comparison
    assert proof.verdict == outcome_of(found.drop_low, found.drop_high, 1.0)
    written = json.loads((proof.folder / "proof.json").read_text())
    assert (written["verdict"], written["passed"]) == (proof.verdict, proof.passed)
    assert written["comparison"]["lost"] == sum(fold["lost"] for fold in written["folds"])
    for fold, line in zip(proof.folds, written["folds"], strict=True):
        assert (proof.folder / line["file"]).samefile(fold.model)
        assert read_card(fold.model.parent / "card.json").verdict == fold.proof.verdict


def test_all_folds_together_tell_more_than_one(proved):
    proof, _ = proved
    width = proof.comparison.drop_high - proof.comparison.drop_low
    assert all(fold.proof.comparison.drop_high - fold.proof.comparison.drop_low > width for fold in proof.folds)


def test_folds_are_proved_where_their_data_were_moved_to(folds, tmp_path):
    digits = load_dataset("optdigits").pool
    np.savez(tmp_path / "moved.npz", x_train=digits.images, y_train=digits.labels)
    request = QuantizeRequest(folds, calibration=50, max_drop=1.0, dataset=f"npz:{tmp_path}/moved.npz")
    assert quantize_folds(request, tmp_path / "out").comparison.count == 1797


def test_other_digits_are_refused_for_folds(folds, tmp_path):
    with pytest.raises(EdgedigitsError, match=r"own digits, and samples is not optdigits.*name the place"):
        quantize_folds(QuantizeRequest(folds, dataset="samples"), tmp_path / "out")
    with pytest.raises(EdgedigitsError, match="leave --split out"):
        quantize_folds(QuantizeRequest(folds, split="vit"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_models_come_in_the_order_of_the_folds(folds):
    assert [model.parent.name for model in fold_models(str(folds))] == ["fold-1-of-3", "fold-2-of-3", "fold-3-of-3"]


def test_a_fold_that_is_missing_is_named_with_the_command_that_makes_it(spoiled, tmp_path):
    shutil.rmtree(spoiled / "fold-2-of-3")
    with pytest.raises(EdgedigitsError, match=r"fold-2-of-3 of .* is not finished; .*--resume"):
        quantize_folds(QuantizeRequest(spoiled), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_fold_without_a_card_is_not_finished(spoiled):
    (spoiled / "fold-3-of-3" / "card.json").unlink()
    with pytest.raises(EdgedigitsError, match=r"fold-3-of-3 of .* is not finished"):
        fold_models(spoiled)


def test_folds_of_two_trainings_are_refused(spoiled):
    place = spoiled / "fold-3-of-3"
    write_card(place, replace(read_card(place / "card.json"), settings={"epochs": 99}))
    with pytest.raises(EdgedigitsError, match=r"fold-3-of-3 of .* is of another training"):
        fold_models(spoiled)


def test_a_fold_under_another_name_is_refused(spoiled):
    shutil.rmtree(spoiled / "fold-2-of-3")
    shutil.copytree(spoiled / "fold-1-of-3", spoiled / "fold-2-of-3")
    with pytest.raises(EdgedigitsError, match=r"fold-2-of-3 of .* is of another training"):
        fold_models(spoiled)


def test_folds_of_different_numbers_are_refused(spoiled):
    shutil.copytree(spoiled / "fold-1-of-3", spoiled / "fold-1-of-5")
    with pytest.raises(EdgedigitsError, match="folds of different numbers"):
        fold_models(spoiled)


def test_a_folder_without_folds_says_what_to_give(tmp_path):
    with pytest.raises(EdgedigitsError, match=r"holds no folds; give a \.keras file, or a folder that .*--folds"):
        fold_models(tmp_path)


def test_nothing_is_written_where_a_fold_cannot_be_quantized(folds, tmp_path):
    with pytest.raises(EdgedigitsError, match="ask for 1 to"):
        quantize_folds(QuantizeRequest(folds, calibration=10**6), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_the_folds_themselves_are_not_replaced(folds):
    with pytest.raises(EdgedigitsError, match="would be replaced"):
        quantize_folds(QuantizeRequest(folds), folds, force=True)
    assert fold_models(folds)
