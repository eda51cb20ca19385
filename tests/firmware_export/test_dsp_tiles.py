"""Convolutions of the DSP variant: tiles of windows, planes of depthwise ones, and the same in C alone."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from host_library import export_bytes, random_inputs
from model_builder import ModelBuilder
from reference import reference_outputs
from slow_cases import slow_but

from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.boards.measure import measure
from edgedigits.firmware_export.graph.model import Rescaling
from edgedigits.firmware_export.operators.shared.dsp_scaling import (
    one_scale_words,
    pair_words,
    plane_words,
    rescales_by_shift,
    takes_tiles,
)

BUILDS = ("-O2", "-O2 -DNO_ASSEMBLY")


@pytest.fixture(params=slow_but(BUILDS, ["-O2"]))
def flags(request):
    known = core("m4")
    for command in (f"{known.compiler}gcc", known.emulator[0]):
        if shutil.which(command) is None:
            pytest.skip(f"{command} is not installed")
    return tuple(request.param.split())


def check(built: ModelBuilder, end: int, flags, folder) -> None:
    model = built.build(end)
    library = export_bytes(model, folder)
    given = random_inputs(library, 6)
    expected = np.array(reference_outputs(model, given)).reshape(len(given), -1)
    measured = measure(library.text, core("m4"), given, flags, (), 120)
    np.testing.assert_array_equal(measured.outputs, expected)


def networks(widths, depths, flags, folder, channels=(4, 5), pooled=(False, True)) -> None:
    """A network for each width and depth: convolutions rectified and not, of even and odd channels, pooled or not."""
    for width in widths:
        for depth in depths:
            for pool in pooled:
                built = ModelBuilder(width)
                end = built.input((1, 4, width, depth), 0.02, 5)
                end = built.conv(end, channels[0], (3, 3), activation="RELU")
                end = built.conv(end, channels[1], (1, 1), activation="NONE")
                end = built.pool(end) if pool and width > 1 else end
                check(built, end, flags, folder)


@pytest.mark.parametrize("width", [2, 4, 9])
def test_rows_of_a_few_windows(width, flags, tmp_path):
    networks([width], [3], flags, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("width", range(1, 12))
def test_rows_of_any_width_and_depth(width, flags, tmp_path):
    networks([width], [1, 2, 3, 4, 5, 8], flags, tmp_path, channels=(5, 6))


@pytest.mark.parametrize("activation", ["RELU", "NONE", "RELU6"])
def test_the_greatest_of_four_windows(activation, flags, tmp_path):
    """RELU6 of an output of a wide scale ends below 127, which no tile rescales."""
    built = ModelBuilder(3)
    end = built.conv(built.input((1, 6, 10, 4), 0.02, -3), 7, (3, 3), activation=activation)
    if activation == "RELU6":
        built.tensors[end].scales = (6 / 100,)
    check(built, built.pool(end), flags, tmp_path)


@pytest.mark.parametrize("bias", [2**23 - 128 * 127 * 4 - 1, 2**23 - 128 * 127 * 4, -(2**23), 2**28])
def test_small_windows_whose_biases_reach_24_bits(bias, flags, tmp_path):
    """Two sums share a register of 32 bits: the second one may take 24. And a bias shares a word with a shift."""
    built = ModelBuilder(1)
    end = built.conv(built.input((1, 2, 9, 4), 0.02, 0), 2, (1, 1), output=(0.02, -128), activation="RELU")
    weights, biases = (built.tensors[number] for number in built.operators[0].inputs[1:])
    weights.data = np.array([127, -127], np.int8).repeat(4).reshape(weights.shape)
    weights.scales = (2.0**-12,) * 2
    biases.scales = (0.02 * 2.0**-12,) * 2
    for both in ([5, bias], [bias, 5]):
        biases.data = np.array(both, np.int32)
        check(built, end, flags, tmp_path)


@pytest.mark.parametrize("depth", slow_but([1, 2, 6, 8, 30], [1, 6, 30]))
def test_dilated_and_odd_windows_are_gathered_byte_by_byte(depth, flags, tmp_path):
    built = ModelBuilder(depth)
    end = built.conv(built.input((1, 7, 7, depth), 0.02, 9), 6, (3, 2), activation="RELU")
    check(built, built.conv(end, 3, (2, 3), dilation=(2, 2), activation="NONE"), flags, tmp_path)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_depthwise_windows(stride, padding, flags, tmp_path):
    """Two windows at a time, of an odd row the last two once more; others than 3x3 through a rectifier one by one."""
    for width in (7, 8):
        built = ModelBuilder(width)
        end = built.conv(built.input((1, 6, width, 2), 0.02, 4), 5, (1, 1))
        end = built.depthwise(end, 1, (3, 3), stride=(stride, stride), padding=padding, activation="RELU")
        if width == 8:
            end = built.depthwise(end, 1, (3, 3), activation="NONE")
        check(built, end, flags, tmp_path)


@pytest.mark.parametrize("width", [5, 256, 257])
def test_means_of_four_channels_at_a_time(width, flags, tmp_path):
    """Sums of a row of bytes that are all -128 or all 127 take 16 bits up to a width of 256."""
    built = ModelBuilder(2)
    model = built.build(built.mean(built.input((1, 3, width, 7), 0.02, -3)))
    library = export_bytes(model, tmp_path)
    given = np.concatenate([np.full((1, 3 * width * 7), value, np.int8) for value in (-128, 127)])
    given = np.concatenate([given, random_inputs(library, 3).reshape(3, -1)])
    expected = np.array(reference_outputs(model, given)).reshape(len(given), -1)
    measured = measure(library.text, core("m4"), given, flags, (), 120)
    np.testing.assert_array_equal(measured.outputs, expected)


def rescaling(exponent: int, zero: int, low: int = -128, high: int = 127) -> Rescaling:
    return Rescaling(np.array([7]), np.array([2**30]), np.array([exponent]), zero, low, high)


class TestScaling:
    def test_a_shift_takes_what_stays_within_32_bits_and_ends_at_int8(self):
        assert rescales_by_shift(rescaling(-1, 3))
        assert rescales_by_shift(rescaling(-23, 127))
        assert not rescales_by_shift(rescaling(-24, 3))
        assert not rescales_by_shift(rescaling(0, 3))
        assert not rescales_by_shift(rescaling(-4, 3, low=3))
        assert not rescales_by_shift(rescaling(-4, -128, high=100))
        assert rescales_by_shift(rescaling(-4, -128))

    def test_two_channels_take_four_words(self):
        """A bias 256 times, and in its lowest byte the shift less one."""
        both = Rescaling(np.zeros(2), np.array([5, 6]), np.array([-1, -23]), 0, -128, 127)
        assert list(pair_words(both, np.array([-3, 4]))) == [f"6, {4 * 256 + 22}, {-3 * 256 + 0}, 5"]
        most = np.array([2**23 - 1, -(2**23) + 1])
        assert list(pair_words(both, most)) == [f"6, {-(2**31) + 256 + 22}, {2**31 - 256}, 5"]

    def test_of_channels_that_share_their_scale_two_words_and_the_multiplier_once(self):
        both = Rescaling(np.zeros(2), np.array([5, 5]), np.array([-4, -4]), 0, -128, 127)
        assert list(one_scale_words(both, np.array([-3, 4]))) == ["5", f"{4 * 256 + 3}, {-3 * 256 + 3}"]

    def test_a_plane_takes_five_words(self):
        """Its outer and its upper middle weights as bytes, the last one twice above the shift less one."""
        weights = np.array([[1, 2, -3, 4, 5, 6, 7, -8, 9]], np.int8).T
        to = rescaling(-4, -128)
        upper, lower = (1 | 4 << 8 | (256 - 3) << 16 | 6 << 24), (7 | 2 << 8 | 9 << 16 | 5 << 24)
        assert plane_words(weights, to, np.array([-7])) == [f"{upper}, {lower}, {-16 * 2**16 + 3}, -14, {2**30}"]

    def test_tiles_are_of_sums_within_24_bits(self):
        weights = np.full((2, 1, 1, 4), 127, np.int8)
        most = 2**23 - 4 * 127 * 128 - 1
        for bias, fits in (
            ((0, most), True),
            ((0, most + 1), False),
            ((0, -most - 1), False),
            ((2**23 - 1, 0), True),
            ((-(2**23), 0), False),
        ):
            to = Rescaling(np.array(bias), np.full(2, 2**30), np.full(2, -4), -128, -128, 127)
            assert takes_tiles(weights, 1, to, 0, 9, pooled=False) == fits

    def test_narrow_rows_of_large_windows_take_the_memory_of_one(self):
        small = np.ones((2, 1, 1, 128), np.int8)
        large = np.ones((2, 1, 1, 256), np.int8)
        to = rescaling(-4, -128)
        to = Rescaling(np.zeros(2), *(np.repeat(part, 2) for part in (to.multipliers, to.exponents)), -128, -128, 127)
        assert takes_tiles(small, 1, to, 0, 3, pooled=False)
        assert not takes_tiles(large, 1, to, 0, 3, pooled=False)
        assert takes_tiles(large, 1, to, 0, 3, pooled=True)
        assert takes_tiles(large, 1, to, 0, 4, pooled=False)
        assert not takes_tiles(small, 1, to, 0, 1, pooled=False)
