"""The checks after conversion, each against a model that fails it, and the traps that they were made for."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from edgedigits.core.digit import model_input
from edgedigits.core.errors import EdgedigitsError
from edgedigits.quantize import RECIPES, check_int8, convert, recipe_named
from tests.quantize.conftest import small_network


def converted(network, samples, *, doors=tf.int8, batch: int | None = 1) -> bytes:
    """Convert as a careless user would."""
    function = tf.function(lambda digit: network(digit, training=False))
    signature = tf.TensorSpec((batch, 28, 28, 1), tf.float32)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function(signature)], network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample] for sample in samples)
    converter.inference_input_type = converter.inference_output_type = doors
    return converter.convert()


@pytest.fixture(scope="module")
def samples(split):
    return [model_input(split.train.images[i : i + 1]) for i in range(30)]


def check(content: bytes, tmp_path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    check_int8(path)


def test_right_model_passes(network, samples, tmp_path):
    check(converted(network, samples), tmp_path)


def test_representative_dataset_of_0_to_255_is_caught(network, samples, tmp_path):
    with pytest.raises(EdgedigitsError, match=r"calibrated with inputs of 0 to 255.*0 to 1"):
        check(converted(network, [255 * sample for sample in samples]), tmp_path)


def test_empty_representative_dataset_is_refused(network):
    with pytest.raises(EdgedigitsError, match="representative dataset is empty"):
        convert(network, np.zeros((0, 28, 28), np.uint8), recipe_named("int8"))


def test_blank_representative_dataset_is_caught(network, samples, tmp_path):
    with pytest.raises(EdgedigitsError, match=r"scale of zero|calibrated with inputs"):
        check(converted(network, [0 * sample for sample in samples]), tmp_path)


def test_model_with_float_doors_is_caught(network, samples, tmp_path):
    with pytest.raises(EdgedigitsError, match="takes or gives FLOAT32"):
        check(converted(network, samples, doors=tf.float32), tmp_path)


def test_float_model_is_caught(network, tmp_path):
    content = tf.lite.TFLiteConverter.from_keras_model(network).convert()
    with pytest.raises(EdgedigitsError, match="takes or gives FLOAT32"):
        check(content, tmp_path)


def test_truncated_model_is_caught(network, samples, tmp_path):
    with pytest.raises(EdgedigitsError, match=r"cut short|not a TFLite"):
        check(converted(network, samples)[:600], tmp_path)


def test_conversion_has_batch_one_and_no_shape_operators(network, split, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(convert(network, split.train.images[:50], recipe_named("int8")))
    names = {operator.name for operator in check_int8(path).operators}
    assert names == {"CONV_2D", "DEPTHWISE_CONV_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"}


def test_operator_without_int8_form_is_named(split):
    import tf_keras as keras

    inner = small_network()
    values = keras.layers.Lambda(tf.math.erf)(inner.layers[-2].output)
    scores = keras.layers.Dense(10, activation="softmax")(values)
    network = keras.Model(inner.input, scores)
    with pytest.raises(EdgedigitsError, match=r"no int8 form \(Erf\)"):
        convert(network, split.train.images[:20], recipe_named("int8"))


@pytest.mark.parametrize("name", RECIPES)
def test_recipe_is_what_its_name_says(network, split, tmp_path, name):
    path = tmp_path / "model.tflite"
    path.write_bytes(convert(network, split.train.images[:50], recipe_named(name)))
    dense = [len(t.scales) for t in check_int8(path).tensors if len(t.shape) == 2 and t.shape[0] == 10]
    assert dense == [10 if RECIPES[name].dense_per_channel else 1]
