"""Budgets: how long few digits are trained, and that many train as they always did."""

from dataclasses import replace

import pytest

from edgedigits.train.fitting.fitting import takes_its_place
from edgedigits.train.networks.catalogue import NETWORKS
from edgedigits.train.recipes import LEAST_STEPS, TrainingRecipe
from edgedigits.train.training_request import EpochRecord, TrainingRequest, resolve

MNIST = 55_000


@pytest.mark.parametrize("name", NETWORKS)
def test_mnist_is_trained_as_the_networks_own_recipe_says(name):
    own = NETWORKS[name].recipe
    assert resolve(TrainingRequest(name), MNIST) == replace(own, spoilt=0.0)  # there are no lessons
    assert own.passes == 1
    assert own.steps(MNIST) == own.epochs * (MNIST // own.batch_size) > LEAST_STEPS


@pytest.mark.parametrize("digits", [10, 48, 96, 240, 480, 800, 1437, 5000, 20_000])
@pytest.mark.parametrize("name", NETWORKS)
def test_few_digits_are_trained_for_as_many_steps_as_a_training_needs(name, digits):
    recipe = resolve(TrainingRequest(name), digits)
    assert recipe.steps(digits) >= LEAST_STEPS
    assert recipe.epochs == NETWORKS[name].recipe.epochs
    one_pass_less = recipe.epochs * (digits * (recipe.passes - 1) // min(recipe.batch_size, digits))
    assert one_pass_less < LEAST_STEPS


def test_480_digits_come_in_batches_that_batch_normalization_can_use():
    assert resolve(TrainingRequest("small"), 480).batch_size == 30
    assert resolve(TrainingRequest("small"), 60).batch_size == 16
    assert resolve(TrainingRequest("small"), 5000).batch_size == 128


def test_epochs_and_batches_that_the_user_gives_are_taken_as_given():
    recipe = resolve(TrainingRequest("small", epochs=4, batch_size=100), 480)
    assert (recipe.epochs, recipe.passes, recipe.batch_size) == (4, 1, 100)
    assert recipe.steps(480) == 16
    assert resolve(TrainingRequest("small", batch_size=100), 480).steps(480) >= LEAST_STEPS


def test_steps_are_counted_as_the_pipeline_makes_them():
    assert TrainingRecipe(3, 100, "adam", 0.001).steps(250) == 6
    assert TrainingRecipe(3, 100, "adam", 0.001, passes=2).steps(250) == 15
    assert TrainingRecipe(3, 100, "adam", 0.001).steps(60) == 3


def record(epoch, right, loss, digits):
    return EpochRecord(epoch, 0.0, 0.0, loss, 100 * right / digits, 0.0, 0.0)


@pytest.mark.parametrize(
    ("right", "loss", "kept"), [(4950, 0.2, False), (4951, 0.9, True), (4950, 0.05, True), (4949, 0.0, False)]
)
def test_of_many_validation_digits_the_most_right_ones_decide_and_then_the_loss(right, loss, kept):
    before = (record(1, 4950, 0.1, 5000),)
    assert takes_its_place(record(2, right, loss, 5000), before, 1, 5000, True) is kept


@pytest.mark.parametrize(("right", "kept"), [(60, True), (59, True), (58, True), (57, False)])
def test_few_validation_digits_that_cannot_tell_epochs_apart_leave_it_to_the_later_one(right, kept):
    """59 of 60 have a standard error of 1.7 points, a digit; 60 of 60 have none."""
    before = (record(1, 40, 0.9, 60), record(2, 59, 0.01, 60), record(3, 58, 0.5, 60))
    assert takes_its_place(record(4, right, 0.5, 60), before, 3, 60, False) is kept
    perfect = (record(1, 60, 0.0, 60),)
    assert takes_its_place(record(2, 59, 0.5, 60), perfect, 1, 60, False)
    assert not takes_its_place(record(2, 58, 0.5, 60), perfect, 1, 60, False)


@pytest.mark.parametrize(("right", "kept"), [(4946, True), (4945, False)])
def test_many_digits_that_do_not_show_what_was_learned_leave_it_to_the_later_one_too(right, kept):
    """4,952 right ones of 5,000 have a standard error of 6.9 digits: 6 fewer are as good, 7 are not."""
    best = (record(1, 4950, 0.01, 5000), record(2, 4952, 0.01, 5000))
    assert takes_its_place(record(3, right, 0.5, 5000), best, 2, 5000, False) is kept
    assert not takes_its_place(record(3, right, 0.5, 5000), best, 2, 5000, True)
