"""Splits: the same every time, stratified, disjoint, and MNIST's test digits only report."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgedigits.core.datasets import (
    SPLITS,
    Dataset,
    Digits,
    fold_name,
    load_dataset,
    split_dataset,
    stratified_sample,
)
from edgedigits.core.datasets.splits import most_folds
from edgedigits.core.errors import EdgedigitsError


def numbered(labels, own_test: int = 0) -> Dataset:
    """A data set whose images carry their own number, so that a digit can be followed."""

    def digits(values, start: int) -> Digits:
        images = np.zeros((len(values), 28, 28), np.uint8)
        images[:, 0, :4] = (np.arange(start, start + len(values), dtype=">u4")).view(np.uint8).reshape(-1, 4)
        return Digits(images, np.array(values, np.uint8))

    test = digits([i % 10 for i in range(own_test)], len(labels)) if own_test else None
    return Dataset("numbered", "made here", digits(labels, 0), test)


def numbers(part: Digits) -> set[int]:
    return {int.from_bytes(image[0, :4].tobytes(), "big") for image in part.images}


@pytest.mark.parametrize("name", SPLITS)
def test_no_digit_is_in_two_parts_and_none_is_lost(name):
    split = split_dataset(numbered([i % 10 for i in range(1000)]), name)
    parts = [numbers(part) for part in (split.train, split.validation, split.test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 1000


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("nf264", (800, 100, 100)),
        ("vit", (720, 80, 200)),
        ("vit-70-30", (630, 70, 300)),
        ("inf283", (560, 240, 200)),
    ],
)
def test_named_splits_have_their_reports_shares(name, sizes):
    split = split_dataset(numbered([i % 10 for i in range(1000)]), name)
    assert (len(split.train), len(split.validation), len(split.test)) == sizes


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=300, max_size=900).map(lambda drawn: [0, 9] * 5 + drawn), st.integers(0, 5))
def test_every_class_has_its_share_to_a_digit(labels, seed):
    split = split_dataset(numbered(labels), "nf264", seed)
    for digit in range(10):
        count = labels.count(digit)
        assert abs((split.train.labels == digit).sum() - 0.8 * count) <= 1.5
        assert abs((split.test.labels == digit).sum() - 0.1 * count) <= 1.5


@pytest.mark.parametrize("name", [*SPLITS, "fold-1-of-3"])
def test_one_class_is_nothing_to_train_on(name):
    """Every network would read all of it."""
    with pytest.raises(EdgedigitsError, match="one class only to train on, the digit 7"):
        split_dataset(numbered([7] * 100), name)


def divided(test: bool) -> Dataset:
    """Two hundred digits, forty that validate and, where asked for, sixty that test."""
    whole = numbered([i % 10 for i in range(300)]).pool
    parts = [whole.take(np.arange(*ends)) for ends in ((200,), (200, 240), (240, 300))]
    return Dataset("divided", "of its own", parts[0], parts[2] if test else None, parts[1])


def test_parts_that_a_set_brings_are_what_they_are():
    dataset = divided(test=True)
    split = split_dataset(dataset)
    assert [split.train, split.validation, split.test] == [dataset.pool, dataset.validation, dataset.test]


def test_without_test_digits_a_tenth_of_those_that_do_not_validate_tests():
    dataset = divided(test=False)
    split = split_dataset(dataset)
    assert split.validation == dataset.validation
    assert (len(split.train), len(split.test)) == (180, 20)
    assert not numbers(split.train) & numbers(split.test)


@pytest.mark.parametrize("name", ["nf264", "vit", "fold-2-of-5"])
def test_other_rules_divide_all_but_the_sets_own_test_digits(name):
    split = split_dataset(divided(test=True), name)
    assert len(split.train) + len(split.validation) + len(split.test) == 240


def test_same_seed_same_split_other_seed_other_split():
    dataset = numbered([i % 10 for i in range(500)])
    first, again, other = (split_dataset(dataset, "default", seed).train.sha256() for seed in (3, 3, 4))
    assert first == again != other


@pytest.mark.parametrize("name", SPLITS)
def test_digits_that_only_report_are_never_trained_on(name):
    dataset = numbered([i % 10 for i in range(600)], own_test=100)
    split = split_dataset(dataset, name)
    own = numbers(dataset.test)
    assert not own & (numbers(split.train) | numbers(split.validation))
    assert numbers(split.test) == own if name == "default" else not own & numbers(split.test)


def test_mnist_is_divided_55_5_10(data_folder):
    split = split_dataset(load_dataset("mnist"))
    assert (len(split.train), len(split.validation), len(split.test)) == (55_000, 5_000, 10_000)
    described = split.describe()
    assert described["train_sha256"] == "eadc68b7a9ecaca912ac873c6149defce8d4335435481add5da08044dd1b24d7"


def test_too_few_digits_and_unknown_rules_are_refused():
    with pytest.raises(EdgedigitsError, match="too few"):
        split_dataset(numbered([0, 1, 2]))
    with pytest.raises(EdgedigitsError, match="choose one of default"):
        split_dataset(numbered([0] * 50), "half")


def test_sample_takes_the_classes_evenly():
    labels = np.array([0] * 900 + list(range(10)) * 60, np.uint8)
    drawn = stratified_sample(labels, 500, seed=1)
    assert len(set(drawn.tolist())) == 500
    assert np.bincount(labels[drawn]).tolist() == [50] * 10


@pytest.mark.parametrize("count", [0, -1, 11])
def test_sample_that_cannot_be_drawn_is_refused(count):
    with pytest.raises(EdgedigitsError, match="ask for 1 to 10"):
        stratified_sample(np.arange(10, dtype=np.uint8), count, 0)


@pytest.mark.parametrize("folds", [2, 5, 7])
def test_every_digit_of_the_pool_is_held_out_once_and_never_trained_on_meanwhile(folds):
    dataset = numbered([i % 10 for i in range(500)], own_test=100)
    held = []
    for fold in range(1, folds + 1):
        split = split_dataset(dataset, fold_name(fold, folds), seed=4)
        parts = [numbers(part) for part in (split.train, split.validation, split.test)]
        assert sum(map(len, parts)) == len(set.union(*parts)) == 500
        assert not parts[2] & (parts[0] | parts[1])
        assert not numbers(dataset.test) & set.union(*parts), "the set's own test digits only report"
        held += sorted(parts[2])
    assert sorted(held) == list(range(500))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(5, 40), min_size=10, max_size=10), st.integers(2, 5))
def test_folds_and_the_classes_in_them_differ_by_a_digit_at_most(members, folds):
    dataset = numbered([digit for digit, count in enumerate(members) for _ in range(count)])
    held = [split_dataset(dataset, fold_name(fold, folds)).test for fold in range(1, folds + 1)]
    sizes = [len(part) for part in held]
    assert max(sizes) - min(sizes) <= 1
    assert np.ptp([np.bincount(part.labels, minlength=10) for part in held], axis=0).max() <= 1


def test_a_twelfth_of_what_is_not_held_out_validates():
    split = split_dataset(numbered([i % 10 for i in range(1500)]), "fold-1-of-5")
    assert (len(split.train), len(split.validation), len(split.test)) == (1100, 100, 300)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("fold-1-of-1", "take at least 2 folds"),
        ("fold-1-of-13", r"more than there are digits 7, the rarest \(12\); take 2 to 12 folds"),
        ("fold-6-of-5", "number the folds from 1 to 5"),
        ("fold-0-of-5", "number the folds from 1 to 5"),
        ("fold-1-of-5 ", "no split is called"),
    ],
)
def test_folds_that_there_are_not_are_refused(name, complaint):
    labels = [i % 10 for i in range(200)]
    without = [label for place, label in enumerate(labels) if label != 7 or place < 120]
    with pytest.raises(EdgedigitsError, match=complaint):
        split_dataset(numbered(without), name)


@pytest.mark.parametrize(
    ("count", "remedy"),
    [(1, "add at least one more 7, or train without folds"), (2, "take 2 folds"), (4, "take 2 to 4 folds")],
)
def test_the_remedy_for_too_many_folds_can_be_followed(count, remedy):
    labels = [label for label in range(10) if label != 7] * 12 + [7] * count
    with pytest.raises(EdgedigitsError) as caught:
        split_dataset(numbered(labels), "fold-1-of-5")
    assert caught.value.remedy == remedy
    if count > 1:
        assert len(split_dataset(numbered(labels), f"fold-1-of-{count}").test)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 7), min_size=10, max_size=10).filter(any), st.integers(2, 6))
def test_the_most_folds_are_the_most_that_divide(members, at_most):
    dataset = numbered([digit for digit, count in enumerate(members) for _ in range(count)])

    def divides(folds):
        try:
            return all(split_dataset(dataset, fold_name(fold, folds)) for fold in range(1, folds + 1))
        except EdgedigitsError:
            return False

    assert most_folds(dataset.pool.labels, at_most) == max(filter(divides, range(2, at_most + 1)), default=0)


def test_a_fold_of_mnist_leaves_its_test_digits_alone(data_folder):
    split = split_dataset(load_dataset("mnist"), "fold-5-of-5")
    assert (len(split.train), len(split.validation), len(split.test)) == (44_000, 4_000, 12_000)
