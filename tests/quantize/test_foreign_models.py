"""Float models as people have them: of Keras 2 and 3, in every container; code inside, and damage."""

from __future__ import annotations

import io
import json
import shlex
import shutil
import struct
import subprocess
import sys
import zipfile
from dataclasses import replace

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from edgedigits.cli.main import main
from edgedigits.core.cards import card_of
from edgedigits.core.contract.contract import OUR_CONTRACT
from edgedigits.core.contract.finding import Told
from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.core.keras.backend import keras, tf
from edgedigits.core.keras.function_model import why_function
from edgedigits.core.keras.keras3 import rebuilt
from edgedigits.core.keras.models import load_keras
from edgedigits.core.keras.opening import open_float_model
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.quantize.making import make
from edgedigits.quantize.recipes import RECIPES

BYTES_CONTRACT = replace(OUR_CONTRACT, range="0..255")
WITH_LAMBDA = ("two_lambda.keras", "two_lambda.h5", "two_lambda", "three_lambda.keras", "three_lambda.h5")
WEIGHTS = "variables/variables.data-00000-of-00001"


def _layers(layers):
    return [
        layers.Conv2D(4, 3, strides=2, activation="relu"),
        layers.BatchNormalization(),
        layers.LeakyReLU(),
        layers.MaxPooling2D(),
        layers.Dropout(0.1),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]


def _functional(keras3):
    layers = keras3.layers
    source = keras3.Input((28, 28))
    grown = layers.Reshape((28, 28, 1))(source)
    one = layers.Conv2D(4, 3, padding="same", kernel_regularizer="l2")(grown)
    two = layers.SeparableConv2D(4, 3, padding="same", activation="relu")(grown)
    pooled = layers.GlobalAveragePooling2D()(layers.ReLU(max_value=6.0)(layers.Add()([one, two])))
    return keras3.Model(source, layers.Dense(10)(pooled))


def _without_twin(keras3):
    layers = keras3.layers
    source = keras3.Input((28, 28, 1))
    normal = layers.RMSNormalization()(layers.Flatten()(source))
    return keras3.Model(source, layers.Dense(10, activation="softmax")(normal))


def _with_lambda(of):
    source = of.Input((28, 28, 1))
    flat = of.layers.Flatten()(source)
    twice = of.layers.Lambda(lambda values: values * 2, output_shape=(784,), name="twice")(flat)
    return of.Model(source, of.layers.Dense(10, activation="softmax")(twice))


@pytest.fixture(scope="session")
def digits():
    return np.random.default_rng(3).uniform(0, 1, (4, 28, 28, 1)).astype(np.float32)


@pytest.fixture(scope="session")
def keras3():
    return pytest.importorskip("keras", reason="Keras 3 is not installed")


@pytest.fixture(scope="session")
def files(keras3, digits, tmp_path_factory):
    """A network in every container, with what the Keras that made it says of some digits."""
    folder = tmp_path_factory.mktemp("containers")
    three = keras3.Sequential([keras3.Input((28, 28, 1)), *_layers(keras3.layers)])
    three.save(folder / "three.keras")
    three.save(folder / "three.h5")
    three.export(folder / "three_export", verbose=False)
    without = _without_twin(keras3)
    without.save(folder / "without.keras")
    functional = _functional(keras3)
    functional.save(folder / "functional.keras")
    _with_lambda(keras3).save(folder / "three_lambda.keras")
    _with_lambda(keras3).save(folder / "three_lambda.h5")
    two = keras.Sequential([keras.Input((28, 28, 1)), *_layers(keras.layers)])
    two.save(folder / "two.keras", save_format="keras")
    two.save(folder / "two.h5", save_format="h5")
    two.save(folder / "two_saved", save_format="tf")
    two_lambda = _with_lambda(keras)
    two_lambda.save(folder / "two_lambda.keras", save_format="keras")
    two_lambda.save(folder / "two_lambda.h5", save_format="h5")
    two_lambda.save(folder / "two_lambda", save_format="tf")
    single = tf.Module()
    single.kernel = tf.Variable(np.random.default_rng(1).normal(size=(784, 10)).astype(np.float32))
    signature = tf.TensorSpec((1, 28, 28, 1), tf.float32, name="digit")
    single.run = tf.function(lambda digit: tf.nn.softmax(tf.reshape(digit, (-1, 784)) @ single.kernel), [signature])
    tf.saved_model.save(single, str(folder / "single"), signatures=single.run)
    scores = {
        "three": np.asarray(three(digits)),
        "two": np.asarray(two(digits)),
        "without": np.asarray(without(digits)),
        "functional": np.asarray(functional(digits[..., 0])),
        "single": np.concatenate([single.run(digit[np.newaxis]).numpy() for digit in digits]),
    }
    return folder, scores


