"""The study of calibration: what is drawn, what is measured, and what is made of it."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
import tensorflow as tf

from edgedigits.core.datasets import stratified_sample
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.quantize import RECIPES, convert
from edgedigits.quantize.proof.runtimes import open_model
from edgedigits.quantize.studies import CalibrationStudy, recommend, study_calibration, write_calibration
from edgedigits.quantize.studies.calibration import DRAWS, Point, Quantizer
from tests.quantize.conftest import small_network

SIZES = (1, 20)


@pytest.fixture(scope="module")
def study(trained):
    return study_calibration(str(trained), sizes=(*SIZES, 100_000), seeds=2)


def answers(content: bytes, split, path):
    path.write_bytes(content)
    return open_model(path).raw(split.validation.images)


def test_there_is_a_model_for_each_draw_size_and_seed(study, trained):
    wanted = {(draw, size, seed) for draw in DRAWS for size in SIZES for seed in range(2)}
    assert {(point.draw, point.size, point.seed) for point in study.points} == wanted
    assert len(study.points) == len(wanted)
    assert study.sizes == SIZES
    assert (study.model, study.sha256) == ("tiny", sha256_of(trained))


def test_validation_digits_are_read_and_no_others(study, split, network, tmp_path):
    assert study.digits == len(split.validation)
    assert study.dataset == "optdigits, validation part of split default"
    drawn = stratified_sample(split.train.labels, 20, 1)
    read = answers(convert(network, split.train.images[drawn], RECIPES["int8"]), split, tmp_path / "m.tflite").argmax(1)
    point = next(one for one in study.points if (one.draw, one.size, one.seed) == ("stratified", 20, 1))
    assert point.accuracy == pytest.approx(100 * (read == split.validation.labels).mean(), abs=1e-4)


@pytest.mark.parametrize("count", [1, 30])
def test_the_quick_way_gives_the_answers_of_the_converter(count, network, split, tmp_path):
    drawn = np.arange(40, 40 + count)
    quick = Quantizer(network, split.train).quantize(drawn)
    slow = convert(network, split.train.images[drawn], RECIPES["int8"])
    assert (answers(quick, split, tmp_path / "a.tflite") == answers(slow, split, tmp_path / "b.tflite")).all()


@pytest.mark.parametrize("name", DRAWS)
def test_a_draw_takes_each_digit_once_and_depends_on_its_seed_alone(name, split):
    losses = np.random.default_rng(1).random(len(split.train)).astype(np.float32)
    draw = DRAWS[name].take
    drawn = draw(split.train, losses, 50, 3)
    assert len(set(drawn.tolist())) == 50
    assert (drawn == draw(split.train, losses, 50, 3)).all()
    assert set(drawn.tolist()) != set(draw(split.train, losses, 50, 4).tolist())


def test_the_hardest_are_those_that_float_is_least_sure_of(split):
    losses = np.arange(len(split.train), dtype=np.float32)
    drawn = DRAWS["hardest"].take(split.train, losses, 40, 0)
    assert drawn.min() > len(split.train) * 0.9
    everything = DRAWS["hardest"].take(split.train, losses, len(split.train), 0)
    assert (everything == np.arange(len(split.train))[::-1]).all()


def test_stratified_is_what_quantize_draws(split):
    drawn = DRAWS["stratified"].take(split.train, np.zeros(len(split.train), np.float32), 50, 7)
    assert (drawn == stratified_sample(split.train.labels, 50, 7)).all()
    assert np.bincount(split.train.labels[drawn]).tolist() == [5] * 10


def made(model: str = "a", **agreements: dict[int, tuple[float, ...]]) -> CalibrationStudy:
    """A study of 5,000 digits with these agreements of the seeds, by draw and size."""
    points = [
        Point(draw, size, seed, value - 1, value)
        for draw in DRAWS
        for size, values in agreements[draw].items()
        for seed, value in enumerate(values)
    ]
    return CalibrationStudy(model, "0", "mnist", 5000, 99.0, "a runtime", tuple(points))


STEADY = {1: (97.0, 97.2), 8: (99.0, 99.1), 100: (99.5, 99.5), 500: (99.5, 99.52)}
LATE = {1: (97.0, 97.2), 8: (98.0, 98.1), 100: (99.2, 99.2), 500: (99.5, 99.5)}


def test_the_smallest_size_is_taken_from_which_on_more_does_not_help():
    advice = recommend([made(random=LATE, stratified=STEADY, hardest=LATE)])
    assert (advice.draw, advice.size, advice.default_suffices) == ("stratified", 100, True)
    assert advice.plateaus == {"random": 500, "stratified": 100, "hardest": 500}
    assert advice.words.startswith("take 100 digits, stratified")
    assert advice.words.endswith("500 stratified digits, the default of `edgedigits quantize`, are as good")


CONTENT = dict.fromkeys((1, 8, 32, 100, 500), (99.5, 99.5))


def test_equal_figures_are_never_called_worse():
    """One seed: 8 digits happen to agree best, 100 and 500 stratified ones agree alike."""
    early = {1: (97.0,), 8: (99.9,), 100: (99.0,), 500: (99.0,)}
    poor = {1: (97.0,), 8: (98.0,), 100: (98.5,), 500: (98.6,)}
    advice = recommend([made(random=poor, stratified=early, hardest=poor)])
    assert (advice.draw, advice.size, advice.plateaus["stratified"], advice.default_suffices) == (
        "stratified",
        100,
        None,
        True,
    )
    assert "though fewer digits did better here" in advice.words
    assert advice.words.endswith("500 stratified digits, the default of `edgedigits quantize`, are as good")


def test_larger_sizes_that_agree_less_are_told():
    falling = {1: (97.0,), 8: (98.0,), 100: (99.9,), 500: (99.0,)}
    poor = {1: (97.0,), 8: (98.0,), 100: (98.5,), 500: (98.6,)}
    advice = recommend([made(random=poor, stratified=falling, hardest=poor)])
    assert (advice.size, advice.default_suffices) == (100, False)
    assert "though not every larger size is as good" in advice.words
    assert advice.words.endswith("are not as good")


def test_fewer_than_100_are_never_recommended_even_where_nothing_differs():
    advice = recommend([made(random=CONTENT, stratified=CONTENT, hardest=CONTENT)])
    assert advice.size == 100
    assert advice.plateaus == dict.fromkeys(DRAWS, 1), "what was measured stands there all the same"
    assert "fewer than 100 are never enough" in advice.words


def test_the_next_size_that_was_tried_is_taken_where_100_was_not():
    sizes = {size: values for size, values in CONTENT.items() if size != 100}
    assert recommend([made(random=sizes, stratified=sizes, hardest=sizes)]).size == 500


@pytest.mark.parametrize("sizes", [(1,), (1, 8, 32)])
def test_where_only_fewer_were_tried_they_are_called_too_few(sizes):
    """As with 60 pictures of one's own."""
    few = dict.fromkeys(sizes, (99.5, 99.5))
    advice = recommend([made(random=few, stratified=few, hardest=few)])
    assert advice.size == 100
    assert "or all where there are fewer" in advice.words


