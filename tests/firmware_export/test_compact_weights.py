"""Compact weights: what each encoding writes, which one is chosen, and that the C answers as TFLite's kernels do."""

from __future__ import annotations

import re

import numpy as np
import pytest
from compact_networks import (
    CASES,
    WORDS,
    Shared,
    assert_equal_however_compiled,
    exported,
    network,
    of_odd_runs,
    share,
    tiny_network,
)
from host_library import FAST, STRICT, checked_run, compile_host, random_inputs
from model_builder import ModelBuilder
from reference import reference_outputs
from slow_cases import slow_but
from test_library_hygiene import need

from edgedigits.core.pretrained.bundled import bundled_model
from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.boards.measure import measure
from edgedigits.firmware_export.boards.toolchain import compile_source
from edgedigits.firmware_export.library import export_library
from edgedigits.firmware_export.operators.shared.compact_weights import compact
from edgedigits.firmware_export.operators.shared.convolution import Conv
from edgedigits.firmware_export.report.cores import kernel_variant
from edgedigits.firmware_export.report.layers import layer_costs
from edgedigits.firmware_export.report.parameters import parameter_bytes
from edgedigits.firmware_export.targets.export import export_target


def packed(*pairs: list[list[int]]) -> np.ndarray:
    """Weights of channel pairs: for each tap two."""
    return np.array(pairs, np.int8)


# ---- what is written ----


def test_codes_of_four_bits_are_a_byte_a_tap_the_first_channel_in_its_low_half():
    values = list(range(-8, 8))
    taps = [[values[tap], values[15 - tap]] for tap in range(16)]
    made = compact(packed(taps, taps), 16)
    assert (made.bits, made.zeros, made.values) == (4, False, tuple(values))
    assert made.stream == bytes(tap | (15 - tap) << 4 for tap in range(16)) * 2
    assert (made.size, made.words) == (48, "4-bit codes")


@pytest.mark.parametrize(
    ("values", "bits", "stream"),
    [
        ((-3, 5), 1, 0b11_01_10_00),  # taps of (0, 0), (0, 1), (1, 0) and (1, 1), from the low bits on
        ((-3, 5, 6), 2, 0b0101_0001_0100_0000),
        ((-3, 5, 6, 7, 8), 3, 0b001001_000001_001000_000000),
    ],
)
def test_fewer_values_take_fewer_bits(values, bits, stream):
    low, high = values[:2]
    taps = [[low, low], [low, high], [high, low], [high, high]]
    others = [[values[-1], value] for value in (values * 2)[:4]], [[values[-2], low]] * 4
    made = compact(packed(taps, *others), 4)
    assert (made.bits, made.values) == (bits, values)
    assert made.stream[:bits] == stream.to_bytes(bits, "little")


def test_pairs_of_zeros_are_left_out_where_that_is_smaller():
    values = [-5, -4, -2, -1, 1, 3, 6, 8, 9]
    taps = [[0, 0], [9, 0], [0, 0], [0, 0], [0, 0], [-5, -5], [9, 3], [3, 9], *[[0, 0]] * 4]
    others = [[value, value] for value in values] + [[0, 0]] * 3
    made = compact(packed(*[taps] * 4, others), 12)
    assert (made.bits, made.zeros, made.values) == (4, True, (0, *values))
    # Eight taps, then four: their bits, then codes of the taps that are not (0, 0).
    assert list(made.stream[:24]) == [0b11100010, 0x09, 0x11, 0x69, 0x96, 0] * 4


def test_zeros_among_bytes_are_left_out():
    weights = np.zeros((4, 40, 2), np.int8)
    weights[:, ::4, 0] = np.arange(-20, 20).reshape(4, 10) * 3 + 1
    made = compact(weights, 40)
    assert (made.bits, made.zeros, made.values) == (8, True, ())
    first = int(weights[0, 0, 0]) & 255
    assert list(made.stream[:4]) == [1, first, 1, int(weights[0, 4, 0]) & 255]
    assert made.size == 4 * 10 * 2


@pytest.mark.parametrize(("taps", "length"), [(6, 6), (12, 6), (8, 7), (16, 15), (4, 1)])
def test_runs_that_are_no_whole_fours_have_no_encoding(taps, length):
    assert compact(np.zeros((2, taps, 2), np.int8), length) is None


