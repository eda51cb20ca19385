"""No proof passes of a model that reads too few digits, whatever it lost against its float network."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgedigits.core.datasets import Digits
from edgedigits.core.statistics.metrics import compare
from edgedigits.quantize.proof.proving import MIN_ACCURACY, Proof


def proof_of(before, after, labels, least=MIN_ACCURACY, max_drop=0.5):
    labels = np.asarray(labels, np.uint8)
    chance = 100 * float(np.bincount(labels).max()) / len(labels)
    found = compare(np.asarray(before), np.asarray(after), labels)
    return Proof(found, "", 1, 1, 1, (), (), max_drop, least, chance)


@given(
    labels=st.lists(st.integers(0, 9), min_size=1, max_size=400),
    shares=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    seed=st.integers(0, 2**32 - 1),
    least=st.floats(0, 100),
    max_drop=st.floats(0, 100),
)
def test_no_model_within_three_points_of_chance_ever_passes(labels, shares, seed, least, max_drop):
    """Whatever the floor and the limit are set to, and however unevenly the digits are spread."""
    random = np.random.default_rng(seed)
    labels = np.array(labels)
    read = [np.where(random.random(len(labels)) < share, labels, (labels + 1) % 10) for share in shares]
    proof = proof_of(*read, labels, least, max_drop)
    right = [100 * float((one == labels).mean()) for one in read]
    if min(right) <= 100 * np.bincount(labels).max() / len(labels) + 3:
        assert (proof.verdict, proof.passed) == ("failed", False)
    if proof.passed:
        assert min(right) >= least


@pytest.mark.parametrize(("wrong", "verdict"), [(0, "passed"), (99, "passed"), (100, "passed"), (101, "failed")])
def test_the_floor_itself_is_enough(wrong, verdict):
    labels = np.arange(1000) % 10
    read = labels.copy()
    read[:wrong] = (read[:wrong] + 1) % 10
    assert proof_of(read, read, labels).verdict == verdict


@pytest.mark.parametrize(("right", "verdict"), [(12, "failed"), (13, "failed"), (14, "passed")])
def test_three_points_more_than_chance_are_not_enough(right, verdict):
    labels = np.arange(100) % 10
    read = (labels + (np.arange(100) >= right)) % 10
    assert proof_of(read, read, labels, least=0, max_drop=50).verdict == verdict


def test_the_float_network_has_to_read_enough_too():
    labels = np.arange(1000) % 10
    bad = (labels + (np.arange(1000) < 200)) % 10
    assert proof_of(bad, labels, labels).verdict == "failed"


def test_who_always_says_the_most_frequent_digit_fails_on_digits_that_are_nearly_all_that_one():
    labels = np.where(np.arange(1000) < 960, 1, 7)
    assert proof_of(np.ones(1000, int), np.ones(1000, int), labels).verdict == "failed"
    assert proof_of(labels, labels, labels).verdict == "passed"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda one: one.transpose(0, 2, 1), "transposed"),
        (lambda one: np.rot90(one, 1, (1, 2)), "turned left by 90 degrees"),
        (lambda one: one[:, :, ::-1], "mirrored"),
    ],
)
def test_a_network_that_learned_digits_lying_otherwise_is_told_so(split, spoil, says):
    from edgedigits.core.contract.contract import OUR_CONTRACT
    from edgedigits.quantize.proof.causes import likely_cause

    images = np.ascontiguousarray(spoil(split.train.images))
    cause = likely_cause(network_for(images, split.train.labels), OUR_CONTRACT, split.validation)
    assert cause is not None
    assert says in cause.what
    assert cause.accuracy > 85


@pytest.mark.parametrize(
    ("labels", "says"),
    [(lambda one: (one + 9) % 10, "shifted by 1"), (lambda one: 9 - one, "in the order 9, 8, 7, 6, 5, 4, 3, 2, 1, 0")],
)
def test_outputs_that_stand_for_other_digits_are_told(split, labels, says):
    from edgedigits.core.contract.contract import OUR_CONTRACT
    from edgedigits.quantize.proof.causes import likely_cause

    network = network_for(split.train.images, labels(split.train.labels.astype(int)))
    cause = likely_cause(network, OUR_CONTRACT, split.validation)
    assert cause is not None
    assert says in cause.what


def test_of_a_network_that_learned_nothing_no_cause_is_made_up(split):
    from edgedigits.core.contract.contract import OUR_CONTRACT
    from edgedigits.quantize.proof.causes import likely_cause

    random = np.random.default_rng(0).permutation(split.train.labels)
    assert likely_cause(network_for(split.train.images, random), OUR_CONTRACT, split.validation) is None


def network_for(images, labels):
    import tf_keras as keras

    from edgedigits.core.digit import model_input

    keras.utils.set_random_seed(3)
    network = keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")],
    )
    network.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    network.fit(model_input(images), labels, batch_size=64, epochs=4, verbose=0)
    return network


def test_digits_of_a_split_tell_what_guessing_is(trained, split, tmp_path):
    from edgedigits.quantize import QuantizeRequest, quantize

    result = quantize(QuantizeRequest(trained, max_drop=5.0, min_accuracy=99.9), tmp_path / "out")
    assert isinstance(split.test, Digits)
    assert result.proof.chance == pytest.approx(100 * np.bincount(split.test.labels).max() / len(split.test))
    assert result.card.verdict == "failed"
    assert not result.card.passed
