"""Biases of one byte where constants are short: their form, and that the C answers as TFLite's kernels do."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from compact_networks import (
    CASES,
    WIDE,
    WORDS_OF_16,
    assert_equal_however_compiled,
    exported,
    network,
    share,
    step_biases,
    tiny_network,
)
from host_library import FAST, SANITIZERS, STRICT, compile_host, random_inputs
from model_builder import ModelBuilder
from reference import reference_outputs
from slow_cases import slow_but

from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.boards.measure import measure
from edgedigits.firmware_export.c_source.biases import BiasForm, bias_form
from edgedigits.firmware_export.c_source.numbers import constants_of
from edgedigits.firmware_export.library import LibraryExport, export_library
from edgedigits.firmware_export.operators.shared.convolution import Conv
from edgedigits.firmware_export.operators.weighted.depthwise_conv_2d import Depthwise
from edgedigits.firmware_export.report.parameters import parameter_bytes

NANO = Path(__file__).parents[2] / "core/pretrained/digits/nano/int8/model.codebook-int8.tflite"


# ---- their form ----


@pytest.mark.parametrize(
    ("biases", "form"),
    [
        ([-128, 127], BiasForm(1)),
        ([0, 0], BiasForm(1)),
        ([], BiasForm(1)),
        ([128, 2], BiasForm(1, 1)),  # half of each: 64 and 1
        ([128, 1], BiasForm(2)),
        ([-256, 254], BiasForm(1, 1)),
        ([-258, 254], BiasForm(2)),
        ([-258 * 8, 0], BiasForm(2)),  # -129 sixteens
        ([-257 * 16, 16], BiasForm(2)),
        ([-128 << 20, 127 << 20], BiasForm(1, 20)),
        ([32767, -32768], BiasForm(2)),
        ([32768, 1], BiasForm(4)),
        ([-32769], BiasForm(4)),
        ([-1 << 29], BiasForm(1, 22)),
    ],
)
def test_biases_take_the_fewest_bytes_that_give_each_exactly(biases, form):
    given = np.array(biases, np.int64)
    found = bias_form(given)
    assert found == form
    np.testing.assert_array_equal(found.stored(given) << found.shift, given)


def test_without_biases_that_plain_kernels_read_there_is_no_short_form():
    assert bias_form(None) == BiasForm(4)
    assert not bias_form(None).is_short


@pytest.mark.parametrize(
    ("form", "kind", "number"),
    [
        (BiasForm(4), "int32_t", 0),
        (BiasForm(2), "int16_t", 1),
        (BiasForm(1), "int8_t", 2),
        (BiasForm(1, 7), "int8_t", 9),
    ],
)
def test_one_number_tells_the_kernels_the_form(form, kind, number):
    assert (form.kind, form.number) == (kind, number)


# ---- in C ----


def bias_kinds(library: LibraryExport) -> list[str]:
    """Types of the arrays that the plain kernels read as biases, by layer; none of layers without."""
    found = [re.findall(r"const FLASH (\w+) \w+_bias_\d+\[", text) for text in library.stage_texts]
    return [kinds[0] for kinds in found if kinds]


@pytest.mark.parametrize("per_channel", slow_but([False, True], [True]))
@pytest.mark.parametrize("name", slow_but(["m0", "rv32", "rv32e", "m4", "m55", "avr"], ["m0", "m55", "avr"]))
def test_each_core_equals_the_reference(name, per_channel, tmp_path):
    model = tiny_network(31, per_channel, shifts=(8, 5, 0, 6, 7, 3))
    plain = exported(model, tmp_path, weights="plain")
    library = exported(model, tmp_path, weights="compact")
    assert bias_kinds(library).count("int8_t") == 6
    assert parameter_bytes(plain).total - parameter_bytes(library).total == library.saved_bytes
    assert_equal(library, model, name)


@pytest.mark.parametrize("weights", slow_but(["auto", "compact"], ["compact"]))
@pytest.mark.parametrize("channels", [16, 70])
def test_bytes_and_words_in_one_network_equal_the_reference(weights, channels, tmp_path):
    """Compiled as one likes; 70 channels are unpacked some at a time."""
    model = network("4 bits", 21, channels, shifts=(9, WORDS_OF_16, WIDE, 4))
    library = exported(model, tmp_path, weights=weights)
    assert {"int8_t", "int16_t", "int32_t"} <= set(bias_kinds(library))
    assert_equal_however_compiled(model, library, tmp_path, 6)


@pytest.mark.parametrize("name", ["m0", "avr"])
def test_bytes_and_words_in_one_network_equal_the_reference_on_a_core(name, tmp_path):
    model = tiny_network(32, shifts=(9, WORDS_OF_16, WIDE, 4))
    library = exported(model, tmp_path, weights="compact")
    assert {"int8_t", "int16_t", "int32_t"} <= set(bias_kinds(library))
    assert_equal(library, model, name)


def assert_equal(library: LibraryExport, model: bytes, name: str) -> None:
    given = random_inputs(library, 3)
    expected = np.array(reference_outputs(model, given)).reshape(len(given), -1)
    np.testing.assert_array_equal(measure(library.text, core(name), given, size_flags=()).outputs, expected)


# ---- depthwise layers with codes ----


def stored_biases(text: str) -> list[int]:
    """Of a layer's C what the plain kernels read."""
    found = re.search(r"bias_\d+\[\] [A-Z_ ]+= \{(.*?)\}", text, re.DOTALL)
    return [int(number) for number in found[1].replace("\n", " ").split(",") if number.strip()]


