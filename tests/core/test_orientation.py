"""Digits on their side, mirrored or dark on bright are noticed before they teach; right ones never are."""

from __future__ import annotations

import shlex
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgedigits.core.dataset_spec import INVERTED, ORIENTATIONS, spec_with, split_spec
from edgedigits.core.datasets import Digits, load_dataset, stratified_sample
from edgedigits.core.datasets.orientation import turned
from edgedigits.core.errors import EdgedigitsError, EdgedigitsWarning


@pytest.fixture(scope="module")
def digits() -> Digits:
    """A hundred digits of other writers than those that the built-in model learned from."""
    pool = load_dataset("optdigits").pool
    return pool.take(stratified_sample(pool.labels, 100, seed=3))


def written(folder: Path, images: np.ndarray, labels: np.ndarray, **more: np.ndarray) -> str:
    np.savez(folder / "digits.npz", x_train=images, y_train=labels, **more)
    return f"npz:{folder}/digits.npz"


def undone(images: np.ndarray, orientation: str) -> np.ndarray:
    """What has to be put right by an orientation."""
    back = {"rot90": "rot270", "rot270": "rot90"}.get(orientation, orientation)
    return turned(images, back)


def options_in(message: str) -> str:
    """The spec that the options of the first remedy stand for."""
    words = shlex.split(message.split("; give ", 1)[1].split(";", 1)[0])
    spec = words[words.index("--dataset") + 1]
    asked = [words[words.index("--orientation") + 1]] if "--orientation" in words else []
    return spec_with(spec, [*asked, *([INVERTED] if "--invert" in words else [])])


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_wrong_digits_stop_and_what_is_named_mends_them(tmp_path, digits, orientation, inverted):
    if (orientation, inverted) == ("as-is", False):
        return
    images = undone(digits.images, orientation)
    spec = written(tmp_path, 255 - images if inverted else images, digits.labels)
    with pytest.raises(EdgedigitsError, match=r"reads \d+ % of 100 digits") as stopped:
        load_dataset(spec)
    mended = options_in(str(stopped.value))
    assert np.array_equal(load_dataset(mended).pool.images, digits.images)
    assert load_dataset(mended).spec == mended
    insisted = f"{spec}+as-is"
    assert f"--dataset {spec} --orientation as-is" in str(stopped.value)
    assert not np.array_equal(load_dataset(insisted).pool.images, digits.images)


@pytest.mark.parametrize("word", ["rot270", "transposed", "inverted"])
def test_a_wrong_option_is_noticed_too_and_the_right_one_is_named(tmp_path, digits, word):
    spec = written(tmp_path, undone(digits.images, "rot90"), digits.labels)
    with pytest.raises(EdgedigitsError, match="--orientation rot90") as stopped:
        load_dataset(f"{spec}+{word}")
    assert options_in(str(stopped.value)) == f"{spec}+rot90"
    upright = written(tmp_path, digits.images, digits.labels)
    with pytest.raises(EdgedigitsError) as stopped:
        load_dataset(f"{upright}+{word}")
    assert options_in(str(stopped.value)) == upright


def test_the_sets_own_test_digits_are_treated_alike_and_not_looked_at(tmp_path, digits):
    turned_test = turned(digits.images, "rot90")[:50]
    spec = written(tmp_path, digits.images, digits.labels, x_test=turned_test, y_test=digits.labels[:50])
    assert np.array_equal(load_dataset(spec).test.images, turned_test)
    spec = written(
        tmp_path, turned(digits.images, "rot90"), digits.labels, x_test=turned_test, y_test=digits.labels[:50]
    )
    assert np.array_equal(load_dataset(f"{spec}+rot270").test.images, digits.images[:50])


@pytest.mark.parametrize("count", [20, 60, 300])
@pytest.mark.parametrize("name", ["mnist", "optdigits", "samples"])
def test_right_digits_of_any_number_never_stop(tmp_path, data_folder, name, count):
    pool = load_dataset(name).pool
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for seed in range(5):
            some = pool.take(stratified_sample(pool.labels, count, seed))
            assert len(load_dataset(written(tmp_path, some.images, some.labels)).pool) == count


def test_right_digits_that_are_hard_to_read_never_stop(tmp_path, digits):
    """Noise until the built-in model reads between a third and two thirds of them."""
    generator = np.random.default_rng(0)
    for strength in (60, 110):
        noisy = np.clip(digits.images + generator.normal(0, strength, digits.images.shape), 0, 255).astype(np.uint8)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            load_dataset(written(tmp_path, noisy, digits.labels))


