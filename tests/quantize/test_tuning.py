"""Recipes that train: what comes of them is what their name says, and a file that is not is caught."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from edgedigits.core.contract.contract import OUR_CONTRACT, RANGES, InputContract
from edgedigits.core.digit import model_input
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.quantize import RECIPES, convert, recipe_named
from edgedigits.quantize.making import MadeModel, check_form, make
from edgedigits.quantize.recipes import Recipe
from edgedigits.quantize.tuning.awareness import QuantizeAware, ShareCodebook
from edgedigits.quantize.tuning.batches import tuning_batches
from edgedigits.quantize.tuning.budget import Tuning
from edgedigits.quantize.tuning.clustering import Cluster
from edgedigits.quantize.tuning.pruning import Prune, crowded_groups
from edgedigits.quantize.tuning.tuning import fit_phase, tune
from edgedigits.quantize.tuning.wrapped import Wrapped
from edgedigits.train import NETWORKS, build

NAMES = [name for name, recipe in RECIPES.items() if recipe.trains]


def short(name: str) -> Recipe:
    """The recipe with so few epochs that it takes seconds on 1,437 digits."""
    recipe = recipe_named(name)
    epochs = {Prune: 2, Cluster: 1, QuantizeAware: 1, ShareCodebook: 1}
    phases = tuple(replace(phase, epochs=epochs[type(phase)]) for phase in recipe.tuning.phases)
    return replace(recipe, tuning=replace(recipe.tuning, phases=phases, batch_size=64))


@pytest.fixture(scope="module")
def made(network, split) -> dict[str, MadeModel]:
    return {name: make(network, short(name), split, calibration=100) for name in NAMES}


@pytest.fixture(scope="module")
def paths(made, network, split, tmp_path_factory) -> dict[str, Path]:
    """The files of the training recipes, and ``int8`` with one scale a layer or one a channel."""
    folder = tmp_path_factory.mktemp("tuned")
    contents = {name: one.content for name, one in made.items()}
    contents["int8"] = convert(network, split.train.images[:100], recipe_named("int8"))
    contents["int8-per-tensor"] = convert(
        network, split.train.images[:100], replace(recipe_named("int8"), per_channel=False)
    )
    for name, content in contents.items():
        (folder / f"{name}.tflite").write_bytes(content)
    return {name: folder / f"{name}.tflite" for name in contents}


@pytest.mark.parametrize("name", NAMES)
def test_recipe_is_what_its_name_says(paths, name):
    found = check_form(paths[name], short(name)).found
    assert found["float_tensors"] == 0
    assert json.loads(json.dumps(found)) == found


def test_zeros_and_clusters_are_counted_in_the_file(paths, network):
    dense = network.layers[-1].name
    pruned = check_form(paths["pruned-int8"], short("pruned-int8")).found
    assert pruned["sparsity"] == {dense: pytest.approx(0.6, abs=0.01)}
    assert check_form(paths["clustered-int8"], short("clustered-int8")).found["distinct_weights"] == {dense: 16}
    both = check_form(paths["pruned-clustered-qat-int8"], short("pruned-clustered-qat-int8")).found
    assert both["sparsity"][dense] >= 0.59
    assert both["distinct_weights"][dense] <= 16
    assert len(both["rounded_in_training"]) == 4


@pytest.mark.parametrize(
    ("name", "file", "says"),
    [
        ("pruned-int8", "int8", r"of the weights of \w+ are zero, not 60%"),
        ("pruned-int8", "pruned-2x4-int8", r"5\d.\d% of the weights of \w+ are zero, not 60%"),
        ("pruned-2x4-int8", "int8", r"groups of 4 weights with less than 2 zeros"),
        ("pruned-2x4-int8", "pruned-int8", r"groups of 4 weights with less than 2 zeros"),
        ("clustered-int8", "int8", r"different weights, not 16"),
        ("clustered-int8", "int8-per-tensor", r"different weights, not 16"),
        ("qat-int8", "int8", r"training has not rounded the weights of \w+"),
        ("qat-int8", "pruned-int8", r"training has not rounded"),
        ("codebook-int8", "qat-int8", r"different weights, not 16"),
        ("codebook-int8", "clustered-int8", r"\d\d different weights, not 16"),
        ("pruned-clustered-qat-int8", "clustered-int8", r"are zero, not 60%"),
        ("pruned-clustered-qat-int8", "pruned-int8", r"different weights, not 16"),
    ],
)
def test_what_is_not_as_named_is_caught(paths, name, file, says):
    with pytest.raises(EdgedigitsError, match=says):
        check_form(paths[file], short(name))


def test_zeros_and_clusters_alone_are_not_quantization_aware(network, split, tmp_path):
    """A dense layer made sparse and of few values by hand: right as far as it goes, but never rounded in training."""
    copy = keras.models.clone_model(network)
    kernel, bias = network.layers[-1].get_weights()
    copy.set_weights(network.get_weights())
    kernel = np.where(np.abs(kernel) < np.quantile(np.abs(kernel), 0.6), 0, np.round(kernel / np.abs(kernel).max() * 7))
    copy.layers[-1].set_weights([kernel, bias])
    recipe = short("pruned-clustered-qat-int8")
    (tmp_path / "model.tflite").write_bytes(convert(copy, split.train.images[:50], recipe))
    check_form(
        tmp_path / "model.tflite", replace(recipe, tuning=replace(recipe.tuning, phases=recipe.tuning.phases[:2]))
    )
    with pytest.raises(EdgedigitsError, match="training has not rounded"):
        check_form(tmp_path / "model.tflite", recipe)


def test_groups_lie_along_the_input_channels():
    zeros = np.zeros((2, 3, 3, 8), bool)
    assert crowded_groups(zeros, (2, 4)) == 36
    zeros[..., [0, 2, 5, 7]] = True
    assert crowded_groups(zeros, (2, 4)) == 0
    zeros[1, 0, 0] = [True, True, True, True, False, False, False, False]
    assert crowded_groups(zeros, (2, 4)) == 1
    assert crowded_groups(np.zeros((5, 6), bool)[:, 4:], (2, 4)) == 0


@pytest.mark.parametrize("name", NAMES)
def test_tuned_network_still_reads(paths, name, network, split):
    before = (network.predict(model_input(split.test.images), verbose=0).argmax(1) == split.test.labels).mean()
    after = (DigitModel(paths[name]).probabilities(split.test.images).argmax(1) == split.test.labels).mean()
    assert after > before - 0.05


@pytest.mark.parametrize("name", NAMES)
def test_history_has_every_epoch_and_the_best_one_was_kept(made, name):
    tuning = short(name).tuning
    done = list(made[name].history)
    assert made[name].seconds > 0
    for phase in tuning.phases:
        epochs, done = done[: phase.epochs], done[phase.epochs :]
        assert [one.epoch for one in epochs] == list(range(1, phase.epochs + 1))
        (kept,) = [one for one in epochs if one.kept]
        allowed = epochs[1:] if isinstance(phase, Prune) and not phase.pattern else epochs
        assert kept.validation_accuracy == max(one.validation_accuracy for one in allowed)
        assert json.dumps(asdict(kept))
    assert not done


class _ForgetsEverything(keras.callbacks.Callback):
    """Sets all weights to 0 before the second epoch, from which no network recovers."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            self.model.set_weights([np.zeros_like(weights) for weights in self.model.get_weights()])


