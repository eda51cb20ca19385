"""Fine-tuning by lessons: what pictures and answers come, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from edgedigits.core.cards import code_version, read_card
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lessons import LessonRecipe, begin_lessons
from edgedigits.quantize import QuantizeRequest, quantize
from edgedigits.quantize.tuning.lesson_batches import lesson_batches


@pytest.fixture(scope="module")
def lessons(split, tmp_path_factory):
    """Two passes that call each digit by the next one's name, the second in negative."""
    digits = split.train
    recipe = LessonRecipe(("0" * 64,), digits.sha256(), "none", 0.0, 0, 2, code_version())
    made = begin_lessons(tmp_path_factory.mktemp("lessons") / "out", recipe)
    answers = np.eye(10, dtype=np.float32)[(digits.labels + 1) % 10]
    made.write(0, digits.images, answers)
    made.write(1, 255 - digits.images, answers)
    return made


def test_every_pass_is_an_epoch_in_an_order_of_its_own(lessons, split):
    count = len(split.train)
    batches, steps = lesson_batches(lessons, count, 100, 3, (0, 0))
    assert steps == count // 100
    found = list(batches)
    assert len(found) == 3 * steps
    first, second, third = (found[start : start + steps] for start in range(0, 3 * steps, steps))
    assert np.mean([np.asarray(images).mean() for images, _ in third]) < 0.5  # the first pass again
    assert np.mean([np.asarray(images).mean() for images, _ in first]) < 0.5
    assert np.mean([np.asarray(images).mean() for images, _ in second]) > 0.5
    labels = [np.concatenate([np.argmax(scores, axis=1) for _, scores in part]) for part in (first, second)]
    assert not np.array_equal(*labels)
    pictures = np.concatenate([np.asarray(images) for images, _ in first])[..., 0]
    places = {one.tobytes(): label for one, label in zip(split.train.images, split.train.labels, strict=True)}
    shown = [places[np.round(255 * one).astype(np.uint8).tobytes()] for one in pictures]
    np.testing.assert_array_equal((np.array(shown) + 1) % 10, labels[0])


def test_a_network_is_tuned_to_what_the_lessons_say(lessons, trained, tmp_path):
    request = QuantizeRequest(trained, "qat-int8", lessons=lessons.path, max_drop=100, min_accuracy=0)
    result = quantize(request, tmp_path / "out")
    assert result.proof.comparison.drop > 10
    card = read_card(tmp_path / "out" / "card.json")
    details = card.settings["details"]
    assert (details["lessons"]["passes"], details["tuning"]["epochs"]) == (2, 2)


def test_the_budget_of_fine_tuning_is_what_was_asked_for(lessons, trained, tmp_path):
    asked = QuantizeRequest(
        trained, "qat-int8", lessons=lessons.path, max_drop=100, min_accuracy=0, epochs=1, rate=0.002
    )
    details = quantize(asked, tmp_path / "out").card.settings["details"]
    assert [(phase["epochs"], phase["rate"]) for phase in details["tuning"]["phases"]] == [(1, 0.002)]


@pytest.mark.parametrize("budget", [{"epochs": 3}, {"rate": 0.01}])
def test_a_recipe_that_trains_nothing_has_no_budget(budget, trained, tmp_path):
    with pytest.raises(EdgedigitsError, match=r"int8 trains nothing, and has no .*leave out --(epochs|rate), or"):
        quantize(QuantizeRequest(trained, "int8", **budget), tmp_path / "out")


@pytest.mark.parametrize("budget", [{"epochs": 0}, {"rate": 0.0}, {"rate": float("nan")}, {"rate": float("inf")}])
def test_a_budget_of_nothing_is_refused(budget, trained, tmp_path):
    with pytest.raises(EdgedigitsError, match=r"--(epochs|rate) is .*give more than 0"):
        quantize(QuantizeRequest(trained, "qat-int8", **budget), tmp_path / "out")


def test_a_recipe_that_trains_nothing_learns_from_no_lessons(lessons, trained, tmp_path):
    with pytest.raises(EdgedigitsError, match=r"int8 trains nothing, .*leave out --lessons, or take one that trains"):
        quantize(QuantizeRequest(trained, "int8", lessons=lessons.path), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_lessons_of_other_digits_and_a_folder_without_any_are_refused(lessons, trained, tmp_path):
    with pytest.raises(EdgedigitsError, match="holds no lessons"):
        quantize(QuantizeRequest(trained, "qat-int8", lessons=tmp_path), tmp_path / "out")
    other = begin_lessons(tmp_path / "other", replace(lessons.recipe, digits="0" * 64, passes=1))
    other.write(0, *lessons.read(0))
    with pytest.raises(EdgedigitsError, match="are of other training digits"):
        quantize(QuantizeRequest(trained, "qat-int8", lessons=other.path), tmp_path / "out")
