"""Reading a TFLite file into a graph: what it becomes, and what is refused in which words."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_builder import ModelBuilder
from random_networks import MAKERS, single_operator
from test_newer_kernels import SCALES
from tiny_models import tiny_models

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.graph.model import Graph, Value
from edgedigits.firmware_export.operators.activations.prelu import Prelu
from edgedigits.firmware_export.operators.activations.softmax import Softmax
from edgedigits.firmware_export.operators.elementwise.add import Add
from edgedigits.firmware_export.operators.elementwise.extreme import Extreme
from edgedigits.firmware_export.operators.elementwise.mul import Mul
from edgedigits.firmware_export.operators.elementwise.sub import Sub
from edgedigits.firmware_export.operators.enlarging.pad import Pad
from edgedigits.firmware_export.operators.reader import LARGEST_COUNT, LARGEST_FILE, read_graph
from edgedigits.firmware_export.operators.reducing.average_pool_2d import AveragePool
from edgedigits.firmware_export.operators.reducing.max_pool_2d import MaxPool
from edgedigits.firmware_export.operators.reducing.reduce_max import ReduceExtreme
from edgedigits.firmware_export.operators.registry import OPERATORS
from edgedigits.firmware_export.operators.shared.convolution import Conv
from edgedigits.firmware_export.operators.shared.joining import Concatenation
from edgedigits.firmware_export.operators.shared.lookup import Lookup
from edgedigits.firmware_export.operators.shared.picking import Pick
from edgedigits.firmware_export.operators.shared.reshaping import Reshape
from edgedigits.firmware_export.operators.shared.summing import Mean
from edgedigits.firmware_export.operators.shared.taking import Take
from edgedigits.firmware_export.operators.weighted.depthwise_conv_2d import Depthwise
from edgedigits.firmware_export.operators.weighted.fully_connected import Dense

SMALL = Path(__file__).parents[2] / "core" / "pretrained" / "small" / "model.int8.tflite"
PATIENCE = 60.0
HOSTILE = b'*/ system("rm -rf /"); /* \x1b[31m\n" %s %n'
FLIPPED = """
import random, resource, sys
from pathlib import Path
from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.operators.activations.prelu import Prelu
from edgedigits.firmware_export.operators.reader import LARGEST_COUNT, LARGEST_FILE, read_graph
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
data, path, dice = Path(sys.argv[1]).read_bytes(), Path(sys.argv[2]), random.Random(2026)
refused = 0
for _ in range(int(sys.argv[3])):
    changed = bytearray(data)
    for _ in range(dice.choice((1, 4, 40))):
        changed[dice.randrange(8, len(data))] ^= 1 << dice.randrange(8)
    path.write_bytes(changed)
    try:
        read_graph(path)
    except EdgedigitsError:
        refused += 1
