"""Networks within networks are tuned like any other: what they are made of becomes one row of layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tf_keras as keras

from edgedigits.core.errors import EdgedigitsError
from edgedigits.quantize.making import make
from edgedigits.quantize.recipes import RECIPES
from edgedigits.quantize.tuning.flattening import flattened

layers = keras.layers
DIGITS = np.random.default_rng(0).random((6, 28, 28, 1), np.float32)


def sequence_in_a_sequence():
    moved = keras.Sequential([layers.Rescaling(2.0, -1.0), layers.RandomRotation(0.1)])
    base = keras.Sequential([layers.Conv2D(4, 3, strides=2), layers.BatchNormalization(), layers.ReLU()])
    inner = keras.Sequential([base, layers.MaxPooling2D()])
    return keras.Sequential([keras.Input((28, 28, 1)), moved, inner, layers.Flatten(), layers.Dense(10, "softmax")])


def network_that_is_used_twice():
    source = keras.Input((28, 28, 1))
    base = keras.Model(source, layers.ReLU()(layers.Conv2D(4, 3, padding="same", name="same")(source)))
    outer = keras.Input((28, 28, 1))
    once = layers.Conv2D(1, 1, name="same")(base(outer))
    both = layers.Concatenate()([base(once), base(outer)])
    return keras.Model(outer, layers.Dense(10, "softmax")(layers.GlobalAveragePooling2D()(both)))


def two_ends_inside():
    source = keras.Input((28, 28, 1))
    flat = layers.Flatten()(source)
    base = keras.Model(source, [layers.Dense(8, "relu")(flat), layers.Dense(8, "relu")(flat)])
    outer = keras.Input((28, 28, 1))
    left, right = base(outer)
    return keras.Model(outer, layers.Dense(10, "softmax")(layers.Add()([left, right])))


@pytest.mark.parametrize("build", [sequence_in_a_sequence, network_that_is_used_twice, two_ends_inside])
def test_a_network_without_networks_in_it_computes_the_same(build):
    keras.utils.set_random_seed(1)
    model = build()
    flat = flattened(model)
    assert not [layer for layer in flat.layers if isinstance(layer, keras.Model)]
    np.testing.assert_allclose(flat(DIGITS, training=False), model(DIGITS, training=False), atol=1e-6)
    assert len({layer.name for layer in flat.layers}) == len(flat.layers)
    assert flat.count_params() == model.count_params()


def test_a_network_without_others_in_it_stays_as_it_is():
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10)])
    assert flattened(model) is model


@pytest.mark.parametrize("recipe", ["qat-int8", "pruned-int8"])
def test_it_is_tuned(recipe, split):
    few = replace(split, train=split.train.take(range(60)), validation=split.validation.take(range(30)))
    made = make(sequence_in_a_sequence(), RECIPES[recipe], few, calibration=20)
    assert made.history
    assert made.contract.range == "-1..1"


def test_a_network_with_code_is_refused_by_the_layers_name(split):
    inner = keras.Sequential([layers.Lambda(lambda values: values * 2, name="twice"), layers.Flatten()])
    model = keras.Sequential([keras.Input((28, 28, 1)), inner, layers.Dense(10, "softmax")])
    with pytest.raises(EdgedigitsError, match=r"has Lambda layers, which cannot be fine-tuned: twice; take .* int8"):
        make(model, RECIPES["qat-int8"], split, calibration=20)
