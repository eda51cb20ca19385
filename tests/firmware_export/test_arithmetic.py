"""The arithmetic of the graph is that of TFLite's reference kernels, to the last bit.

Each model is read into a graph, the graph is computed with NumPy integers as its docstrings say, and the result must
equal BUILTIN_REF's. Where TFLite could round in float32 or in double, scales are searched for which that decides an
output, so that the wrong one of the two would fail.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_builder import ModelBuilder
from numpy.typing import NDArray
from reference import reference_outputs

from edgedigits.firmware_export.graph import arithmetic
from edgedigits.firmware_export.graph.evaluation import evaluate
from edgedigits.firmware_export.graph.formulas import rescaled
from edgedigits.firmware_export.graph.model import Rescaling, Value
from edgedigits.firmware_export.operators.reader import read_graph

SMALL = Path(__file__).parents[2] / "core" / "pretrained" / "small" / "model.int8.tflite"
EVERY_INPUT = np.arange(-128, 128, dtype=np.int8)
quickly = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
activations = st.sampled_from(["NONE", "RELU", "RELU6", "RELU_N1_TO_1"])
paddings = st.sampled_from(["SAME", "VALID"])
sizes = st.tuples(st.integers(1, 4), st.integers(1, 4))
strides = st.tuples(st.integers(1, 3), st.integers(1, 3))
dilations = st.tuples(st.integers(1, 2), st.integers(1, 2))
zero_points = st.integers(-128, 127)
seeds = st.integers(0, 1 << 30)
steps = st.floats(1 / 128, 1 / 8, width=32)


def images(shape: tuple[int, ...], seed: int, count: int = 3) -> list[NDArray[np.int8]]:
    dice = np.random.default_rng(seed)
    return [dice.integers(-128, 128, shape, dtype=np.int8) for _ in range(count)]


def assert_exact(built: ModelBuilder, output: int, inputs: list[NDArray[np.int8]], folder: Path) -> None:
    model = built.build(output)
    path = folder / "model.tflite"
    path.write_bytes(model)
    graph = read_graph(path)
    for given_input, expected in zip(inputs, reference_outputs(model, inputs), strict=True):
        np.testing.assert_array_equal(evaluate(graph, given_input).ravel(), expected.ravel())


# -- fixed point -----------------------------------------------------------------------------------------------------


@given(st.integers(-(2**31), 2**31 - 1), st.integers(-(2**31), 2**31 - 1))
def test_high_mul_is_the_exact_product_rounded(a: int, b: int) -> None:
    exact = Fraction(a * b, 1 << 31)
    made = arithmetic.high_mul(a, b)
    assert abs(made - min(exact, (1 << 31) - 1)) <= Fraction(1, 2)


@given(st.integers(-(2**31), 2**31 - 1).filter(lambda a: a % 2))
def test_high_mul_takes_ties_upwards_as_gemmlowps_nudge_has_it(a: int) -> None:
    assert arithmetic.high_mul(a, 1 << 30) == arithmetic.high_mul(1 << 30, a) == (a + 1) // 2


def test_high_mul_saturates_where_the_product_does_not_fit() -> None:
    assert arithmetic.high_mul(-(1 << 31), -(1 << 31)) == (1 << 31) - 1


@pytest.mark.parametrize(
    ("value", "exponent", "expected"),
    [(5, 1, 3), (-5, 1, -3), (3, 1, 2), (-3, 1, -2), (7, 3, 1), (-4, 3, -1), (-3, 3, 0), (9, 0, 9), (1 << 30, 31, 1)],
)
def test_a_rounding_shift_takes_ties_away_from_zero(value: int, exponent: int, expected: int) -> None:
    assert arithmetic.rounding_shift(value, exponent) == expected


@given(st.floats(2.0**-31, 2.0**20))
def test_a_multiplier_is_the_nearest_of_31_bits(real: float) -> None:
    multiplier, exponent = arithmetic.quantize_multiplier(real)
    assert 1 << 30 <= multiplier < 1 << 31
    assert abs(Fraction(real) - Fraction(multiplier) * Fraction(2) ** (exponent - 31)) <= Fraction(2) ** (exponent - 32)


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        (0.0, (0, 0)),
        (0.5, (1 << 30, 0)),
        (1.0, (1 << 30, 1)),
        (1.0 - 2.0**-40, (1 << 30, 1)),
        (2.0**-32, (1 << 30, -31)),
        (2.0**-33, (0, 0)),
    ],
    ids=["zero", "half", "one", "rounds up into the next exponent", "least", "flushed to zero"],
)
def test_corners_of_a_multiplier(real: float, expected: tuple[int, int]) -> None:
    assert arithmetic.quantize_multiplier(real) == expected


def test_an_empty_channel_keeps_what_it_gives_and_others_all_they_have() -> None:
    dice = np.random.default_rng(13)
    count = 400
    made = Rescaling(
        bias=dice.integers(-(1 << 30), 1 << 30, count).astype(np.int32),
        multipliers=dice.integers(1 << 30, (1 << 31) - 1, count).astype(np.int32),
        exponents=dice.integers(-30, 3, count).astype(np.int32),
        zero_point=-100,
        low=-128,
        high=127,
    )
    empty = dice.random(count) < 0.8
    small = arithmetic.of_empty_channels(made, empty)
    given = [rescaled(np.zeros(count, np.int64), how) for how in (made, small)]
    np.testing.assert_array_equal(*given)
    assert len(set(given[0][empty & (made.exponents <= 0)].tolist())) > 20, "not all of them are clamped"
    changed = empty & (made.exponents <= 0)
    assert np.abs(small.bias[changed]).max() <= 8 * 255, "sums of bytes with it stay in 32 bits"
    assert (small.multipliers[changed] >= 1 << 30).all() and (small.exponents[changed] <= 0).all()
    for before, after in (
        (made.bias, small.bias),
        (made.multipliers, small.multipliers),
        (made.exponents, small.exponents),
    ):
        np.testing.assert_array_equal(before[~changed], after[~changed])
    assert (small.zero_point, small.low, small.high) == (-100, -128, 127)


@pytest.mark.parametrize("count", [1, 2, 3, 64, 65, 1 << 24])
@pytest.mark.parametrize("ratio", [2.0**-32, 1.7 * 2.0**-30, 2.0**-9, 0.3, 1.9, 300.0])
def test_a_mean_folds_its_count_into_a_multiplier_that_kernels_can_shift_by(ratio: float, count: int) -> None:
    """The least exponent is -31, and all 31 bits are used above it."""
    made = arithmetic.mean_rescaling(Value((1, 1, 1), ratio, 3), Value((1, 1, 1), 1.0, 0), count)
    (multiplier,), (exponent,) = made.multipliers.tolist(), made.exponents.tolist()
    assert exponent >= -31
    assert exponent == -31 or multiplier >= 1 << 29
    exact = Fraction(ratio) / count * Fraction(2) ** (31 - exponent)
    assert abs(multiplier - exact) < 2
    assert made.bias.tolist() == [-3 * count]


# -- layers with weights ---------------------------------------------------------------------------------------------


@quickly
@given(st.data())
def test_convolutions(tmp_path: Path, data: st.DataObject) -> None:
    draw = data.draw
    built = ModelBuilder(draw(seeds))
    shape = (1, draw(st.integers(7, 9)), draw(st.integers(7, 9)), draw(st.integers(1, 5)))
    source = built.input(shape, draw(steps), draw(zero_points))
    options = {
        "size": draw(sizes),
        "stride": draw(strides),
        "dilation": draw(dilations),
        "padding": draw(paddings),
        "activation": draw(activations),
        "per_channel": draw(st.booleans()),
    }
    if draw(st.booleans()):
        output = built.conv(source, draw(st.integers(1, 6)), **options)
    else:
        output = built.depthwise(source, draw(st.integers(1, 3)), **options)
    assert_exact(built, output, images(shape, draw(seeds)), tmp_path)


@quickly
@given(seeds, zero_points, activations, st.booleans(), st.booleans(), st.integers(1, 9))
def test_dense_layers(
    tmp_path: Path, seed: int, zero_point: int, activation: str, per_channel: bool, bias: bool, channels: int
) -> None:
    built = ModelBuilder(seed)
    source = built.input((1, 3, 2, 5), 0.02, zero_point)
    output = built.dense(source, channels, activation=activation, per_channel=per_channel, bias=bias)
    assert_exact(built, output, images((3, 2, 5), seed), tmp_path)


@pytest.mark.parametrize("shape", [(1, 4, 3, 5), (1, 6, 5), (1, 5)])
def test_a_dense_layer_over_the_last_axis(shape: tuple[int, ...], tmp_path: Path) -> None:
    built = ModelBuilder()
    output = built.dense(built.input(shape, 0.02, 3), 7, keep_num_dims=True)
    assert_exact(built, output, images(shape, 1), tmp_path)


@pytest.mark.parametrize("per_channel", [False, True])
def test_a_dense_layer_takes_rows_of_its_own_length(per_channel: bool, tmp_path: Path) -> None:
    """As TFLite does without keep_num_dims: an input of twelve pixels becomes twelve rows."""
    built = ModelBuilder()
    output = built.dense(built.input((1, 4, 3, 5), 0.02, 3), 7, keep_num_dims=True, per_channel=per_channel)
    built.operators[-1].options["KeepNumDims"] = False
    built.tensors[output].shape = (12, 7)
    output = built.reshape(output, (1, 84))
    assert_exact(built, output, images((4, 3, 5), 1), tmp_path)


# -- float32 or double -----------------------------------------------------------------------------------------------


def single(value: float) -> float:
    return float(np.float32(value))


def stepped(value: int, ratio: float) -> int:
    return arithmetic.multiply(value, *arithmetic.quantize_multiplier(ratio))


def telling_pairs(count: int) -> Iterator[tuple[float, float, int]]:
    """Input scale, output scale and an input for which it matters whether their quotient is a float32 or a double."""
    dice = np.random.default_rng(7)
    while count:
        output, half, value = single(dice.uniform(0.01, 0.2)), dice.integers(1, 40) + 0.5, int(dice.integers(1, 100))
        source = single(output * half / value)
        if stepped(value, source / output) != stepped(value, single(source / output)):
            count -= 1
            yield source, output, value


@pytest.mark.parametrize(("name", "in_double"), [("quantize", True), ("relu", False), ("mean", True)])
def test_how_the_quotient_of_two_scales_is_rounded(name: str, in_double: bool, tmp_path: Path) -> None:
    for source_scale, output_scale, value in telling_pairs(8):
        built = ModelBuilder()
        source = built.input((1, 1, 1, 1), source_scale, 0)
        output = getattr(built, name)(source, output=(output_scale, 0))
        expected = int(reference_outputs(built.build(output), [np.int8([value])])[0].ravel()[0])
        assert (expected == stepped(value, source_scale / output_scale)) is in_double
        assert_exact(built, output, [np.int8([value])], tmp_path)


def in_doubles(source: float, weight: float, output: float) -> float:
    return source * weight / output


def product_in_float32(source: float, weight: float, output: float) -> float:
    return single(source * weight) / output


def all_in_float32(source: float, weight: float, output: float) -> float:
    return single(single(source * weight) / output)


WAYS = [in_doubles, product_in_float32, all_in_float32]


def telling_triples(count: int) -> Iterator[tuple[tuple[float, float, float], tuple[int, int]]]:
    """Scales of input, weight and output, and an input and a weight, for which the three ways do not all agree."""
    dice = np.random.default_rng(8)
    while count:
        output, weight_scale = single(dice.uniform(0.01, 0.2)), single(dice.uniform(0.005, 0.05))
        value, weight = int(dice.integers(1, 100)), int(dice.integers(1, 100))
        source = single(output * (dice.integers(1, 40) + 0.5) / (value * weight) / weight_scale)
        scales = (source, weight_scale, output)
        if len({stepped(value * weight, way(*scales)) for way in WAYS}) > 1:
            count -= 1
            yield scales, (value, weight)


@pytest.mark.parametrize(
    ("name", "per_channel", "way"),
    [
        ("conv", True, in_doubles),
        ("conv", False, in_doubles),
        ("depthwise", True, in_doubles),
        ("dense", True, in_doubles),
        ("dense", False, product_in_float32),
        ("mul", False, all_in_float32),
    ],
)
def test_how_the_product_of_two_scales_is_rounded(
    name: str, per_channel: bool, way: Callable[[float, float, float], float], tmp_path: Path
) -> None:
    refuted = set()
    for scales, (value, weight) in telling_triples(30):
        built = ModelBuilder()
        source = built.input((1, 1, 1, 1), scales[0], 0)
        output = one_weight(built, source, name, per_channel, scales, weight)
        expected = int(reference_outputs(built.build(output), [np.int8([value])])[0].ravel()[0])
        assert expected == stepped(value * weight, way(*scales))
        refuted |= {other.__name__ for other in WAYS if expected != stepped(value * weight, other(*scales))}
        assert_exact(built, output, [np.int8([value])], tmp_path)
    assert refuted == {other.__name__ for other in WAYS if other is not way}


def one_weight(
    built: ModelBuilder, source: int, name: str, per_channel: bool, scales: tuple[float, float, float], weight: int
) -> int:
    """A layer of two equal channels that multiplies its one input by one weight."""
    quantization = (scales[2], 0)
    if name == "mul":
        return built.mul(source, built.constant(np.full((1, 1, 1, 1), weight, np.int8), scales[1]), output=quantization)
    if name == "dense":
        output = built.dense(source, 2, per_channel=per_channel, output=quantization)
    else:
        output = getattr(built, name)(source, 2, (1, 1), per_channel=per_channel, output=quantization)
    _, weights, bias = (built.tensors[number] for number in built.operators[-1].inputs)
    weights.data = np.full(weights.shape, weight, np.int8)
    weights.scales = (scales[1],) * len(weights.scales)
    bias.data = np.zeros(2, np.int32)
    bias.scales = (single(scales[0] * scales[1]),) * len(weights.scales)
    return output


def test_sums_are_prepared_in_doubles(tmp_path: Path) -> None:
    dice = np.random.default_rng(9)
    found = 0
    while found < 8:
        scales = [single(dice.uniform(0.01, 0.2)) for _ in range(2)]
        values = [int(number) for number in dice.integers(-128, 128, 2)]
        real = values[0] * scales[0] + values[1] * scales[1]
        output_scale = single(abs(real) / (dice.integers(1, 60) + 0.5))
        if output_scale == 0.0 or added(values, scales, output_scale, float) == added(
            values, scales, output_scale, single
        ):
            continue
        found += 1
        built = ModelBuilder()
        right = built.constant(np.full((1, 1, 1, 1), values[1], np.int8), scales[1])
        output = built.add(built.input((1, 1, 1, 1), scales[0], 0), right, output=(output_scale, 0))
        expected = int(reference_outputs(built.build(output), [np.int8([values[0]])])[0].ravel()[0])
        assert expected == added(values, scales, output_scale, float)
        assert_exact(built, output, [np.int8([values[0]])], tmp_path)


def added(values: list[int], scales: list[float], output_scale: float, rounded: Callable[[float], float]) -> int:
    twice = 2 * max(scales)
    total = sum(stepped(value << 20, rounded(scale / twice)) for value, scale in zip(values, scales, strict=True))
    return stepped(total, rounded(twice / ((1 << 20) * output_scale)))


# -- operators without weights ---------------------------------------------------------------------------------------


@quickly
@given(st.data())
def test_pools(tmp_path: Path, data: st.DataObject) -> None:
    draw = data.draw
    built = ModelBuilder()
    shape = (1, draw(st.integers(4, 9)), draw(st.integers(4, 9)), draw(st.integers(1, 5)))
    source = built.input(shape, draw(steps), draw(zero_points))
    kind = draw(st.sampled_from(["max", "average"]))
    options = {"size": draw(sizes), "stride": draw(strides), "padding": draw(paddings), "activation": draw(activations)}
    assert_exact(built, built.pool(source, kind, **options), images(shape, draw(seeds)), tmp_path)


def test_the_average_of_four_rounds_halves_away_from_zero(tmp_path: Path) -> None:
    built = ModelBuilder()
    output = built.pool(built.input((1, 2, 2, 256)), "average")
    image = np.zeros((2, 2, 256), np.int8)
    image[0, 0] = EVERY_INPUT
    assert_exact(built, output, [image], tmp_path)
    assert reference_outputs(built.build(output), [image])[0].ravel()[[126, 130]].tolist() == [-1, 1]


@quickly
@given(seeds, zero_points, st.integers(1, 9), st.integers(1, 9), st.booleans())
def test_means(tmp_path: Path, seed: int, zero_point: int, height: int, width: int, keep_dims: bool) -> None:
    built = ModelBuilder()
    source = built.input((1, height, width, 64), 0.05, zero_point)
    axes = [(1, 2), (2, 1), (-3, -2), (1, 2, 2)][seed % 4]
    output = built.mean(source, axes, keep_dims=keep_dims)
    assert_exact(built, output, images((height, width, 64), seed, 1), tmp_path)


@pytest.mark.parametrize("keep_dims", [False, True])
def test_a_mean_that_keeps_its_scale_takes_no_other_path(keep_dims: bool, tmp_path: Path) -> None:
    built = ModelBuilder()
    output = built.mean(built.input((1, 7, 7, 256), 0.05, -128), keep_dims=keep_dims, output=(single(0.05), -128))
    image = np.random.default_rng(0).integers(-128, 128, (7, 7, 256)) // 8 + EVERY_INPUT // 2
    assert_exact(built, output, [image.astype(np.int8)], tmp_path)


@pytest.mark.parametrize("name", ["relu", "relu6", "logistic", "quantize"])
def test_tables_hold_every_input(name: str, tmp_path: Path) -> None:
    dice = np.random.default_rng(10)
    for _ in range(60):
        built = ModelBuilder()
        source_scale = single(dice.uniform(0.005, 0.2))
        source = built.input((256,), source_scale, int(dice.integers(-128, 128)))
        scale = 1 / 256 if name == "logistic" else single(source_scale * dice.uniform(0.3, 2.0))
        output = getattr(built, name)(source, output=(scale, int(dice.integers(-128, 128))))
        assert_exact(built, output, [EVERY_INPUT], tmp_path)


def test_tables_of_two_slopes_and_of_tanh_hold_every_input(tmp_path: Path) -> None:
    dice = np.random.default_rng(11)
    for slope in (0.0, 0.01, 0.2, 0.999, 1.0, 1.7, *dice.uniform(0, 2, 60)):
        built = ModelBuilder()
        source_scale = single(dice.uniform(0.005, 0.2))
        source = built.input((256,), source_scale, int(dice.integers(-128, 128)))
        scale = single(source_scale * dice.uniform(0.3, 2.0))
        output = built.leaky_relu(source, single(slope), (scale, int(dice.integers(-128, 128))))
        assert_exact(built, output, [EVERY_INPUT], tmp_path)
        built = ModelBuilder()
        output = built.tanh(built.input((256,), source_scale, int(dice.integers(-128, 128))))
        assert_exact(built, output, [EVERY_INPUT], tmp_path)


def test_a_table_has_256_entries_clamped_to_bytes() -> None:
    assert arithmetic.table(lambda q: q).tolist() == list(range(-128, 128))
    assert arithmetic.table(lambda q: 40_000 * q).tolist() == [-128] * 128 + [0] + [127] * 127


@pytest.mark.parametrize("options", [{}, {"AlignCorners": True}, {"HalfPixelCenters": True}], ids=str)
def test_every_place_of_a_resized_picture(options: dict[str, bool], tmp_path: Path) -> None:
    for extent in (1, 2, 3, 5, 7, 12):
        for made in (1, 2, 3, 4, 7, 10, 13, 28):
            built = ModelBuilder()
            output = built.resize_nearest(built.input((1, extent, extent + 1, 2), 0.1), (made, made + 2), **options)
            assert_exact(built, output, images((extent, extent + 1, 2), made), tmp_path)


def test_greatest_of_each_channel(tmp_path: Path) -> None:
    for shape in ((1, 1, 1), (1, 9, 3), (7, 1, 5), (6, 5, 33)):
        built = ModelBuilder()
        output = built.reduce_max(built.input((1, *shape), 0.1, -3), keep_dims=shape[0] == 7)
        assert_exact(built, output, images(shape, 2), tmp_path)


@quickly
@given(seeds, st.tuples(zero_points, zero_points), activations, st.sampled_from(["add", "mul"]), st.integers(0, 3))
def test_sums_and_products(
    tmp_path: Path, seed: int, zeros: tuple[int, int], activation: str, name: str, other: int
) -> None:
    """With a second value, the same value, one constant for each channel, and a constant of the whole shape."""
    built = ModelBuilder(seed)
    source = built.input((1, 6, 5, 4), 0.03, zeros[0])
    constant = built.dice.integers(-128, 128, (4,) if other == 2 else (1, 6, 5, 4), dtype=np.int8)
    if other == 0:
        right = built.depthwise(source, output=(0.04, zeros[1]))
    else:
        right = source if other == 1 else built.constant(constant, 0.01, zeros[1])
    sides = (source, right) if seed % 2 else (right, source)
    assert_exact(built, getattr(built, name)(*sides, activation=activation), images((6, 5, 4), seed), tmp_path)


def test_bytes_that_only_move(tmp_path: Path) -> None:
    built = ModelBuilder()
    source = built.input((1, 5, 4, 3), 0.03, 9)
    padded = built.pad(source, (1, 2), (0, 3))
    other = built.pad(source, (0, 4), (1, 1), 77)
    joined = built.concat([padded, other, padded], 3)
    taller = built.concat([joined, joined], 1)
    wider = built.concat([taller, taller], -2)
    flat = built.squeeze(built.expand_dims(built.reshape(wider, (1, -1)), 1), (1,))
    built.tensors[built.operators[-3].outputs[0]].shape = (1, 12 * 18 * 9)
    assert built.tensors[wider].shape == (1, 12, 18, 9)
    for number in (built.operators[-2].outputs[0], flat):
        built.tensors[number].shape = tuple(12 * 18 * 9 if size == -1 else size for size in built.tensors[number].shape)
    assert_exact(built, flat, images((5, 4, 3), 2), tmp_path)


# -- softmax ---------------------------------------------------------------------------------------------------------


@quickly
@given(seeds, st.integers(1, 100), st.floats(2.0**-10, 2.0, width=32), st.sampled_from([1.0, 0.5, 2.0, 0.1]))
def test_softmax(tmp_path: Path, seed: int, channels: int, scale: float, beta: float) -> None:
    built = ModelBuilder()
    output = built.softmax(built.input((16, channels), scale, 3), beta)
    built.tensors[0].shape = built.tensors[1].shape = (1, 16, channels)
    assert_exact(built, output, images((16, channels), seed, 1), tmp_path)


@pytest.mark.parametrize("channels", [2, 3, 10, 511])
def test_softmax_of_equal_and_of_extreme_scores(channels: int, tmp_path: Path) -> None:
    dice = np.random.default_rng(11)
    image = dice.integers(-128, 128, (64, channels), dtype=np.int8)
    image[0], image[1], image[2, 0] = 5, -128, 127
    image[3:30] = np.where(dice.random((27, channels)) < 0.5, 127, dice.integers(0, 127, (27, 1)))
    for scale in (2.0**-20, 0.02, 0.3, 40.0):
        built = ModelBuilder()
        assert_exact(built, built.softmax(built.input((1, 64, channels), scale, 0)), [image], tmp_path)


def float_softmax(scores: NDArray[np.int8], scale: float) -> NDArray[np.int64]:
    """With a table of float32 exponentials, as TFLite's optimized kernels compute it."""
    powers = np.exp(np.float32(-scale) * np.arange(256, dtype=np.float32))[
        scores.max(1, keepdims=True).astype(int) - scores
    ]
    shares = powers * (np.float32(1) / (powers.sum(1, keepdims=True) * np.float32(1 / 256)))
    return np.minimum(np.floor(shares + 0.5).astype(np.int64) - 128, 127)


