"""16x8 models (int16 values, int8 weights): the generated C answers as TFLite's reference kernels do, bit for bit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from host_library import FAST, SANITIZERS, SMALL, STRICT, compile_host, export_bytes, random_inputs
from model_builder import ModelBuilder
from reference import reference_outputs

INPUTS = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("wide")


def check(model: bytes, folder) -> None:
    """Every output of the generated C is TFLite's, in each build and with each place of input and output."""
    library = export_bytes(model, folder)
    given = random_inputs(library, INPUTS)
    expected = np.array(reference_outputs(model, given)).reshape(len(given), -1)
    assert expected.dtype == np.int16
    assert len(np.unique(expected)) > 1
    for flags in (FAST + STRICT, SMALL, SANITIZERS):
        built = compile_host(library, folder, flags)
        for where in ("apart", "inside"):
            np.testing.assert_array_equal(built.run(given, where), expected, f"{flags} {where}")


def conv(built: ModelBuilder, end: int) -> int:
    return built.conv(end, 5, (3, 3), activation="RELU")


def strided_conv(built: ModelBuilder, end: int) -> int:
    return built.conv(end, 3, (2, 3), stride=(2, 3), padding="VALID", per_channel=False)


def dilated_conv(built: ModelBuilder, end: int) -> int:
    return built.conv(end, 4, (3, 2), dilation=(2, 2), activation="RELU6")


def depthwise(built: ModelBuilder, end: int) -> int:
    return built.depthwise(end, 1, (3, 3), stride=(2, 2), activation="RELU_N1_TO_1")


def depthwise_times_two(built: ModelBuilder, end: int) -> int:
    return built.depthwise(end, 2, (2, 3), dilation=(2, 2))


def dense(built: ModelBuilder, end: int) -> int:
    return built.dense(end, 6, activation="RELU")


def dense_per_channel(built: ModelBuilder, end: int) -> int:
    return built.dense(end, 6, per_channel=True)


def dense_without_bias(built: ModelBuilder, end: int) -> int:
    """Summed in 32 bits and rounded twice."""
    return built.dense(end, 6, bias=False)


def conv_of_int32_bias(built: ModelBuilder, end: int) -> int:
    """Likewise."""
    made = built.conv(end, 4)
    for tensor in built.tensors:
        if tensor.data is not None and tensor.data.dtype == np.int64:
            tensor.data, tensor.dtype = tensor.data.astype(np.int32), np.int32
    return made


def conv_of_long_biases(built: ModelBuilder, end: int) -> int:
    """Beyond 32 bits, of both signs."""
    made = built.conv(end, 4)
    for tensor in built.tensors:
        if tensor.data is not None and tensor.data.dtype == np.int64:
            tensor.data = np.array([1 << 33, -(1 << 33) - 12345, 5, (1 << 40) + 7], np.int64)
    built.tensors[made].scales = (built.tensors[made].scales[0] * 1000,)
    return made


def reshaped(built: ModelBuilder, end: int) -> int:
    made = built.conv(end, 4)
    _, rows, columns, depth = built.tensors[made].shape
    return built.conv(built.reshape(made, (1, columns, rows, depth)), 3)


def greatest(built: ModelBuilder, end: int) -> int:
    return built.pool(end, "max", (2, 3), stride=(1, 2), padding="SAME", activation="RELU6")


def conv_and_greatest(built: ModelBuilder, end: int) -> int:
    return built.pool(built.conv(end, 5), "max")


def average(built: ModelBuilder, end: int) -> int:
    return built.pool(end, "average", (3, 3), stride=(2, 1), padding="SAME")


def softmax(built: ModelBuilder, end: int) -> int:
    return built.softmax(built.conv(end, 7, (1, 1)), 0.7)


def network(built: ModelBuilder, end: int) -> int:
    """What a small classifier is made of."""
    end = built.pool(built.conv(end, 8, activation="RELU"), "max", (2, 2))
    end = built.conv(built.depthwise(end, activation="RELU"), 6, (1, 1), activation="RELU")
    shape = built.tensors[end].shape
    return built.softmax(built.dense(built.reshape(end, (1, int(np.prod(shape)))), 10))


MAKERS: dict[str, Callable[[ModelBuilder, int], int]] = {
    made.__name__: made
    for made in (
        *(conv, strided_conv, dilated_conv, depthwise, depthwise_times_two, dense, dense_per_channel),
        *(dense_without_bias, conv_of_int32_bias, conv_of_long_biases, reshaped, greatest, conv_and_greatest),
        *(average, softmax, network),
    )
}


@pytest.mark.parametrize("kind", MAKERS)
def test_each_operator_of_int16_equals_the_reference(kind, folder):
    built = ModelBuilder(len(kind), wide=True)
    end = MAKERS[kind](built, built.input((1, 7, 6, 3), 0.02))
    check(built.build(end), folder)


@pytest.mark.parametrize("kind", ["conv", "depthwise", "dense", "dense_without_bias"])
def test_scales_that_are_powers_of_two_meet_many_ties(kind, folder):
    built = ModelBuilder(4, powers_of_two=True, wide=True)
    end = MAKERS[kind](built, built.input((1, 5, 6, 3), 0.02))
    check(built.build(end), folder)


def test_sums_of_many_products_leave_32_bits(folder):
    built = ModelBuilder(5, wide=True)
    end = built.dense(built.input((1, 1, 1, 2000), 0.02), 3)
    built.tensors[1].data = np.full_like(built.tensors[1].data, 127)
    check(built.build(end), folder)
