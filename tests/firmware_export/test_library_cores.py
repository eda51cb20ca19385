"""The generated C on emulated cores, with each variant of the kernels, answers as TFLite's reference kernels do."""

from __future__ import annotations

import random
import shutil

import numpy as np
import pytest
from host_library import export_bytes, random_inputs
from model_builder import ModelBuilder
from random_networks import random_network, single_operator
from reference import reference_outputs
from slow_cases import slow_but
from test_library_operators import maxima_of_rows

from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.boards.measure import measure

VARIANTS = {"m0": "plain", "m4": "dsp", "m55": "helium"}
INPUTS = 8


@pytest.fixture(params=sorted(VARIANTS))
def board(request):
    known = core(request.param)
    for command in (f"{known.compiler}gcc", known.emulator[0]):
        if shutil.which(command) is None:
            pytest.skip(f"{command} is not installed")
    return known


def check(model: bytes, board, folder, inputs=None) -> str:
    """Every output on the core is TFLite's; returns the library's source."""
    library = export_bytes(model, folder)
    given = random_inputs(library, INPUTS) if inputs is None else inputs
    expected = np.array(reference_outputs(model, given)).reshape(len(given), -1)
    measured = measure(library.text, board, given, size_flags=(), timeout=120)
    np.testing.assert_array_equal(measured.outputs, expected)
    assert measured.arena == library.arena_bytes[VARIANTS[board.name]]
    return library.source


@pytest.mark.parametrize("seed", slow_but(range(6), [0, 3]))
def test_random_networks_equal_the_reference(seed, board, tmp_path):
    check(random_network(random.Random(seed)), board, tmp_path)


@pytest.mark.parametrize(
    ("rows", "stride", "padding", "width"),
    [
        *((4, 4, "VALID", 16), (3, 2, "SAME", 5)),
        pytest.param(2, 2, "VALID", 11, marks=pytest.mark.slow),
        pytest.param(2, 1, "SAME", 1, marks=pytest.mark.slow),
    ],
)
def test_maxima_of_rows(rows, stride, padding, width, board, tmp_path):
    check(maxima_of_rows(rows, stride, padding, width=width), board, tmp_path)


KINDS = (
    *("batch_matmul", "depth_and_space", "extreme_of_axes", "gather", "l2_normalization", "log_softmax", "many_axes"),
    *("resize_bilinear", "squared_difference", "transpose_conv"),
)
"""Operators with kernels of their own that no network of the random ones above need have."""


@pytest.mark.parametrize("kind", KINDS)
def test_operators_equal_the_reference(kind, board, tmp_path):
    check(single_operator(random.Random(2), kind), board, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(15))
def test_many_random_networks_equal_the_reference(part, board, tmp_path):
    for seed in range(100 + 10 * part, 110 + 10 * part):
        check(random_network(random.Random(seed)), board, tmp_path)


def _convolution(weights, activation="RELU", width=8, depth=64) -> bytes:
    builder = ModelBuilder(4)
    end = builder.conv(builder.input((1, 5, width, depth), 0.02, -128), 6, activation=activation)
    builder.tensors[1].data = np.broadcast_to(weights, builder.tensors[1].shape).astype(np.int8)
    return builder.build(end)


@pytest.mark.parametrize("activation", slow_but(["RELU", "NONE"], ["RELU"]))
def test_the_largest_sums_of_a_pair_of_channels(activation, board, tmp_path):
    """One word holds two weights of two channels, and their sums share registers: neither may disturb the other."""
    signs = np.array([1, -1, 1, 1, -1, -1], np.int8).reshape(6, 1, 1, 1)
    inputs = np.stack([np.full(5 * 8 * 64, 127), np.full(5 * 8 * 64, -128)]).astype(np.int8)
    check(_convolution(127 * signs, activation), board, tmp_path, inputs)


def test_a_weight_of_minus_128_takes_the_plain_kernels_where_the_dsp_has_no_room_for_it(board, tmp_path):
    """The DSP's bytes hold the second channel's weight less one where the first channel's is negative."""
    pairs = np.array([-1, -128, -128, -128, 5, -128], np.int8).reshape(6, 1, 1, 1)
    source = check(_convolution(pairs), board, tmp_path)
    assert "NO_DSP" in source.split("#include <stddef.h>")[0]


def test_weights_down_to_minus_127_keep_the_dsp_kernels(tmp_path):
    pairs = np.array([-1, -127, 5, -128, 5, -127], np.int8).reshape(6, 1, 1, 1)
    library = export_bytes(_convolution(pairs), tmp_path)
    assert "#define NO_DSP" not in library.source
    assert library.arena_bytes["dsp"] != library.arena_bytes["plain"]


@pytest.mark.parametrize(
    ("ways", "channels", "size", "depth", "width", "pooled"),
    [
        (2, 8, (3, 3), 1, 12, True),
        pytest.param(2, 4, (1, 1), 16, 2, True, marks=pytest.mark.slow),
        pytest.param(4, 6, (5, 5), 1, 9, False, marks=pytest.mark.slow),
        (4, 8, (5, 5), 1, 20, True),
        (4, 2, (1, 1), 32, 4, True),
        (8, 4, (3, 3), 1, 37, False),
        pytest.param(8, 12, (1, 1), 8, 7, False, marks=pytest.mark.slow),
        pytest.param(8, 8, (1, 1), 16, 1, False, marks=pytest.mark.slow),
        (8, 8, (1, 1), 16, 33, False),
        (8, 12, (1, 1), 24, 7, False),
        pytest.param(8, 8, (1, 1), 32, 40, False, marks=pytest.mark.slow),
        pytest.param(8, 4, (5, 5), 1, 11, False, marks=pytest.mark.slow),
        pytest.param(8, 4, (1, 5), 6, 6, False, marks=pytest.mark.slow),
        pytest.param(1, 6, (3, 3), 1, 12, False, marks=pytest.mark.slow),
        pytest.param(1, 8, (1, 1), 24, 1, False, marks=pytest.mark.slow),
        (1, 8, (1, 1), 33, 7, False),
        (1, 5, (5, 5), 1, 6, False),
    ],
)
def test_helium_takes_each_convolution_its_way(ways, channels, size, depth, width, pooled, tmp_path):
    board = core("m55")
    for command in (f"{board.compiler}gcc", board.emulator[0]):
        if shutil.which(command) is None:
            pytest.skip(f"{command} is not installed")
    builder = ModelBuilder(channels)
    maps = builder.conv(builder.input((1, 6, width, depth), 0.02, -128), channels, size, activation="RELU")
    source = check(builder.build(builder.pool(maps, "max") if pooled else maps), board, tmp_path)
    assert f"#define HELIUM_WAYS {ways} " in source


def test_without_dsp_kernels_the_header_gives_the_plain_arena_to_cores_with_the_dsp(tmp_path):
    library = export_bytes(_convolution(np.int8(-128)), tmp_path)
    assert library.arena_bytes["dsp"] == library.arena_bytes["plain"]
    dsp = library.header.split("#elif defined(__ARM_FEATURE_DSP) && !defined(NO_DSP)\n")[1]
    assert dsp.startswith(f"#define DIGITS_ARENA_BYTES {library.arena_bytes['plain']}\n")
