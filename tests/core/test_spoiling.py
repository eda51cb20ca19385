"""The augmentation `robust`: digits in a bad state, drawn by lot from families of their own."""

import ast
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgedigits.core import spoiling
from edgedigits.core.corruptions.kinds import KINDS, corrupted
from edgedigits.core.datasets import load_dataset
from edgedigits.core.spoiling import some_spoilt, spoilt

WAYS = [spoiling._moved, *spoiling._WAYS]


@pytest.fixture(scope="module")
def images():
    return load_dataset("samples").pool.images


@pytest.mark.parametrize("way", WAYS, ids=[way.__name__ for way in WAYS])
def test_each_way_makes_another_picture_in_bytes_and_leaves_the_given_one_alone(images, way):
    draw, before = np.random.default_rng(0), images[:60].copy()
    made = np.stack([way(one, draw) for one in images[:60]])
    assert (made.shape, made.dtype) == (before.shape, np.uint8)
    assert (made != before).any(axis=(1, 2)).mean() > 0.85
    np.testing.assert_array_equal(images[:60], before)


@pytest.mark.parametrize("way", [*WAYS, spoilt], ids=[way.__name__ for way in [*WAYS, spoilt]])
def test_a_field_without_ink_and_a_white_one_can_be_spoilt(way):
    draw = np.random.default_rng(0)
    for level in (0, 255):
        for _ in range(20):
            assert way(np.full((28, 28), level, np.uint8), draw).shape == (28, 28)


def test_the_shares_of_the_ways_are_all_of_them():
    assert sum(spoiling._SHARES.values()) == pytest.approx(1)
    assert spoiling._REACHED[-1] >= 1


def test_a_moved_digit_keeps_its_ink_in_the_field(images):
    draw = np.random.default_rng(0)
    moved = np.stack([spoiling._moved(one, draw) for one in images])
    sizes = np.array([max(cv2.boundingRect(one)[2:]) for one in moved])
    assert sizes.min() >= 7
    assert sizes.max() <= 28
    places = np.array([cv2.boundingRect(one)[:2] for one in moved])
    assert (places.min(), places.max() > 15) == (0, True)


def test_about_the_share_of_a_batch_is_spoilt_and_the_rest_is_as_it_was(images):
    batch = some_spoilt(images, 0.3, 7)
    assert (batch != images).any(axis=(1, 2)).mean() == pytest.approx(0.3, abs=0.06)


def test_a_lot_spoils_a_batch_the_same_every_time_and_another_one_otherwise(images):
    np.testing.assert_array_equal(some_spoilt(images, 0.5, 7), some_spoilt(images, 0.5, 7))
    assert (some_spoilt(images, 0.5, 7) != some_spoilt(images, 0.5, 8)).any(axis=(1, 2)).mean() > 0.3


def test_no_function_that_measures_robustness_takes_part_in_training():
    core = Path(spoiling.__file__)
    for module in (core, core.with_name("lessons.py"), *(core.parents[1] / "train").rglob("*.py")):
        names = [node.module or "" for node in ast.walk(ast.parse(module.read_text())) if type(node) is ast.ImportFrom]
        assert not any("core.corruptions" in name for name in names), module


def test_what_is_measured_is_hardly_ever_drawn_by_lot(images):
    """Of the negative bands one in some hundreds is the measured stripe; nothing else is met but fields without ink."""
    draw = np.random.default_rng(0)
    learned = {spoilt(one, draw).tobytes() for one in images for _ in range(4)}
    met = {kind: sum(one.tobytes() in learned for one in corrupted(images, kind) if one.any()) for kind in KINDS}
    assert met.pop("stripe") <= 0.002 * 4 * len(images)
    assert not any(met.values())
