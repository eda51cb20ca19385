"""The networks themselves: their parameters, their contract, and what ours promise to microcontrollers."""

from itertools import pairwise

import numpy as np
import pytest

from edgedigits.core.keras.backend import keras, tf
from edgedigits.core.tflite.costs import costs_of
from edgedigits.core.tflite.file import read_tflite
from edgedigits.train.networks.catalogue import NETWORKS
from edgedigits.train.networks.reported import build, multiply_accumulates

OURS = ("nano", "micro", "small", "large")
REPORTED = {
    "vit-cnn": 887_530,
    "vit-cnn-small": 101_098,
    "inf283-cnn": 592_074,
    "fakebank-cnn": 206_922,
    "endsley-park-cnn": 1_199_882,
}


@pytest.fixture(scope="module")
def models():
    keras.backend.clear_session()
    return {name: build(name, pretrained=False) for name in NETWORKS}


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_are_as_listed(models, name):
    assert models[name].count_params() == NETWORKS[name].parameters


@pytest.mark.parametrize("name", REPORTED)
def test_parameters_are_as_reported(name):
    assert NETWORKS[name].parameters == REPORTED[name]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_maps_digits_to_ten_probabilities(models, name):
    scores = np.asarray(models[name](np.random.default_rng(0).random((2, 28, 28, 1), np.float32), training=False))
    assert scores.shape == (2, 10)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)


def test_only_the_head_of_the_resnet_is_trained(models):
    model = models["fakebank-resnet50"]
    trained = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert trained == 2048 * 512 + 512 + 512 * 10 + 10


def test_the_resnet_gets_what_keras_own_preprocessing_makes(models):
    model = models["fakebank-resnet50"]
    digits = np.random.default_rng(1).random((1, 28, 28, 1), np.float32)
    inner = keras.Model(model.input, model.get_layer("caffe_preprocessing").output)
    padded = np.repeat(np.pad(digits, ((0, 0), (2, 2), (2, 2), (0, 0))), 3, axis=3) * 255
    expected = keras.applications.resnet.preprocess_input(padded)
    np.testing.assert_allclose(np.asarray(inner(digits)), expected, atol=1e-3)


def converter_of(model):
    """It saves the variables alone; with the model it would make graphs of each layer, for seconds."""
    function = tf.function(lambda digit: model(digit, training=False))
    concrete = function.get_concrete_function(tf.TensorSpec((1, 28, 28, 1), tf.float32))
    used = tf.Module()
    used.weights = list(concrete.variables)
    return tf.lite.TFLiteConverter.from_concrete_functions([concrete], used)


def _activations(model):
    """Elements of what each convolution gives, in order: after folding, each is one tensor."""
    return [
        int(np.prod(layer.output_shape[1:]))
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D)
    ]


def test_nano_fits_the_memory_of_an_atmega328p(models):
    sizes = [28 * 28, *_activations(models["nano"])]
    assert max(first + second for first, second in pairwise(sizes)) <= 1500
    assert NETWORKS["nano"].parameters < 5000


@pytest.mark.parametrize("name", sorted(set(NETWORKS) - {"fakebank-resnet50"}))
def test_multiply_accumulates_are_those_of_the_converted_network(models, name, tmp_path):
    file = tmp_path / "model.tflite"
    file.write_bytes(converter_of(models[name]).convert())
    assert multiply_accumulates(models[name]) == costs_of(file).macs


@pytest.mark.parametrize("name", OURS)
def test_ours_convert_to_operators_that_microcontrollers_have(models, name, tmp_path):
    converter = converter_of(models[name])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    digits = np.random.default_rng(2).random((4, 1, 28, 28, 1), np.float32)
    converter.representative_dataset = lambda: ([digit] for digit in digits)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    file = tmp_path / "model.tflite"
    file.write_bytes(converter.convert())
    used = {operator.name for operator in read_tflite(file).operators}
    assert used <= {"CONV_2D", "DEPTHWISE_CONV_2D", "MEAN", "AVERAGE_POOL_2D", "FULLY_CONNECTED", "SOFTMAX"}
    assert file.stat().st_size == pytest.approx(
        NETWORKS[name].int8_bytes, rel=0.1
    )  # biases that are still all zero share a buffer
