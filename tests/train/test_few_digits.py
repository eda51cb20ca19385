"""A training with few digits ends as a reader of digits, with nothing said but where they are."""

import numpy as np
import pytest

from edgedigits.core.datasets import load_dataset
from edgedigits.train import TrainingRequest, evaluate_keras, train

pytestmark = pytest.mark.slow  # 1,500 steps, whose number is test_step_budgets.py's


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A training of `nano` on 300 digits, as its recipe says, and 1,497 digits that it has not seen."""
    folder = tmp_path_factory.mktemp("few")
    digits = load_dataset("optdigits").pool
    np.savez(folder / "few.npz", x_train=digits.images[:300], y_train=digits.labels[:300])
    return train(TrainingRequest("nano", f"npz:{folder / 'few.npz'}"), folder / "out"), digits.take(
        np.arange(300, 1797)
    )


def test_it_reads_digits_that_it_has_not_seen(few):
    """Twenty epochs of one pass in batches of 128 are 20 steps, after which it guesses."""
    result, others = few
    assert evaluate_keras(result.model, others).accuracy > 85


def test_the_statistics_of_batch_normalization_have_followed_the_weights(few):
    """Else the network would read its training digits while it trains and guess when it is used."""
    result, _ = few
    last = result.history[-1]
    assert last.accuracy > 90
    assert last.val_accuracy > 80


def test_the_card_tells_how_often_the_digits_were_passed_over(few):
    settings = few[0].card.settings
    assert (settings["epochs"], settings["batch_size"]) == (20, 16)
    assert (settings["passes"], settings["least_steps"]) == (5, 1500)
    assert len(few[0].history) == 20
