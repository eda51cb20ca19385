"""How an operator of the file is read: each check at both sides of its limit, on operators made by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.file import OperatorCall, OperatorVersion, Tensor, TfliteFile
from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes, sizes
from edgedigits.firmware_export.graph.model import Node, Value, Window
from edgedigits.firmware_export.operators.shared.lookup import check_ratio
from edgedigits.firmware_export.operators.shared.reshaping import Reshape

INT32_MAX = 2**31 - 1
MOST_ELEMENTS = 1 << 24


def tensor(shape: tuple[int, ...] = (1, 4, 3, 2), kind: str = "INT8", data: Any = None, **fields: Any) -> Tensor:
    known = {"scales": (0.5,), "zero_points": (3,), "axis": 0, "plain": True} | fields
    return Tensor("", kind, shape, constant=data is not None, data=data, **known)


def constant(data: Any, kind: str = "INT8", **fields: Any) -> Tensor:
    array = np.array(data, {"INT8": np.int8, "INT32": np.int32, "INT64": np.int64, "FLOAT32": np.float32}[kind])
    return tensor(array.shape, kind, array, **fields)


def layer(
    *tensors: Tensor, inputs: tuple[int, ...] | None = None, outputs: tuple[int, ...] | None = None, **options: Any
) -> Layer:
    """The seventh operator of a file; of its tensors the last one is its output and the others are its inputs."""
    last = len(tensors) - 1
    call = OperatorCall(
        "CONV_2D",
        tuple(range(last)) if inputs is None else inputs,
        (last,) if outputs is None else outputs,
        "Conv2DOptions",
        options,
    )
    content = TfliteFile((OperatorVersion("CONV_2D", 1, 1),), (call,), tensors, (0,), (last,))
    return Layer(Path("model.tflite"), 6, call, content)


def refusal(call: Any, *given: Any) -> str:
    with pytest.raises(EdgedigitsError) as caught:
        call(*given)
    return str(caught.value)


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ((1, 28, 3), "1x28x3"),
        ((7,), "7"),
        ((1, 2, 3, 4, 5, 6, 7, 8), "1x2x3x4x5x6x7x8"),
        ((1,) * 9, "a tensor of 9 axes"),
        ((), "a tensor of 0 axes"),
    ],
)
def test_a_shape_in_messages(shape: tuple[int, ...], text: str) -> None:
    assert sizes(shape) == text


def test_a_layer_is_named_by_its_operator_and_place() -> None:
    assert layer(tensor(), tensor()).name == "CONV_2D 6"


@pytest.mark.parametrize(
    ("outputs", "made"),
    [((1,), "4x5"), ((), "nothing"), ((1, 0), "4x5 and 2x3"), ((0, 1, 0), "2x3 and 4x5"), ((-1,), "nothing")],
)
def test_an_error_says_file_place_and_what_is_made(outputs: tuple[int, ...], made: str) -> None:
    error = layer(tensor((2, 3)), tensor((4, 5)), outputs=outputs).error("is wrong", "do it right")
    assert error.what == f"model.tflite: operator 6, CONV_2D making {made}, is wrong"
    assert error.remedy == "do it right"


def test_an_error_says_the_place_in_the_file_where_others_were_left_out() -> None:
    one = layer(tensor(), tensor())
    one = replace(one, operator=replace(one.operator, place=13))
    assert one.name == "CONV_2D 13"
    assert "operator 13, CONV_2D making" in refusal(one.arity, 5, 5)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("model_1/dense/Selu", " (model_1/dense/Selu)"),
        ("model/dense/MatMul;model/dense/BiasAdd", " (model/dense/MatMul)"),
        ("a" * 99, f" ({'a' * 60}...)"),
        ("rm -rf", ""),
        ("a\x1b[2J", ""),
        ("a\n", ""),
        ("", ""),
    ],
)
def test_an_error_says_what_the_output_is_called(name: str, told: str) -> None:
    one = layer(tensor(), replace(tensor((4, 5)), name=name))
    assert one.error("is wrong").what == f"model.tflite: operator 6, CONV_2D making 4x5{told}, is wrong"


def test_options_are_given_or_missed() -> None:
    one = layer(tensor(), tensor(), StrideH=0)
    assert one.option("StrideH") == 0
    assert "lacks its options" in refusal(one.option, "StrideW")


def test_activations_by_their_numbers() -> None:
    names = [layer(tensor(), tensor(), FusedActivationFunction=number).activation() for number in range(4)]
    assert names == ["NONE", "RELU", "RELU_N1_TO_1", "RELU6"]
    for number in (-1, 4):
        assert "RELU6" in refusal(layer(tensor(), tensor(), FusedActivationFunction=number).activation)


def test_how_many_inputs_and_outputs_there_are() -> None:
    two = layer(tensor(), tensor(), tensor())
    two.arity(1, 2)
    two.arity(2, 3)
    assert "has 2 inputs and 1 output" in refusal(two.arity, 3, 4)
    assert "has 2 inputs and 1 output" in refusal(two.arity, 0, 1)
    assert "2 outputs" in refusal(layer(tensor(), tensor(), outputs=(0, 1)).arity, 1, 1)
    assert "0 outputs" in refusal(layer(tensor(), tensor(), outputs=()).arity, 1, 1)
    assert "1 output" in refusal(layer(tensor(), tensor(), outputs=(-1,)).arity, 1, 1)
    layer(tensor(), outputs=(0,), inputs=(0,)).arity(1, 1)
    assert layer(tensor(), tensor(), outputs=(1, 0)).output == 1


def test_inputs_that_are_left_out() -> None:
    one = layer(tensor((5,)), tensor(), tensor(), inputs=(1, -1, 0))
    assert [one.has(position) for position in range(5)] == [True, False, True, False, False]
    assert (one.number(0), one.number(2), one.tensor(2).shape) == (1, 0, (5,))
    assert "lacks input 1" in refusal(one.number, 1)
    assert "lacks input 3" in refusal(one.tensor, 3)


def test_a_number_that_nothing_else_has() -> None:
    assert layer(tensor(), tensor(), tensor()).spare == 3 + 6


def test_an_operator_as_one_node() -> None:
    value = Value((4, 3, 2), 0.5, 3)
    one = layer(tensor(), tensor(), tensor(), inputs=(1, 0))
    assert one.made(Reshape, value) == OperatorNodes((Reshape("CONV_2D 6", (1,), 2),), {2: value})
    kept: list[tuple[Any, ...]] = []

    def kind(*given: Any) -> Node:
        kept.append(given)
        return Reshape("", (), 0)

    one.made(kind, value, "a", "b")
    assert kept == [("CONV_2D 6", (1,), 2, "a", "b")]


def test_an_input_that_flows_is_no_constant() -> None:
    one = layer(tensor(), constant([[1, 2]]), tensor())
    assert one.value(0) == Value((4, 3, 2), 0.5, 3)
    assert [one.is_constant(position) for position in (0, 1)] == [False, True]
    assert "has a constant as its input 1" in refusal(one.value, 1)


def test_an_output_has_the_shape_that_the_inputs_give() -> None:
    one = layer(tensor(), tensor((1, 5, 6, 7), scales=(0.25,)))
    assert one.output_tensor.shape == (1, 5, 6, 7)
    assert one.output_value([1, 5, 6, 7]) == Value((5, 6, 7), 0.25, 3)
    for channels in (6, 8):
        assert f"should make 1x5x6x{channels} of its inputs" in refusal(one.output_value, (1, 5, 6, channels))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (tensor(kind="INT16"), "int16 values with a zero point other than 0"),
        (tensor(kind="INT32"), "works on INT32 where int8"),
        (tensor(kind="UINT8"), "works on UINT8 where int8"),
        (tensor(plain=False), "variable or sparse"),
        (tensor(scales=()), "0 scales"),
        (tensor(scales=(0.5, 0.5)), "2 scales"),
        (tensor(zero_points=(0, 0)), "scales where one is expected"),
        (tensor(scales=(0.0,)), "not a positive number"),
        (tensor(scales=(-0.5,)), "not a positive number"),
        (tensor(scales=(math.inf,)), "not a positive number"),
        (tensor(scales=(math.nan,)), "not a positive number"),
        (tensor(zero_points=(-129,)), "zero point outside"),
        (tensor(zero_points=(128,)), "zero point outside"),
        (tensor((1, 0, 3)), "value that is 1x0x3, too large or empty"),
        (tensor((-2, -3)), "too large or empty"),
        (tensor((1, MOST_ELEMENTS + 1)), "too large or empty"),
        (tensor((2, 1, 1, 1)), "works on a batch of more than 1;"),
        (tensor((1, 2, 1, 1, 1)), "more than three axes"),
    ],
)
def test_what_is_no_value(given: Tensor, says: str) -> None:
    assert says in refusal(layer(given, tensor()).value, 0)


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (tensor((1, 1, 4, 3, 2)), Value((4, 3, 2), 0.5, 3)),
        (tensor(()), Value((1, 1, 1), 0.5, 3)),
        (tensor((4, 3, 2)), Value((4, 3, 2), 0.5, 3)),
        (tensor((3, 2)), Value((1, 3, 2), 0.5, 3)),
        (tensor((2,)), Value((1, 1, 2), 0.5, 3)),
        (tensor((1, MOST_ELEMENTS)), Value((1, 1, MOST_ELEMENTS), 0.5, 3)),
        (tensor(zero_points=()), Value((4, 3, 2), 0.5, 0)),
        (tensor(zero_points=(-128,)), Value((4, 3, 2), 0.5, -128)),
        (tensor(zero_points=(127,)), Value((4, 3, 2), 0.5, 127)),
        (tensor(scales=(1e-30,)), Value((4, 3, 2), 1e-30, 3)),
    ],
)
def test_what_is_one(given: Tensor, value: Value) -> None:
    assert layer(given, tensor()).value(0) == value


def test_constants_are_of_the_types_that_are_expected() -> None:
    one = layer(tensor(), constant([1, 2], "INT64"), constant([3], plain=False), tensor(kind="INT8"), tensor())
    assert one.constant(1, ("INT32", "INT64")).tolist() == [1, 2]
    assert "has INT64 as its input 1 where INT32 is expected" in refusal(one.constant, 1, ("INT32", "INT8"))
    assert "input 2 that is no plain constant" in refusal(one.constant, 2, ("INT8",))
    assert "input 3 that is no plain constant" in refusal(one.constant, 3, ("INT8",))


def test_a_short_constant_of_integers() -> None:
    numbers = layer(tensor(), constant([[1, -2], [3, 4]], "INT32"), tensor()).integers(1)
    assert numbers == (1, -2, 3, 4) and all(type(number) is int for number in numbers)
    assert layer(constant(range(16), "INT64"), tensor()).integers(0) == tuple(range(16))
    assert "has 17 numbers as its input 0" in refusal(layer(constant(range(17), "INT32"), tensor()).integers, 0)
    assert "FLOAT32" in refusal(layer(constant([1.0], "FLOAT32"), tensor()).integers, 0)


def weighted(channels: int = 3, **fields: Any) -> Layer:
    known = {"scales": (0.5,) * channels, "zero_points": (0,) * channels, "axis": 0}
    return layer(tensor(), constant(np.ones((channels, 2, 2, 5)), **(known | fields)), tensor())


def test_weights_have_one_scale_or_one_for_each_channel() -> None:
    data, scales = weighted().weights(1, 0, 3)
    assert data.shape == (3, 2, 2, 5) and scales == (0.5, 0.5, 0.5)
    assert weighted(scales=(0.5,), zero_points=(0,), axis=2).weights(1, 0, 3)[1] == (0.5,), "one scale has no axis"
    assert weighted(1, axis=2).weights(1, 0, 1)[1] == (0.5,)
    assert "weights with 2 scales for 3 channels" in refusal(weighted(scales=(0.5, 0.5)).weights, 1, 0, 3)
    assert "weights with 0 scales" in refusal(weighted(scales=()).weights, 1, 0, 3)
    assert "along axis 2 where axis 0" in refusal(weighted(axis=2).weights, 1, 0, 3)
    assert "along axis 2 where axis 0" in refusal(weighted(2, axis=2).weights, 1, 0, 2)
    assert "along axis 0 where axis 3" in refusal(weighted().weights, 1, 3, 3)
    assert "not a positive number" in refusal(weighted(scales=(0.5, 0.0, 0.5)).weights, 1, 0, 3)
    assert "zero point other than 0" in refusal(weighted(zero_points=(0, -1, 0)).weights, 1, 0, 3)
    assert "has INT32 as its input 1" in refusal(layer(tensor(), constant([1], "INT32"), tensor()).weights, 1, 0, 1)


def test_a_bias_has_a_number_for_each_channel() -> None:
    with_bias = layer(tensor(), tensor(), constant([5, -6, 7], "INT32"), tensor())
    bias = with_bias.bias(2, 3)
    assert bias.tolist() == [5, -6, 7] and bias.dtype == np.int32
    none = layer(tensor(), tensor(), tensor(), inputs=(0, 1, -1)).bias(2, 4)
    assert none.tolist() == [0, 0, 0, 0] and none.dtype == np.int32
    assert "bias that is 3 for 4 channels" in refusal(with_bias.bias, 2, 4)
    assert "bias that is 3 for 2 channels" in refusal(with_bias.bias, 2, 2)
    assert "bias that is 1x3 for" in refusal(layer(constant([[1, 2, 3]], "INT32"), tensor()).bias, 0, 3)
    assert "INT64" in refusal(layer(constant([1], "INT64"), tensor()).bias, 0, 1)


def window_of(
    extent: tuple[int, int],
    size: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    padding: int = 0,
) -> tuple[Window, tuple[int, int]]:
    one = layer(tensor(), tensor(), StrideH=stride[0], StrideW=stride[1], Padding=padding)
    return one.window(Value((*extent, 2), 1.0, 0), size, dilation)


@pytest.mark.parametrize(
    ("given", "before", "after", "made"),
    [
        (((9, 8), (3, 2)), (1, 0), (1, 1), (9, 8)),
        (((9, 8), (4, 2)), (1, 0), (2, 1), (9, 8)),
        (((9, 8), (4, 5), (2, 3)), (1, 1), (2, 2), (5, 3)),
        (((9, 8), (3, 2), (1, 1), (2, 3)), (2, 1), (2, 2), (9, 8)),
        # Nothing is missing where steps are longer than the window.
        (((9, 8), (1, 1), (2, 3)), (0, 0), (0, 0), (5, 3)),
        (((10, 8), (1, 1), (3, 3)), (0, 0), (0, 0), (4, 3)),
        (((9, 8), (3, 2), (1, 1), (1, 1), 1), (0, 0), (0, 0), (7, 7)),
        (((9, 8), (3, 2), (2, 3), (1, 1), 1), (0, 0), (0, 0), (4, 3)),
        (((9, 8), (2, 3), (2, 3), (1, 1), 1), (0, 0), (0, 0), (4, 2)),
        (((9, 8), (3, 2), (1, 1), (4, 7), 1), (0, 0), (0, 0), (1, 1)),
        (((9, 8), (9, 8), (1, 1), (1, 1), 1), (0, 0), (0, 0), (1, 1)),
    ],
)
def test_a_window_with_its_padding(given: Any, before: Any, after: Any, made: Any) -> None:
    """As TFLite's ComputePaddingHeightWidth has it: of an odd number of columns the last one goes after."""
    extent, size, *more = given
    stride, dilation, padding = (*more, *((1, 1), (1, 1), 0)[len(more) :])
    window, found = window_of(extent, size, stride, dilation, padding)
    assert window == Window(size, stride, dilation, before, after)
    assert found == made


