"""The checks after conversion, each against a model that fails it, and the traps that they were made for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from edgedigits.core.contract.contract import InputContract
from edgedigits.core.digit import model_input
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.file import read_tflite
from edgedigits.quantize import RECIPES, check_int8, conversion, convert, recipe_named
from edgedigits.quantize.checks import FORMS
from edgedigits.quantize.conversion import integer_converter
from edgedigits.quantize.making import check_form
from edgedigits.quantize.noise import calibrated, layer_noise, with_float_layers
from edgedigits.quantize.weights import read_weights
from tests.quantize.conftest import small_network


def converted(network, samples, *, ends=tf.int8, batch: int | None = 1) -> bytes:
    """Convert as a careless user would."""
    function = tf.function(lambda digit: network(digit, training=False))
    signature = tf.TensorSpec((batch, 28, 28, 1), tf.float32)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function(signature)], network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample] for sample in samples)
    converter.inference_input_type = converter.inference_output_type = ends
    return converter.convert()


@pytest.fixture(scope="module")
def samples(split):
    return [model_input(split.train.images[i : i + 1]) for i in range(30)]


def check(content: bytes, tmp_path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    check_int8(str(path))


def test_right_model_passes(network, samples, tmp_path):
    check(converted(network, samples), tmp_path)


def test_representative_dataset_of_0_to_255_is_caught(network, samples, tmp_path):
    with pytest.raises(EdgedigitsError, match=r"calibrated with inputs of 0 to 255.*0 to 1"):
        check(converted(network, [255 * sample for sample in samples]), tmp_path)


@pytest.mark.parametrize("form", ["float32", "int8", "int16x8"])
def test_the_bytes_are_those_of_the_whole_network_handed_to_the_converter(network, split, form, monkeypatch):
    """It is handed the variables alone, as saving a network makes graphs of each of its layers that nobody looks at."""
    digits, recipe = split.train.images[:20], recipe_named(form)
    ours = convert(network, digits, recipe)
    monkeypatch.setattr(conversion, "_what_it_uses", lambda _concrete, model: model)
    assert convert(network, digits, recipe) == ours


def test_empty_representative_dataset_is_refused(network):
    with pytest.raises(EdgedigitsError, match="representative dataset is empty"):
        convert(network, np.zeros((0, 28, 28), np.uint8), recipe_named("int8"))


def test_blank_representative_dataset_is_caught(network, samples, tmp_path):
    with pytest.raises(EdgedigitsError, match=r"scale of zero|calibrated with inputs"):
        check(converted(network, [0 * sample for sample in samples]), tmp_path)


def test_model_with_float_doors_is_caught(network, samples, tmp_path):
    with pytest.raises(EdgedigitsError, match="takes or gives FLOAT32"):
        check(converted(network, samples, ends=tf.float32), tmp_path)


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


POST_TRAINING = [name for name, recipe in RECIPES.items() if not recipe.trains]


@pytest.fixture(scope="module")
def forms(network, split, tmp_path_factory) -> dict[str, Path]:
    """The network by every recipe that does not train."""
    folder = tmp_path_factory.mktemp("forms")
    paths = {name: folder / f"model.{name}.tflite" for name in POST_TRAINING}
    for name, path in paths.items():
        path.write_bytes(convert(network, split.train.images[:50], recipe_named(name)))
    return paths


@pytest.mark.parametrize("name", POST_TRAINING)
def test_recipe_is_what_its_name_says(forms, name, network):
    found = check_form(forms[name], recipe_named(name)).found
    assert list(found["weights"]) == [layer.name for layer in network.layers if layer.weights]
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("name", POST_TRAINING)
@pytest.mark.parametrize("other", POST_TRAINING)
def test_recipe_is_not_what_another_name_says(forms, name, other):
    if name != other:
        with pytest.raises(EdgedigitsError):
            check_form(forms[other], recipe_named(name))


@pytest.mark.parametrize("name", POST_TRAINING)
def test_every_form_reads_as_the_network_does(forms, split, network, name):
    interpreter = tf.lite.Interpreter(str(forms[name]))
    interpreter.allocate_tensors()
    source, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    read = []
    for digit in model_input(split.test.images[:60]):
        scale, zero_point = source["quantization"]
        values = digit if not scale else np.round(digit / scale) + zero_point
        interpreter.set_tensor(source["index"], values[np.newaxis].astype(source["dtype"]))
        interpreter.invoke()
        read.append(interpreter.get_tensor(result["index"])[0].argmax())
    before = network.predict(model_input(split.test.images[:60]), verbose=0).argmax(1)
    assert (np.array(read) == before).mean() > 0.95


@pytest.mark.parametrize(("name", "dense"), [("int8", 10), ("int8-dense-per-tensor", 1)])
def test_scales_are_those_of_the_channels(forms, name, dense):
    found = check_form(forms[name], recipe_named(name)).found
    assert list(found["scales"].values()) == [8, 8, 24, dense]


def test_int16_input_of_0_to_255_is_caught(network, samples, tmp_path):
    path = tmp_path / "model.tflite"
    recipe = recipe_named("int16x8")
    converter = integer_converter(network, np.zeros((1, 28, 28), np.uint8), recipe)
    converter.representative_dataset = lambda: ([255 * sample] for sample in samples)
    path.write_bytes(converter.convert())
    with pytest.raises(EdgedigitsError, match=r"calibrated with inputs of .* to 255"):
        check_form(path, recipe)


def test_dynamic_range_leaves_a_network_without_large_layers_float(split, tmp_path):
    import tf_keras as keras

    tiny = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.AveragePooling2D(4),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    path = tmp_path / "model.tflite"
    path.write_bytes(convert(tiny, split.train.images[:20], recipe_named("dynamic")))
    with pytest.raises(EdgedigitsError, match=r"no layer of model.tflite has 1,024 weights.*take float16 or int8"):
        check_form(path, recipe_named("dynamic"))


def with_useless_outliers(seed: int = 3):
    """A network whose third layer has, for an input that is always 0, weights that rob the others of int8 steps."""
    network = small_network(seed=seed)
    _, before, layer = network.layers[:3]
    kernel, bias = before.get_weights()
    before.set_weights([kernel, bias - 1000 * np.eye(8)[0]])
    kernel, bias = layer.get_weights()
    kernel[:, :, 0] = 40.0
    layer.set_weights([kernel, bias])
    return network


def test_selective_spares_the_layer_that_int8_spoils(split, tmp_path):
    network = with_useless_outliers()
    path = tmp_path / "model.tflite"
    path.write_bytes(convert(network, split.train.images[:100], recipe_named("int8-selective")))
    found = check_form(path, recipe_named("int8-selective")).found
    assert found["float_layers"] == [network.layers[2].name]
    assert list(found["weights"].values()).count("INT8") == 3


def test_selective_with_more_float_layers_than_it_says_is_caught(network, split, tmp_path):
    path = tmp_path / "model.tflite"
    recipe = recipe_named("int8-selective")
    path.write_bytes(convert(network, split.train.images[:50], replace(recipe, float_layers=2)))
    assert len(check_form(path, replace(recipe, float_layers=2)).found["float_layers"]) == 2
    with pytest.raises(EdgedigitsError, match="computes 2 layers in float, not 1"):
        check_form(path, recipe)


def test_selective_with_a_float_tensor_elsewhere_is_caught(split, tmp_path):
    import tf_keras as keras

    layers = keras.layers
    middle = layers.Conv2D(4, 3, activation="relu"), layers.GlobalAveragePooling2D()
    network = keras.Sequential([keras.Input((28, 28, 1)), *middle, layers.Dense(10, activation="softmax")])
    recipe, digits = recipe_named("int8-selective"), split.train.images[:50]
    ranges = calibrated(integer_converter(network, digits, recipe))
    noise = layer_noise(ranges, model_input(digits))
    path = tmp_path / "model.tflite"
    path.write_bytes(with_float_layers(ranges, noise[:2]))
    assert [one.operator for one in noise[:2]] == ["CONV_2D", "MEAN"]
    with pytest.raises(EdgedigitsError, match=r"still has \d+ float tensors"):
        check_form(path, recipe)


def test_int16x8_with_an_operator_that_stays_float_is_caught(split, tmp_path):
    import tf_keras as keras

    inner = small_network()
    values = keras.layers.Lambda(tf.math.sin)(inner.layers[-2].output)
    network = keras.Model(inner.input, keras.layers.Dense(10, activation="softmax")(values))
    converter = integer_converter(network, split.train.images[:20], recipe_named("int16x8"))
    converter.target_spec.supported_ops += [tf.lite.OpsSet.TFLITE_BUILTINS]
    path = tmp_path / "model.tflite"
    path.write_bytes(converter.convert())
    with pytest.raises(EdgedigitsError, match=r"still has \d+ float tensors: it computes in floats in SIN;"):
        check_form(path, recipe_named("int16x8"))


def test_int16x8_that_computes_in_int8_is_caught(forms):
    content = read_tflite(forms["int16x8"])
    ends = (*content.inputs, *content.outputs)
    tensors = tuple(
        replace(one, type="INT8") if one.type == "INT16" and one not in ends else one for one in content.tensors
    )
    with pytest.raises(EdgedigitsError, match="computes in int8"):
        FORMS["int16x8"](
            forms["int16x8"],
            replace(content, tensors=tensors),
            read_weights(forms["int16x8"]),
            recipe_named("int16x8"),
        )


@pytest.mark.parametrize("name", ["float32", "int8"])
def test_batch_of_two_is_caught(network, tmp_path, name):
    function = tf.function(lambda digit: network(digit, training=False))
    signature = tf.TensorSpec((2, 28, 28, 1), tf.float32)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function(signature)], network)
    path = tmp_path / "model.tflite"
    path.write_bytes(converter.convert())
    with pytest.raises(EdgedigitsError, match="has a batch of"):
        check_form(path, recipe_named(name))


def test_same_network_and_recipe_give_the_same_bytes(network, split):
    recipe = recipe_named("int8-selective")
    assert convert(network, split.train.images[:50], recipe) == convert(network, split.train.images[:50], recipe)


def test_converter_prints_nothing(network, split, capfd):
    convert(network, split.train.images[:20], recipe_named("int8-selective"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("layer", ["GRU", "SimpleRNN"])
def test_a_network_with_loops_is_refused_by_its_layers_names(split, layer):
    """TensorFlow's calibration ends with a segmentation fault there, without a word."""
    import tf_keras as keras

    loop = getattr(keras.layers, layer)(4, name="over_rows")
    network = keras.Sequential([keras.Input((28, 28)), loop, keras.layers.Dense(10, "softmax")])
    contract = InputContract((28, 28))
    with pytest.raises(EdgedigitsError, match=r"has loops \(the layers over_rows\), .* int8; take --recipe float16"):
        convert(network, split.train.images[:3], recipe_named("int8"), contract)
    assert convert(network, split.train.images[:3], recipe_named("float16"), contract)[4:8] == b"TFL3"


def test_an_lstm_is_no_loop_to_the_converter(split):
    import tf_keras as keras

    network = keras.Sequential([keras.Input((28, 28)), keras.layers.LSTM(4), keras.layers.Dense(10, "softmax")])
    content = convert(network, split.train.images[:3], recipe_named("int8"), InputContract((28, 28)))
    assert content[4:8] == b"TFL3"
