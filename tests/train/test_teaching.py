"""Lessons: pictures and what teachers say of them, and networks that learn from these alone."""

from dataclasses import replace

import numpy as np
import pytest

from edgedigits.core.cards import card_of
from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.models import keras_scores, load_keras
from edgedigits.core.keras.precision import in_bfloat16
from edgedigits.core.lessons import FILE, finished_lessons, open_lessons
from edgedigits.core.pretrained.bundled import bundled_float_model
from edgedigits.train import TrainingRequest, train
from edgedigits.train.networks.reported import build
from edgedigits.train.teaching.teaching import TeachingRequest, teach
from edgedigits.train.training_request import resolve

REQUEST = TeachingRequest((bundled_float_model(),), "optdigits", passes=2, blended=0.5)


@pytest.fixture(scope="module")
def digits():
    return split_dataset(load_dataset("optdigits")).train


@pytest.fixture(scope="module")
def lessons(tmp_path_factory):
    return teach(REQUEST, tmp_path_factory.mktemp("lessons") / "out")


@pytest.fixture
def copied(lessons, tmp_path):
    """A copy to spoil."""
    for path in lessons.path.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return open_lessons(tmp_path)


def test_scores_are_what_the_teacher_says_of_the_very_pictures(lessons, digits):
    images, scores = lessons.read(0)
    assert images.shape == (len(digits), 28, 28)
    np.testing.assert_allclose(scores, keras_scores(load_keras(bundled_float_model()), images), atol=2e-3)


def test_a_wide_teacher_says_nearly_the_same_in_half_floats():
    network = build("teacher")
    digits = np.random.default_rng(0).integers(0, 256, (50, 28, 28), np.uint8)
    fast = in_bfloat16(network)
    assert fast.layers[1].compute_dtype == "bfloat16"
    said = keras_scores(fast, digits)
    assert said.dtype == np.float32
    np.testing.assert_allclose(said.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(said, keras_scores(network, digits), atol=0.02)


def test_pictures_are_the_digits_distorted_anew_in_each_pass(lessons, digits):
    first, second = lessons.read(0)[0], lessons.read(1)[0]
    assert np.mean(first == second) < 0.9
    alone = [np.corrcoef(one.ravel(), seen.ravel())[0, 1] for one, seen in zip(digits.images, first, strict=True)]
    assert 0.6 < np.median(alone) < 0.99


def test_after_the_last_pass_comes_the_first_again(lessons):
    np.testing.assert_array_equal(lessons.read(2)[0], lessons.read(0)[0])


def test_blended_pictures_are_among_them(lessons, tmp_path):
    """A teacher that knows digits is sure of one, and torn between two."""
    alone = teach(replace(REQUEST, passes=1, blended=0.0), tmp_path / "alone").read(0)[1]
    torn = [np.mean(scores.max(axis=1) < 0.8) for scores in (alone, lessons.read(0)[1])]
    assert torn[0] + 0.05 < torn[1] < torn[0] + 0.5


def test_several_teachers_are_averaged(lessons, tmp_path):
    twice = teach(replace(REQUEST, teachers=REQUEST.teachers * 2, passes=1), tmp_path / "twice")
    np.testing.assert_allclose(twice.read(0)[1], lessons.read(0)[1], atol=2e-3)
    assert len(twice.recipe.teachers) == 2


def test_a_killed_teaching_goes_on_where_it_was(copied):
    lost = copied.path / "pass-001.npz"
    before = lost.read_bytes()
    lost.unlink()
    told = []
    teach(REQUEST, copied.path, resume=True, progress=lambda done, of: told.append((done, of)))
    assert told == [(2, 2)]
    assert lost.read_bytes() == before


def test_lessons_of_another_request_are_not_gone_on_with(copied):
    with pytest.raises(EdgedigitsError, match=r"was started with blended 0\.5, not 0\.25"):
        teach(replace(REQUEST, blended=0.25), copied.path, resume=True)


def test_lessons_with_a_pass_missing_teach_nothing(copied, digits):
    (copied.path / "pass-000.npz").unlink()
    with pytest.raises(EdgedigitsError, match=r"1 of 2 passes .* are not written yet; go on with .*--resume"):
        finished_lessons(copied.path, digits.sha256())


def test_lessons_of_other_digits_are_refused(lessons):
    with pytest.raises(EdgedigitsError, match="are of other training digits; name the data set and the split"):
        finished_lessons(lessons.path, split_dataset(load_dataset("optdigits"), "default", 1).train.sha256())


@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"not numbers"])
def test_a_damaged_pass_is_named(copied, content):
    (copied.path / "pass-000.npz").write_bytes(content)
    with pytest.raises(EdgedigitsError, match=r"pass-000\.npz is missing or damaged"):
        copied.read(0)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"teachers": 3}'])