def test_one_digit_is_not_recommended_where_it_agrees_best_and_nothing_settles():
    lucky = {1: (99.9, 99.9), 100: (97.0, 97.0), 500: (98.0, 98.0)}
    low = dict.fromkeys(lucky, (97.0, 97.0))
    advice = recommend([made(random=lucky, stratified=low, hardest=low)])
    assert (advice.draw, advice.size) == ("random", 500)


def test_a_bar_is_one_standard_error_below_the_best():
    """Spread of the seeds 0.01, of a proportion of 99.51 % of 5,000 digits with half a digit added 0.0994 points."""
    (bar,) = recommend([made(random=LATE, stratified=STEADY, hardest=LATE)]).bars
    assert bar.best == pytest.approx(99.51)
    assert bar.standard_error == pytest.approx(np.hypot(0.01, 0.0994), abs=1e-3)
    assert bar.lag(99.51 - bar.standard_error) == pytest.approx(1)


def test_a_size_with_one_bad_seed_is_not_enough():
    risky = STEADY | {100: (99.5, 99.5, 99.5, 99.5, 99.5, 99.5, 99.5, 99.5, 99.5, 99.2)}
    assert recommend([made(random=LATE, stratified=risky, hardest=LATE)]).size == 500


def test_networks_are_averaged():
    """What is 3 standard errors short in one network may not be made good by another that is content."""
    first = made("a", random=LATE, stratified=STEADY, hardest=LATE)
    second = made("b", random=STEADY, stratified=LATE, hardest=LATE)
    advice = recommend([first, second])
    assert advice.size == 500
    assert [bar.model for bar in advice.bars] == ["a", "b"]
    assert recommend([first, first, first, second]).size == 100


def test_where_nothing_settles_the_best_is_taken_and_called_so():
    falling = {1: (97.0, 97.0), 500: (99.5, 99.5), 2000: (98.0, 98.0)}
    low = dict.fromkeys((1, 500, 2000), (97.0, 97.0))
    advice = recommend([made(random=falling, stratified=low, hardest=low)])
    assert (advice.draw, advice.size, advice.default_suffices) == ("random", 500, False)
    assert "the best of 100 or more, though not every larger size is as good" in advice.words
    assert advice.words.endswith("are not as good")


def test_files_hold_every_model_and_the_advice(study, tmp_path):
    advice = recommend([study])
    files = write_calibration([study, replace(study, model="other")], advice, str(tmp_path / "out"))
    assert [path.name for path in files] == ["calibration.json", "calibration.csv", "calibration.png"]
    content = json.loads(files[0].read_text())
    assert [one["model"] for one in content["studies"]] == ["tiny", "other"]
    assert len(content["studies"][0]["points"]) == len(study.points)
    assert content["recommendation"]["words"] == advice.words
    lines = list(csv.DictReader(files[1].open()))
    assert len(lines) == 2 * len(study.points)
    assert float(lines[0]["agreement"]) == study.points[0].agreement
    assert cv2.imread(str(files[2])) is not None
    with pytest.raises(EdgedigitsError, match="--force"):
        write_calibration([study], advice, tmp_path / "out")


def test_more_digits_than_there_are_cannot_be_drawn(trained):
    with pytest.raises(EdgedigitsError, match="fewer than each size"):
        study_calibration(trained, sizes=(100_000,))


def test_a_network_that_has_no_int8_form_is_named(tmp_path):
    import tf_keras as keras

    inner = small_network()
    values = keras.layers.Activation(tf.math.erf)(inner.layers[-2].output)
    network = keras.Model(inner.input, keras.layers.Dense(10, activation="softmax")(values))
    network.save(tmp_path / "model.keras")
    with pytest.raises(EdgedigitsError, match=r"no int8 form|maker's own"):
        study_calibration(tmp_path / "model.keras", dataset="optdigits", sizes=(1,), seeds=1)
