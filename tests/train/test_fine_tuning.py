"""A training that starts from a trained model: its weights, its record, and what it may be measured on."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from edgedigits.core.cards import card_of, write_card
from edgedigits.core.datasets import load_dataset, split_dataset, split_of, unseen_digits
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.core.keras.models import load_keras
from edgedigits.core.pretrained.bundled import bundled_float_model, bundled_model
from edgedigits.train import TrainingInterrupted, TrainingRequest, check_training, evaluate_keras, train, train_folds
from edgedigits.train.recipes import FINE_TUNING, LEAST_STEPS
from edgedigits.train.resuming import finished_training
from edgedigits.train.starting import open_start
from edgedigits.train.training_request import resolve


@pytest.fixture(scope="module")
def halves(tmp_path_factory):
    """Two data sets without a digit in common, by their specs: what was there, and one's own 300."""
    folder = tmp_path_factory.mktemp("halves")
    digits = load_dataset("optdigits").pool
    for name, part in (("there", slice(0, 900)), ("own", slice(900, 1200))):
        np.savez(folder / f"{name}.npz", x_train=digits.images[part], y_train=digits.labels[part])
    return {name: f"npz:{folder / name}.npz" for name in ("there", "own")}


@pytest.fixture(scope="module")
def parent(halves, tmp_path_factory):
    """A network that reads about half of the digits."""
    request = TrainingRequest("nano", halves["there"], epochs=8, batch_size=32, augmentation="none")
    return train(request, tmp_path_factory.mktemp("parent") / "out")


@pytest.fixture(scope="module")
def request_(halves, parent):
    return TrainingRequest("nano", halves["own"], epochs=2, batch_size=32, start=parent.model)


@pytest.fixture(scope="module")
def child(request_, tmp_path_factory):
    return train(request_, tmp_path_factory.mktemp("child") / "out")


def test_it_starts_from_the_models_weights_and_not_from_fresh_ones(request_, parent, tmp_path):
    """At a rate of nothing the weights stay; the statistics of batch normalization follow the digits all the same."""
    still = train(replace(request_, epochs=1, rate=1e-12), tmp_path / "out")
    before, after = (
        {variable.name: variable.numpy() for variable in load_keras(result.model).trainable_variables}
        for result in (parent, still)
    )
    for one, other in zip(before.values(), after.values(), strict=True):
        np.testing.assert_allclose(other, one, atol=1e-6)


def test_the_card_names_its_parent_and_what_that_was_trained_on(child, parent, request_):
    card = card_of(child.model)
    assert card.parent == {"file": "model.keras", "sha256": sha256_of(parent.model)}
    assert card.pretrained_on == [parent.card.dataset]
    assert card.dataset == split_dataset(load_dataset(request_.dataset)).describe()
    assert card.settings["optimizer"] == "adam"
    assert parent.card.pretrained_on == []
    assert parent.card.parent == {}


def test_the_card_tells_what_the_parent_reads_of_the_same_digits(child, parent, request_):
    split = split_dataset(load_dataset(request_.dataset))
    for part in ("validation", "test"):
        before = evaluate_keras(parent.model, getattr(split, part)).accuracy
        assert child.card.measured[f"start_{part}_accuracy"] == pytest.approx(before, abs=1e-3)


def test_a_child_of_a_child_has_seen_everything(child, parent, halves, tmp_path):
    grandchild = train(TrainingRequest("nano", "samples", epochs=1, start=child.model), tmp_path / "out")
    assert grandchild.card.pretrained_on == [child.card.dataset, parent.card.dataset]
    for spec, card in ((halves["own"], child.card), (halves["there"], parent.card)):
        assert unseen_digits(grandchild.card, spec).sha256() == card.dataset["test_sha256"]
        assert split_of(grandchild.card, spec).train.sha256() == card.dataset["train_sha256"]


@pytest.mark.slow  # it trains as test_resume.py's networks do
def test_an_interrupted_one_goes_on_as_if_nothing_had_been(request_, child, tmp_path):
    def stop(progress):
        if progress.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(TrainingInterrupted, match="--resume"):
        train(request_, tmp_path / "out", progress=stop)
    resumed = train(request_, tmp_path / "out", resume=True)
    assert [record.val_loss for record in resumed.history] == pytest.approx(
        [record.val_loss for record in child.history], rel=1e-4
    )
    assert resumed.card.parent == child.card.parent


def test_it_does_not_go_on_from_another_model(request_, child, tmp_path):
    def stop(progress):
        if progress.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(TrainingInterrupted):
        train(replace(request_, start=None), tmp_path / "out", progress=stop)
    with pytest.raises(EdgedigitsError, match="was started with parent null"):
        train(replace(request_, batch_size=32, rate=0.01), tmp_path / "out", resume=True)


def test_a_finished_one_is_told_from_one_of_another_start(request_, child):
    folder = child.model.parent
    assert finished_training(request_, folder) == child.card
    with pytest.raises(EdgedigitsError, match="was started with parent"):
        finished_training(replace(request_, start=None), folder)


def test_folds_start_from_the_model_each_and_go_on(request_, parent, tmp_path):
    quick = replace(request_, epochs=1)
    whole = train_folds(quick, 2, tmp_path / "out")
    for fold in (1, 2):
        card = card_of(tmp_path / "out" / f"fold-{fold}-of-2" / "model.keras")
        assert card.parent["sha256"] == parent.card.sha256
        assert card.pretrained_on == [parent.card.dataset]
    told = []
    assert train_folds(quick, 2, tmp_path / "out", resume=True, progress=told.append) == whole
    assert not told
    with pytest.raises(EdgedigitsError, match="was started with"):
        train_folds(replace(quick, start=None), 2, tmp_path / "out", resume=True)