def test_what_a_worse_last_epoch_made_is_not_kept(network, split):
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    wrapped = Wrapped(copy, lambda: copy, (_ForgetsEverything(),))
    digits = split.validation
    held = model_input(digits.images), digits.labels
    images = model_input(split.train.images[:320])
    truth = keras.utils.to_categorical(split.train.labels[:320], 10)
    batches = tf.data.Dataset.from_tensor_slices((images, truth)).batch(32).repeat()
    epochs = fit_phase(wrapped, batches, 10, QuantizeAware(epochs=2, rate=1e-4), held, None)
    assert [one.kept for one in epochs] == [True, False]
    assert copy.train_tf_function.experimental_get_tracing_count() == 1, "the graph of a step was made twice"
    assert epochs[1].validation_accuracy < epochs[0].validation_accuracy - 20
    right = copy.predict(model_input(digits.images), verbose=0).argmax(1) == digits.labels
    assert 100 * right.mean() == pytest.approx(epochs[0].validation_accuracy, abs=1e-3)


def test_settings_say_the_budget(made):
    settings = json.loads(json.dumps(made["pruned-int8"].settings))
    assert settings["tuning"]["phases"][0]["sparsity"] == 0.6
    assert settings["tuning"]["epochs"] == 2
    assert (settings["seed"], settings["calibration"]) == (0, 100)