def test_softmax_is_gemmlowps_and_not_the_one_of_floats(tmp_path: Path) -> None:
    """The two differ about once in ten thousand rows; without such a row the tests above could not tell them apart."""
    dice = np.random.default_rng(12)
    told = 0
    while told < 3:
        scale = single(dice.uniform(0.01, 0.4))
        scores = dice.integers(-128, 128, (4000, 3), dtype=np.int8)
        built = ModelBuilder()
        output = built.softmax(built.input((1, 4000, 3), scale, 0))
        expected = reference_outputs(built.build(output), [scores])[0].reshape(4000, 3)
        told += int((float_softmax(scores, scale) != expected).any())
        assert_exact(built, output, [scores], tmp_path)


@pytest.mark.parametrize(
    ("scale", "scores"),
    [
        (0.045002929866313934, (127, 106, 42)),
        (0.027866173535585403, (127, 126, 55)),
        (0.011439255438745022, (127, 106, -24)),
        (0.016002099961042404, (127, 53, -86)),
        (0.02644411474466324, (127, 118, 17)),
    ],
)
def test_softmax_shows_the_errors_of_gemmlowps_exponential(
    scale: float, scores: tuple[int, int, int], tmp_path: Path
) -> None:
    """Rows, found by search, in which exponentials that are exact to 31 bits give another output."""
    built = ModelBuilder()
    assert_exact(built, built.softmax(built.input((1, 3), scale, 0)), [np.int8(scores)], tmp_path)


