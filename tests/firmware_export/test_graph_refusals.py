"""What the graph reader refuses, and in which words: everything that C could not compute as TFLite does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from model_builder import ModelBuilder
from tiny_models import tiny_models

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export import export_arrays
from edgedigits.firmware_export.operators.reader import read_graph


@pytest.fixture(scope="session", name="tiny_models")
def _tiny_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_models(tmp_path_factory)


def refused(path: Path) -> EdgedigitsError:
    with pytest.raises(EdgedigitsError) as caught:
        read_graph(path)
    return caught.value


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("float32", "is a float model"),
        ("float16", "is a float model"),
        ("dynamic", "is only partly quantized"),
    ],
)
def test_models_of_floats_are_sent_to_quantize(name: str, words: str, tiny_models: dict[str, Path]) -> None:
    error = refused(tiny_models[name])
    assert words in error.what
    assert "edgedigits quantize" in error.remedy


Change = Callable[[ModelBuilder], None]


def tensor_of(built: ModelBuilder, position: int) -> object:
    """Input ``position`` of the first operator, or its output for -1."""
    operator = built.operators[0]
    return built.tensors[operator.outputs[0] if position < 0 else operator.inputs[position]]


def change(position: int, **fields: object) -> Change:
    def apply(built: ModelBuilder) -> None:
        for name, value in fields.items():
            setattr(tensor_of(built, position), name, value)

    return apply


def option(**fields: object) -> Change:
    return lambda built: built.operators[0].options.update(fields)


def no_options(built: ModelBuilder) -> None:
    built.operators[0].table = None


def reads_ahead(built: ModelBuilder) -> None:
    built.operators[0].inputs[0] = built.tensor((1, 6, 6, 2), 0.1, 0)


def heavy(built: ModelBuilder) -> None:
    bias = built.tensors[built.operators[0].inputs[2]]
    bias.data = np.full(bias.shape, 2**31 - 1, np.int32)


WRONG_CONVOLUTIONS: dict[str, tuple[Change, str]] = {
    "batch of 2": (change(0, shape=(2, 6, 6, 2)), "its batch is not 1"),
    "no rows": (change(0, shape=(1, 0, 6, 2)), "too large or empty"),
    "negative rows": (change(0, shape=(1, -6, -6, 2)), "too large or empty"),
    "billions of rows": (change(0, shape=(1, 1 << 30, 1 << 30, 2)), "too large or empty"),
    "three axes": (change(0, shape=(1, 6, 12)), "without four axes"),
    "five axes": (change(0, shape=(1, 3, 2, 6, 2)), "more than three axes"),
    "many axes": (change(0, shape=(1,) * 3000), "without four axes"),
    "int16 off zero": (change(0, dtype=np.int16), "int16 values with a zero point other than 0"),
    "int16 in": (change(0, dtype=np.int16, zero_points=(0,)), "both int8 and int16"),
    "uint8": (change(0, dtype=np.uint8), "UINT8"),
    "scale 0": (change(0, scales=(0.0,)), "scale that is not a positive number"),
    "negative scale": (change(-1, scales=(-0.1,)), "scale that is not a positive number"),
    "scale nan": (change(-1, scales=(float("nan"),)), "scale that is not a positive number"),
    "scale inf": (change(0, scales=(float("inf"),)), "scale that is not a positive number"),
    "weight scale 0": (change(1, scales=(0.1, 0.0, 0.1)), "scale that is not a positive number"),
    "no scale": (change(0, scales=()), "0 scales where one is expected"),
    "three scales": (change(-1, scales=(0.1, 0.1, 0.1), zero_points=(0, 0, 0)), "3 scales where one"),
    "zero point 128": (change(0, zero_points=(128,)), "zero point outside"),
    "zero point of 40 bits": (change(-1, zero_points=(1 << 40,)), "zero point outside"),
    "tiny output scale": (change(-1, scales=(1e-30,)), "output scale far too small"),
    "weights off zero": (change(1, zero_points=(0, 3, 0)), "weights with a zero point other than 0"),
    "two weight scales": (change(1, scales=(0.1, 0.1), zero_points=(0, 0)), "weights with 2 scales for 3 channels"),
    "wrong weight axis": (change(1, axis=3), "along axis 3 where axis 0"),
    "float weights": (change(1, dtype=np.float32, data=np.ones((3, 3, 3, 2), np.float32)), "partly quantized"),
    "weights not there": (change(1, data=None), "no operator before it makes"),
    "weights for 4 channels": (change(1, shape=(3, 3, 3, 4), data=np.ones((3, 3, 3, 4), np.int8)), "4 channels and an"),
    "flat weights": (change(1, shape=(3, 18), data=np.ones((3, 18), np.int8)), "without four axes"),
    "bias of int64": (change(2, dtype=np.int64, data=np.zeros(3, np.int64)), "INT64 as its input 2"),
    "bias of 2": (change(2, shape=(2,), data=np.zeros(2, np.int32)), "bias that is 2 for 3 channels"),
    "bias of 31 bits": (heavy, "sums beyond 32 bits"),
    "wrong output shape": (change(-1, shape=(1, 6, 5, 3)), "making 1x6x5x3, should make 1x6x6x3"),
    "stride 0": (option(StrideH=0), "outside 1 to"),
    "negative stride": (option(StrideW=-1), "outside 1 to"),
    "dilation of millions": (option(DilationHFactor=1 << 30), "outside 1 to"),
    "third padding": (option(Padding=2), "padding other than SAME and VALID"),
    "TANH fused": (option(FusedActivationFunction=4), "fused activation other than"),
    "window too large": (option(Padding=1, DilationHFactor=4), "window larger than its input"),
    "no options": (no_options, "lacks its options"),
    "reads ahead": (reads_ahead, "no operator before it makes"),
    "tensor that is none": (lambda built: built.operators[0].inputs.__setitem__(1, -1), "lacks input 1"),
    "tensor that is not there": (lambda built: built.operators[0].inputs.__setitem__(1, 99), "damaged"),
    "one input": (lambda built: built.operators[0].inputs.__delitem__(slice(1, None)), "has 1 input "),
    "no output": (lambda built: built.operators[0].outputs.clear(), "0 outputs"),
    "two outputs": (lambda built: built.operators[0].outputs.append(built.tensor((1,), 0.1)), "2 outputs"),
    "makes its input": (lambda built: built.operators[0].outputs.__setitem__(0, 0), "already there"),
}


@pytest.mark.parametrize("case", WRONG_CONVOLUTIONS)
def test_a_wrong_convolution_is_refused(case: str, tmp_path: Path) -> None:
    built = ModelBuilder()
    output = built.conv(built.input((1, 6, 6, 2)), 3)
    wrong, words = WRONG_CONVOLUTIONS[case]
    wrong(built)
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(output))
    error = refused(path)
    assert words in str(error)
    assert len(str(error)) < 500 + len(str(path))


Building = Callable[[ModelBuilder, int], int]


def altered(output: int, built: ModelBuilder, position: int, **fields: object) -> int:
    """The same output, once an input of the first operator, or its output for -1, is changed."""
    change(position, **fields)(built)
    return output


def altered_option(output: int, built: ModelBuilder, **fields: object) -> int:
    """The same output, once options of the last operator are changed."""
    built.operators[-1].options.update(fields)
    return output


def integers(*numbers: object) -> dict[str, object]:
    return {"data": np.array(numbers, np.int32)}


def int8(*shape: int) -> dict[str, object]:
    return {"shape": shape, "data": np.ones(shape, np.int8)}


def lying_multiplier(built: ModelBuilder, image: int) -> int:
    output = built.depthwise(image, 2)
    built.operators[0].options["DepthMultiplier"] = 1
    return output


def channels_of_512(built: ModelBuilder, image: int) -> int:
    return built.softmax(built.conv(image, 512))


def padded(built: ModelBuilder, image: int) -> int:
    return built.pad(image, (0, 0), (1, 1))


WRONG: dict[str, tuple[Building, str]] = {
    "a sum over axes": (lambda b, x: b.other("SUM", x), "take the mean instead"),
    "mean over axis 4": (lambda b, x: altered(b.mean(x), b, 1, **integers(1, 4)), "an axis that its input lacks"),
    "softmax to 1/255": (lambda b, x: altered(b.softmax(x), b, -1, scales=(1 / 255,)), "scale 1/256"),
    "softmax with beta 0": (lambda b, x: b.softmax(x, 0.0), "beta"),
    "softmax with beta nan": (lambda b, x: b.softmax(x, float("nan")), "beta"),
    "softmax of many channels": (channels_of_512, "more than 511 channels"),
    "logistic to 1/128": (lambda b, x: b.logistic(x, (1 / 128, -128)), "1/256"),
    "split into unequal parts": (lambda b, x: b.split(x, 2, (1, 1, 1), equal=True)[0], "parts that do not fit"),
    "split into less": (lambda b, x: b.split(x, 2, (1, 1))[0], "parts that do not fit"),
    "split of an axis that is not there": (
        lambda b, x: altered(b.split(x, 2, (1, 2))[0], b, 2, data=np.array(4, np.int32)),
        "an axis that its input lacks",
    ),
    "transpose of other axes": (
        lambda b, x: altered(b.transpose(x, (0, 2, 1, 3)), b, 1, data=np.array([0, 1, 1, 3], np.int32)),
        "order of axes",
    ),
    "slice beyond the end": (
        lambda b, x: altered(b.slice(x, (0, 1, 0, 0), (1, 1, 1, 1)), b, 2, data=np.array([1, 99, 1, 1], np.int32)),
        "elements that its input lacks",
    ),
    "cut with a step of 0": (
        lambda b, x: altered(b.strided_slice(x, [(0, 1, 1)] * 4), b, 3, data=np.array([1, 0, 1, 1], np.int32)),
        "a step of 0",
    ),
    "cut of one element backwards": (
        lambda b, x: b.strided_slice(x, [(0, 1, 1), (1, 0, -1)] + [(0, 1, 1)] * 2, (1,)),
        "in a way in which TFLite",
    ),
    "least of other scales": (
        lambda b, x: b.extreme("MINIMUM", x, b.relu(x, (0.9, 3))),
        "changes scale",
    ),
    "difference to a tiny scale": (lambda b, x: b.sub(x, x, output=(1e-9, 0)), "far too small"),
    "hard swish to a tiny scale": (lambda b, x: b.hard_swish(x, (1e-9, 0)), "far too small"),
    "slopes that flow": (lambda b, x: b.prelu(x, b.relu(x)), "slopes that are no constant"),
    "slopes of more than the input": (
        lambda b, x: b.prelu(b.mean(x, keep_dims=True), b.constant(np.ones((4, 4, 2), np.int8), 0.1)),
        "slopes that do not fit",
    ),
    "slopes to a tiny scale": (
        lambda b, x: b.prelu(x, b.constant(np.ones(2, np.int8), 0.1), (1e-9, 0)),
        "far too small",
    ),
    "sum that fits not": (
        lambda b, x: altered(b.add(x, b.constant(np.ones(2, np.int8), 0.1)), b, 1, **int8(1, 1, 3, 2)),
        "shapes do not fit",
    ),
    "sum to a tiny scale": (lambda b, x: b.add(x, x, output=(1e-9, 0)), "far too small"),
    "product to a tiny scale": (lambda b, x: b.mul(x, x, output=(1e-9, 0)), "far too small"),
    "mean to a tiny scale": (lambda b, x: b.mean(x, output=(1e-9, 0)), "far too small"),
    "quantized to a tiny scale": (lambda b, x: b.quantize(x, (1e-9, 0)), "far too small"),
    "padded batch": (lambda b, x: b.pad_all(x, [(0, 1), (0, 1), (0, 1), (0, 1)]), "pads the batch"),
    "negative padding": (
        lambda b, x: altered(padded(b, x), b, 1, **integers([0, 0], [-1, 2], [0, 1], [0, 0])),
        "do not fit its input",
    ),
    "joined at other scales": (lambda b, x: b.concat([x, b.relu(x, (0.2, 0))]), "changes scale or zero point"),
    "joined over the batch": (lambda b, x: b.concat([x, x], 0), "joins along the batch"),
    "pool to another scale": (lambda b, x: altered(b.pool(x), b, -1, scales=(0.2,)), "changes scale or zero point"),
    "reshape to 31": (lambda b, x: b.reshape(x, (1, 31)), "shape of another size"),
    "squeezed rows": (lambda b, x: b.squeeze(x, (1,)), "not of length 1"),
    "groups that do not fit": (
        lambda b, x: altered(b.conv(x, 3), b, 1, **int8(3, 3, 3, 1)),
        "weights for 1 channels and an input of 2",
    ),
    "many groups": (lambda b, x: b.conv(b.conv(x, 66), 33, groups=33), "more than 32 groups"),
    "maximum over axis 4": (
        lambda b, x: altered(b.reduce_max(x), b, 1, **integers(1, 4)),
        "an axis that its input lacks",
    ),
    "least to another scale": (
        lambda b, x: altered(b.reduce_max(x, name="REDUCE_MIN"), b, -1, scales=(0.2,)),
        "changes scale or zero point",
    ),
    "power beyond 32 bits": (lambda b, x: b.single("EXP", 2, x, (1e-9, 0), "ExpOptions"), "far too large"),
    "root of less than 0": (lambda b, x: b.single("RSQRT", 2, x, (0.1, 0)), "inputs below 0"),
    "root to a tiny scale": (
        lambda b, x: b.single("RSQRT", 2, b.quantize(x, (0.1, -128)), (1e-9, 0)),
        "far too small",
    ),
    "gelu to a tiny scale": (lambda b, x: b.single("GELU", 2, x, (1e-9, 0), "GeluOptions"), "far too large"),
    "size to a tiny scale": (lambda b, x: b.single("ABS", 2, x, (1e-9, 0)), "far too small"),
    "squares to a tiny scale": (
        lambda b, x: altered(b.squared_difference(x, x), b, -1, scales=(1e-9,)),
        "far too small",
    ),
    "log softmax to 1/256": (
        lambda b, x: b.single("LOG_SOFTMAX", 2, x, (1 / 256, -128), "LogSoftmaxOptions"),
        "scale 1/16",
    ),
    "log softmax of a giant scale": (
        lambda b, x: b.single("LOG_SOFTMAX", 2, b.relu(x, (1e9, 0)), (1 / 16, 127), "LogSoftmaxOptions"),
        "makes all its outputs equal",
    ),
    "length to 1/256": (lambda b, x: b.single("L2_NORMALIZATION", 2, x, (1 / 256, 0), "L2NormOptions"), "scale 1/128"),
    "packed along axis 5": (
        lambda b, x: altered_option(b.pack([x, x], 1), b, Axis=5),
        "an axis that its output lacks",
    ),
    "unpacked into others": (lambda b, x: altered_option(b.unpack(x, 1)[0], b, Num=3), "other parts than that has"),
    "unpacked along axis -9": (lambda b, x: altered_option(b.unpack(x, 1)[0], b, Axis=-9), "an axis that its input"),
    "gathered beyond the end": (lambda b, x: b.gather(x, 2, [0, 4]), "places that its input lacks"),
    "gathered before the start": (lambda b, x: b.gather(x, 2, [0, -1]), "places that its input lacks"),
    "gathered along axis 4": (lambda b, x: altered_option(b.gather(x, 2, [0, 3]), b, Axis=4), "an axis that its input"),
    "gathered along the batch": (
        lambda b, x: altered_option(b.gather(x, 2, [0, 3]), b, BatchDims=1),
        "axes of a batch",
    ),
    "blocks of 0": (
        lambda b, x: b.moved("SPACE_TO_DEPTH", x, (1, 2, 2, 8), table="SpaceToDepthOptions", BlockSize=0),
        "no size of a block",
    ),
    "blocks that do not fit": (
        lambda b, x: b.moved("SPACE_TO_DEPTH", x, (1, 1, 1, 18), table="SpaceToDepthOptions", BlockSize=3),
        "no whole squares",
    ),
    "channels that make no squares": (
        lambda b, x: b.moved("DEPTH_TO_SPACE", x, (1, 8, 8, 1), table="DepthToSpaceOptions", BlockSize=2),
        "makes no squares",
    ),
    "tiled never": (
        lambda b, x: b.moved("TILE", x, (1, 4, 4, 2), b.integers(1, 0, 1, 1), table="TileOptions"),
        "less than once",
    ),
    "tiled billions of times": (
        lambda b, x: b.moved("TILE", x, (1, 1 << 30, 4, 2), b.integers(1, 1 << 28, 1, 1), table="TileOptions"),
        "too large or empty",
    ),
    "mirrored beyond its other end": (
        lambda b, x: b.pad_all(x, [(0, 0), (4, 0), (0, 0), (0, 0)], 0),
        "more than its input has",
    ),
    "mirrored channels": (lambda b, x: b.pad_all(x, [(0, 0), (0, 0), (0, 0), (1, 0)], 1), "pads channels"),
    "a third kind of mirror": (
        lambda b, x: b.pad_all(x, [(0, 0), (1, 0), (0, 0), (0, 0)], 7),
        "no known kind of mirror",
    ),
    "backwards along two axes": (
        lambda b, x: b.moved("REVERSE_V2", x, (1, 4, 4, 2), b.integers(1, 2), table="ReverseV2Options"),
        "of which TFLite takes one",
    ),
    "corners and centers": (
        lambda b, x: b.resize_bilinear(x, (5, 5), AlignCorners=True, HalfPixelCenters=True),
        "which TFLite refuses",
    ),
    "matrices that do not fit": (lambda b, x: b.batch_matmul(x, x), "multiplies rows of 2 with columns of 4"),
    "one matrix with several": (
        lambda b, x: b.batch_matmul(x, b.transpose(b.slice(x, (0, 0, 0, 0), (1, 1, 4, 2)), (0, 1, 3, 2))),
        "one matrix with several",
    ),
    "spread wider than it steps": (
        lambda b, x: altered(b.transpose_conv(x, 3, (3, 3)), b, 0, **integers(1, 12, 8, 3)),
        "another size than its window",
    ),
    "spread to another depth": (
        lambda b, x: altered(b.transpose_conv(x, 3, (3, 3)), b, 0, **integers(1, 8, 8, 4)),
        "another shape than its weights",
    ),
    "multiplier that lies": (lying_multiplier, "channels of weights"),
    "dense of 31": (lambda b, x: altered(b.dense(x, 5), b, 1, **int8(5, 31)), "31 values and an input of 32"),
    "split constant": (
        lambda b, x: b.add(x, b.split(b.constant(np.ones((1, 4, 4, 2), np.int8), 0.1), 3, (1, 1))[0]),
        "a constant as its input 0, as an unrolled recurrent layer that begins at zero has",
    ),
    "dense to a tiny scale": (
        lambda b, x: b.dense(x, 3, output=(4.1e-8, 0)),
        "its output scale is tiny (4.1e-08): its outputs were all about zero",
    ),
    "constant alone": (lambda b, x: b.relu(b.constant(np.ones((1, 4), np.int8), 0.1)), "a constant as its input 0"),
}


@pytest.mark.parametrize("case", WRONG)
def test_an_operator_used_in_another_way_is_refused(case: str, tmp_path: Path) -> None:
    built = ModelBuilder()
    build, words = WRONG[case]
    output = build(built, built.input((1, 4, 4, 2), 0.1, 0))
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(output))
    error = refused(path)
    assert words in str(error)
    assert "operator " in error.what and error.remedy


def test_an_unknown_operator_is_named_with_its_place_and_size(tmp_path: Path) -> None:
    built = ModelBuilder()
    output = built.other("ELU", built.relu(built.input((1, 4, 4, 2))))
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(output))
    error = refused(path)
    assert "operator 1, ELU making 1x4x4x2, is not among the operators of the C library" in error.what
    assert "--target arrays" in error.remedy


def shape_first(built: ModelBuilder, image: int) -> int:
    """Reshaped to a shape that is computed."""
    of_image = built.operator("SHAPE", 1, [image], built.tensor((4,), dtype=np.int32), "ShapeOptions", OutType=2)
    return built.operator("RESHAPE", 1, [image, of_image], built.tensor((1, 4, 4, 2), 0.1, 0))


def floats_first(built: ModelBuilder, image: int) -> int:
    """Squares computed of floats."""
    return built.quantize_floats(built.of_floats("SQUARE", built.dequantize(image)), (0.1, 0))


def dilated_first(built: ModelBuilder, image: int) -> int:
    """A convolution between pictures that are dealt out and gathered."""
    dealt = built.space_to_batch(image, (2, 2), ((2, 2), (2, 2)))
    return built.batch_to_space(built.conv(dealt, 3, padding="VALID"), (2, 2), ((0, 0), (0, 0)))


@pytest.mark.parametrize(("first", "place"), [(shape_first, 2), (floats_first, 3), (dilated_first, 3)])
def test_an_operator_is_numbered_as_in_the_file(first: Building, place: int, tmp_path: Path) -> None:
    built = ModelBuilder()
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(built.other("COS", first(built, built.input((1, 4, 4, 2), 0.1, 0)))))
    assert f"operator {place}, COS making" in refused(path).what


def test_operators_of_a_free_batch_are_told_as_such(tmp_path: Path) -> None:
    built = ModelBuilder()
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(built.other("SHAPE", built.input((1, 4)))))
    assert "batch of 1" in refused(path).remedy


def built_wrong(case: str) -> bytes:
    built = ModelBuilder()
    if case in WRONG:
        return built.build(WRONG[case][0](built, built.input((1, 4, 4, 2), 0.1, 0)))
    output = built.conv(built.input((1, 6, 6, 2)), 3)
    WRONG_CONVOLUTIONS[case][0](built)
    return built.build(output)


@pytest.mark.parametrize("case", [*WRONG, *WRONG_CONVOLUTIONS])
def test_arrays_take_what_a_refusal_sends_there(case: str, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(built_wrong(case))
    if "--target arrays" in refused(path).remedy:
        assert export_arrays(path).resolver_calls


def test_some_refusals_send_to_arrays_and_damaged_numbers_do_not(tmp_path: Path) -> None:
    sent = set()
    for case in [*WRONG, *WRONG_CONVOLUTIONS]:
        path = tmp_path / "model.tflite"
        path.write_bytes(built_wrong(case))
        if "--target arrays" in refused(path).remedy:
            sent.add(case)
    assert {"slopes that flow", "softmax of many channels", "joined over the batch"} <= sent
    assert not {"scale 0", "no scale", "weights for 4 channels", "stride 0", "sum to a tiny scale"} & sent


@pytest.mark.parametrize("name", ["COS", "TOPK_V2"])
def test_what_no_runtime_of_microcontrollers_computes_is_not_sent_to_another(name: str, tmp_path: Path) -> None:
    built = ModelBuilder()
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(built.other(name, built.input((1, 4, 4, 2)))))
    assert refused(path).remedy == "build the network without it"
    with pytest.raises(EdgedigitsError, match=rf"{name}.*; build the network without"):
        export_arrays(path)


def test_a_float_model_of_no_digits_is_not_sent_to_a_command_that_quantizes_digits(tmp_path: Path) -> None:
    built = ModelBuilder()
    image = built.input((1, 4, 4, 2), dtype=np.float32)
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(altered(built.other("ELU", image), built, -1, dtype=np.float32, scales=())))
    remedy = refused(path).remedy
    assert "edgedigits quantize" not in remedy and "--target arrays" in remedy
    assert export_arrays(path).resolver_calls == ("AddElu",)


@pytest.mark.parametrize("name", ["ARG_MAX", "ARG_MIN"])
def test_a_network_that_ends_in_a_place_is_told_to_end_before(name: str, tmp_path: Path) -> None:
    built = ModelBuilder()
    scores = built.input((1, 10), 0.1, 0)
    place = built.operator(
        name,
        2,
        [scores, built.integers(1)],
        built.tensor((1,), dtype=np.int64),
        name.title().replace("_", "") + "Options",
    )
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(place))
    error = refused(path)
    assert f"{name} making 1, makes places" in error.what and error.remedy.startswith("end the network with the scores")


@pytest.mark.parametrize("name", ["UNIDIRECTIONAL_SEQUENCE_LSTM", "SVDF", "RNN"])
def test_recurrent_layers_are_refused_by_name(name: str, tmp_path: Path) -> None:
    built = ModelBuilder()
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(built.other(name, built.input((1, 4, 4, 2), 0.1, 0))))
    error = refused(path)
    assert f"{name} making 1x4x4x2, is recurrent" in error.what
    assert error.remedy.startswith("use convolutions over time instead")


def test_a_scale_that_is_not_tiny_any_more_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    built = ModelBuilder()
    tiny = built.build(built.dense(built.input((1, 4, 4, 2), 0.1, 0), 3, output=(4.1e-8, 0)))
    path.write_bytes(tiny)
    assert "with inputs of which this layer makes more than zero" in refused(path).remedy
    built = ModelBuilder()
    path.write_bytes(built.build(built.dense(built.input((1, 4, 4, 2), 0.1, 0), 3)))
    assert read_graph(path).nodes


@pytest.mark.parametrize("bias", [False, True])
def test_16x8_layers_without_a_bias_are_told_to_have_one(bias: bool, tmp_path: Path) -> None:
    built = ModelBuilder(wide=True)
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(built.dense(built.input((1, 2000), 0.1, 0), 3, bias=bias)))
    if bias:
        assert read_graph(path).nodes
        return
    error = refused(path)
    assert "lacks a bias of 64 bits" in error.what
    assert error.remedy == "give the layer a bias that is not zero, or convert the model for full int8"


def test_what_a_normalization_fills_in_16x8_is_told_as_such(tmp_path: Path) -> None:
    built = ModelBuilder(wide=True)
    image = built.input((1, 4), 0.1, 0)
    number = built.constant(np.array(1, np.int16), 0.1)
    ones = built.operator("FILL", 3, [built.integers(1, 4), number], built.tensor((1, 4), 0.1), "FillOptions")
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(built.add(image, ones)))
    error = refused(path)
    assert "operator 0, FILL making 1x4, is part of a LayerNormalization" in error.what
    assert error.remedy.startswith("convert the model for full int8")


@pytest.mark.parametrize("end", ["inside", "output"])
def test_more_than_three_axes_are_turned_inside_and_are_no_output(end: str, tmp_path: Path) -> None:
    built = ModelBuilder()
    image = built.reshape(built.input((1, 4, 4, 6), 0.1, 0), (1, 4, 4, 2, 3))
    turned = built.transpose(image, (0, 2, 4, 1, 3))
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(built.reshape(turned, (1, 12, 8)) if end == "inside" else turned))
    if end == "inside":
        assert read_graph(path).output_values[0].shape == (1, 12, 8)
    else:
        assert "TRANSPOSE making 1x4x3x4x2, works on more than three axes (1x4x3x4x2)" in refused(path).what