def test_few_classes_that_are_the_same_in_every_orientation_never_stop(tmp_path, digits):
    round_ones = digits.take(np.flatnonzero(np.isin(digits.labels, (0, 8))))
    load_dataset(written(tmp_path, undone(round_ones.images, "mirrored"), round_ones.labels))


def letters(digits: str = "thkmrwxyvn") -> tuple[np.ndarray, np.ndarray]:
    """Ten signs that are no digits, ten of each, a little turned and bent."""
    generator = np.random.default_rng(1)
    images = []
    for number in range(100):
        image = np.zeros((28, 28), np.uint8)
        size = generator.uniform(0.7, 1.0)
        at = (4 + int(generator.integers(0, 4)), 20 + int(generator.integers(-2, 3)))
        cv2.putText(image, digits[number % 10], at, cv2.FONT_HERSHEY_SIMPLEX, size, 255, 2)
        image[0, number % 28] = 1 + number // 28  # no two are alike, however coarsely OpenCV takes their sizes
        images.append(image)
    return np.stack(images), np.arange(100) % 10


def test_signs_that_it_does_not_know_never_stop_but_are_told_of(tmp_path):
    images, labels = letters()
    for orientation in ("as-is", "rot90", "flipped"):
        spec = written(tmp_path, turned(images, orientation), labels)
        with pytest.warns(EdgedigitsWarning, match="however they are turned; look whether labels"):
            load_dataset(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_dataset(f"{spec}+as-is")


def test_labels_that_are_counted_from_another_number_are_named(tmp_path, digits):
    spec = written(tmp_path, digits.images, (digits.labels + 1) % 10)
    with pytest.raises(EdgedigitsError, match=r"do not belong together.*0 where 1 stands.*put the labels right"):
        load_dataset(spec)
    load_dataset(f"{spec}+as-is")


def test_labels_that_were_shuffled_are_told_of(tmp_path, digits):
    shuffled = np.random.default_rng(0).permutation(digits.labels)
    with pytest.warns(EdgedigitsWarning, match="look whether labels and pictures belong together"):
        load_dataset(written(tmp_path, digits.images, shuffled))


def test_too_few_digits_are_not_judged(tmp_path, digits):
    few = digits.take(np.arange(16))
    load_dataset(written(tmp_path, turned(few.images, "rot90"), few.labels))


@pytest.mark.parametrize("name", ["mnist", "optdigits", "samples"])
def test_sets_without_files_take_words_too(name, data_folder):
    with pytest.raises(EdgedigitsError, match=f"give --dataset {name}; where"):
        load_dataset(f"{name}+rot90")


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("samples+rot90+rot180", "more than one orientation"),
        ("samples+skip-bad", "'skip-bad', which is of folder:DIR"),
        ("samples+upright", "no data set is called 'samples.upright'"),
    ],
)
def test_words_that_make_no_sense_are_refused(spec, says):
    with pytest.raises(EdgedigitsError, match=says):
        load_dataset(spec)


def test_a_word_that_is_none_is_told_from_a_wrong_path(tmp_path, digits):
    spec = written(tmp_path, digits.images, digits.labels)
    with pytest.raises(EdgedigitsError, match=r"check the path; or 'turned' is no word.*transposed"):
        load_dataset(f"{spec}+turned")


def test_specs_are_taken_apart_and_put_together():
    assert split_spec("csv:a+b.csv+inverted+rot90+inverted") == ("csv:a+b.csv", ("rot90", "inverted"))
    assert split_spec("csv:a+b.csv") == ("csv:a+b.csv", ())
    assert spec_with("csv:a+rot90", ["skip-bad", "transposed"]) == "csv:a+transposed+skip-bad"
    assert spec_with("csv:a", []) == "csv:a"


@pytest.mark.parametrize("count", [20, 60, 300])
def test_dark_digits_on_bright_ground_stop_although_a_robust_model_reads_them(tmp_path, count):
    for seed in range(3):
        pool = load_dataset("optdigits").pool
        some = pool.take(stratified_sample(pool.labels, count, seed))
        with pytest.raises(EdgedigitsError, match=r"and \d+ % inverted") as stopped:
            load_dataset(written(tmp_path, 255 - some.images, some.labels))
        assert "--invert" in stopped.value.remedy