def test_the_exponentials_are_close_to_real_ones() -> None:
    for scale in (0.001, 0.03, 0.4, 3.0, 10.0, 20.0, 31.9, 32.0, 33.0, 1e4):
        table = arithmetic.softmax_exponentials(scale, 1.0)
        real = np.exp(-scale * np.arange(len(table))) * 2.0**31
        assert np.abs(table - real).max() < 2048
        assert np.abs(table - real)[real < 2**20].max(initial=0) < 3
        assert len(table) == 256 or math.exp(-scale * len(table)) < 2.0**-28
        assert table[-1] > 0


def test_differences_beyond_tflites_diff_min_take_no_part() -> None:
    """``CalculateInputRadius``: ``31 * 2**26 / 2**exponent``, which is 1.9 for the exponent 30 of a scale of 10."""
    assert len(arithmetic.softmax_exponentials(10.0, 1.0)) == 2
    assert len(arithmetic.softmax_exponentials(0.5, 1.0)) == 32


def test_the_constants_of_the_exponential_are_powers_of_e() -> None:
    for power, factor in arithmetic._EXP_MINUS_POWERS:
        assert factor == round(math.exp(-(2.0**power)) * 2**31)
    assert round(math.exp(-1 / 8) * 2**31) == arithmetic._EXP_MINUS_ONE_EIGHTH
    assert round(2**31 / 3) == arithmetic._ONE_THIRD


