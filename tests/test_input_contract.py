"""One network under every contract: what it is fed differs, what it reads must not, from Keras to C on this computer.

The networks are one and the same: first layer and shape are rewritten so that each takes another range, polarity or
shape and gives the same scores. A stage that fed one of them otherwise than the others would read other digits.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from click.testing import CliRunner

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

from edgedigits.core.cards import read_card
from edgedigits.core.contract.contract import (
    BRIGHT,
    DARK,
    LOGITS,
    OUR_CONTRACT,
    RANGES,
    InputContract,
    checked_range,
    contract_from,
)
from edgedigits.core.contract.finding import Told, find_contract
from edgedigits.core.contract.quantized_input import likely_ranges
from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.digit import model_input
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.digit_model import DigitModel

SHAPES = ((28, 28, 1), (28, 28), (784,), (20, 20, 3))
DOORS = ("int8", "uint8", "float32")
CONTAINERS = ("model.keras", "model.h5", "saved_model", "keras3/model.keras")
ALL = tuple(product(RANGES, (BRIGHT, DARK), SHAPES, DOORS, CONTAINERS))
COVERING = tuple(
    (
        values,
        (BRIGHT, DARK)[(first + second) % 2],
        shape,
        DOORS[(first ^ (0, 3, 1, 2)[second]) % 3],
        CONTAINERS[first ^ (0, 2, 3, 1)[second]],
    )
    for first, values in enumerate(RANGES)
    for second, shape in enumerate(SHAPES)
)
"""Each two of range, polarity, shape, type and container at least once."""

needs_compiler = pytest.mark.skipif(not (shutil.which("cc") or shutil.which("gcc")), reason="no C compiler")


@pytest.fixture(scope="module")
def split():
    return split_dataset(load_dataset("optdigits"))


def dense(inputs, shape, logits=False, keras=None):
    import tf_keras

    keras = keras or tf_keras
    layers = keras.layers
    start = [layers.Reshape((28, 28, 1))] if shape == (28, 28) else []
    middle = [layers.Flatten(), layers.Dense(32, activation="relu"), layers.Dense(10, None if logits else "softmax")]
    return keras.Sequential([keras.Input(inputs), *start, *middle])


@pytest.fixture(scope="module")
def trained(split):
    """A network for bright digits of 0 to 1, for 28x28 pixels in one channel and for 20x20 in three."""
    import tf_keras as keras

    made = {}
    for shape in ((28, 28, 1), (20, 20, 3)):
        keras.utils.set_random_seed(1)
        network = dense(shape, shape)
        network.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
        values = InputContract(shape).values(split.train.images)
        network.fit(values, split.train.labels, batch_size=64, epochs=8, verbose=0)
        made[shape] = [layer.get_weights() for layer in network.layers if layer.get_weights()]
    return made


def under(trained, contract, logits=False, keras=None):
    """The network that gives under a contract what the trained one gives for bright digits of 0 to 1; by some Keras."""
    (kernel, bias), last = trained[(20, 20, 3) if contract.shape == (20, 20, 3) else (28, 28, 1)]
    mean, deviation = contract.mean_and_deviation  # pixel = value * deviation + mean
    if contract.polarity == DARK:  # and bright = 1 - dark
        kernel, bias = -kernel, bias + kernel.sum(axis=0)
    network = dense(contract.shape, contract.shape, logits, keras)
    layers = [layer for layer in network.layers if layer.get_weights()]
    layers[0].set_weights([kernel * deviation, bias + mean * kernel.sum(axis=0)])
    layers[1].set_weights(last)
    return network


def converted(network, contract, split, door):
    """The network with inputs and outputs of a type, int8 inside."""
    import tensorflow as tf

    from edgedigits.quantize.conversion import integer_converter
    from edgedigits.quantize.recipes import recipe_named

    converter = integer_converter(network, split.train.images[:200], recipe_named("int8"), contract)
    converter.inference_input_type = converter.inference_output_type = getattr(tf, door)
    return converter.convert()


def saved(trained, contract, container, folder):
    """The network under a contract, as a file or folder of one kind."""
    keras = pytest.importorskip("keras", reason="Keras 3 is not installed") if "keras3" in container else None
    path = folder / container
    path.parent.mkdir(exist_ok=True)
    under(trained, contract, keras=keras).save(path)
    return path


def check(trained, split, contract, door, container, folder):
    """Through quantize where it makes such a file, else through the converter; then C against TFLite."""
    from edgedigits.core.keras.models import keras_scores, load_keras
    from edgedigits.firmware_export.library.export import export_library
    from edgedigits.firmware_export.proof.compiled import CompiledLibrary
    from edgedigits.firmware_export.proof.reference import ReferenceKernels
    from edgedigits.quantize import QuantizeRequest, quantize

    source = saved(trained, contract, container, folder)
    network = load_keras(source)
    test = split.test
    right = 100 * float((keras_scores(network, test.images, None, contract).argmax(1) == test.labels).mean())
    assert right > 90
    if door == "int8":
        result = quantize(QuantizeRequest(source, dataset="optdigits", max_drop=5), folder / "out")
        assert result.proof.comparison.before == pytest.approx(right)
        assert (result.found.contract, result.proof.verdict) == (contract, "passed"), str(result.found)
        said = read_card(result.model.parent / "card.json").contract
        assert (contract_from(said), said["type"]) == (contract, "int8")
        path, told = result.model, Told()
    else:
        path, told = folder / "model.tflite", Told(contract.range, contract.polarity)
        path.write_bytes(converted(network, contract, split, door))
        found = DigitModel(path).found
        assert (found.contract.polarity, found.how) == (contract.polarity, "measured"), str(found)
    library = export_library(path, told=told)
    reference = ReferenceKernels(path, library.contract)
    with CompiledLibrary(library) as compiled:
        made = compiled.run(compiled.input_from_grey(contract.pictures(test.images)))
        assert np.array_equal(made, reference.steps(test.images, library.graph.values[library.graph.output]))
        python = reference.digits.probabilities(test.images).argmax(1)
        assert np.array_equal(compiled.top1(made), python)
        assert 100 * float((python == test.labels).mean()) > right - 3


@needs_compiler
@pytest.mark.parametrize(("values", "polarity", "shape", "door", "container"), COVERING)
def test_networks_under_some_contracts_read_the_same_in_every_stage(
    trained, split, values, polarity, shape, door, container, tmp_path
):
    check(trained, split, InputContract(shape, values, polarity), door, container, tmp_path)


@needs_compiler
@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "polarity", "shape", "door", "container"), [one for one in ALL if one not in COVERING]
)
def test_networks_under_all_other_contracts_do_too(trained, split, values, polarity, shape, door, container, tmp_path):
    check(trained, split, InputContract(shape, values, polarity), door, container, tmp_path)


def test_some_contracts_cover_each_pair():
    for first in range(5):
        for second in range(first):
            pairs = {(one[first], one[second]) for one in COVERING}
            assert pairs == {(one[first], one[second]) for one in ALL}, (first, second)


def test_our_own_contract_is_what_our_networks_were_always_fed(split):
    assert np.array_equal(OUR_CONTRACT.values(split.test.images), model_input(split.test.images))


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("0..1", 0, 1), ("0..255", 0, 255), ("-1..1", -1, 1), ("0.1307,0.3081", -0.42421, 2.82149), ("0.5,0.25", -2, 2)],
)
def test_black_and_white_become_the_ends_of_the_range(name, first, last):
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 0, 0] = 255
    bright = InputContract(range=name).values(image)
    dark = InputContract(range=name, polarity="dark").values(image)
    assert (bright[0, 5, 5, 0], bright[0, 0, 0, 0]) == pytest.approx((first, last), abs=1e-4)
    assert (dark[0, 5, 5, 0], dark[0, 0, 0, 0]) == pytest.approx((last, first), abs=1e-4)


def test_a_user_overrules_what_is_found(trained, split, tmp_path):
    from edgedigits.quantize import QuantizeRequest, quantize

    under(trained, replace(OUR_CONTRACT, polarity="dark")).save(tmp_path / "model.keras")
    request = QuantizeRequest(tmp_path / "model.keras", dataset="optdigits", told=Told("0..1", "bright"))
    result = quantize(request, tmp_path / "out")
    assert result.found.contract == OUR_CONTRACT
    assert result.proof.verdict == "failed"
    assert "fed 0..1, dark ink" in result.proof.cause
    assert "--polarity dark" in json.loads((tmp_path / "out" / "proof.json").read_text())["cause"]


def test_a_network_that_nothing_reads_well_with_is_assumed_to_be_like_ours(split):
    found = find_contract(lambda values: np.zeros((len(values), 10), np.float32), (28, 28, 1), split.train, "digits")
    assert (found.contract, found.how) == (OUR_CONTRACT, "assumed")
    assert "no range reads more than" in str(found)


def test_logits_become_probabilities(trained, split, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(converted(under(trained, OUR_CONTRACT, logits=True), OUR_CONTRACT, split, "int8"))
    model = DigitModel(path)
    made = model.probabilities(split.test.images)
    assert model.contract.output == LOGITS
    assert np.abs(made.sum(axis=1) - 1).max() < 1e-5
    assert 0 <= made.min() <= made.max() <= 1


@needs_compiler
def test_the_confidence_of_logits_in_c_is_that_of_python(trained, split, tmp_path):
    from edgedigits.firmware_export.proof.compiled import CompiledLibrary

    path = tmp_path / "model.tflite"
    path.write_bytes(converted(under(trained, OUR_CONTRACT, logits=True), OUR_CONTRACT, split, "int8"))
    model = DigitModel(path, reference=True)
    with CompiledLibrary(path) as compiled:
        told = compiled.confidence(compiled.run(compiled.input_from_grey(split.test.images)))
    assert np.abs(told - 1000 * model.probabilities(split.test.images).max(axis=1)).max() <= 1


@pytest.mark.parametrize(
    ("kind", "scale", "zero_point", "likeliest"),
    [
        (np.int8, 1 / 255, -128, "0..1"),
        (np.uint8, 1.0, 0, "0..255"),
        (np.int8, 1.0, -128, "0..255"),
        (np.int8, 2 / 255, -1, "-1..1"),
        (np.uint8, 3.24570 / 255, 33, "0.1307,0.3081"),
        (np.int16, 1 / 32767, 0, "0..1"),
        (np.int16, 255 / 32767, 0, "0..255"),
        (np.int8, 4 / 255, -1, "0.498039,0.25"),
    ],
)
def test_a_quantized_input_tells_its_range(kind, scale, zero_point, likeliest):
    assert likely_ranges(kind, scale, zero_point)[0] == likeliest


@pytest.mark.parametrize("wrong", ["0..2", "", "a,b", "0.1,0", "0.1,-1", "nan,1", "0.5"])
def test_what_is_no_range_is_refused_with_those_that_are(wrong):
    with pytest.raises(EdgedigitsError, match=r"choose one of 0\.\.1, 0\.\.255, -1\.\.1"):
        Told(range=wrong)


@pytest.mark.parametrize("shape", [(28,), (28, 28, 2), (1, 28, 28), (3, 4, 5, 6), (), (785,)])
def test_what_is_no_picture_is_refused(shape):
    with pytest.raises(EdgedigitsError, match="is no picture of a digit"):
        InputContract(shape)


def test_cards_from_before_contracts_say_what_our_networks_are_fed():
    assert contract_from({}) == OUR_CONTRACT


def test_evaluate_looks_for_the_contract_on_digits_of_the_set_that_it_does_not_report_on(trained, split, tmp_path):
    from edgedigits.cli.main import main

    contract = replace(OUR_CONTRACT, range="-1..1", polarity="dark")
    network = under(trained, contract)
    network.save(tmp_path / "model.keras")
    (tmp_path / "model.tflite").write_bytes(converted(network, contract, split, "float32"))
    for name in ("model.keras", "model.tflite"):
        words = ["evaluate", str(tmp_path / name), "--dataset", "optdigits", "--split", "default", "--json"]
        said = json.loads(CliRunner().invoke(main, words, catch_exceptions=False).stdout)
        assert said["contract"]["tried_on"].endswith("other digits of optdigits")
        assert (said["contract"]["range"], said["contract"]["polarity"]) == ("-1..1", "dark")


@pytest.mark.parametrize("values", RANGES)
@pytest.mark.parametrize("polarity", [BRIGHT, DARK])
@pytest.mark.parametrize(("scale", "offset"), [(1 / 255, 0.0), (2.0, -1.0), (-1.0, 1.0), (-1 / 127.5, 1.0)])
def test_a_network_without_its_first_layers_is_fed_what_these_would_have_made(values, polarity, scale, offset):
    from edgedigits.core.keras.preprocessing import Rescale, without_rescale

    contract = InputContract(range=values, polarity=polarity)
    left = without_rescale(contract, Rescale(("first",), scale, offset))
    assert checked_range(left.range)
    np.testing.assert_allclose(left.levels(), contract.levels() * scale + offset, rtol=1e-4, atol=1e-3)