@pytest.fixture(scope="module")
def again(made, network, split):
    """A recipe carried out a second time, on a split that hides its test digits, with what was told meanwhile."""
    told = []
    before = [weight.copy() for weight in network.get_weights()]
    second = make(
        network,
        short("clustered-int8"),
        replace(split, test=None),
        calibration=100,
        progress=lambda *now: told.append(now),
    )
    return second, told, before


def test_same_seed_gives_the_same_bytes_and_test_digits_are_not_looked_at(again, made):
    assert again[0].content == made["clustered-int8"].content


def test_progress_is_told(again):
    first, *told = again[1]
    history = again[0].history
    assert first == ("fine-tune", 1, 1, f"on {again[0].settings['tuned_on']}")
    assert told[-2:] == [("convert", 0, 1), ("convert", 1, 1)]
    ends = [(now[0], now[3]) for now in told if len(now) == 4]
    assert ends == [
        (f"cluster epoch {one.epoch}/1", f"validation accuracy {one.validation_accuracy:.2f} %") for one in history
    ]
    assert ("cluster epoch 1/1", 0, 22) in told


def test_float_network_stays_as_it_is(again, network):
    assert all((old == new).all() for old, new in zip(again[2], network.get_weights()))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("zoo", [name for name in NETWORKS if name != "fakebank-resnet50"])
def test_every_network_of_the_zoo_can_be_tuned(zoo, name, split, tmp_path):
    """About ten minutes: untrained networks, an epoch of a few digits for each phase."""
    phases = tuple(replace(phase, epochs=1) for phase in recipe_named(name).tuning.phases)
    recipe = replace(recipe_named(name), tuning=replace(recipe_named(name).tuning, phases=phases, batch_size=64))
    few = replace(split, train=split.train.take(np.arange(256)))
    path = tmp_path / "model.tflite"
    path.write_bytes(make(build(zoo), recipe, few, calibration=20).content)
    check_form(path, recipe)
    keras.backend.clear_session()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_gives_the_same_bytes_again(made, network, split, name):
    assert make(network, short(name), split, calibration=100).content == made[name].content


def test_tuning_prints_nothing(network, split, capfd):
    tuning = Tuning((QuantizeAware(1, 1e-3, keep_clusters=True),))
    tune(network, tuning, split)
    assert capfd.readouterr() == ("", "")