@pytest.mark.parametrize("zero", slow_but([-128, -3, 127], [-3]))
def test_depthwise_layers_with_codes_have_the_biases_of_the_file(zero, tmp_path):
    """Whatever stands for 0 in their input: weights are added up as they are unpacked."""
    builder = ModelBuilder(41)
    end = builder.depthwise(builder.input((1, 9, 9, 6), 0.02, zero), activation="RELU")
    end = builder.depthwise(end, size=(3, 4), stride=(2, 2), padding="VALID")
    share(builder, CASES["4 bits"], least=50)
    step_biases(builder, (8, 6))
    model = builder.build(end)
    library = exported(model, tmp_path, weights="compact")
    texts = [text for text in library.stage_texts if "_bias_" in text]
    biases = [tensor.data for tensor in builder.tensors if tensor.data is not None and tensor.data.dtype == np.int32]
    assert [stored_biases(text) for text in texts] == [(biases[0] >> 8).tolist(), (biases[1] >> 6).tolist()]
    given = random_inputs(library, 6)
    expected = np.array(reference_outputs(model, given)).reshape(len(given), -1)
    for flags in ((*FAST, *STRICT), SANITIZERS):
        np.testing.assert_array_equal(compile_host(library, tmp_path, flags).run(given, "apart"), expected)


@pytest.mark.parametrize("taken_in", [False, True])
def test_depthwise_layers_with_codes_have_the_shorter_biases(taken_in, tmp_path):
    """Weights of a channel add up to much: 128 times that is more than 16 bits, and may be what a bias makes up for."""
    builder = ModelBuilder(43)
    builder.depthwise(builder.input((1, 9, 9, 6), 0.02, -128), activation="RELU")
    share(builder, CASES["4 bits"], least=50)
    weights, bias = (builder.tensors[number] for number in builder.operators[0].inputs[1:])
    weights.data = np.abs(weights.data)
    totals = weights.data.reshape(-1, 6).astype(int).sum(axis=0)
    bias.data = ((-128 * totals if taken_in else 0) + np.arange(1, 7) * 301).astype(np.int32)
    assert totals.max() * 128 > 2**15
    model = builder.build(builder.operators[0].outputs[0])
    library = exported(model, tmp_path, weights="compact")
    text = next(text for text in library.stage_texts if "_bias_" in text)
    assert stored_biases(text) == [301, 602, 903, 1204, 1505, 1806]
    assert_equal(library, model, "m0")


@pytest.mark.parametrize("variant", ["dsp", "helium"])
def test_without_codes_depthwise_biases_take_the_zero_point_in(variant, tmp_path):
    """Those that other kernels read of layers with codes, too."""
    builder = ModelBuilder(42)
    end = builder.depthwise(builder.input((1, 9, 9, 6), 0.02, -3), size=(2, 3))
    share(builder, CASES["4 bits"], least=30)
    step_biases(builder, (WIDE,))
    library = exported(builder.build(end), tmp_path, weights="compact")
    node = next(stage.node for stage in library.plan.program.stages if isinstance(stage.node, Depthwise))
    text = next(text for text in library.stage_texts if "_bias_" in text)
    kind, numbers = re.search(r"FLASH (\w+) \w+_bias_\d+\[\] [A-Z_ ]+= \{\n(.*?)\};", text, re.DOTALL).groups()
    totals = node.weights.reshape(6, -1).astype(int).sum(axis=0)
    assert constants_of("plain").array(kind, numbers).tolist() == node.rescaling.bias.tolist()
    assert constants_of(variant).array(kind, numbers).tolist() == (node.rescaling.bias + 3 * totals).tolist()


# ---- nano, whose biases are steps ----


def nano_without_steps() -> bytes:
    """The file of nano with a bias in each convolution that is no multiple of a power of two."""
    content = NANO.read_bytes()
    for stage in export_library(NANO).plan.program.stages:
        if not isinstance(stage.node, Conv):
            continue
        biases = stage.node.rescaling.bias.astype(np.int32)
        odd = biases.copy()
        odd[np.abs(biases).argmax()] |= 1
        assert content.count(biases.tobytes()) == 1 and np.abs(odd).max() > 127
        content = content.replace(biases.tobytes(), odd.tobytes())
    return content


@pytest.mark.parametrize("name", slow_but(["m0", "rv32e", "m4"], ["m0"]))
def test_nano_takes_half_of_the_bytes_of_biases_without_steps(name, tmp_path):
    before, library = (
        exported(nano_without_steps(), tmp_path, weights="compact"),
        export_library(NANO, weights="compact"),
    )
    assert parameter_bytes(before).biases == 2 * (6 + 8 + 12 + 20 + 20 + 10) + 4
    assert parameter_bytes(library).biases == 6 + 8 + 12 + 20 + 20 + 10 + 4  # the mean's are a word
    assert_equal(library, NANO.read_bytes(), name)


# ---- what networks without them have ----


def test_a_network_without_such_a_layer_has_no_text_of_them(tmp_path):
    library = exported(tiny_network(11, shifts=(WIDE,)), tmp_path, weights="compact")
    assert "BIAS_OF" in library.source
    assert "BYTE_BIASES" not in library.source
    assert "int8_t digits_bias" not in library.source


@pytest.mark.parametrize("weights", ["plain", "blob"])
def test_where_constants_are_not_short_biases_stay_words(weights, tmp_path):
    model = tiny_network(31, shifts=(8,))
    library = exported(model, tmp_path, weights=weights)
    assert set(bias_kinds(library)) <= {"int32_t"}
    assert "BYTE_BIASES" not in library.source


@pytest.mark.parametrize("variant", ["dsp", "helium"])
def test_other_kernels_than_the_plain_ones_keep_their_words(variant, tmp_path):
    found = [
        parameter_bytes(exported(tiny_network(31, shifts=shifts), tmp_path, weights="compact"), variant).biases
        for shifts in ((8,), (WIDE,))
    ]
    assert found[0] == found[1] > 0
