"""The generated C answers as TFLite's reference kernels do, byte for byte, whatever the network.

Random networks of every operator run on this computer twice: optimized, and under the address and undefined-behaviour
sanitizers; the input and the output lie outside the arena, then inside.
"""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import pytest
from host_library import EVERY_KERNEL, FAST, SANITIZERS, SMALL, compile_host, export_bytes, random_inputs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_builder import ModelBuilder
from random_networks import MAKERS, random_network, single_operator
from reference import reference_outputs
from slow_cases import slow_but

from edgedigits.firmware_export.operators.reader import read_graph
from edgedigits.firmware_export.proof.reference import TensorReference

INPUTS = 10
ALL = (FAST, SMALL, SANITIZERS)

HOW = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
CHOICES = st.randoms(use_true_random=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("library")


def check(model: bytes, folder, inputs=None, builds=EVERY_KERNEL) -> None:
    """Every output of the generated C is TFLite's, in each build and with each place of input and output."""
    library = export_bytes(model, folder)
    given_inputs = random_inputs(library, INPUTS) if inputs is None else inputs
    expected = np.array(reference_outputs(model, given_inputs)).reshape(len(given_inputs), -1)
    for flags in builds:
        built = compile_host(library, folder, flags)
        for where in ("apart", "inside"):
            np.testing.assert_array_equal(built.run(given_inputs, where), expected, f"{flags} {where}")


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_each_operator_equals_the_reference(kind, folder):
    check(single_operator(random.Random(60), kind), folder)


@pytest.mark.parametrize(
    "kind", slow_but(["conv", "dense", "depthwise", "mean", "add", "sub", "mul"], ["conv", "mean", "add", "mul"])
)
def test_scales_that_are_powers_of_two_meet_many_ties(kind, folder):
    """A multiplier is then 2**30, and every odd sum lies in the middle of two numbers."""
    check(single_operator(random.Random(1), kind, powers_of_two=True), folder)


@settings(HOW, max_examples=8)
@given(CHOICES)
def test_chains_of_operators_equal_the_reference(folder, dice):
    check(random_network(dice), folder, builds=ALL)


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_each_operator_equals_the_reference_in_many_shapes(kind, folder):
    for seed in range(62):
        check(single_operator(random.Random(seed), kind), folder, builds=ALL)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_many_chains_equal_the_reference(part, folder):
    for seed in range(100 * part, 100 * part + 100):
        check(random_network(random.Random(seed)), folder, builds=ALL)


def test_a_reshaped_value_that_no_window_sees(folder):
    """A convolution, a maximum and a reshape whose only reader sees nothing but padding: none of them runs."""
    check((Path(__file__).with_name("models") / "unread.tflite").read_bytes(), folder)


@pytest.mark.parametrize(
    ("width", "pooled"),
    [
        *((width, False) for width in (1, 3, 8)),
        *((width, True) for width in (2, 5)),
        *(pytest.param(width, False, marks=pytest.mark.slow) for width in (2, 4, 5, 6, 7, 9)),
        *(pytest.param(width, True, marks=pytest.mark.slow) for width in (3, 4, 6, 7, 8, 9)),
    ],
)
def test_convolutions_of_every_width(width, pooled, folder):
    """Kernels make several pixels and several channels at once; what is left over at the end is theirs too."""
    builder = ModelBuilder(width)
    end = builder.input((1, 4, width, 3), 0.02, 5)
    end = builder.conv(end, width, activation="RELU" if width % 2 else "NONE")
    if pooled:
        end = builder.pool(end)
    check(builder.build(end), folder)


def test_weights_of_minus_128(folder):
    builder = ModelBuilder(3)
    end = builder.conv(builder.input((1, 6, 6, 4), 0.02, -128), 8, activation="RELU")
    end = builder.depthwise(end, activation="RELU")
    for tensor in builder.tensors:
        if tensor.data is not None and tensor.data.dtype == np.int8:
            tensor.data = np.full_like(tensor.data, -128)
    check(builder.build(end), folder)


@pytest.mark.parametrize("zero_point", slow_but([-128, 0, 127], [-128, 127]))
def test_the_largest_sums(zero_point, folder):
    """All weights and inputs at their ends: 3x3x64 products of 127 and 255 in one sum."""
    builder = ModelBuilder(4)
    end = builder.conv(builder.input((1, 5, 8, 64), 0.02, zero_point), 6, activation="RELU")
    signs = np.array([1, -1, 1, 1, -1, -1], np.int8).reshape(6, 1, 1, 1)
    weights = builder.tensors[1]
    weights.data = np.broadcast_to(signs * np.int8(127), weights.shape).astype(np.int8)
    model = builder.build(end)
    ends = np.stack([np.full(5 * 8 * 64, 127), np.full(5 * 8 * 64, -128)]).astype(np.int8)
    check(model, folder, ends)


def test_outputs_far_finer_than_sums(folder):
    """Multipliers above 1: the exponent shifts to the left."""
    builder = ModelBuilder(5)
    end = builder.conv(builder.input((1, 4, 5, 3), 1.0, 3), 5, (1, 1))
    weights = builder.tensors[1]
    weights.data = builder.dice.integers(-2, 3, weights.shape).astype(np.int8)
    builder.tensors[end].scales = (builder.tensors[end].scales[0] / 2000,)
    check(builder.build(end), folder)


@pytest.mark.parametrize("activation", slow_but(["NONE", "RELU"], ["NONE"]))
@pytest.mark.parametrize("kind", ["conv", "depthwise", "dense"])
def test_channels_without_weights_and_biases_as_large_as_the_converter_makes_them(kind, activation, folder):
    """Pruning can empty a channel; TensorFlow's converter then gives it a tiny scale and a bias of 2**30 at most."""
    builder = ModelBuilder(7)
    source = builder.input((1, 4, 4, 6), 0.02, -128)
    end = {
        "conv": lambda: builder.conv(source, 6, activation=activation),
        "depthwise": lambda: builder.depthwise(source, activation=activation),
        "dense": lambda: builder.dense(source, 6, per_channel=True, activation=activation),
    }[kind]()
    weights, output, bias = builder.tensors[1:4]
    biases, scales = bias.data.copy(), list(weights.scales)
    for channel, steps in ((1, 50.3), (2, -50.7), (4, 700.0), (5, 1e-3)):
        weights.data = weights.data.copy()
        weights.data[(slice(None),) * (weights.data.ndim - 1) + (channel,) if kind == "depthwise" else channel] = 0
        biases[channel] = int(np.copysign(2**30, steps))
        scales[channel] = float(np.float32(abs(steps) * output.scales[0] / 2**30 / 0.02))
    bias.data, weights.scales = biases, tuple(scales)
    bias.scales = tuple(float(np.float32(0.02) * np.float32(scale)) for scale in scales)
    check(builder.build(end), folder)


@pytest.mark.parametrize("wide", [False, True], ids=["int8", "int16"])
@pytest.mark.parametrize("windows", [(1, 2, 2, 4, 4), (1, 3, 2, 2), (4, 3, 1, 1)])
def test_a_dense_layer_over_windows_as_attention_has_them(windows, wide, folder):
    """More than three axes beside the batch: the same rows as over one axis."""
    builder = ModelBuilder(11, wide=wide)
    rows = math.prod(windows)
    inside = builder.reshape(builder.input((1, rows, 6), 0.02, 0 if wide else 5), (*windows, 6))
    made = builder.dense(inside, 5, keep_num_dims=True)
    check(builder.build(builder.reshape(made, (1, rows, 5))), folder, builds=(SANITIZERS,))


def test_a_dense_layer_of_a_sequence_whose_length_only_the_model_computes(folder):
    """As Keras writes it with a free batch: the file says 1x1 of both reshapes and of the products between them."""
    builder = ModelBuilder(9)
    source = builder.input((1, 6, 4), 0.02, 5)
    shape = builder.operator("SHAPE", 1, [source], builder.tensor((3,), dtype=np.int32), "ShapeOptions", OutType=2)

    def part(*places):
        made = builder.tensor((len(places),), dtype=np.int32)
        return builder.operator("GATHER", 1, [shape, builder.integers(*places)], made, "GatherOptions")

    rows = builder.tensor((), dtype=np.int32)
    builder.operator("REDUCE_PROD", 1, [part(0, 1), builder.integers(0)], rows, "ReducerOptions")
    pair = builder.tensor((2,), dtype=np.int32)
    depth = builder.constant(np.array(4, np.int32))
    builder.operator("PACK", 1, [rows, depth], pair, "PackOptions", ValuesCount=2)
    flat = builder.operator("RESHAPE", 1, [source, pair], builder.tensor((6, 4), 0.02, 5))
    end = builder.dense(flat, 3)
    builder.tensors[flat].shape = builder.tensors[end].shape = (1, 1)
    check(builder.build(end), folder)


def dense_of_rows(shape: tuple[int, ...]) -> bytes:
    """A dense layer over the last axis of six rows, with a scale for each channel, and another one behind it."""
    builder = ModelBuilder(5)
    end = builder.dense(builder.input((*shape, 4), 0.02, 3), 7, per_channel=True, keep_num_dims=True, activation="RELU")
    return builder.build(builder.dense(end, 5, keep_num_dims=True))


@pytest.mark.parametrize("shape", [(1, 6), (1, 2, 3)])
def test_dense_layers_of_many_axes_with_scales_for_each_channel(shape, folder):
    """TFLite 2.14's reference kernel computes them in two axes alone."""
    library = export_bytes(dense_of_rows(shape), folder)
    given = random_inputs(library, INPUTS)
    expected = np.array(reference_outputs(dense_of_rows((6,)), given)).reshape(len(given), -1)
    for flags in (FAST, SANITIZERS):
        np.testing.assert_array_equal(compile_host(library, folder, flags).run(given, "apart"), expected)
    path = folder / "rows.tflite"
    path.write_bytes(dense_of_rows(shape))
    graph = read_graph(path)
    assert not graph.reference_computes
    found = TensorReference(path, graph)
    assert "in NumPy" in found.kernels
    np.testing.assert_array_equal(found.outputs(given.reshape(len(given), *shape[1:], 4)), expected)


def test_a_single_value_that_is_joined_is_that_value(folder):
    builder = ModelBuilder(2)
    end = builder.concat([builder.relu(builder.input((1, 3, 2, 4), 0.02, 5))])
    check(builder.build(builder.conv(end, 3)), folder)


def maxima_of_rows(rows: int, stride: int, padding: str, activation: str = "NONE", width: int = 11) -> bytes:
    """A pool between a convolution that makes padded rows of it and one that reads its own with padding."""
    builder = ModelBuilder(8)
    end = builder.conv(builder.input((1, 9, width, 2), 0.02, -7), 3)
    end = builder.pool(end, "max", (rows, 1), stride=(stride, 1), padding=padding, activation=activation)
    return builder.build(builder.conv(end, 4))


@pytest.mark.parametrize(
    "rows,columns",
    [(1, 1), (1, 9), pytest.param(9, 1, marks=pytest.mark.slow), pytest.param(2, 2, marks=pytest.mark.slow)],
)
def test_windows_larger_than_their_input(rows, columns, folder):
    builder = ModelBuilder(6)
    end = builder.conv(builder.input((1, rows, columns, 2), 0.02, -7), 3, (5, 5))
    end = builder.depthwise(end, 2, (3, 5), stride=(2, 1))
    end = builder.pool(end, "average", (4, 4), stride=(1, 1), padding="SAME")
    check(builder.build(end), folder)


@pytest.mark.parametrize(
    ("rows", "stride", "padding", "activation"),
    [
        *((4, 4, "VALID", "RELU6"), (3, 2, "SAME", "NONE")),
        pytest.param(2, 2, "VALID", "NONE", marks=pytest.mark.slow),
        pytest.param(2, 1, "SAME", "RELU6", marks=pytest.mark.slow),
        pytest.param(5, 3, "SAME", "NONE", marks=pytest.mark.slow),
    ],
)
def test_maxima_of_rows(rows, stride, padding, activation, folder):
    """Windows of one column; 33 bytes a row are whole vectors and words, and one more."""
    check(maxima_of_rows(rows, stride, padding, activation), folder)


@pytest.mark.parametrize(
    ("rows", "macro"), [(256, False), (257, True), pytest.param(600, True, marks=pytest.mark.slow)]
)
def test_places_of_many_rows(rows, macro, folder):
    """Rows are numbered by bytes while 256 or fewer of a value lie in the arena."""
    builder = ModelBuilder(5)
    maps = builder.conv(builder.input((1, rows, 3, 1)), 2, stride=(2, 1))
    model = builder.build(builder.dense(builder.depthwise(maps, stride=(3, 1)), 4))
    assert ("#define MANY_SLOTS" in export_bytes(model, folder).source) == macro
    check(model, folder)
