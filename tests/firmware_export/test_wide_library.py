"""16x8 models (int16 values, int8 weights): the generated C answers as TFLite's reference kernels do, bit for bit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from host_library import FAST, SANITIZERS, SMALL, STRICT, compile_host, export_bytes, random_inputs
from model_builder import ModelBuilder
from reference import reference_outputs

from edgedigits.firmware_export.graph.evaluation import evaluate
from edgedigits.firmware_export.operators.reader import read_graph

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


def added(built: ModelBuilder, end: int) -> int:
    return built.add(built.conv(end, 4, (1, 1)), built.conv(end, 4), activation="RELU6")


def added_constant(built: ModelBuilder, end: int) -> int:
    values = built.dice.integers(-32768, 32768, built.tensors[end].shape[-1:], dtype=np.int16)
    return built.add(built.constant(values, 1e-4), end)


def subtracted(built: ModelBuilder, end: int) -> int:
    return built.sub(built.conv(end, 4, (1, 1)), built.conv(end, 4), activation="RELU")


def subtracted_from_a_constant(built: ModelBuilder, end: int) -> int:
    values = built.dice.integers(-32768, 32768, built.tensors[end].shape[1:], dtype=np.int16)
    return built.sub(built.constant(values, 1e-4), end)


def multiplied(built: ModelBuilder, end: int) -> int:
    return built.mul(built.conv(end, 4, (1, 1)), built.conv(end, 4))


def multiplied_by_channels(built: ModelBuilder, end: int) -> int:
    """Squeeze and excitation: one factor for each channel."""
    factors = built.logistic(built.conv(built.mean(end, keep_dims=True), 3, (1, 1)))
    return built.mul(end, factors)


def joined(built: ModelBuilder, end: int) -> int:
    return built.concat([end, built.conv(end, 4, output=(built.tensors[end].scales[0], 0)), end])


def joined_rows(built: ModelBuilder, end: int) -> int:
    return built.concat([end, built.pool(end, "max", (2, 2), stride=(1, 1), padding="SAME")], 1)


def padded(built: ModelBuilder, end: int) -> int:
    return built.pool(built.pad(end, (1, 2), (2, 0)), "average", (2, 2))


def padded_conv(built: ModelBuilder, end: int) -> int:
    return built.conv(built.pad(end, (1, 2), (2, 0)), 4, stride=(2, 2), padding="VALID")


def mean(built: ModelBuilder, end: int) -> int:
    return built.mean(built.conv(end, 5))


def mean_of_columns_and_channels(built: ModelBuilder, end: int) -> int:
    return built.mean(end, (2, 3), keep_dims=True)


def requantized(built: ModelBuilder, end: int) -> int:
    return built.quantize(end, (built.tensors[end].scales[0] * 0.7, 0))


def relu(built: ModelBuilder, end: int) -> int:
    return built.relu(end, (built.tensors[end].scales[0] * 0.7, 0))


def relu6(built: ModelBuilder, end: int) -> int:
    return built.relu6(built.conv(end, 4, output=(8 / 32768, 0)))


def leaky(built: ModelBuilder, end: int) -> int:
    return built.leaky_relu(end, 0.2, (built.tensors[end].scales[0] * 0.9, 0))


def logistic(built: ModelBuilder, end: int) -> int:
    return built.logistic(end)


def tanh(built: ModelBuilder, end: int) -> int:
    return built.tanh(end)


def extremes(built: ModelBuilder, end: int) -> int:
    least = built.constant(np.array([-1000], np.int16), built.tensors[end].scales[0])
    clipped = built.extreme("MAXIMUM", end, least)
    return built.extreme("MINIMUM", clipped, built.pool(end, "average", (2, 2), stride=(1, 1), padding="SAME"))


def resized(built: ModelBuilder, end: int) -> int:
    return built.resize_nearest(end, (5, 9))


def transposed(built: ModelBuilder, end: int) -> int:
    return built.conv(built.transpose(end, (0, 2, 3, 1)), 4)


def parts(built: ModelBuilder, end: int) -> int:
    left, right = built.split(end, 1, [3, 4])
    return built.concat([right, built.slice(left, (0, 1, 0, 0), (1, 2, -1, -1))], 1)


def backwards(built: ModelBuilder, end: int) -> int:
    return built.strided_slice(end, [(0, 1, 1), (6, 0, -2), (0, 6, 1), (0, 3, 2)])


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
        *(added, added_constant, subtracted, subtracted_from_a_constant, multiplied, multiplied_by_channels),
        *(joined, joined_rows, padded, padded_conv, mean, mean_of_columns_and_channels, requantized),
        *(relu, relu6, leaky, logistic, tanh, extremes, resized, transposed, parts, backwards),
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


@pytest.mark.parametrize("scale", [0.0002, 0.03, 2**-4, 2.0, 1 / 3])
@pytest.mark.parametrize("kind", ["logistic", "tanh", "softmax", "leaky", "requantized"])
def test_operators_on_single_numbers_of_every_input(kind, scale, tmp_path):
    """All 65,536 of them, in rows of two."""
    built = ModelBuilder(6, wide=True)
    start = built.input((1, 1, 32768, 2), scale)
    end = built.softmax(start) if kind == "softmax" else MAKERS[kind](built, start)
    model = built.build(end)
    given = np.arange(-32768, 32768, dtype=np.int16)[None]
    path = tmp_path / "model.tflite"
    path.write_bytes(model)
    np.testing.assert_array_equal(evaluate(read_graph(path), given).ravel(), reference_outputs(model, given)[0].ravel())


def test_sums_of_many_products_leave_32_bits(folder):
    built = ModelBuilder(5, wide=True)
    end = built.dense(built.input((1, 1, 1, 2000), 0.02), 3)
    built.tensors[1].data = np.full_like(built.tensors[1].data, 127)
    check(built.build(end), folder)
