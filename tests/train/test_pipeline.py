"""The input pipeline: the one normalisation, an order and distortions that depend on seed and epoch alone."""

import gc
from dataclasses import replace

import numpy as np
import pytest

from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.digit import model_input
from edgedigits.core.keras.backend import tf
from edgedigits.train.augmentation.distortion import augment, distorted
from edgedigits.train.augmentation.fields import FieldPictures
from edgedigits.train.fitting.pipeline import EPOCHS_PER_PICTURE, plain_batches, training_batches
from edgedigits.train.recipes import AUGMENTATIONS, Augmentation, TrainingRecipe

PLAIN = TrainingRecipe(1, 100, "adam", 0.001)


@pytest.fixture(scope="module")
def digits():
    return split_dataset(load_dataset("optdigits")).train


def _epoch(digits, seed, epoch, recipe=PLAIN, batch_size=100):
    batches = list(training_batches(digits, batch_size, seed, epoch, recipe))
    images = np.concatenate([images.numpy() for images, _ in batches])
    return images, np.concatenate([targets.numpy() for _, targets in batches])


def test_undistorted_digits_are_the_contracts_model_input(digits):
    images = np.concatenate([images.numpy() for images, _ in plain_batches(digits, 100, PLAIN)])
    np.testing.assert_array_equal(images, model_input(digits.images))


def test_a_recipe_that_learns_from_grey_values_gets_them_in_training_and_validation(digits):
    grey = replace(PLAIN, input_scale=255.0)
    judged = np.concatenate([images.numpy() for images, _ in plain_batches(digits, 100, grey)])
    np.testing.assert_allclose(judged[..., 0], digits.images, atol=1e-4)
    assert _epoch(digits, 0, 0, grey)[0].max() == pytest.approx(255)


def test_what_comes_in_from_outside_is_black_or_the_nearest_pixel():
    """A field that is bright all over stays so where the nearest pixel fills it, and gets a black edge else."""
    bright = tf.ones((50, 28, 28, 1))
    moved = Augmentation("shift", rotation=20, zoom=0.7, shift=0.2, fill="nearest")
    np.testing.assert_allclose(augment(bright, tf.constant([1, 2]), moved).numpy(), 1, atol=1e-5)
    assert augment(bright, tf.constant([1, 2]), replace(moved, fill="black")).numpy().min() == 0


def test_an_epoch_holds_each_digit_once_but_for_the_last_part_of_a_batch(digits):
    images, targets = _epoch(digits, 0, 0)
    assert len(images) == len(digits) // 100 * 100
    pool = {image.tobytes() for image in model_input(digits.images)}
    assert {image.tobytes() for image in images} <= pool
    assert (targets.sum(axis=0) <= np.bincount(digits.labels, minlength=10)).all()


