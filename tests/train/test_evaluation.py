"""Judging ``.keras`` files, and refusing those that are none."""

import json
import shutil
import zipfile

import numpy as np
import pytest

from edgedigits.core.cards import Card, write_card
from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.core.keras.backend import keras
from edgedigits.core.keras.models import load_keras
from edgedigits.train import build, evaluate_keras


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    build("nano").save(path, save_format="keras")
    return path


@pytest.fixture
def copy(model_file, tmp_path):
    return shutil.copy(model_file, tmp_path / "model.keras")


@pytest.fixture(scope="module")
def digits():
    return split_dataset(load_dataset("optdigits")).test


def test_a_model_is_judged_class_by_class(copy, digits):
    metrics = evaluate_keras(copy, digits)
    assert metrics.count == len(digits)
    assert sum(map(sum, metrics.confusion)) == len(digits)
    assert [figures.digit for figures in metrics.classes] == list(range(10))


def test_a_missing_file_is_a_clear_error(tmp_path):
    with pytest.raises(EdgedigitsError, match="no model at"):
        load_keras(tmp_path / "none.keras")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_file_cut_short_is_a_clear_error(copy, share):
    data = copy.read_bytes()
    copy.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(EdgedigitsError, match="cut short"):
        load_keras(copy)


def test_a_flipped_bit_in_the_weights_is_a_clear_error(copy):
    data = bytearray(copy.read_bytes())
    data[len(data) // 2] ^= 1
    copy.write_bytes(data)
    with pytest.raises(EdgedigitsError, match="damaged"):
        load_keras(copy)


def test_a_foreign_file_is_a_clear_error(tmp_path):
    foreign = tmp_path / "model.keras"
    foreign.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(500))
    with pytest.raises(EdgedigitsError, match=r"is an HDF5 file by its content, .*; name it model\.h5"):
        load_keras(foreign)


def test_a_zip_of_something_else_is_a_clear_error(tmp_path):
    foreign = tmp_path / "model.keras"
    with zipfile.ZipFile(foreign, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(EdgedigitsError, match=r"config\.json"):
        load_keras(foreign)


def test_a_model_of_another_keras_is_a_clear_error(copy):
    _rewrite_config(copy, {"module": "keras.src.models.functional", "class_name": "Nothing", "config": {}})
    with pytest.raises(EdgedigitsError, match="cannot load"):
        load_keras(copy)


def _rewrite_config(path, config):
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_a_model_with_code_inside_is_never_run(tmp_path):
    source = keras.Input((28, 28, 1))
    flat = keras.layers.Flatten()(source)
    scores = keras.layers.Lambda(lambda values: values[:, :10], name="first_ten")(flat)
    path = tmp_path / "model.keras"
    keras.Model(source, scores).save(path, save_format="keras")
    with pytest.raises(EdgedigitsError, match=r"holds code, .* the Lambda layer 'first_ten'; add --trust"):
        load_keras(path)


@pytest.mark.parametrize(("shape", "classes"), [((28, 28, 2), 10), ((28, 28, 1), 26), ((40,), 10)])
def test_a_model_that_reads_no_digits_is_a_clear_error(tmp_path, shape, classes):
    source = keras.Input(shape)
    scores = keras.layers.Dense(classes)(keras.layers.Flatten()(source))
    path = tmp_path / "model.keras"
    keras.Model(source, scores).save(path, save_format="keras")
    with pytest.raises(EdgedigitsError, match="a digit model maps"):
        load_keras(path)


def test_a_model_changed_since_its_card_was_written_is_a_clear_error(copy, digits):
    digest = sha256_of(copy)
    card = Card("keras", copy.name, digest, copy.stat().st_size, "nano", 1, {}, 0, {}, {})
    write_card(copy.parent, card)
    assert evaluate_keras(copy, digits).count == len(digits)
    with copy.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(EdgedigitsError, match="its card says"):
        evaluate_keras(copy, digits)


def test_scores_do_not_depend_on_what_else_is_in_the_batch(copy, digits):
    from edgedigits.core.keras.models import keras_scores

    model = load_keras(copy)
    whole, alone = keras_scores(model, digits.images[:20]), keras_scores(model, digits.images[7:8])
    np.testing.assert_allclose(whole[7:8], alone, atol=1e-5)
