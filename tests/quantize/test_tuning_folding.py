"""The network as it infers computes what the trained one computes, with nothing left that only training needs."""

from __future__ import annotations

import numpy as np
import pytest
import tf_keras as keras

from edgedigits.core.errors import EdgedigitsError
from edgedigits.quantize.tuning.folding import as_it_infers

layers = keras.layers
DIGITS = np.random.default_rng(0).random((12, 28, 28, 1), np.float32)


def network(*middle, sequential: bool = False) -> keras.Model:
    """A digit network with these layers, whose normalizations have moved away from the identity."""
    keras.utils.set_random_seed(1)
    end = [layers.Flatten(), layers.Dense(10, activation="softmax")]
    if sequential:
        model = keras.Sequential([keras.Input((28, 28, 1)), *middle, *end])
    else:
        inputs = values = keras.Input((28, 28, 1))
        for layer in (*middle, *end):
            values = layer(values)
        model = keras.Model(inputs, values)
    moved(model)
    return model


def moved(model: keras.Model) -> None:
    random = np.random.default_rng(2)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([random.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])


def expect_same(model: keras.Model, kinds: list[str]) -> keras.Model:
    bare = as_it_infers(model)
    assert np.abs(bare(DIGITS, training=False) - model(DIGITS, training=False)).max() < 1e-6
    assert [type(layer).__name__ for layer in bare.layers] == ["InputLayer", *kinds, "Flatten", "Dense"]
    return bare


@pytest.mark.parametrize("sequential", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_convolution_takes_normalization_and_relu(bias, sequential):
    middle = layers.Conv2D(4, 3, strides=2, use_bias=bias), layers.BatchNormalization(), layers.ReLU()
    bare = expect_same(network(*middle, sequential=sequential), ["Conv2D"])
    assert bare.layers[1].activation is keras.activations.relu


def test_normalization_without_scale_and_centre():
    middle = layers.Conv2D(4, 3, strides=2), layers.BatchNormalization(scale=False, center=False)
    expect_same(network(*middle), ["Conv2D"])


def test_depthwise_convolution_with_several_filters_a_channel():
    middle = layers.Conv2D(3, 3), layers.DepthwiseConv2D(3, depth_multiplier=2), layers.BatchNormalization()
    expect_same(network(*middle, layers.Activation("relu")), ["Conv2D", "DepthwiseConv2D"])


def test_dense_layer_takes_normalization():
    middle = layers.Flatten(), layers.Dense(16), layers.BatchNormalization(), layers.ReLU(), layers.Dropout(0.5)
    expect_same(network(*middle), ["Flatten", "Dense"])


def test_dropout_decay_and_noise_are_gone():
    decayed = layers.Conv2D(4, 3, activation="relu", kernel_regularizer="l2")
    middle = decayed, layers.Dropout(0.3), layers.GaussianNoise(0.1), layers.MaxPooling2D()
    bare = expect_same(network(*middle), ["Conv2D", "MaxPooling2D"])
    assert not bare.losses


def test_relu_with_a_ceiling_stays():
    expect_same(network(layers.Conv2D(4, 3), layers.ReLU(6.0)), ["Conv2D", "ReLU"])


def test_normalization_after_the_activation_stays():
    middle = layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization()
    expect_same(network(*middle), ["Conv2D", "BatchNormalization"])


def test_what_another_layer_needs_too_stays():
    inputs = keras.Input((28, 28, 1))
    values = layers.Conv2D(4, 3, padding="same")(inputs)
    values = layers.Add()([values, layers.ReLU()(layers.BatchNormalization()(values))])
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(layers.Flatten()(values)))
    moved(model)
    expect_same(model, ["Conv2D", "BatchNormalization", "ReLU", "Add"])


def test_network_itself_stays_as_it_is():
    model = network(layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU())
    before = [weight.copy() for weight in model.get_weights()]
    bare = as_it_infers(model)
    bare.set_weights([weight + 1 for weight in bare.get_weights()])
    assert all((old == new).all() for old, new in zip(before, model.get_weights()))


def test_network_of_its_own_class_is_refused():
    class Own(keras.Model):
        def call(self, values):
            return values

    with pytest.raises(EdgedigitsError, match="no functional or sequential network"):
        as_it_infers(Own())