def test_targets_belong_to_their_images(digits):
    images, targets = _epoch(digits, 0, 0)
    label = {image.tobytes(): label for image, label in zip(model_input(digits.images), digits.labels, strict=True)}
    assert [label[image.tobytes()] for image in images] == targets.argmax(axis=1).tolist()


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_the_same_seed_and_epoch_give_the_same_batches(digits, name):
    few = digits.take(np.arange(200))
    recipe = replace(PLAIN, augmentation=name)
    for first, second in zip(_epoch(few, 3, 4, recipe), _epoch(few, 3, 4, recipe), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(("seed", "epoch"), [(0, 1), (1, 0)])
def test_another_seed_or_epoch_gives_another_order(digits, seed, epoch):
    assert not np.array_equal(_epoch(digits, 0, 0)[0], _epoch(digits, seed, epoch)[0])


def test_the_end_of_an_epoch_does_not_wait_for_a_tuner(digits):
    assert training_batches(digits, 100, 0, 0, PLAIN).options().autotune.enabled is False


def test_label_smoothing_spreads_its_share_over_all_digits(digits):
    _, targets = _epoch(digits, 0, 0, replace(PLAIN, label_smoothing=0.1))
    assert targets.max() == pytest.approx(0.91)
    assert targets.min() == pytest.approx(0.01)


@pytest.mark.parametrize("name", [name for name, settings in AUGMENTATIONS.items() if settings.moves])
def test_distorted_digits_stay_digits(digits, name):
    batch = tf.constant(model_input(digits.images[:64]))
    moved = augment(batch, tf.constant([1, 2]), AUGMENTATIONS[name]).numpy()
    assert moved.shape == batch.shape
    assert moved.min() >= 0
    assert moved.max() <= 1 + 1e-6
    assert not np.allclose(moved, batch)
    assert moved.sum() == pytest.approx(float(tf.reduce_sum(batch)), rel=0.35)


def test_every_digit_of_a_batch_is_distorted_in_its_own_way(digits):
    twins = tf.constant(model_input(np.repeat(digits.images[:1], 2, axis=0)))
    moved = augment(twins, tf.constant([1, 2]), AUGMENTATIONS["light"]).numpy()
    assert not np.allclose(moved[0], moved[1])


def test_a_distortion_of_nothing_moves_nothing(digits):
    batch = model_input(digits.images[:8])
    still = augment(tf.constant(batch), tf.constant([1, 2]), Augmentation("nothing")).numpy()
    np.testing.assert_allclose(still, batch, atol=1e-5)


def test_a_shift_moves_ink_by_at_most_its_share(digits):
    picture = np.zeros((50, 28, 28), np.uint8)
    picture[:, 14, 14] = 255
    moved = augment(tf.constant(model_input(picture)), tf.constant([5, 6]), Augmentation("shift", shift=0.1)).numpy()
    rows, columns = np.nonzero(moved[..., 0].sum(axis=0))
    assert 1 < np.abs(rows - 14).max() <= 3
    assert 1 < np.abs(columns - 14).max() <= 3


def _sorted_pictures(digits, epoch):
    images, _ = _epoch(digits, 3, epoch, replace(PLAIN, augmentation="reading"))
    return sorted(image.tobytes() for image in images)


def test_pictures_of_fields_serve_some_epochs_each_in_its_own_order(digits):
    few = digits.take(np.arange(200))
    recipe = replace(PLAIN, augmentation="reading")
    assert not np.array_equal(_epoch(few, 3, 0, recipe)[0], _epoch(few, 3, 1, recipe)[0])
    assert _sorted_pictures(few, 0) == _sorted_pictures(few, EPOCHS_PER_PICTURE - 1)
    assert _sorted_pictures(few, 0) != _sorted_pictures(few, EPOCHS_PER_PICTURE)


def test_pictures_of_fields_that_are_made_again_in_the_middle_of_their_epochs_are_the_same(digits):
    few, others = digits.take(np.arange(200)), digits.take(np.arange(200, 400))
    recipe = replace(PLAIN, augmentation="reading")
    _epoch(few, 3, 0, recipe)
    kept = _epoch(few, 3, 1, recipe)
    _epoch(others, 3, 0, recipe)
    for first, second in zip(kept, _epoch(few, 3, 1, recipe), strict=True):
        np.testing.assert_array_equal(first, second)


def test_spoilt_pictures_are_spoilt_anew_for_every_epoch_and_the_same_in_every_run(digits):
    few = digits.take(np.arange(200))
    recipe = replace(PLAIN, augmentation="robust")
    first, again, next_one = (_epoch(few, 3, epoch, recipe)[0] for epoch in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    both = {one.tobytes() for one in first} & {one.tobytes() for one in next_one}
    assert 0.35 < len(both) / 200 < 0.63  # unspoilt both times: 0.7 squared


def test_pictures_of_past_epochs_do_not_fill_the_memory(digits):
    few = digits.take(np.arange(200))
    for epoch in range(0, 3 * EPOCHS_PER_PICTURE, EPOCHS_PER_PICTURE):
        _epoch(few, 3, epoch, replace(PLAIN, augmentation="reading"))
    gc.collect()
    assert sum(isinstance(thing, FieldPictures) for thing in gc.get_objects()) == 1


def test_spoilt_pictures_are_among_distorted_digits_and_keep_their_labels(digits):
    rough, light = (_epoch(digits, 0, 0, replace(PLAIN, augmentation=name)) for name in ("rough", "light"))
    np.testing.assert_array_equal(rough[1], light[1])
    moved = np.abs(rough[0] - light[0]).max(axis=(1, 2, 3)) > 1 / 255  # the others are rounded to grey levels
    assert 0.03 < moved.mean() < 0.09
    again = _epoch(digits, 0, 0, replace(PLAIN, augmentation="rough"))
    np.testing.assert_array_equal(rough[0], again[0])


def test_distorted_digits_are_the_augmented_ones_in_grey_and_another_seed_gives_others(digits):
    light = AUGMENTATIONS["light"]
    seen = distorted(digits.images[:50], light, 3)
    assert (seen.dtype, seen.shape) == (np.uint8, (50, 28, 28))
    floats = augment(tf.constant(model_input(digits.images[:50])), tf.constant([3, 0]), light).numpy()[..., 0]
    np.testing.assert_allclose(seen, 255 * floats, atol=0.51)
    np.testing.assert_array_equal(seen, distorted(digits.images[:50], light, 3))
    others = distorted(digits.images[:50], light, 4)
    assert all((one != other).any() for one, other in zip(seen, others, strict=True))