# -- activations, models ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["RELU6", "RELU_N1_TO_1"])
def test_bounds_of_an_activation_that_fall_between_two_steps(activation: str, tmp_path: Path) -> None:
    """``6 / scale`` is taken in float32: scales that make it k + 1/2 there, though not in doubles."""
    bound = 6.0 if activation == "RELU6" else 1.0
    for k in range(3, 100, 7):
        near = np.float32(bound / (k + 0.5))
        for scale in (np.nextafter(near, np.float32(0)), near, np.nextafter(near, np.float32(1))):
            built = ModelBuilder()
            output = built.pool(built.input((1, 1, 1, 256), float(scale), -3), "max", (1, 1), activation=activation)
            assert_exact(built, output, [EVERY_INPUT], tmp_path)


def test_a_bound_beyond_int8_is_none() -> None:
    assert arithmetic.activation_range("RELU6", Value((1, 1, 1), 1e-30, 0)) == (0, 127)
    assert arithmetic.activation_range("RELU_N1_TO_1", Value((1, 1, 1), 1e-30, 5)) == (-128, 127)
    assert arithmetic.activation_range("NONE", Value((1, 1, 1), 0.1, 5)) == (-128, 127)


@pytest.mark.parametrize("name", ["small", "dscnn_int8", "fakebank_int8"])
def test_whole_networks(name: str, request: pytest.FixtureRequest) -> None:
    path = SMALL
    if name != "small":
        path = request.getfixturevalue("data_folder").parent / "bench" / f"{name}.tflite"
    if not path.is_file():
        pytest.skip(f"no file {path}")
    graph = read_graph(path)
    inputs = images((28, 28, 1), 3, 4)
    inputs += [np.where(np.random.default_rng(i).random((28, 28, 1)) < 0.15, 127, -128).astype(np.int8) for i in (0, 1)]
    for image, expected in zip(inputs, reference_outputs(path.read_bytes(), inputs), strict=True):
        np.testing.assert_array_equal(evaluate(graph, image).ravel(), expected.ravel())
