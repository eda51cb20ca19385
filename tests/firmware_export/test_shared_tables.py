"""One table of values for several layers: who shares, what it saves, and that the C answers as TFLite's kernels do."""

from __future__ import annotations

import re

import numpy as np
import pytest
from compact_networks import assert_equal_however_compiled, exported
from host_library import random_inputs
from model_builder import ModelBuilder
from reference import reference_outputs
from slow_cases import slow_but

from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.boards.measure import measure
from edgedigits.firmware_export.boards.toolchain import compile_source
from edgedigits.firmware_export.library import LibraryExport
from edgedigits.firmware_export.operators.shared.compact_tables import TableUser, shared_tables
from edgedigits.firmware_export.operators.shared.compact_weights import CompactWeights, compact, compact_by_table
from edgedigits.firmware_export.report.cores import kernel_variant
from edgedigits.firmware_export.report.parameters import parameter_bytes

SIXTEEN = (-127, -90, -60, -40, -28, -18, -10, -4, 0, 5, 12, 20, 32, 48, 75, 127)


# ---- who shares ----


def user(place: int, values: tuple[int, ...], taps: int = 40, depthwise: bool = False) -> TableUser:
    """A layer of two channels whose weights go through these values again and again."""
    packed = np.resize(np.array(values, np.int8), (1, taps, 2))
    own = compact(packed, taps)
    own = own if own.size < packed.size else None
    return TableUser(place, packed.size, own, lambda table: compact_by_table(packed, taps, table), depthwise)


def tables(*users: TableUser) -> list[int | None]:
    """Whose table each layer reads; its own place where it has one, None where it has no codes."""
    found = shared_tables(users)
    return [
        None if made is None or not made.values else place if made.table_of is None else made.table_of
        for place, made in found.items()
    ]


def test_a_table_that_is_equal_stands_once():
    assert tables(user(1, SIXTEEN), user(3, SIXTEEN[::-1]), user(4, SIXTEEN)) == [1, 1, 1]


def test_layers_are_asked_in_their_order():
    assert list(shared_tables([user(4, SIXTEEN), user(1, SIXTEEN)])) == [1, 4]
    assert tables(user(4, SIXTEEN), user(1, SIXTEEN)) == [1, 1]


def test_a_convolution_names_no_table_that_only_plain_kernels_find():
    first, later = user(0, SIXTEEN, depthwise=True), user(2, SIXTEEN, depthwise=True)
    assert tables(first, user(1, SIXTEEN), later, user(3, SIXTEEN)) == [0, 1, 1, 1]
    assert tables(first, later) == [0, 0]


def test_a_layer_of_some_of_the_values_takes_the_table_of_all():
    found = shared_tables([user(0, SIXTEEN[:15]), user(1, SIXTEEN[1:])])
    assert found[0].values == found[1].values == (0, *SIXTEEN[:8], *SIXTEEN[9:])
    assert [made.size for made in found.values()] == [40 + 16, 40]


def test_a_layer_of_two_values_keeps_codes_of_one_bit_where_it_is_long_enough():
    """A bit for each of two weights a tap, and 2 bytes, against half a byte each."""
    assert tables(user(0, SIXTEEN), user(1, (5, 12), taps=40)) == [0, 1]
    assert tables(user(0, SIXTEEN), user(1, (5, 12, 20), taps=4)) == [0, 0]  # 4 bytes, not 2 + 3
    found = shared_tables([user(0, SIXTEEN[:5], taps=200), user(1, SIXTEEN[:5], taps=8)])
    assert [made.bits for made in found.values()] == [3, 3]


def test_seventeen_values_are_too_many_for_one_table():
    assert tables(user(0, SIXTEEN), user(1, (*SIXTEEN[1:], 1))) == [0, 1]


def test_a_layer_too_small_for_a_table_of_its_own_joins():
    small = user(1, SIXTEEN, taps=12)  # 12 bytes of codes and 16 values, against 24
    assert small.own is None
    assert tables(small) == [None]
    assert tables(user(0, SIXTEEN), small) == [0, 0]


def test_a_small_layer_of_other_values_stays_as_it_is():
    assert tables(user(0, SIXTEEN), user(1, tuple(range(30, 42)), taps=8)) == [0, None]


def test_tables_of_their_own_stay_where_that_is_smaller():
    """Eight values each, of three bits: sixteen of four take more."""
    assert tables(user(0, SIXTEEN[:8]), user(1, SIXTEEN[8:])) == [0, 1]


def test_layers_without_codes_have_no_tables():
    whole = TableUser(0, 80, None, lambda table: None)
    assert shared_tables([whole]) == {0: None}
    spare = TableUser(1, 80, CompactWeights(8, True, (), b"123"), lambda table: None)
    assert shared_tables([whole, spare]) == {0: None, 1: spare.own}


def test_zeros_are_left_out_by_a_table_that_starts_with_zero():
    sparse = np.zeros((1, 40, 2), np.int8)
    sparse[0, ::8] = SIXTEEN[0]
    made = compact_by_table(sparse, 40, (0, *SIXTEEN[:8], *SIXTEEN[9:]))
    assert (made.bits, made.zeros, made.stream) == (4, True, bytes([1, 0x11] * 5))
    assert not compact_by_table(sparse, 40, SIXTEEN).zeros
    assert compact_by_table(sparse, 40, SIXTEEN[1:]) is None