def test_a_damaged_description_is_named(copied, content):
    (copied.path / FILE).write_text(content)
    with pytest.raises(EdgedigitsError, match=FILE):
        open_lessons(copied.path)


def test_a_folder_without_lessons_is_refused(tmp_path):
    with pytest.raises(EdgedigitsError, match="holds no lessons; name a folder that `edgedigits teach` has made"):
        train(TrainingRequest("nano", "optdigits", epochs=1, lessons=tmp_path), tmp_path / "out")


def test_nothing_to_teach_is_refused(tmp_path):
    with pytest.raises(EdgedigitsError, match="there is nothing to teach"):
        teach(replace(REQUEST, teachers=()), tmp_path / "out")


def test_a_network_learns_what_the_lessons_say_and_not_the_labels(copied, tmp_path, digits):
    """Lessons that call each digit by the next one's name make a network that does so too."""
    for number in range(2):
        copied.write(number, digits.images, np.eye(10, dtype=np.float32)[(digits.labels + 1) % 10])
    request = TrainingRequest("nano", "optdigits", epochs=8, batch_size=32, lessons=copied.path)
    result = train(request, tmp_path / "out")
    assert result.history[-1].accuracy > 80
    assert result.history[-1].val_accuracy < 10


def test_the_card_tells_of_the_lessons(lessons, tmp_path):
    result = train(TrainingRequest("nano", "optdigits", epochs=1, lessons=lessons.path), tmp_path / "out")
    assert card_of(result.model).settings["lessons"] == lessons.recipe.as_dict()


def test_other_seeds_learn_from_the_same_lessons(lessons, tmp_path):
    """The split is that of the lessons: the seed is of the weights and the order."""
    first, other = (
        train(TrainingRequest("nano", "optdigits", epochs=1, seed=seed, lessons=lessons.path), tmp_path / str(seed))
        for seed in (0, 3)
    )
    cards = [card_of(result.model) for result in (first, other)]
    assert [(card.seed, card.dataset["seed"]) for card in cards] == [(0, 0), (3, 0)]
    assert cards[0].dataset["train_sha256"] == cards[1].dataset["train_sha256"]
    assert first.history[0].loss != other.history[0].loss


def test_what_is_spoilt_keeps_the_answer_to_the_whole_picture(lessons):
    whole, some, others = lessons.read(0), lessons.read(0, 0.15), lessons.read(2, 0.15)
    np.testing.assert_array_equal(some[1], whole[1])
    assert 0.1 < np.mean((some[0] != whole[0]).any(axis=(1, 2))) < 0.2
    assert np.mean((some[0] != others[0]).any(axis=(1, 2))) > 0.15  # the same pass again, others of it spoilt


@pytest.mark.parametrize("name", ["rough", "reading", "robust"])
def test_teachers_are_shown_nothing_that_they_do_not_know(tmp_path, name):
    with pytest.raises(EdgedigitsError, match=rf"{name} makes pictures that teachers do not know; take light"):
        teach(replace(REQUEST, augmentation=name), tmp_path / "out")


def test_a_share_of_spoilt_pictures_needs_lessons(lessons):
    request = TrainingRequest("nano", "optdigits", spoilt=0.1)
    with pytest.raises(EdgedigitsError, match="--augment rough or robust spoils pictures"):
        resolve(request)
    assert resolve(replace(request, lessons=lessons.path)).spoilt == 0.1
    with pytest.raises(EdgedigitsError, match="give 0 to 1"):
        resolve(replace(request, lessons=lessons.path, spoilt=1.5))


def test_pictures_of_lessons_are_not_distorted_again_unless_that_is_asked_for(lessons):
    request = TrainingRequest("nano", "optdigits", lessons=lessons.path)
    assert resolve(request).augmentation == "none"
    assert resolve(replace(request, augmentation="slight")).augmentation == "slight"
    assert resolve(replace(request, lessons=None)).augmentation == "slight"
