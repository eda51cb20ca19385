"""What fine-tuning learns from: digits moved a little, the float network's word and the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from edgedigits.core.datasets import Digits
from edgedigits.core.digit import model_input
from edgedigits.quantize.tuning.batches import tuning_batches
from edgedigits.quantize.tuning.budget import Tuning
from edgedigits.quantize.tuning.pruning import Prune

TUNING = Tuning((Prune(1, 1e-3, 0.5),), batch_size=32)
STILL = replace(TUNING, rotation=0.0, shear=0.0, zoom=0.0, shift=0.0)


@pytest.fixture(scope="module")
def digits(split) -> Digits:
    return split.train.take(np.arange(100))


def told(digits: Digits, tuning: Tuning, teacher, epochs: int = 1, seed=(0, 0)):
    batches, steps = tuning_batches(teacher, digits, tuning, epochs, seed)
    rows = [(images.numpy(), targets.numpy()) for images, targets in batches]
    assert len(rows) == steps * epochs
    return rows


def test_without_distortion_the_digits_are_those_of_the_set(digits, network):
    rows = told(digits, STILL, network)
    assert [images.shape for images, _ in rows] == [(32, 28, 28, 1)] * 3
    known = {image.tobytes() for image in model_input(digits.images)}
    assert all(image.tobytes() in known for images, _ in rows for image in images)


def test_targets_are_the_networks_word_mixed_with_the_truth(digits, network):
    images, targets = told(digits, replace(STILL, truth=0.25), network)[0]
    truth = {image.tobytes(): label for image, label in zip(model_input(digits.images), digits.labels)}
    labels = tf.one_hot([truth[image.tobytes()] for image in images], 10)
    np.testing.assert_allclose(targets, 0.25 * labels + 0.75 * network(images, training=False), atol=1e-6)


def test_network_sees_the_moved_digit(digits, network):
    images, targets = told(digits, replace(TUNING, truth=0.0), network)[0]
    np.testing.assert_allclose(targets, network(images, training=False), atol=1e-6)


def test_distortion_keeps_the_ink_and_moves_it_little(digits, network):
    images = np.concatenate([images for images, _ in told(digits, TUNING, network)])
    plain = np.concatenate([images for images, _ in told(digits, STILL, network)])
    assert 0.001 < np.abs(images - plain).mean() < 0.1
    assert images.min() >= 0
    assert images.max() <= 1
    np.testing.assert_allclose(images.sum((1, 2, 3)), plain.sum((1, 2, 3)), rtol=0.2)


def test_shift_moves_by_so_many_pixels(network):
    dot = np.zeros((32, 28, 28), np.uint8)
    dot[:, 14, 14] = 255
    tuning = replace(STILL, shift=3.0)
    images, _ = told(Digits(dot, np.zeros(32, np.uint8)), tuning, network)[0]
    rows, columns = np.mgrid[:28, :28]
    for axis in (rows, columns):
        moved = (images[..., 0] * axis).sum((1, 2)) / images.sum((1, 2, 3)) - 14
        assert 2 < np.abs(moved).max() <= 3.01


def test_same_seed_gives_the_same_batches_and_each_epoch_others(digits, network):
    first, again = (told(digits, TUNING, network, epochs=2) for _ in range(2))
    assert all((a[0] == b[0]).all() and (a[1] == b[1]).all() for a, b in zip(first, again))
    assert not (first[0][0] == first[3][0]).all()
    other = told(digits, TUNING, network, seed=(1, 0))
    assert not (first[0][0] == other[0][0]).all()


def test_fewer_digits_than_a_batch_are_one_batch(digits, network):
    assert told(digits, replace(TUNING, batch_size=1000), network)[0][0].shape == (100, 28, 28, 1)
