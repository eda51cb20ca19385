"""A model is only measured on digits that it was not trained on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgedigits.core.cards import Card
from edgedigits.core.datasets import (
    continued_split,
    load_dataset,
    split_dataset,
    split_of,
    unseen_by_all,
    unseen_digits,
    unseen_part,
)
from edgedigits.core.datasets.unseen import trainings
from edgedigits.core.errors import EdgedigitsError, EdgedigitsWarning


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


def test_two_trainings_on_the_same_split_leave_its_validation_and_test_digits(card):
    twice = Card(**{**vars(card), "pretrained_on": [dict(card.dataset)]})
    once, again = split_of(card), split_of(twice)
    assert len(again.test) == len(once.test) > 0
    assert again.validation.sha256() == once.validation.sha256()
    assert unseen_digits(twice).sha256() == unseen_digits(card).sha256()
    further = continued_split(twice, load_dataset("optdigits"), "vit", 3)
    assert further.validation.sha256() == once.validation.sha256()


def test_a_training_on_the_same_digits_counts_once_and_where_it_was_last(card):
    elsewhere = {**card.dataset, "train_sha256": "0"}
    known = Card(**{**vars(card), "pretrained_on": [elsewhere, dict(card.dataset)]})
    assert trainings(known) == [card.dataset, elsewhere]


@pytest.fixture
def others():
    """Digits that are in no other data set."""
    digits = load_dataset("optdigits").pool.take(np.arange(30))
    return replace(digits, images=digits.images[:, ::-1].copy())


def test_all_of_a_data_set_without_test_digits_is_taken(card, others, tmp_path):
    np.savez(tmp_path / "mine.npz", x_train=others.images, y_train=others.labels)
    found = unseen_part(card, f"npz:{tmp_path}/mine.npz")
    assert (len(found.digits), found.are_all, found.left_out) == (30, True, 0)


def test_digits_of_a_training_are_left_out_under_another_name(card, others, tmp_path):
    split = split_dataset(load_dataset("optdigits"), "vit", seed=3)
    mixed = (split.train.take(np.arange(8)), split.validation.take(np.arange(4)), split.test.take(np.arange(3)), others)
    images = np.concatenate([part.images for part in mixed])
    labels = np.concatenate([part.labels for part in mixed])
    np.savez(tmp_path / "mine.npz", x_train=images, y_train=labels)
    with pytest.warns(EdgedigitsWarning, match="trained on 12 digits of the 45 of npz:.* that would judge it"):
        found = unseen_part(card, f"npz:{tmp_path}/mine.npz")
    assert np.array_equal(found.digits.images, images[12:])
    assert (found.are_all, found.left_out) == (False, 12)


def test_a_copy_with_a_digit_more_is_no_new_data_set(card, tmp_path):
    digits = load_dataset("optdigits").pool
    more = np.concatenate([digits.images, digits.images[:1, ::-1]])
    np.savez(tmp_path / "mine.npz", x_train=more, y_train=np.append(digits.labels, digits.labels[0]))
    with pytest.warns(EdgedigitsWarning, match="that would judge it"):
        split = split_of(card, f"npz:{tmp_path}/mine.npz")
        found = unseen_part(card, f"npz:{tmp_path}/mine.npz")
    learned = split_dataset(load_dataset("optdigits"), "vit", seed=3)
    seen = {image.tobytes() for part in (learned.train, learned.validation) for image in part.images}
    for judging in (split.test, split.validation, found.digits):
        assert len(judging) and not seen & {image.tobytes() for image in judging.images}
    assert len(found.digits) == len(learned.test) + 1


def test_nothing_is_left_where_all_was_trained_on(card, tmp_path):
    learned = split_dataset(load_dataset("optdigits"), "vit", seed=3).train.take(np.arange(30))
    np.savez(tmp_path / "mine.npz", x_train=learned.images, y_train=learned.labels)
    with pytest.raises(EdgedigitsError, match="trained on all 30 digits of npz:"):
        unseen_digits(card, f"npz:{tmp_path}/mine.npz")


def test_data_that_cannot_be_compared_are_told(card, others, tmp_path):
    np.savez(tmp_path / "mine.npz", x_train=others.images, y_train=others.labels)
    moved = replace(card, dataset={**card.dataset, "spec": f"npz:{tmp_path}/gone.npz"})
    with pytest.warns(EdgedigitsWarning, match=r"trained on npz:.*gone.npz, and no file .* cannot be told"):
        assert len(unseen_digits(moved, f"npz:{tmp_path}/mine.npz")) == 30


def test_a_training_that_goes_on_with_more_digits_is_judged_by_new_ones(card, others, tmp_path):
    digits = load_dataset("optdigits").pool
    more = np.concatenate([digits.images, others.images])
    np.savez(tmp_path / "mine.npz", x_train=more, y_train=np.concatenate([digits.labels, others.labels]))
    dataset = load_dataset(f"npz:{tmp_path}/mine.npz")
    with pytest.warns(EdgedigitsWarning, match="that would judge it"):
        split = continued_split(card, dataset, "default", 0)
    whole = split_dataset(dataset, "default", 0)
    assert split.train.sha256() == whole.train.sha256()
    assert 0 < len(split.test) < len(whole.test)
    again = replace(card, dataset=split.describe(), pretrained_on=[card.dataset])
    with pytest.warns(EdgedigitsWarning, match="that would judge it"):
        assert unseen_digits(again).sha256() == split.test.sha256()


def test_test_digits_of_another_data_set_are_taken(card, others, tmp_path):
    digits = others
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


def test_a_card_with_a_data_set_that_this_version_does_not_know_is_no_bug(card, others, tmp_path):
    np.savez(tmp_path / "mine.npz", x_train=others.images, y_train=others.labels)
    foreign = replace(card, dataset={**card.dataset, "spec": "fashion"})
    assert len(unseen_digits(foreign, f"npz:{tmp_path}/mine.npz")) == 30


def test_models_are_compared_on_the_own_test_digits_of_a_data_set(card):
    optdigits = load_dataset("optdigits")
    assert optdigits.test is None
    own = split_dataset(optdigits, "vit", seed=3).test
    assert unseen_by_all([card, None], "optdigits").sha256() == own.sha256()
    assert unseen_by_all([None, None], "optdigits").sha256() == optdigits.divisible.sha256()


def test_models_of_two_divisions_of_a_set_without_test_digits_are_not_compared_on_it(card):
    split = split_dataset(load_dataset("optdigits"), "nf264", seed=3)
    other = Card(**{**vars(card), "dataset": split.describe()})
    with pytest.raises(EdgedigitsError, match=r"several divisions of optdigits \(nf264 and vit\)|different divisions"):
        unseen_by_all([card, other], "optdigits")
