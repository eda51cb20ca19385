"""Copies among digits are told, as they make accuracy look better and surer than it is."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from edgedigits.core.datasets import load_dataset
from edgedigits.core.errors import EdgedigitsWarning


@pytest.fixture(scope="module")
def digits():
    return load_dataset("samples").pool


def told(spec):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        load_dataset(spec)
    return " ".join(str(one.message) for one in caught if issubclass(one.category, EdgedigitsWarning))


def test_copies_are_counted(digits, tmp_path):
    path = tmp_path / "digits.csv"
    rows = np.column_stack([digits.labels, digits.images.reshape(len(digits), -1)])
    np.savetxt(path, np.concatenate([rows, rows[:40], rows[:40]]), "%d", ",")
    assert f"80 of the {len(rows) + 80} digits of csv:{path} are copies of others:" in told(f"csv:{path}")


def test_copies_under_several_labels_are_counted(digits, tmp_path):
    path = tmp_path / "digits.csv"
    rows = np.column_stack([digits.labels, digits.images.reshape(len(digits), -1)])
    wrong = rows[:12].copy()
    wrong[:, 0] = (wrong[:, 0] + 1) % 10
    np.savetxt(path, np.concatenate([rows, wrong]), "%d", ",")
    assert "copies of others, 12 pictures under several labels:" in told(f"csv:{path}")


def test_test_digits_among_the_training_digits_are_counted(digits, tmp_path):
    path = tmp_path / "digits.npz"
    test = digits.take(range(0, 200, 4))
    np.savez(path, x_train=digits.images, y_train=digits.labels, x_test=test.images, y_test=test.labels)
    assert f"50 of the 50 test digits of npz:{path} are among its training digits, too" in told(f"npz:{path}")


def test_a_few_copies_are_not_worth_a_word(digits, tmp_path):
    path = tmp_path / "digits.npz"
    few = np.concatenate([np.arange(len(digits)), [3, 4, 5]])
    np.savez(path, x_train=digits.images[few], y_train=digits.labels[few])
    assert "copies" not in told(f"npz:{path}")


def test_digits_that_all_have_one_label_are_told_of(digits, tmp_path):
    """As of a table whose label stands first, read with the label last: that is an empty corner of the picture."""
    rows = np.column_stack([digits.labels[:120], digits.images[:120].reshape(120, -1)])
    path = tmp_path / "first.csv"
    np.savetxt(path, rows, "%d", ",")
    assert "are labelled" not in told(f"csv:{path}")
    assert f"all 120 digits of csv:{path}+label-last are labelled 0" in told(f"csv:{path}+label-last")