def unpacked(made, shape) -> np.ndarray:
    """The reading of the format as its docstring tells it."""
    codes = list(made.stream)
    found = []

    def weight(code: int) -> int:
        return made.values[code]

    if made.zeros and made.bits == 8:
        while codes:
            present = codes.pop(0)
            found += [np.int8(np.uint8(codes.pop(0))) if present >> bit & 1 else 0 for bit in range(8)]
    elif made.zeros:
        for _ in range(shape[0]):
            left = shape[1]
            while left:
                present = codes.pop(0)
                for bit in range(min(8, left)):
                    code = codes.pop(0) if present >> bit & 1 else 0
                    found += [weight(code & 15), weight(code >> 4)]
                left -= min(8, left)
    else:
        whole = int.from_bytes(made.stream, "little")
        count = 8 * len(made.stream) // made.bits
        found = [weight(whole >> made.bits * place & 2**made.bits - 1) for place in range(count)]
    return np.array(found, np.int8).reshape(shape)


@pytest.mark.parametrize("count", [2, 3, 4, 7, 8, 9, 16, 17, 255])
@pytest.mark.parametrize("zeros", [0.0, 0.6, 0.95])
def test_what_is_written_reads_back(count, zeros):
    rng = np.random.default_rng(count)
    values = rng.permutation(np.arange(-127, 128))[:count]
    weights = rng.choice(values, (3, 36, 2)) * (rng.random((3, 36, 2)) >= zeros)
    made = compact(weights.astype(np.int8), 36)
    np.testing.assert_array_equal(unpacked(made, weights.shape), weights)


# ---- in C ----


@pytest.mark.parametrize("weights", slow_but(["auto", "compact"], ["auto"]))
@pytest.mark.parametrize("case", CASES)
def test_the_library_equals_the_reference(case, weights, tmp_path):
    model = network(case)
    library = exported(model, tmp_path, weights=weights)
    assert WORDS[case] in library.encodings
    assert_equal_however_compiled(model, library, tmp_path, 10)


ON_CORES = ("4 bits", "2 bits", "4 bits without zeros", "bytes without zeros")