def test_few_steps_at_a_lower_rate_are_its_default(parent):
    request = TrainingRequest("nano", start=parent.model)
    recipe, fresh = resolve(request, 480), resolve(TrainingRequest("nano"), 480)
    assert FINE_TUNING.least_steps <= recipe.steps(480) < LEAST_STEPS <= fresh.steps(480)
    assert recipe.rate < fresh.rate
    assert resolve(replace(request, epochs=3, rate=0.5), 480).epochs == 3


def test_digits_are_distorted_as_the_networks_own_recipe_says(parent):
    """And not as the built-in model's, which stand for fields: it was measured to be the better way."""
    assert resolve(TrainingRequest("nano", start=parent.model)).augmentation == "slight"
    assert resolve(TrainingRequest(start=bundled_float_model())).augmentation == "light"
    assert resolve(TrainingRequest(start=bundled_float_model(), augmentation="reading")).augmentation == "reading"


def test_the_digits_of_the_parents_own_set_are_divided_as_they_were(parent, halves, tmp_path):
    """What it was trained on must not judge what comes of it."""
    again = TrainingRequest("nano", halves["there"], epochs=1, start=parent.model)
    train(again, tmp_path / "out")
    for other in (replace(again, seed=1), replace(again, split="vit")):
        with pytest.raises(EdgedigitsError, match=r"it has seen validation and test digits.*give --split default"):
            train(other, tmp_path / "other")
    with pytest.raises(EdgedigitsError, match="it has seen validation and test digits"):
        train_folds(again, 3, tmp_path / "folds")
    assert not (tmp_path / "other").exists()
    assert not (tmp_path / "folds").exists()


def test_the_parents_own_set_is_known_by_any_name(parent, halves, tmp_path):
    shutil.copy(halves["there"].removeprefix("npz:"), tmp_path / "copy.npz")
    spec = f"npz:{tmp_path / 'copy.npz'}"
    with pytest.raises(EdgedigitsError, match="it has seen"):
        train(TrainingRequest("nano", spec, seed=2, start=parent.model), tmp_path / "out")
    assert unseen_digits(parent.card, spec).sha256() == parent.card.dataset["test_sha256"]


def test_an_earlier_state_of_the_data_is_refused(halves, parent, tmp_path):
    """More digits were put into the set: which of its test digits the model has seen cannot be told."""
    more = load_dataset("optdigits").pool.take(np.arange(950))
    spec = f"npz:{tmp_path / 'there.npz'}"
    np.savez(tmp_path / "there.npz", x_train=more.images, y_train=more.labels)
    folder = shutil.copytree(parent.model.parent, tmp_path / "parent")
    write_card(folder, replace(parent.card, dataset=parent.card.dataset | {"spec": spec}))
    with pytest.raises(EdgedigitsError, match=r"no longer the data .*start from a model that has not seen it"):
        train(TrainingRequest("nano", spec, start=folder / "model.keras"), tmp_path / "out")


def test_a_model_that_is_none_to_start_from_is_refused_before_tensorflow_is_needed(parent, tmp_path):
    def refusal(model, network="nano"):
        with pytest.raises(EdgedigitsError) as caught:
            check_training(TrainingRequest(network, "optdigits", start=model), tmp_path / "out")
        return str(caught.value)

    assert "is quantized, and a training needs floats; start from the model.keras" in refusal(bundled_model())
    assert "is the network nano, not micro; leave --model out" in refusal(parent.model, "micro")
    assert "no model at" in refusal(tmp_path / "none.keras")
    alone = shutil.copy(parent.model, tmp_path)
    assert "has no card.json, which says what network it is" in refusal(alone)
    write_card(tmp_path, replace(parent.card, network="separable trial 3"))
    assert "is 'separable trial 3', no network of `edgedigits models`" in refusal(alone)
    write_card(tmp_path, replace(parent.card, sha256="0" * 64))
    assert "its card says 000000000000..." in refusal(alone)
    with pytest.raises(EdgedigitsError, match="--weights and --from both"):
        weights = TrainingRequest("fakebank-resnet50", weights=alone, start=alone)
        write_card(tmp_path, replace(parent.card, network="fakebank-resnet50"))
        check_training(weights, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_card_that_tells_another_network_than_the_file_holds_is_found_out(parent, tmp_path):
    alone = shutil.copy(parent.model, tmp_path)
    write_card(tmp_path, replace(parent.card, network="micro"))
    with pytest.raises(EdgedigitsError, match="is no micro as this version builds it"):
        open_start(alone).weights()


def test_a_network_of_the_same_shapes_that_computes_something_else_is_found_out(tmp_path):
    from edgedigits.core.keras.backend import keras

    foreign = keras.models.clone_model(load_keras(bundled_float_model()))
    for layer in foreign.layers:
        if isinstance(layer, keras.layers.ReLU):
            layer.max_value = 0.01
    foreign.set_weights(load_keras(bundled_float_model()).get_weights())
    foreign.save(tmp_path / "model.keras", save_format="keras")
    card = replace(card_of(bundled_float_model()), sha256=sha256_of(tmp_path / "model.keras"))
    write_card(tmp_path, card)
    with pytest.raises(EdgedigitsError, match="is no small as this version builds it"):
        open_start(tmp_path / "model.keras").weights()
