"""The built-in model's floats ship beside its int8 file: the two are one network."""

import json

import numpy as np
import pytest

from edgedigits.core.cards import card_of
from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.files import sha256_of
from edgedigits.core.keras.line_networks import line_logits, load_line_network
from edgedigits.core.keras.models import keras_scores, load_keras
from edgedigits.core.lines.decoding import greedy
from edgedigits.core.pretrained.bundled import (
    bundled_digit_model,
    bundled_float_line_model,
    bundled_float_model,
    bundled_line_model,
    bundled_model,
)
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.line_model import LineModel
from edgedigits.train.lines.composing.composing import Composer


@pytest.fixture(scope="module")
def composed_test_lines(data_folder):
    composer = Composer(split_dataset(load_dataset("mnist"), "default").test, (0, 7))
    return [composer.strip_and_text(place)[0] for place in range(40)]


@pytest.fixture(scope="module")
def floats():
    return load_keras(bundled_float_model())


@pytest.fixture(scope="module")
def int8():
    return DigitModel(bundled_model())


def test_the_int8_files_card_names_these_floats_as_its_parent():
    path = bundled_float_model()
    card, parent = card_of(bundled_model()), card_of(path)
    assert card.parent == {"file": path.name, "sha256": sha256_of(path)}
    assert (card.network, card.parameters) == (parent.network, parent.parameters)
    assert card.dataset == parent.dataset
    assert card.measured["float_accuracy"] == parent.measured["test_accuracy"]


def test_both_read_the_digits_that_ship_alike(floats, int8):
    images = load_dataset("samples").pool.images
    agreed = keras_scores(floats, images).argmax(1) == int8.probabilities(images).argmax(1)
    assert agreed.mean() > 0.99


def test_both_read_mnists_test_digits_as_their_cards_say(floats, int8, data_folder):
    """Two trainings of this network agree on about 99.3 of 100 digits, a network and its int8 form on 99.9."""
    test = load_dataset("mnist").test
    card = card_of(bundled_model())
    by_floats, by_int8 = keras_scores(floats, test.images).argmax(1), int8.probabilities(test.images).argmax(1)
    assert 100 * (by_floats == by_int8).mean() == pytest.approx(card.proof["comparison"]["agreement"], abs=0.03)
    assert 100 * (by_floats == test.labels).mean() == pytest.approx(card.measured["float_accuracy"], abs=0.02)
    assert 100 * (by_int8 == test.labels).mean() == pytest.approx(card.measured["int8_accuracy"], abs=0.02)


def test_the_floats_carry_nothing_but_the_network(floats):
    """No state of an optimizer, which would double the file."""
    assert floats.optimizer is None
    assert sum(np.prod(weight.shape) for weight in floats.weights) == card_of(bundled_float_model()).parameters
    assert bundled_float_model().stat().st_size < 210_000


def test_no_card_that_ships_names_the_machine_that_made_it():
    shipped = (bundled_model(), bundled_float_model(), bundled_line_model(), bundled_float_line_model())
    for model in (*shipped, bundled_digit_model()):
        card = card_of(model)
        assert "/" not in json.dumps([card.dataset, card.parent, card.pretrained_on, card.measured])


def test_the_line_networks_int8_card_names_its_floats_as_its_parent():
    path = bundled_float_line_model()
    card, parent = card_of(bundled_line_model()), card_of(path)
    assert card.parent == {"file": path.name, "sha256": sha256_of(path)}
    assert (card.network, card.parameters, card.dataset) == (parent.network, parent.parameters, parent.dataset)
    assert card.measured["float_exact"] == pytest.approx(parent.measured["test_exact"]["all"], abs=1e-4)


def test_the_line_network_and_its_floats_read_lines_alike(composed_test_lines):
    floats = [greedy(one) for one in line_logits(load_line_network(bundled_float_line_model()), composed_test_lines)]
    int8 = [greedy(one) for one in LineModel(bundled_line_model()).all_logits(composed_test_lines)]
    assert np.mean([a == b for a, b in zip(floats, int8)]) > 0.9


def test_the_floats_of_the_line_network_are_small_enough_to_ship():
    assert bundled_float_line_model().stat().st_size < 1_000_000