@pytest.mark.parametrize(
    ("name", "version", "known"),
    [
        ("two.keras", "2.", "layers"),
        ("two.h5", "2.", "layers"),
        ("two_saved", "2", "layers"),
        ("three.keras", "3.", "layers"),
        ("three.h5", "3.", "layers"),
        ("functional.keras", "3.", "layers"),
        ("three_export", "", "function"),
        ("without.keras", "3.", "function"),
        ("single", "", "function"),
    ],
)
def test_every_container_gives_the_network_that_was_saved(files, digits, name, version, known):
    folder, scores = files
    opened = open_float_model(folder / name)
    fed = digits[..., 0] if name.startswith("functional") else digits
    wanted = scores[name.partition(".")[0].partition("_")[0]]
    np.testing.assert_allclose(opened.model(fed, training=False), wanted, rtol=1e-4, atol=1e-5)
    assert opened.keras_version.startswith(version)
    assert bool(opened.reason) == (known == "function") == bool(why_function(opened.model))
    assert (opened.difference is not None) == (version == "3." and known == "layers")
    assert opened.model.count_params() > 0


def test_layers_that_distort_digits_in_training_are_rebuilt(keras3):
    layers = keras3.layers
    source = keras3.Input((28, 28, 1))
    moved = layers.RandomZoom(0.1)(layers.RandomTranslation(0.1, 0.1)(layers.RandomRotation(0.1)(source)))
    noisy = layers.GaussianNoise(0.1)(layers.RandomContrast(0.1)(moved))
    found = rebuilt(keras3.Model(source, layers.Dense(10)(layers.Flatten()(noisy))))
    assert not found.reason
    images = np.random.default_rng(0).uniform(0, 1, (8, 28, 28, 1)).astype(np.float32)
    assert np.abs(found.model(images, training=True) - found.model(images, training=False)).max() > 0.01


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_network_of_mixed_precision_computes_in_float32(keras3, digits, tmp_path, version, name):
    of = keras if version == 2 else keras3
    mixed = of.mixed_precision.Policy("mixed_float16") if version == 2 else of.DTypePolicy("mixed_float16")
    layers = [
        of.layers.Conv2D(4, 3, strides=2, dtype=mixed),
        of.layers.BatchNormalization(dtype=mixed),
        of.layers.ReLU(dtype=mixed),
        of.layers.Flatten(dtype=mixed),
        of.layers.Dense(10, activation="softmax", dtype="float32"),
    ]
    made = of.Sequential([of.Input((28, 28, 1)), *layers])
    made.save(tmp_path / name)
    opened = open_float_model(tmp_path / name)
    assert not opened.reason
    np.testing.assert_allclose(opened.model(digits), made(digits), atol=2e-3)
    few = _few(split_dataset(load_dataset("optdigits")))
    assert make(opened.model, RECIPES["qat-int8"], few, calibration=10).history


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_network_that_takes_bytes_takes_their_values_as_floats(keras3, tmp_path, version, name):
    of = keras if version == 2 else keras3
    layers = [of.layers.Rescaling(1 / 255), of.layers.Flatten(), of.layers.Dense(10, activation="softmax")]
    made = of.Sequential([of.Input((28, 28, 1), dtype="uint8"), *layers])
    made.save(tmp_path / name)
    opened = open_float_model(tmp_path / name)
    assert not opened.reason
    levels = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1), np.uint8)
    np.testing.assert_allclose(opened.model(levels.astype(np.float32)), made(levels), atol=1e-6)
    few = _few(split_dataset(load_dataset("optdigits")))
    assert make(opened.model, RECIPES["int8"], few, calibration=10, contract=BYTES_CONTRACT).content[4:8] == b"TFL3"


