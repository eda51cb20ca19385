"""The noise that int8 adds layer by layer, held against the definition, and the files of the study."""

from __future__ import annotations

import csv
import json
import shutil

import cv2
import numpy as np
import pytest
import tensorflow as tf

from edgedigits.core.digit import model_input
from edgedigits.core.errors import EdgedigitsError
from edgedigits.quantize.conversion import convert
from edgedigits.quantize.recipes import recipe_named
from edgedigits.quantize.studies import study_layer_error, write_layer_errors
from tests.quantize.test_conversion import with_useless_outliers


@pytest.fixture(scope="module")
def study(trained):
    return study_layer_error(str(trained), digits=100)


def test_every_layer_that_adds_noise_has_a_row_with_its_keras_name(study, network):
    names = [layer.name for layer in network.layers if layer.weights]
    assert [layer.layer for layer in study.layers] == [*names, "output"]
    assert study.kinds == (
        *("Conv2D 3x3, 1 to 8", "DepthwiseConv2D 3x3, 8", "Conv2D 1x1, 8 to 24", "Dense 864 to 10", "SOFTMAX"),
    )
    assert study.digits == 100


def test_ratio_of_the_first_layer_is_that_of_the_definition(study, network, split):
    """The first layer's input has no noise: its int8 output can be compared with float directly."""
    from edgedigits.core.datasets import stratified_sample

    drawn = stratified_sample(split.validation.labels, 100, 0)
    digits = model_input(split.validation.images[drawn])
    calibration = split.train.images[stratified_sample(split.train.labels, study.calibration, 0)]
    content = convert(network, calibration, recipe_named("int8"))
    interpreter = tf.lite.Interpreter(model_content=content, experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    places = [one for one in interpreter.get_tensor_details() if tuple(one["shape"]) == (1, 13, 13, 8)]
    scale, zero_point = places[0]["quantization"]
    errors, values = [], network.layers[0](digits).numpy()
    for digit, value in zip(digits, values):
        steps = (np.round(digit * 255) - 128).astype(np.int8)
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], steps[np.newaxis])
        interpreter.invoke()
        given = interpreter.get_tensor(places[0]["index"])[0].astype(np.float32)
        errors.append(value - (given - zero_point) * scale)
    ratio = 10 * np.log10(np.square(values).mean() / np.square(errors).mean())
    assert study.layers[0].snr_db == pytest.approx(ratio, abs=0.5)
    assert study.layers[0].scale == pytest.approx(scale, rel=1e-3)
    assert study.layers[0].rmse_steps == pytest.approx(study.layers[0].rmse / scale, rel=1e-3)


def test_good_layers_add_hardly_more_than_rounding(study):
    assert all(0.05 < layer.rmse_steps < 1 for layer in study.layers)
    assert all(layer.snr_db > 30 for layer in study.layers)


def test_layer_that_int8_spoils_is_named(split, tmp_path):
    network = with_useless_outliers()
    network.save(tmp_path / "model.keras")
    study = study_layer_error(tmp_path / "model.keras", dataset="optdigits", digits=50)
    assert study.noisiest.layer == network.layers[2].name
    assert study.noisiest.snr_db < 15
    assert min(layer.snr_db for layer in study.layers if layer != study.noisiest) > 20


def test_files_say_the_same(study, tmp_path):
    paths = write_layer_errors(study, str(tmp_path / "out"))
    content = json.loads(paths[0].read_text())
    with paths[1].open() as file:
        rows = list(csv.DictReader(file))
    assert [row["layer"] for row in rows] == [row["layer"] for row in content["layers"]]
    assert [float(row["snr_db"]) for row in rows] == [layer.snr_db for layer in study.layers]
    assert content["noisiest"] == study.noisiest.layer
    assert cv2.imread(str(paths[2])).shape[1] > 1000


def test_same_study_gives_the_same_picture(study, tmp_path):
    first, second = (write_layer_errors(study, tmp_path / name)[2] for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_folder_is_not_overwritten_without_force(study, tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(EdgedigitsError, match="--force"):
        write_layer_errors(study, tmp_path)


def test_no_digits_to_measure_on_are_refused(trained):
    with pytest.raises(EdgedigitsError, match="0 digits cannot be drawn"):
        study_layer_error(trained, digits=0)


def test_network_without_int8_form_is_refused(tmp_path):
    import tf_keras as keras

    inputs = keras.Input((28, 28, 1))
    values = keras.layers.Flatten()(tf.math.erf(inputs))
    keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(values)).save(tmp_path / "model.keras")
    with pytest.raises(EdgedigitsError, match=r"no int8 form"):
        study_layer_error(tmp_path / "model.keras", dataset="optdigits")


def test_a_missing_model_is_refused(trained, tmp_path):
    shutil.copytree(trained.parent, tmp_path / "copy")
    (tmp_path / "copy" / "model.keras").unlink()
    with pytest.raises(EdgedigitsError, match=r"no model at|missing"):
        study_layer_error(tmp_path / "copy" / "model.keras")
