"""A model is only measured on digits that it was not trained on."""

from __future__ import annotations

import numpy as np
import pytest

from edgedigits.core.cards import Card
from edgedigits.core.datasets import load_dataset, split_dataset, split_of, unseen_digits
from edgedigits.core.errors import EdgedigitsError


@pytest.fixture(scope="module")
def card():
    split = split_dataset(load_dataset("optdigits"), "vit", seed=3)
    return Card("keras", "m", "0", 0, "nano", 0, split.describe(), 3, {}, {})


def test_own_data_set_gives_the_test_part_of_the_own_split(card):
    own = split_dataset(load_dataset("optdigits"), "vit", seed=3).test
    assert unseen_digits(card).sha256() == unseen_digits(card, "optdigits").sha256() == own.sha256()


def test_other_split_of_the_own_data_set_is_refused(card):
    with pytest.raises(EdgedigitsError, match="training digits are among the test digits"):
        split_of(card, name="nf264")


def test_data_that_changed_since_is_refused(card):
    changed = Card(**{**vars(card), "dataset": {**card.dataset, "train_sha256": "0"}})
    with pytest.raises(EdgedigitsError, match="no longer the data"):
        unseen_digits(changed)


def test_all_of_a_data_set_without_test_digits_is_taken(card, tmp_path):
    digits = load_dataset("optdigits").pool.take(np.arange(30))
    np.savez(tmp_path / "mine.npz", x_train=digits.images, y_train=digits.labels)
    assert len(unseen_digits(card, f"npz:{tmp_path}/mine.npz")) == 30


def test_test_digits_of_another_data_set_are_taken(card, tmp_path):
    digits = load_dataset("optdigits").pool.take(np.arange(30))
    few = digits.take(np.arange(4))
    arrays = {"x_train": digits.images, "y_train": digits.labels, "x_test": few.images, "y_test": few.labels}
    np.savez(tmp_path / "mine.npz", **arrays)
    assert len(unseen_digits(card, f"npz:{tmp_path}/mine.npz")) == 4


def test_a_model_of_one_fold_is_not_measured_on_another(card):
    fold = split_dataset(load_dataset("optdigits"), "fold-2-of-5", seed=3)
    trained = Card(**{**vars(card), "dataset": fold.describe()})
    assert split_of(trained).test.sha256() == fold.test.sha256()
    for other in ("fold-1-of-5", "default"):
        with pytest.raises(EdgedigitsError, match="training digits are among the test digits"):
            split_of(trained, name=other)