@pytest.mark.parametrize("version", [2, 3])
def test_a_network_for_pictures_of_any_size_is_one_for_digits(keras3, digits, tmp_path, version):
    of = keras if version == 2 else keras3
    source = of.Input((None, None, 1))
    pooled = of.layers.GlobalAveragePooling2D()(of.layers.Conv2D(4, 3, activation="relu")(source))
    made = of.Model(source, of.layers.Dense(10)(pooled))
    made.save(tmp_path / "model.keras")
    opened = open_float_model(tmp_path / "model.keras")
    assert (opened.model.input_shape, opened.reason) == ((None, 28, 28, 1), "")
    np.testing.assert_allclose(opened.model(digits), made(digits), atol=1e-5)


def test_a_network_that_was_rebuilt_is_tuned_like_any_other(files):
    split = split_dataset(load_dataset("optdigits"))
    recipe = RECIPES["pruned-int8"]
    few = _few(split)
    made = make(load_keras(files[0] / "three.keras"), recipe, few, calibration=10)
    assert made.history
    with pytest.raises(EdgedigitsError, match=r"pruned-int8 needs .* layers, and the layer .*RMSNormalization"):
        make(load_keras(files[0] / "without.keras"), recipe, few, calibration=10)


@pytest.mark.parametrize("name", ["without.keras", "three_export", "single"])
def test_a_network_that_is_a_function_becomes_int8(files, name):
    made = make(load_keras(files[0] / name), RECIPES["int8"], _few(split_dataset(load_dataset("optdigits"))), 0, 10)
    assert made.content[4:8] == b"TFL3"
    assert made.contract == OUR_CONTRACT


def _few(split):
    return replace(split, train=split.train.take(range(40)), validation=split.validation.take(range(20)))


@pytest.mark.parametrize("name", WITH_LAMBDA)
def test_code_inside_is_run_for_those_who_trust_it_alone(files, digits, name):
    with pytest.raises(EdgedigitsError, match=r"holds code, which would run: the Lambda layer 'twice'; add --trust"):
        load_keras(files[0] / name)
    assert load_keras(files[0] / name, trust=True)(digits).shape == (4, 10)


@pytest.mark.parametrize(
    ("module", "function", "told"),
    [
        ("os", "system", r"os\.function"),
        ("builtins", "exit", "the function exit"),
        ("builtins", "__import__", "the function __import__"),
        ("tensorflow.io.gfile", "remove", r"the function tensorflow\.io\.gfile\.remove"),
    ],
)
def test_functions_that_compute_no_layer_are_never_imported(files, tmp_path, module, function, told):
    path = tmp_path / "model.keras"
    config = {"module": module, "class_name": "function", "config": function, "registered_name": "function"}
    _rewrite(files[0] / "two.keras", path, "config.json", lambda data: _with_activation(data, config))
    with pytest.raises(EdgedigitsError, match=f"holds code, which would run: {told} of the layer 'dense"):
        load_keras(path)


def _with_activation(data, activation):
    content = json.loads(data)
    content["config"]["layers"][-1]["config"]["activation"] = activation
    return json.dumps(content).encode()


def test_a_saved_model_that_reads_files_is_not_run(tmp_path):
    module = tf.Module()

    def run(digit):
        length = tf.cast(tf.strings.length(tf.io.read_file("/etc/hostname")), tf.float32)
        return tf.zeros((1, 10)) + length + tf.reduce_sum(digit) * 0

    function = tf.function(run, [tf.TensorSpec((1, 28, 28, 1), tf.float32)])
    module.run = function
    tf.saved_model.save(module, str(tmp_path / "reads"), signatures=function)
    with pytest.raises(EdgedigitsError, match=r"the operation ReadFile; add --trust"):
        load_keras(tmp_path / "reads")


def _rewrite(source, target, part, change):
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w") as written:
        for name in archive.namelist():
            data = archive.read(name)
            written.writestr(name, change(data) if name == part else data)


def test_a_model_saved_under_windows_loads(files, digits, tmp_path):
    def renamed(data):
        content = io.BytesIO(data)
        with h5py.File(content, "r+") as file:
            for name in list(file["layers"]):
                file.move(f"layers/{name}", f"layers\\{name}")
            del file["layers"]
        return content.getvalue()

    path = tmp_path / "model.keras"
    _rewrite(files[0] / "two.keras", path, "model.weights.h5", renamed)
    np.testing.assert_allclose(load_keras(path)(digits), files[1]["two"], atol=1e-6)