# ---- in C ----


def common_builder(seed: int, per_channel: bool) -> tuple[ModelBuilder, int]:
    """Windows of odd runs, a sparse layer, one of few values, depthwise and dense ones: all of one set of values."""
    builder = ModelBuilder(seed)
    one = {"per_channel": per_channel, "padding": "VALID", "activation": "RELU"}
    end = builder.conv(builder.input((1, 12, 12, 1), 0.004, -128), 3, size=(5, 5), **one)
    end = builder.conv(end, 8, size=(3, 3), **one)
    end = builder.depthwise(end, activation="RELU", per_channel=per_channel)
    end = builder.conv(end, 16, size=(1, 1), **one)
    end = builder.depthwise(end, size=(2, 3), per_channel=per_channel)
    end = builder.conv(end, 12, size=(2, 2), stride=(2, 2), **one)
    end = builder.dense(builder.reshape(builder.mean(end), (1, 12)), 10)
    rng = np.random.default_rng(seed)
    weights = [tensor for tensor in builder.tensors if tensor.data is not None and tensor.data.dtype == np.int8]
    for tensor in weights:
        tensor.data = rng.choice(SIXTEEN, tensor.data.shape).astype(np.int8)
    weights[1].data[:] = rng.choice([0, 0, 0, 0, 0, 5], weights[1].data.shape)
    weights[3].data[:] = rng.choice([-127, 12, 127], weights[3].data.shape)
    return builder, end


def common(seed: int, per_channel: bool = False) -> bytes:
    builder, end = common_builder(seed, per_channel)
    return builder.build(end)


def table_places(library: LibraryExport) -> list[str]:
    """Of the stages that define a table."""
    return re.findall(r"^static const FLASH int8_t digits_values_(\d+)\[", library.source, re.MULTILINE)


@pytest.mark.parametrize("per_channel", slow_but([False, True], [True]))
@pytest.mark.parametrize("name", slow_but(["m0", "rv32", "m4", "m55", "avr"], ["m0", "m55", "avr"]))
def test_each_core_equals_the_reference(name, per_channel, tmp_path):
    model = common(51, per_channel)
    library = exported(model, tmp_path, weights="compact")
    given = random_inputs(library, 3)
    expected = np.array(reference_outputs(model, given)).reshape(len(given), -1)
    np.testing.assert_array_equal(measure(library.text, core(name), given, size_flags=()).outputs, expected)


def test_it_equals_the_reference_however_it_is_compiled(tmp_path):
    model = common(52)
    library = exported(model, tmp_path, weights="compact")
    assert_equal_however_compiled(model, library, tmp_path, 6)


def test_sizes_count_a_table_once(tmp_path):
    model = common(53)
    plain, library = (exported(model, tmp_path, weights=weights) for weights in ("plain", "compact"))
    found = parameter_bytes(library)
    assert found.tables == 16 + 3  # of all; of the layer of three values, whose codes have two bits
    assert len(table_places(library)) == 2
    assert sum(library.weight_bytes) == found.weights + found.tables
    assert parameter_bytes(plain).total - found.total == library.saved_bytes


@pytest.mark.parametrize("name", slow_but(["m0", "m4", "m55", "avr"], ["m4", "avr"]))
def test_the_compiler_counts_the_same_bytes(name, tmp_path):
    library = exported(common(54), tmp_path, weights="compact")
    compiled = compile_source(library.text.write(tmp_path), core(name))
    kinds = "weights|values|scaling|bias|multiplier|exponent"
    seen = [one.size for one in compiled.symbols if re.fullmatch(rf"digits_({kinds})_[0-9]+", one.name)]
    assert parameter_bytes(library, kernel_variant(core(name))).total == sum(seen)


@pytest.mark.parametrize("name", ["m0", "m4", "avr"])
def test_a_depthwise_layer_first_has_its_own_table(name, tmp_path):
    builder = ModelBuilder(55)
    end = builder.depthwise(builder.input((1, 5, 5, 6), 0.02, -3), activation="RELU")
    end = builder.depthwise(builder.conv(end, 8, size=(1, 1), activation="RELU"))
    rng = np.random.default_rng(55)
    for tensor in builder.tensors:
        if tensor.data is not None and tensor.data.dtype == np.int8:
            tensor.data = rng.choice(SIXTEEN, tensor.data.shape).astype(np.int8)
            tensor.data.flat[:16] = SIXTEEN
    model = builder.build(end)
    library = exported(model, tmp_path, weights="compact")
    assert len(table_places(library)) == 2
    given = random_inputs(library, 2)
    expected = np.array(reference_outputs(model, given)).reshape(len(given), -1)
    np.testing.assert_array_equal(measure(library.text, core(name), given, size_flags=()).outputs, expected)


def test_unasked_layers_keep_their_tables(tmp_path):
    builder = ModelBuilder(56)
    end = builder.conv(builder.input((1, 8, 8, 16), 0.02, -3), 16, activation="RELU")
    end = builder.conv(end, 16)
    rng = np.random.default_rng(56)
    for tensor in builder.tensors:
        if tensor.data is not None and tensor.data.dtype == np.int8:
            tensor.data = rng.choice(SIXTEEN, tensor.data.shape).astype(np.int8)
    model = builder.build(end)
    assert len(table_places(exported(model, tmp_path))) == 2
    assert len(table_places(exported(model, tmp_path, weights="compact"))) == 1