@pytest.mark.parametrize("which", ["size", "stride", "dilation"])
@pytest.mark.parametrize("axis", [0, 1])
def test_steps_of_a_window_have_limits(which: str, axis: int) -> None:
    for length in (1, 1024):
        window_of((9, 8), **({"size": (3, 2)} | {which: (length, 1)[:: 1 - 2 * axis]}))
    for length in (0, -1, 1025):
        with pytest.raises(EdgedigitsError, match="outside 1 to 1024"):
            window_of((9, 8), **({"size": (3, 2)} | {which: (length, 1)[:: 1 - 2 * axis]}))


def test_a_window_that_nothing_fits_into_is_refused() -> None:
    for size in ((10, 1), (1, 9)):
        with pytest.raises(EdgedigitsError, match="window larger than its input"):
            window_of((9, 8), size, padding=1)
    with pytest.raises(EdgedigitsError, match="padding other than SAME and VALID"):
        window_of((9, 8), (1, 1), padding=2)


def test_sums_stay_within_32_bits() -> None:
    one = layer(tensor(), tensor())
    one.check_sums(INT32_MAX, 0)
    one.check_sums(INT32_MAX, -3)
    one.check_sums(INT32_MAX >> 3, 3)
    for largest, exponent in ((INT32_MAX + 1, 0), (INT32_MAX + 1, -1), ((INT32_MAX >> 3) + 1, 3)):
        assert "sums beyond 32 bits" in refusal(one.check_sums, largest, exponent)


def test_an_output_in_the_steps_of_the_input() -> None:
    one, given = layer(tensor(), tensor()), Value((1, 1, 1), 0.5, 3)
    one.check_same_scale(given, Value((2, 2, 2), 0.5, 3))
    for other in (Value((1, 1, 1), 0.25, 3), Value((1, 1, 1), 1.0, 3), Value((1, 1, 1), 0.5, 2)):
        assert "changes scale or zero point" in refusal(one.check_same_scale, given, other)


def test_a_step_of_the_input_saturates_no_output() -> None:
    one = layer(tensor(), tensor())
    check_ratio(one, 65535.9)
    for ratio in (65536.0, 65536.5):
        assert "output scale far too small" in refusal(check_ratio, one, ratio)