print(refused)
"""


@pytest.fixture(scope="session", name="tiny_models")
def _tiny_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_models(tmp_path_factory)


def graph_of(built: ModelBuilder, output: int, folder: Path) -> Graph:
    path = folder / "model.tflite"
    path.write_bytes(built.build(output))
    return read_graph(path)


def one_of_everything() -> tuple[ModelBuilder, int]:
    built = ModelBuilder(1)
    image = built.input((1, 8, 8, 2))
    left = built.depthwise(built.conv(image, 4, (3, 3), stride=(2, 2), activation="RELU"), 2, dilation=(2, 2))
    padded = built.pad(built.pool(left, "max", (2, 2), stride=(1, 1), padding="SAME"), (1, 0), (0, 1), 5)
    joined = built.concat([padded, built.pad(left, (0, 1), (1, 0))])
    pooled = built.pool(joined, "average", (2, 2), stride=(2, 2), padding="SAME", activation="RELU6")
    twisted = built.mul(pooled, built.relu(pooled))
    total = built.add(built.logistic(built.relu6(twisted)), built.quantize(pooled, (0.05, 3)))
    total = built.resize_nearest(built.leaky_relu(built.tanh(total), 0.1), (3, 7))
    means = built.add(built.mean(total, keep_dims=True), built.reduce_max(total, keep_dims=True))
    features = built.reshape(built.squeeze(built.expand_dims(means, 1), (1,)), (1, 1, 1, -1))
    built.tensors[features].shape = (1, 1, 1, 16)
    features = taken(built, features)
    features = built.extreme("MINIMUM", features, built.extreme("MAXIMUM", features, built.hard_swish(features)))
    features = built.sub(features, built.prelu(features, built.constant(np.ones(16, np.int8), 0.1)))
    scores = built.dense(built.add(features, built.constant(np.ones(16, np.int8), 0.1)), 10, per_channel=True)
    return built, built.softmax(scores)


def taken(built: ModelBuilder, source: int) -> int:
    """A value of shape (1, 1, 1, 16) through every operator that takes parts of it or puts them in another order."""
    halves = built.split(built.transpose(source, (0, 2, 3, 1)), 2, (8, 8), equal=True)
    parts = built.split(built.concat(halves, 2), 2, (4, 12))
    rows = built.concat([built.slice(parts[1], (0, 0, 0, 0), (-1, -1, -1, -1)), parts[0]], 2)
    cut = built.strided_slice(rows, ((0, 1, 1), (0, 1, 1), (0, 16, 1), (0, 1, 1)))
    return built.reshape(cut, (1, 1, 1, 16))


def test_every_operator_has_a_maker(tmp_path: Path) -> None:
    """What makes random networks makes every one that TFLite 2.14 computes, and it is read."""
    path, made = tmp_path / "model.tflite", set()
    for kind in MAKERS:
        for seed in range(8):
            path.write_bytes(single_operator(random.Random(seed), kind))
            made |= {node.name.split()[0] for node in read_graph(path).nodes}
    assert made | set(SCALES) == set(OPERATORS)
    assert not made & set(SCALES)


def test_a_network_of_many_operators_has_their_nodes(tmp_path: Path) -> None:
    built, output = one_of_everything()
    graph = graph_of(built, output, tmp_path)
    kinds = {type(node) for node in graph.nodes}
    windows = {AveragePool, Conv, Dense, Depthwise, MaxPool}
    pairs = {Add, Extreme, Mul, Prelu, Sub}
    moved = {Concatenation, Pad, Reshape, Pick, Take}
    expected = windows | pairs | moved | {Lookup, Mean, ReduceExtreme, Softmax}
    assert kinds == expected
    made = {graph.input}
    for node in graph.nodes:
        assert set(node.inputs) <= made, "nodes stand in an order in which they can run"
        made.add(node.output)
    assert made == set(graph.values)
    assert graph.values[graph.output] == Value((1, 1, 10), 1 / 256, -128)


def test_a_convolution_with_all_its_parts(tmp_path: Path) -> None:
    built = ModelBuilder()
    source = built.input((1, 9, 8, 3), 0.5, -7)
    output = built.conv(source, 4, (3, 2), stride=(2, 1), dilation=(1, 3), activation="RELU", output=(3000.0, -20))
    graph = graph_of(built, output, tmp_path)
    assert graph.values == {source: Value((9, 8, 3), 0.5, -7), output: Value((5, 8, 4), 3000.0, -20)}
    (node,) = graph.nodes
    assert isinstance(node, Conv)
    assert (node.name, node.inputs, node.output) == ("CONV_2D 0", (source,), output)
    window = node.window
    assert (window.size, window.stride, window.dilation) == ((3, 2), (2, 1), (1, 3))
    assert (window.before, window.after) == ((1, 1), (1, 2)), "SAME puts the odd column after"
    _, weights, bias = (built.tensors[number] for number in built.operators[0].inputs)
    np.testing.assert_array_equal(node.weights, weights.data)
    np.testing.assert_array_equal(node.rescaling.bias, bias.data)
    assert (node.rescaling.zero_point, node.rescaling.low, node.rescaling.high) == (-20, -20, 127)
    real = node.rescaling.multipliers * 2.0 ** (node.rescaling.exponents - 31.0)
    np.testing.assert_allclose(real, 0.5 * np.array(weights.scales) / 3000, rtol=1e-6)
    assert graph.macs == 5 * 8 * 4 * 3 * 2 * 3


def test_one_scale_serves_all_channels(tmp_path: Path) -> None:
    built = ModelBuilder()
    output = built.depthwise(built.input((1, 5, 5, 3)), 2, per_channel=False)
    (node,) = graph_of(built, output, tmp_path).nodes
    assert isinstance(node, Depthwise)
    assert node.weights.shape == (3, 3, 6)
    assert node.rescaling.multipliers.shape == node.rescaling.exponents.shape == (6,)
    assert len(set(node.rescaling.multipliers.tolist())) == 1


def test_a_dense_layer_flattens_its_input_first(tmp_path: Path) -> None:
    built = ModelBuilder()
    source = built.input((1, 4, 3, 2))
    output = built.dense(source, 10, bias=False)
    flat, dense = graph_of(built, output, tmp_path).nodes
    assert isinstance(flat, Reshape) and isinstance(dense, Conv)
    assert flat.inputs == (source,) and dense.inputs == (flat.output,)
    assert dense.weights.shape == (10, 1, 1, 24)
    assert not dense.rescaling.bias.any()


def test_a_flat_input_needs_no_reshape(tmp_path: Path) -> None:
    built = ModelBuilder()
    (node,) = graph_of(built, built.dense(built.input((1, 24)), 10), tmp_path).nodes
    assert isinstance(node, Conv)


@pytest.mark.parametrize("name", ["add", "mul"])
@pytest.mark.parametrize("shape", [(4,), (1, 1, 4), (1, 1, 1, 1), (1, 3, 2, 4)])
@pytest.mark.parametrize("first", [False, True])
def test_a_constant_comes_second(name: str, shape: tuple[int, ...], first: bool, tmp_path: Path) -> None:
    built = ModelBuilder()
    source = built.input((1, 3, 2, 4), 0.5, 1)
    constant = built.constant(np.full(shape, 9, np.int8), 0.25, 2)
    output = getattr(built, name)(*((constant, source) if first else (source, constant)))
    (node,) = graph_of(built, output, tmp_path).nodes
    assert isinstance(node, (Add, Mul))
    assert node.inputs == (source,)
    assert node.constant is not None and (node.constant == 9).all()
    assert node.constant.shape == (1, *shape)[-3:] if len(shape) > 1 else (1, 1, 4)
    zero_points = (node.left.zero_point, node.right.zero_point) if isinstance(node, Add) else node.zero_points
    assert zero_points == (1, 2)


@pytest.mark.parametrize("keep_dims", [False, True])
@pytest.mark.parametrize("axes", [(1, 2), (2, 1), (-2, -3), (1, 2, -2)])
def test_a_mean_over_rows_and_columns(axes: tuple[int, ...], keep_dims: bool, tmp_path: Path) -> None:
    built = ModelBuilder()
    output = built.mean(built.input((1, 4, 5, 3)), axes, keep_dims=keep_dims)
    graph = graph_of(built, output, tmp_path)
    (node,) = graph.nodes
    assert isinstance(node, Mean)
    assert node.rescaling.bias.tolist() == [128 * 20]
    assert graph.values[output].shape == (1, 1, 3)


def test_floats_at_both_ends_fall_away(tmp_path: Path) -> None:
    built = ModelBuilder()
    image = built.input((1, 4, 4, 1), 0.0, 0, np.float32)
    whole = built.tensor((1, 4, 4, 1), 1 / 255, -128)
    built.operator("QUANTIZE", 1, [image], whole, "QuantizeOptions")
    scores = built.dense(whole, 10)
    graph = graph_of(built, built.dequantize(scores), tmp_path)
    assert (graph.input, graph.output) == (whole, scores)
    assert [type(node) for node in graph.nodes] == [Reshape, Dense]


def test_what_does_not_lead_to_the_output_is_left_out(tmp_path: Path) -> None:
    built = ModelBuilder()
    source = built.input((1, 4))
    built.relu(source)
    output = built.relu6(source)
    graph = graph_of(built, output, tmp_path)
    assert [node.name for node in graph.nodes] == ["RELU6 1"]
    assert set(graph.values) == {source, output}


def test_models_of_the_converter(tiny_models: dict[str, Path]) -> None:
    for path in (tiny_models["int8"], SMALL):
        if path.is_file():
            graph = read_graph(path)
            assert graph.values[graph.input].shape == (28, 28, 1)
            assert graph.values[graph.output] == Value((1, 1, 10), 1 / 256, -128)


# -- hostile files ---------------------------------------------------------------------------------------------------


def refused(path: Path) -> EdgedigitsError:
    with pytest.raises(EdgedigitsError) as caught:
        read_graph(path)
    return caught.value


def test_names_in_a_model_stay_out_of_messages(tmp_path: Path) -> None:
    built = ModelBuilder()
    source = built.input((1, 4))
    output = built.other("TANH", source)
    for tensor in built.tensors:
        tensor.name = HOSTILE
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(output))
    message = str(refused(path))
    assert "system" not in message and "\x1b" not in message and "\n" not in message


def test_names_in_a_model_stay_out_of_the_graph(tmp_path: Path) -> None:
    built, output = one_of_everything()
    for tensor in built.tensors:
        tensor.name = HOSTILE
    assert "system" not in repr(graph_of(built, output, tmp_path))


@pytest.mark.parametrize(("inputs", "outputs", "lacking"), [(0, 1, "inputs"), (1, 0, "outputs")])
def test_an_input_and_an_output_at_least(inputs: int, outputs: int, lacking: str, tmp_path: Path) -> None:
    built = ModelBuilder()
    made = built.relu(built.input((1, 4)))
    built.inputs = [0] * inputs
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(*[made] * outputs))
    assert f"has no {lacking} where" in refused(path).what


def test_a_model_that_computes_nothing(tmp_path: Path) -> None:
    built = ModelBuilder()
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(built.input((1, 4))))
    assert "computes nothing" in refused(path).what


def test_an_output_that_nothing_makes(tmp_path: Path) -> None:
    built = ModelBuilder()
    built.relu(built.input((1, 4)))
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(built.tensor((1, 4), 0.1)))
    assert "makes no output" in refused(path).what


def test_files_that_are_no_models(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    assert "cannot read" in refused(path).what
    path.write_bytes(b"")
    assert "is empty" in refused(path).what
    path.write_bytes(b"hello, world")
    assert "not a TFLite model" in refused(path).what
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    assert "too many for a microcontroller" in refused(path).what


def test_a_million_operators_are_refused_at_once(tmp_path: Path) -> None:
    built = ModelBuilder()
    output = built.relu(built.input((1, 4)))
    built.operators *= LARGEST_COUNT + 1
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(output))
    started = time.monotonic()
    assert f"more than {LARGEST_COUNT}" in refused(path).what
    assert time.monotonic() - started < PATIENCE / 10


def test_weights_that_a_thousand_layers_share_are_refused_at_once(tmp_path: Path) -> None:
    built = ModelBuilder()
    value = built.input((1, 256))
    value = built.dense(value, 256, output=(1.0, 0))
    first = built.operators[0]
    for _ in range(2000):
        made = built.tensor((1, 256), 1.0, 0)
        value = built.operator("FULLY_CONNECTED", 4, [value, *first.inputs[1:]], made, first.table, **first.options)
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(value))
    started = time.monotonic()
    assert "same weights in too many layers" in refused(path).what
    assert time.monotonic() - started < PATIENCE / 4


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    built, output = one_of_everything()
    data = built.build(output)
    path = tmp_path / "cut.tflite"
    started = time.monotonic()
    for length in random.Random(2026).sample(range(len(data) - 200), 150):
        path.write_bytes(data[:length])
        refused(path)
    assert time.monotonic() - started < PATIENCE


@pytest.mark.parametrize("whole", [True, False])
def test_flipped_bits_never_crash_or_eat_memory(whole: bool, tmp_path: Path) -> None:
    """In a process with one gigabyte, for a model of every operator and for a small one that is mostly tables."""
    built, output = one_of_everything()
    if not whole:
        built = ModelBuilder()
        output = built.softmax(built.dense(built.input((1, 4, 4, 1)), 3))
    path = tmp_path / "whole.tflite"
    path.write_bytes(built.build(output))
    line = [sys.executable, "-c", FLIPPED, str(path), str(tmp_path / "flipped.tflite"), "300"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=PATIENCE * 2, check=False)
    assert done.returncode == 0, done.stderr
    assert 30 < int(done.stdout) <= 300


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 1 << 20), st.integers(0, 255), st.integers(1, 8))
def test_overwritten_bytes_never_crash(tmp_path: Path, place: int, byte: int, length: int) -> None:
    built = ModelBuilder()
    data = bytearray(built.build(built.softmax(built.dense(built.input((1, 4, 4, 1)), 3))))
    place = 8 + place % (len(data) - 8)
    data[place : place + length] = bytes([byte]) * length
    path = tmp_path / "model.tflite"
    path.write_bytes(data)
    try:
        graph = read_graph(path)
    except EdgedigitsError:
        return
    assert graph.nodes