def small(*middle) -> keras.Model:
    keras.utils.set_random_seed(0)
    end = [keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    return keras.Sequential([keras.Input((28, 28, 1)), *middle, *end])


@pytest.mark.parametrize("name", ["pruned-int8", "pruned-2x4-int8", "clustered-int8", "pruned-clustered-qat-int8"])
def test_network_without_a_large_layer_is_refused(split, name):
    tiny = small(keras.layers.Conv2D(4, 3, strides=2), keras.layers.AveragePooling2D(6))
    with pytest.raises(EdgedigitsError, match=r"no convolution or dense layer of sequential.* has 512 weights"):
        make(tiny, short(name), split, calibration=20)


def test_clustering_asks_for_as_many_weights_as_clusters(split):
    tuning = Tuning((Cluster(1, 1e-3, 2000),), least_weights=1)
    with pytest.raises(EdgedigitsError, match="has 2000 weights"):
        tune(small(keras.layers.AveragePooling2D(4)), tuning, split)


@pytest.mark.parametrize(
    ("layer", "says"),
    [
        (keras.layers.ELU(name="odd"), r"does not know the layer odd \(ELU\)"),
        (keras.layers.Conv2D(2, 3, activation="selu", name="odd"), r"cannot be trained quantization-aware"),
        (keras.Sequential([keras.layers.ELU(name="odd")], name="inner"), r"does not know the layer inner_odd \(ELU\)"),
    ],
)
def test_layer_that_quantization_aware_training_does_not_know_is_named(split, layer, says):
    with pytest.raises(EdgedigitsError, match=says):
        make(small(layer), short("qat-int8"), split, calibration=20)


def test_layers_that_rescale_or_move_the_input_are_left_out_of_fine_tuning(split):
    """A user's network that takes 0 to 255 and moves digits itself: what is tuned is fed what the layer would give."""
    layers = keras.layers
    network = small(layers.Rescaling(1 / 255), layers.RandomRotation(0.1), layers.Conv2D(4, 3, activation="relu"))
    made = make(network, short("qat-int8"), split, calibration=20, contract=replace(OUR_CONTRACT, range="0..255"))
    assert made.contract == OUR_CONTRACT


def test_what_the_pipeline_feeds_is_what_the_contract_says(split):
    """The graph's own preparation of digits, which are neither moved nor mixed, against the one of everybody else."""
    still = replace(short("qat-int8").tuning, rotation=0.0, shear=0.0, zoom=0.0, shift=0.0, truth=1.0, batch_size=8)
    digits = split.train.take(np.arange(8))
    contracts = [
        InputContract(shape, name, polarity)
        for shape in ((28, 28, 1), (28, 28), (784,), (32, 32, 3), (56, 56, 1), (14, 14))
        for name in RANGES
        for polarity in ("bright", "dark")
    ]
    for contract in contracts:
        batches, steps = tuning_batches(lambda fed, training: tf.zeros((8, 10)), digits, still, 1, (0,), contract)
        assert steps == 1
        fed, truth = next(iter(batches))
        order = [int(np.flatnonzero(digits.labels == label)[0]) for label in truth.numpy().argmax(1)]
        expected = np.sort(contract.values(digits.images).reshape(8, -1), axis=0)
        width = float(np.ptp(contract.levels()))
        assert len(order) == 8
        assert np.abs(np.sort(fed.numpy().reshape(8, -1), axis=0) - expected).max() <= 0.01 * width, contract


def test_pooling_and_separate_activations_can_be_quantization_aware(split, tmp_path):
    layers = keras.layers
    middle = layers.Conv2D(4, 3), layers.BatchNormalization(), layers.Activation("relu"), layers.AveragePooling2D()
    network = small(*middle, layers.MaxPooling2D(), layers.Dropout(0.2))
    scores = layers.Softmax()(layers.Dense(10)(network.layers[-2].output))
    path = tmp_path / "model.tflite"
    path.write_bytes(make(keras.Model(network.input, scores), short("qat-int8"), split, calibration=20).content)
    assert len(check_form(path, short("qat-int8")).found["rounded_in_training"]) == 2


def test_network_that_gives_no_numbers_is_refused(split):
    broken = small(keras.layers.AveragePooling2D(4))
    kernel, bias = broken.layers[-1].get_weights()
    broken.layers[-1].set_weights([kernel * np.nan, bias])
    with pytest.raises(EdgedigitsError, match="the loss is nan after epoch 1 of quantize-aware"):
        tune(broken, short("qat-int8").tuning, split)