@pytest.mark.parametrize("name", ["two.h5", "three.h5", "three.keras"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_a_file_cut_short_is_a_clear_error(files, tmp_path, name, share):
    data = (files[0] / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: int(len(data) * share)])
    out = tmp_path / "out"
    done = CliRunner().invoke(main, ["convert", str(path), "--out", str(out)])
    assert done.exit_code == 1, done.output
    assert done.stderr.startswith("Error: ")
    assert not out.exists()


@pytest.mark.parametrize("name", ["two_saved", "three_export"])
@pytest.mark.parametrize("part", ["saved_model.pb", "variables/variables.index", WEIGHTS])
def test_a_damaged_saved_model_is_a_clear_error(files, tmp_path, name, part):
    folder = tmp_path / name
    shutil.copytree(files[0] / name, folder)
    data = (folder / part).read_bytes()
    (folder / part).write_bytes(data[: len(data) // 2])
    with pytest.raises(EdgedigitsError, match="cannot load"):
        load_keras(folder)


def _act(values):
    return values * 2


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
@pytest.mark.parametrize("own", ["Twice", "_act", "Whole"])
def test_a_class_or_function_of_its_makers_own_is_named_with_the_way_that_keeps_it(
    keras3, digits, tmp_path, monkeypatch, version, name, own
):
    of = keras if version == 2 else keras3

    class Twice(of.layers.Layer):
        def call(self, values):
            return values * 2

    class Whole(of.Model):
        def __init__(self, **named):
            super().__init__(**named)
            self.flat, self.dense = of.layers.Flatten(), of.layers.Dense(10)

        def call(self, values):
            return self.dense(self.flat(values))

    if own == "Whole":
        if name == "model.h5":
            pytest.skip("Keras writes no subclassed model as .h5")
        made = Whole()
        made(digits)
    else:
        source = of.Input((28, 28, 1))
        inner = Twice()(source) if own == "Twice" else source
        dense = of.layers.Dense(10, activation=_act if own == "_act" else None)
        made = of.Model(source, dense(of.layers.Flatten()(inner)))
    made.save(tmp_path / name)
    with pytest.raises(EdgedigitsError, match=r"; .*model\.export"):
        load_keras(tmp_path / name)
    monkeypatch.delitem(sys.modules, __name__)  # elsewhere the module is not there
    with pytest.raises(EdgedigitsError, match=rf"holds .*{own}.*; .*model\.export"):
        load_keras(tmp_path / name, trust=True)
    made.export(str(tmp_path / "saved_model"))
    np.testing.assert_allclose(load_keras(tmp_path / "saved_model")(digits), made(digits), rtol=1e-4, atol=1e-5)


def test_weights_alone_are_told(tmp_path):
    path = tmp_path / "model.h5"
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save_weights(path)
    with pytest.raises(EdgedigitsError, match="holds weights alone"):
        load_keras(path)


def test_two_inputs_are_told(tmp_path):
    one, two = keras.Input((28, 28, 1)), keras.Input((28, 28, 1))
    path = tmp_path / "model.keras"
    flat = keras.layers.Flatten()(keras.layers.Add()([one, two]))
    keras.Model([one, two], keras.layers.Dense(10)(flat)).save(path, save_format="keras")
    with pytest.raises(EdgedigitsError, match="has 2 inputs"):
        load_keras(path)


def test_convert_says_what_it_understood_and_writes_a_card_of_its_parent(files, tmp_path):
    source, out = files[0] / "three.keras", tmp_path / "out"
    done = CliRunner().invoke(main, ["convert", str(source), "--out", str(out)])
    assert done.exit_code == 0, done.output
    told = " ".join(done.stdout.split())
    assert ".keras archive of Keras 3." in told
    assert "Conv2D" in told
    assert "differ from those of Keras 3 by at most" in told
    card = card_of(out / "model.keras")
    assert card.parent == {"file": "three.keras", "sha256": sha256_of(source)}
    assert card.dataset == {}
    again = CliRunner().invoke(main, ["convert", str(source), "--out", str(out)])
    assert again.exit_code == 1
    assert "--force" in again.stderr
    assert CliRunner().invoke(main, ["convert", str(source), "--out", str(out), "--force"]).exit_code == 0


def test_a_converted_model_is_quantized_and_measured_like_one_without_a_card(files, tmp_path):
    out = tmp_path / "out"
    assert CliRunner().invoke(main, ["convert", str(files[0] / "two.h5"), "--out", str(out)]).exit_code == 0
    words = ["quantize", str(out), "--dataset", "optdigits", "--out", str(tmp_path / "int8")]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1, done.output  # it was never trained
    assert (tmp_path / "int8" / "model.int8.tflite").is_file()
    done = CliRunner().invoke(main, ["evaluate", str(out), "--dataset", "optdigits", "--json"])
    assert done.exit_code == 0, done.output


def test_a_network_without_twin_is_not_written_but_evaluated(files, tmp_path):
    path = files[0] / "without.keras"
    done = CliRunner().invoke(main, ["convert", str(path), "--out", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "RMSNormalization" in done.stderr
    assert not (tmp_path / "out").exists()
    assert CliRunner().invoke(main, ["evaluate", str(path), "--dataset", "optdigits"]).exit_code == 0


def test_a_saved_model_is_quantized_by_its_folder(files, tmp_path):
    words = ["quantize", str(files[0] / "single"), "--dataset", "optdigits", "--out", str(tmp_path / "int8")]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1, done.output
    assert (tmp_path / "int8" / "card.json").is_file()


SAFETENSORS = b'{"__metadata__":{}}'


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (
            "model.onnx",
            b"\x08\x08",
            "is an ONNX model; .*onnx2tf -i .* -o saved_model; then edgedigits quantize",
        ),
        ("model.pth", b"PK", "is a PyTorch file; write it as ONNX: torch.onnx.export.*onnx2tf -i"),
        ("model.pth.tar", b"PK", "is a PyTorch file"),
        ("model.safetensors", b"", "weights alone, without the network"),
        ("model.bin", struct.pack("<Q", len(SAFETENSORS)) + SAFETENSORS, "weights alone, without the network"),
        ("model.pkl", b"\x80\x04", "is a pickle, which runs code"),
    ],
)
def test_models_of_other_frameworks_are_told_with_the_way_here(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(EdgedigitsError, match=words):
        load_keras(path)
    done = CliRunner().invoke(main, ["evaluate", str(path), "--dataset", "optdigits"])
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")


def test_an_archive_of_pytorch_is_told_by_its_content(tmp_path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", b"\x80\x02")
    with pytest.raises(EdgedigitsError, match="is a PyTorch file"):
        load_keras(path)


@pytest.mark.parametrize("inside", ["two_saved", "two.keras", "three.h5"])
def test_a_model_packed_in_a_zip_file_is_told_to_be_unpacked(files, tmp_path, inside):
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w") as archive:
        whole = files[0] / inside
        for part in sorted(whole.rglob("*")) if whole.is_dir() else [whole]:
            archive.write(part, part.relative_to(files[0]))
    with pytest.raises(EdgedigitsError, match=rf"is a zip file with {inside} in it; unpack it"):
        load_keras(path)
    shutil.unpack_archive(path, tmp_path)
    assert load_keras(tmp_path / inside).output_shape == (None, 10)


@pytest.mark.parametrize("part", ["config.json", "metadata.json", "model.weights.h5"])
def test_an_unpacked_archive_is_told_to_be_packed(files, tmp_path, monkeypatch, part):
    folder = tmp_path / "model.keras"
    shutil.unpack_archive(files[0] / "three.keras", folder, "zip")
    with pytest.raises(
        EdgedigitsError, match=r"is a part of a \.keras archive that was unpacked; pack it again"
    ) as told:
        load_keras(folder / part)
    monkeypatch.chdir(tmp_path)
    words = shlex.split(told.value.remedy.partition(": ")[2].partition(";")[0])
    subprocess.run([sys.executable, *words[1:]], check=True)
    assert load_keras("packed.keras").output_shape == (None, 10)


def test_a_graph_is_told_by_its_folder(files):
    with pytest.raises(EdgedigitsError, match=r"without its weights; give the folder: .*two_saved"):
        load_keras(files[0] / "two_saved" / "saved_model.pb")


def test_a_recurrent_model_starts_anew_with_each_digit(digits, tmp_path):
    network = keras.Sequential([keras.Input((28, 28), 1), keras.layers.LSTM(6), keras.layers.Dense(10, "softmax")])
    path = tmp_path / "model.tflite"
    path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(network).convert())
    images = (digits[..., 0] * 255).astype(np.uint8)
    wanted = np.concatenate([network(one[np.newaxis]) for one in OUR_CONTRACT.values(images)[..., 0]])
    model = DigitModel(path, told=Told("0..1", "bright"))
    np.testing.assert_allclose(model.probabilities(images), wanted, atol=1e-5)
