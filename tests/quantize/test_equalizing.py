"""Channels scaled to one size: the network computes the same, and its weights share values better."""

import numpy as np
import pytest

from edgedigits.core.digit import model_input
from edgedigits.core.keras.backend import keras
from edgedigits.quantize.tuning.codebook import best_values
from edgedigits.quantize.tuning.equalizing import equalized
from edgedigits.quantize.tuning.folding import as_it_infers
from edgedigits.quantize.tuning.wrapped import kernel_of

layers = keras.layers


def uneven(network):
    """The same network after a training of which channels came out of very different size."""
    draw = np.random.default_rng(0)
    for layer in network.layers:
        if layer.weights:
            kernel, *bias = layer.get_weights()
            kernel = draw.normal(0, kernel.std(), kernel.shape).astype(np.float32)
            by_channel = (-1, 1) if isinstance(layer, layers.DepthwiseConv2D) else (-1,)
            layer.set_weights(
                [kernel * np.exp(draw.normal(0, 1.5, kernel.shape[-len(by_channel)])).reshape(by_channel), *bias]
            )
    return network


def chain():
    return uneven(
        keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                layers.Conv2D(6, 3, strides=2, activation="relu"),
                layers.DepthwiseConv2D(3, activation="relu"),
                layers.Conv2D(8, 1, activation="relu", use_bias=False),
                layers.MaxPooling2D(),
                layers.Conv2D(12, 3, padding="same", activation="relu"),
                layers.GlobalAveragePooling2D(),
                layers.Dense(10, activation="softmax"),
            ]
        )
    )


def branched():
    """An addition, a ReLU that ends at 6 and a flattening pass no factors on."""
    given = keras.Input((28, 28, 1))
    first = layers.Conv2D(4, 3, strides=2, activation="relu")(given)
    second = layers.Conv2D(4, 3, padding="same", activation="relu")(first)
    added = layers.Conv2D(6, 3, activation="linear")(layers.Add()([first, second]))
    ended = layers.Conv2D(5, 3)(layers.ReLU(6.0)(added))
    return uneven(keras.Model(given, layers.Dense(10, activation="softmax")(layers.Flatten()(ended))))


@pytest.mark.parametrize("build", [chain, branched])
def test_the_network_computes_the_same(build, split):
    network = build()
    before = [weight.copy() for weight in network.get_weights()]
    even = equalized(network)
    digits = model_input(split.test.images[:50])
    np.testing.assert_allclose(even.predict(digits, verbose=0), network.predict(digits, verbose=0), atol=1e-4)
    for weight, kept in zip(network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, kept)


def test_sixteen_values_fit_better():
    """What sharing values costs the channels of each layer, of all the weights that a channel has."""

    def misfit(layer):
        kernel = kernel_of(layer).numpy()
        values = best_values(kernel, 16)
        nearest = values[np.abs(kernel[..., None] - values).argmin(axis=-1)]
        others = tuple(
            one for one in range(kernel.ndim) if one != kernel.ndim - (2 if "depthwise" in layer.name else 1)
        )
        return np.mean(
            np.sqrt(np.mean(np.square(kernel - nearest), axis=others) / np.mean(np.square(kernel), axis=others))
        )

    network = as_it_infers(chain())
    even = equalized(network)
    shares = [misfit(even.layers[place]) / misfit(network.layers[place]) for place in (1, 2, 3, 5)]
    assert np.mean(shares) < 0.85, shares


def test_a_channel_without_weights_stays_without():
    network = chain()
    first = network.layers[0]
    kernel, bias = first.get_weights()
    kernel[..., 2] = 0
    first.set_weights([kernel, bias])
    even = equalized(network)
    assert all(np.isfinite(weight).all() for weight in even.get_weights())
    np.testing.assert_array_equal(even.layers[0].get_weights()[0][..., 2], 0)
