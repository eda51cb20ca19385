"""Weights that share a trained codebook: which values, and which weight has which."""

from dataclasses import replace

import numpy as np
import pytest

from edgedigits.core.digit import model_input
from edgedigits.core.keras.backend import keras
from edgedigits.quantize.making import make
from edgedigits.quantize.recipes import recipe_named
from edgedigits.quantize.tuning.codebook import CommonValues, best_values, settle
from edgedigits.quantize.tuning.folding import as_it_infers
from edgedigits.quantize.weights import read_weights

TUNING = recipe_named("codebook-int8").tuning


@pytest.fixture
def wrapped(network, split):
    digits = model_input(split.train.images[:100])
    return TUNING.phases[0].prepare(as_it_infers(network), TUNING, 1, digits).model


def test_values_fit_better_than_evenly_spaced_ones():
    weights = np.random.default_rng(0).standard_normal((8, 50)).astype(np.float32)
    even = np.linspace(weights.min(), weights.max(), 16)

    def error(values):
        return np.mean(np.abs(weights[..., None] - values).min(axis=-1) ** 2)

    found = best_values(weights, 16)
    assert (found.shape, found.dtype) == ((16,), np.float32)
    assert np.all(np.diff(found) >= 0)
    assert error(found) < 0.8 * error(even)


def test_weights_of_fewer_values_than_the_codebook_has_keep_them():
    weights = np.repeat(np.float32([-1, 0, 0.5]), 10)
    found = best_values(weights, 16)
    np.testing.assert_allclose(found[np.abs(found - weights[:, None]).argmin(axis=1)], weights, atol=1e-6)


def test_values_and_places_are_trained(wrapped, split):
    """After some steps a layer has other values, and weights that have left theirs."""
    layer = wrapped.layers[-1]
    images = model_input(split.train.images[:640])
    before = [next(v for v in layer.weights if "kernel_values" in v.name).numpy(), layer.weights[0].numpy()]
    wrapped.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    wrapped.fit(images, split.train.labels[:640], batch_size=64, epochs=2, verbose=0)
    values = next(v for v in layer.weights if "kernel_values" in v.name).numpy()
    assert np.abs(values - before[0]).max() > 1e-3
    kernel = next(v for v in layer.weights if v.name.endswith("kernel:0")).numpy()

    def places(weights, values):
        return np.abs(weights[..., None] - np.sort(values)).argmin(axis=-1)

    assert np.mean(places(kernel, values) != places(kernel, before[0])) > 0.01


def test_settled_weights_keep_their_values_while_these_are_trained(wrapped, split):
    images, labels = model_input(split.train.images[:640]), split.train.labels[:640]

    layers = [layer._weight_vars[0] for layer in wrapped.layers if getattr(layer, "_weight_vars", None)]

    def shared():
        """The weights that each layer computes with."""
        return [quantizer(kernel, False, weights=own).numpy() for kernel, quantizer, own in layers]

    wrapped.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    wrapped.fit(images, labels, batch_size=64, epochs=1, verbose=0)
    before = shared()
    settle(wrapped)
    for one, other in zip(before, shared(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    places = [own["places"].numpy() for _, _, own in layers]
    wrapped.fit(images, labels, batch_size=64, epochs=1, verbose=0)
    for one, other, place in zip(before, shared(), places, strict=True):
        assert np.abs(one - other).max() > 1e-4
        assert all(len(np.unique(other[place == which])) == 1 for which in np.unique(place))


def test_large_layers_have_one_scale_and_small_ones_values_of_their_own(network, split, tmp_path):
    recipe = recipe_named("codebook-int8")
    tuning = replace(recipe.tuning, phases=(replace(recipe.tuning.phases[0], epochs=1),), least_weights=100)
    content = make(network, replace(recipe, tuning=tuning), split).content
    (tmp_path / "model.tflite").write_bytes(content)
    for layer in read_weights(tmp_path / "model.tflite"):
        large = layer.values.size >= 100
        assert (len(layer.tensor.scales) == 1) == large, layer.layer
        assert (len(np.unique(layer.values)) <= 16) == large, layer.layer


def test_depthwise_layers_share_values_too(network, split, tmp_path):
    recipe = recipe_named("codebook-int8")
    tuning = replace(recipe.tuning, phases=(replace(recipe.tuning.phases[0], epochs=1),))
    (tmp_path / "model.tflite").write_bytes(make(network, replace(recipe, tuning=tuning), split).content)
    found = {layer.operator: layer for layer in read_weights(tmp_path / "model.tflite")}["DEPTHWISE_CONV_2D"]
    assert (len(found.tensor.scales), len(np.unique(found.values))) == (1, 16)


def test_layers_share_the_values_of_one_codebook(network, split, tmp_path):
    recipe = recipe_named("one-codebook-int8").with_budget(2, None)
    (tmp_path / "model.tflite").write_bytes(make(network, recipe, split).content)
    layers = read_weights(tmp_path / "model.tflite")
    values = [np.unique(layer.values) for layer in layers]
    assert len(np.unique(np.concatenate(values))) <= 16 < sum(map(len, values))
    assert {len(layer.tensor.scales) for layer in layers} == {1}
    assert len({layer.tensor.scales for layer in layers}) == len(layers)


def test_common_values_fit_layers_of_any_size():
    draw = np.random.default_rng(0)
    kernels = [factor * draw.standard_normal((40, 30)).astype(np.float32) for factor in (0.01, 1, 300)]
    common = CommonValues(kernels, 16)
    factors = [common.factor(kernel) for kernel in kernels]
    np.testing.assert_allclose(np.divide(factors, (0.01, 1, 300)), factors[1], rtol=0.05)