@pytest.mark.parametrize("case", slow_but(ON_CORES, ["4 bits", "bytes without zeros"]))
@pytest.mark.parametrize(
    "name", ["m4", "m55", pytest.param("m0", marks=pytest.mark.slow), pytest.param("rv32", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("weights", ["auto", pytest.param("compact", marks=pytest.mark.slow)])
def test_each_core_equals_the_reference(name, case, weights, tmp_path):
    model = network(case, seed=1)
    library = exported(model, tmp_path, weights=weights)
    given = random_inputs(library, 4)
    expected = np.array(reference_outputs(model, given)).reshape(len(given), -1)
    measured = measure(library.text, core(name), given, size_flags=())
    np.testing.assert_array_equal(measured.outputs, expected)


@pytest.mark.parametrize("name", slow_but(["m4", "m55", "m0"], ["m4"]))
def test_window_rows_that_are_no_whole_fours_stay_as_they_are(name, tmp_path):
    """Their taps are whole fours only all together; the DSP kernels widen what a row leaves behind in another order."""
    model = of_odd_runs()
    library = exported(model, tmp_path)
    assert [encoding for encoding in library.encodings if encoding] == ["4-bit codes"]  # of 28 channels to 10
    given = random_inputs(library, 4)
    expected = np.array(reference_outputs(model, given)).reshape(len(given), -1)
    measured = measure(library.text, core(name), given, size_flags=())
    np.testing.assert_array_equal(measured.outputs, expected)


@pytest.mark.parametrize("name", slow_but(["m4", "m55", "m0", "rv32"], ["m55"]))
def test_window_rows_of_any_length_are_packed_where_that_is_asked_for(name, tmp_path):
    model = of_odd_runs()
    library = exported(model, tmp_path, weights="compact")
    assert [encoding for encoding in library.encodings if encoding] == ["4-bit codes"] * 4  # a dense layer by theirs
    given = random_inputs(library, 4)
    expected = np.array(reference_outputs(model, given)).reshape(len(given), -1)
    measured = measure(library.text, core(name), given, size_flags=())
    np.testing.assert_array_equal(measured.outputs, expected)


@pytest.mark.parametrize("per_channel", slow_but([False, True], [True]))
@pytest.mark.parametrize("name", slow_but(["m0", "rv32", "rv32e", "m4", "m55", "avr"], ["m0", "m55", "avr"]))
def test_a_tiny_network_has_all_it_can_in_fewer_bytes(name, per_channel, tmp_path):
    model = tiny_network(11, per_channel)
    plain = exported(model, tmp_path, weights="plain")
    library = exported(model, tmp_path, weights="compact")
    assert library.encodings.count("4-bit codes") == 6
    assert parameter_bytes(plain).total - parameter_bytes(library).total == library.saved_bytes > 0
    given = random_inputs(library, 3)
    expected = np.array(reference_outputs(model, given)).reshape(len(given), -1)
    measured = measure(library.text, core(name), given, size_flags=())
    np.testing.assert_array_equal(measured.outputs, expected)


def test_depthwise_layers_alone_can_be_compact(tmp_path):
    builder = ModelBuilder(13)
    end = builder.depthwise(builder.input((1, 9, 9, 6), 0.02, -3), activation="RELU", per_channel=False)
    end = builder.depthwise(end, size=(2, 1), per_channel=False)
    share(builder, CASES["4 bits"], least=50)
    model = builder.build(end)
    library = exported(model, tmp_path, weights="compact")
    assert [encoding for encoding in library.encodings if encoding] == ["4-bit codes"]
    given = random_inputs(library, 4)
    expected = np.array(reference_outputs(model, given)).reshape(len(given), -1)
    np.testing.assert_array_equal(compile_host(library, tmp_path, (*FAST, *STRICT)).run(given, "apart"), expected)
    np.testing.assert_array_equal(measure(library.text, core("avr"), given, size_flags=()).outputs, expected)


@pytest.mark.parametrize("per_channel", slow_but([False, True], [True]))
def test_a_tiny_network_equals_the_reference_however_it_is_compiled(per_channel, tmp_path):
    model = tiny_network(12, per_channel)
    library = exported(model, tmp_path, weights="compact")
    assert_equal_however_compiled(model, library, tmp_path, 10)


@pytest.mark.parametrize("name", ["m4", "m55", "m0"])
def test_one_layer_of_few_values_compiles_without_warnings(name, tmp_path):
    builder = ModelBuilder(7)
    end = builder.dense(builder.input((1, 1040), 0.02, -3), 16)
    share(builder, Shared(5, 0.7))
    exported(builder.build(end), tmp_path).text.write(tmp_path)
    known = core(name)
    compiler = need(f"{known.compiler}gcc")
    for level in ("-O2", "-Os"):
        checked_run(compiler, *known.flags, *STRICT, level, "-c", "digits.c", "-o", "digits.o", cwd=tmp_path)


@pytest.mark.parametrize("case", slow_but(ON_CORES, ["4 bits", "bytes without zeros"]))
def test_an_avr_equals_the_reference(case, tmp_path):
    builder = ModelBuilder(2)
    end = builder.conv(builder.input((1, 6, 6, 4), 0.02, -128), 48, activation="RELU")
    end = builder.depthwise(builder.conv(end, 20, size=(1, 1), activation="RELU"))
    share(builder, CASES[case])
    model = builder.build(builder.dense(builder.reshape(builder.mean(end), (1, 20)), 10))
    library = exported(model, tmp_path)
    assert any(library.encodings)
    given = random_inputs(library, 2)
    expected = np.array(reference_outputs(model, given)).reshape(len(given), -1)
    measured = measure(library.text, core("avr"), given, size_flags=())
    np.testing.assert_array_equal(measured.outputs, expected)


# ---- when ----


def test_weights_that_share_nothing_give_the_same_library_either_way(tmp_path):
    builder = ModelBuilder(3)
    model = builder.build(builder.conv(builder.input((1, 8, 8, 16), 0.02, 0), 32, activation="RELU"))
    compact_one, plain_one = (exported(model, tmp_path, weights=weights) for weights in ("compact", "plain"))
    assert compact_one.text == plain_one.text
    assert compact_one.arena_bytes == plain_one.arena_bytes


def test_a_network_that_would_save_less_than_the_unpacking_takes_stays_as_it_is(tmp_path):
    builder = ModelBuilder(4)
    end = builder.conv(builder.input((1, 8, 8, 8), 0.02, 0), 16, activation="RELU")  # 1,152 weights
    share(builder, CASES["4 bits"])
    library = exported(builder.build(end), tmp_path)
    assert not any(library.encodings)
    assert library.saved_bytes == 0


def test_a_layer_whose_channels_would_fill_the_ram_stays_as_it_is(tmp_path):
    builder = ModelBuilder(5)
    long = builder.dense(builder.input((1, 4100), 0.02, 0), 64)
    end = builder.dense(long, 64)
    share(builder, CASES["4 bits"])
    assert exported(builder.build(end), tmp_path).encodings == ("", "4-bit codes")


def test_plain_weights_are_one_byte_each(tmp_path):
    model = network("4 bits")
    plain = exported(model, tmp_path, weights="plain")
    compacted = exported(model, tmp_path)
    assert not any(plain.encodings)
    assert parameter_bytes(plain).total - parameter_bytes(compacted).total == compacted.saved_bytes > 2000
    assert plain.plan.schedule == compacted.plan.schedule  # `verify --layers` compares by it


def test_the_report_says_which_layers_and_counts_what_lies_in_flash(tmp_path):
    library = exported(network("4 bits"), tmp_path)
    costs = layer_costs(library)
    assert costs[0].encoding == ""  # the input, copied into rows with padding
    assert costs[1].encoding == "4-bit codes"
    assert costs[1].weight_bytes == 3 * 3 * 4 * 16 // 2 + 16  # half a byte each, and 16 values
    measured = measure(library.text, core("m4"), random_inputs(library, 1))
    parameters = measured.footprints[0].parameters
    assert parameters["digits_weights_1"] + parameters["digits_values_1"] == costs[1].weight_bytes


@pytest.mark.parametrize("case", ["4 bits", "bytes without zeros"])
@pytest.mark.parametrize("name", slow_but(["m0", "m4", "m55", "avr"], ["m4", "avr"]))
def test_bytes_of_parameters_are_those_that_the_compiler_counts(name, case, tmp_path):
    library = exported(network(case), tmp_path, name="odd_1")
    found = parameter_bytes(library, kernel_variant(core(name)))
    compiled = compile_source(library.text.write(tmp_path), core(name))
    kinds = "weights|values|scaling|bias|multiplier|exponent"
    seen = [one.size for one in compiled.symbols if re.fullmatch(rf"odd_1_({kinds})_[0-9]+", one.name)]
    assert found.total == sum(seen) > 0
    assert found.tables == 16 * sum("codes" in encoding for encoding in library.encodings)


def test_channels_of_one_scale_have_its_constants_once(tmp_path):
    parameters = [
        measure(exported(network(case), tmp_path).text, core("m4"), np.zeros((1, 528), np.int8))
        .footprints[0]
        .parameters
        for case in ("4 bits", "3 bits")
    ]
    one, each = (found["digits_scaling_1"] for found in parameters)
    assert (one, each) == (4 + 16 * 4, 8 * 16)  # a word each with the bias and the shift; or the multiplier, too


def test_the_export_says_what_it_saves(tmp_path):
    from edgedigits.core.contract.finding import NOTHING_TOLD
    from edgedigits.firmware_export.targets.contract import ExportRequest
    from edgedigits.firmware_export.targets.registry import TARGETS

    path = tmp_path / "model.tflite"
    path.write_bytes(network("4 bits"))
    library = export_target(path).library
    written = TARGETS["c"].write(ExportRequest(path, "digits", False, NOTHING_TOLD), tmp_path / "c", False)
    assert f"{library.saved_bytes:,} fewer" in written.words
    plain = ExportRequest(path, "digits", False, NOTHING_TOLD, weights="plain")
    assert "fewer" not in TARGETS["c"].write(plain, tmp_path / "plain", False).words


# ---- the network `small`, clustered ----


def clustered_small(folder, zeros: float = 0.0):
    """The model of the package with its large layers' weights drawn to 16 values each, the file otherwise the same."""
    content = bundled_model().read_bytes()
    layers = [stage.node for stage in export_library(bundled_model()).plan.program.stages]
    for weights in (node.weights for node in layers if isinstance(node, Conv) and node.weights.size >= 512):
        values = np.array([-127, -90, -60, -40, -28, -18, -10, -4, 0, 5, 12, 20, 32, 48, 75, 127])
        nearest = values[np.abs(weights.astype(int)[..., np.newaxis] - values).argmin(axis=-1)]
        small = np.abs(weights.astype(int)) < np.quantile(np.abs(weights.astype(int)), zeros)
        before, after = weights.tobytes(), np.where(small, 0, nearest).astype(np.int8).tobytes()
        assert content.count(before) == 1
        content = content.replace(before, after)
    path = folder / "small.tflite"
    path.write_bytes(content)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", ["m0", "m4"])
def test_small_clustered_takes_less_flash_and_not_much_more_time(name, tmp_path):
    """60 % of the weights' bytes, 1.5 times the instructions; with zeros half of the bytes."""
    model = clustered_small(tmp_path)
    plain, compacted = (export_library(model, weights=weights) for weights in ("plain", "compact"))
    given = random_inputs(plain, 2)
    before, after = (measure(library.text, core(name), given, size_flags=(FAST,)) for library in (plain, compacted))
    np.testing.assert_array_equal(before.outputs, after.outputs)
    assert sum(compacted.weight_bytes) <= 0.54 * sum(plain.weight_bytes)
    assert after.footprints[0].whole.flash <= 0.7 * before.footprints[0].whole.flash
    assert after.mean_instructions <= 1.5 * before.mean_instructions
    assert after.arena <= before.arena + 3000
    pruned = export_library(clustered_small(tmp_path, zeros=0.6))
    assert sum(pruned.weight_bytes) <= 0.43 * sum(plain.weight_bytes)
