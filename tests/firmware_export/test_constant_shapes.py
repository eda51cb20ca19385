"""Shapes that a model computes: worked out where they are constants, and left to the reader where they are not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_builder import ModelBuilder
from test_library_operators import check

from edgedigits.core.tflite.file import OperatorCall, Tensor, TfliteFile
from edgedigits.firmware_export.graph.constant_shapes import with_constant_shapes

TYPES = {"INT8": np.int8, "INT32": np.int32, "INT64": np.int64, "FLOAT32": np.float32}


def known(data: Any, kind: str = "INT32") -> Tensor:
    array = np.array(data, TYPES[kind])
    return Tensor("", kind, array.shape, (), (), 0, True, True, array)


def unknown(kind: str = "INT32", shape: tuple[int, ...] = (7,)) -> Tensor:
    return Tensor("", kind, shape, (), (), 0, False, True, None)


def model(*calls: OperatorCall, tensors: tuple[Tensor, ...]) -> TfliteFile:
    return TfliteFile((), calls, tensors, (0,), (len(tensors) - 1,))


def call(name: str, inputs: tuple[int, ...], output: int, **options: Any) -> OperatorCall:
    return OperatorCall(name, inputs, (output,), "", options)


def computed(name: str, *given: Tensor, kind: str = "INT32", **options: Any) -> Tensor | None:
    """What one operator makes of its inputs; None where it is left in the model."""
    before = model(call(name, tuple(range(len(given))), len(given), **options), tensors=(*given, unknown(kind)))
    after = with_constant_shapes(before)
    if after.nodes:
        assert after == before
        return None
    made = after.tensors[-1]
    assert made.constant and made.data is not None and made.data.shape == made.shape
    assert made.data.dtype == TYPES[kind] and made.type == kind
    return made


def values(made: Tensor | None) -> Any:
    assert made is not None and made.data is not None
    return made.data.tolist()


def test_a_free_batch_as_the_converter_writes_it_falls_away() -> None:
    """SHAPE, its first number, and a shape packed of that: the reshape gets a constant."""
    tensors = (
        unknown("INT8", (1, 28, 28)),
        unknown(),
        known([0]),
        known([1]),
        known([1]),
        unknown(),
        known(784),
        unknown(),
        unknown("INT8"),
    )
    reshape = call("RESHAPE", (0, 7), 8)
    before = model(
        call("SHAPE", (0,), 1),
        call("STRIDED_SLICE", (1, 2, 3, 4), 5, ShrinkAxisMask=1),
        call("PACK", (5, 6), 7),
        reshape,
        tensors=tensors,
    )
    after = with_constant_shapes(before)
    assert after.nodes == (reshape,)
    assert [values(after.tensors[place]) for place in (1, 5, 7)] == [[1, 28, 28], 1, [1, 784]]
    assert after.tensors[7].shape == (2,)
    assert [after.tensors[place] for place in (0, 2, 3, 4, 6, 8)] == [tensors[place] for place in (0, 2, 3, 4, 6, 8)]
    assert before.tensors == tensors, "what was given is as it was"


def test_shapes_that_come_of_computed_ones_are_asked_for_and_count_for_what_follows() -> None:
    """The file says 1x1 of what it could not know; the second SHAPE has to see what the reshape really makes."""
    tensors = (unknown("INT8", (1, 6)), unknown(), unknown("INT8", (1, 1)), unknown())
    calls = (call("SHAPE", (0,), 1), call("RESHAPE", (0, 1), 2), call("SHAPE", (2,), 3))
    asked: list[int] = []

    def shapes(index: int, known_so_far: list[Tensor]) -> list[tuple[int, ...]]:
        asked.append(index)
        return [tuple(values(known_so_far[1]))]

    after = with_constant_shapes(model(*calls, tensors=tensors), shapes)
    assert asked == [1]
    assert after.tensors[2].shape == (1, 6)
    assert values(after.tensors[3]) == [1, 6]
    assert with_constant_shapes(model(calls[1], tensors=tensors), shapes).tensors == tensors, "none is computed here"


@pytest.mark.parametrize("kind", ["INT32", "INT64"])
def test_a_shape_is_that_of_its_input(kind: str) -> None:
    assert values(computed("SHAPE", unknown("INT8", (1, 28, 3)), kind=kind)) == [1, 28, 3]
    assert computed("SHAPE", unknown("INT8"), kind="FLOAT32") is None
    assert values(computed("SHAPE", known([1.0, 2.0], "FLOAT32"))) == [2]


@pytest.mark.parametrize(
    ("begin", "end", "stride", "masks", "cut"),
    [
        ([1], [3], [1], {}, [28, 29]),
        ([0], [4], [2], {}, [1, 29]),
        ([3], [0], [-1], {}, [30, 29, 28]),
        ([-2], [0], [1], {"EndMask": 1}, [29, 30]),
        ([2], [3], [1], {"BeginMask": 1}, [1, 28, 29]),
        ([2], [1], [1], {"BeginMask": 1, "EndMask": 1}, [1, 28, 29, 30]),
        ([2], [3], [1], {"ShrinkAxisMask": 1}, 29),
        # The bits of a second axis, which is not there, say nothing.
        ([1], [3], [1], {"BeginMask": 2, "EndMask": 2, "ShrinkAxisMask": 2}, [28, 29]),
    ],
)
def test_slices_of_a_shape(
    begin: list[int], end: list[int], stride: list[int], masks: dict[str, int], cut: Any
) -> None:
    made = computed("STRIDED_SLICE", known([1, 28, 29, 30]), known(begin), known(end), known(stride), **masks)
    assert values(made) == cut


@pytest.mark.parametrize(
    ("masks", "cut"),
    [
        ({}, [[5, 6]]),
        ({"BeginMask": 1}, [[2, 3], [5, 6]]),
        ({"BeginMask": 2}, [[4, 5, 6]]),
        ({"EndMask": 1}, [[5, 6], [8, 9]]),
        ({"EndMask": 2}, [[5, 6]]),
        ({"ShrinkAxisMask": 1}, [5, 6]),
        ({"ShrinkAxisMask": 2}, [5]),
        ({"ShrinkAxisMask": 3}, 5),
    ],
)
def test_each_axis_has_its_bit(masks: dict[str, int], cut: Any) -> None:
    given = known([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    made = computed("STRIDED_SLICE", given, known([1, 1]), known([2, 3]), known([1, 1]), **masks)
    assert values(made) == cut


@pytest.mark.parametrize(
    ("given", "masks"),
    [
        (([1, 2], [0], [1], [1]), {"EllipsisMask": 1}),
        (([1, 2], [0], [1], [1]), {"NewAxisMask": 1}),
        (([1, 2], [0], [1], [1]), {"Offset": True}),
        (([1, 2], [0, 0], [1], [1]), {}),
        (([1, 2], [0], [1], [1, 1]), {}),
        (([1, 2], [0, 0], [1, 1], [1, 1]), {}),
        (([1, 2], [2], [3], [1]), {"ShrinkAxisMask": 1}),
        (([1, 2], [0], [2], [0]), {}),
        (([1, 2], 0, 1, 1), {}),
        (([1, 2], [0], [1]), {}),
    ],
)
def test_slices_that_no_shape_needs_stay_in_the_model(given: Any, masks: dict[str, Any]) -> None:
    assert computed("STRIDED_SLICE", *map(known, given), **masks) is None


def test_numbers_are_packed_along_an_axis() -> None:
    pairs = known([1, 2]), known([3, 4])
    assert values(computed("PACK", known(5), known(6), known(7))) == [5, 6, 7]
    assert values(computed("PACK", *pairs)) == [[1, 2], [3, 4]]
    assert values(computed("PACK", *pairs, Axis=1)) == [[1, 3], [2, 4]]
    assert values(computed("PACK", *pairs, Axis=-1)) == [[1, 3], [2, 4]]
    for axis in (2, (0,)):
        assert computed("PACK", *pairs, Axis=axis) is None
    assert computed("PACK", known([1]), known([1, 2])) is None


def test_shapes_are_joined_along_an_axis() -> None:
    rows = known([[1, 2]]), known([[3, 4]])
    assert values(computed("CONCATENATION", known([1]), known([2, 3]))) == [1, 2, 3]
    assert values(computed("CONCATENATION", *rows)) == [[1, 2], [3, 4]]
    assert values(computed("CONCATENATION", *rows, Axis=1)) == [[1, 2, 3, 4]]
    assert values(computed("CONCATENATION", *rows, Axis=-1)) == [[1, 2, 3, 4]]
    assert computed("CONCATENATION", *rows, Axis=2) is None
    assert computed("CONCATENATION", known(1), known(2)) is None, "numbers have no axis"


def test_numbers_are_gathered_by_their_places() -> None:
    assert values(computed("GATHER", known([1, 28, 29, 30]), known([0, 2]))) == [1, 29]
    assert values(computed("GATHER", known([1, 28]), known(1))) == 28
    assert values(computed("GATHER", known([[1, 2], [3, 4]]), known([1]), Axis=1)) == [[2], [4]]
    for places in ([2], [-1]):
        assert computed("GATHER", known([1, 28]), known(places)) is None
    assert computed("GATHER", known([1, 28]), known([0]), BatchDims=1) is None


def test_numbers_are_multiplied_along_axes() -> None:
    assert values(computed("REDUCE_PROD", known([2, 28, 3]), known([0]))) == 168
    assert values(computed("REDUCE_PROD", known([2, 28, 3]), known(0), KeepDims=True)) == [168]
    assert values(computed("REDUCE_PROD", known([[2, 3], [5, 7]]), known([-1]))) == [6, 35]
    assert values(computed("REDUCE_PROD", known([2, 3]), known(np.zeros(0)))) == [2, 3]
    assert computed("REDUCE_PROD", known([2, 3]), known([1])) is None


def test_a_cast_changes_the_type_alone() -> None:
    wide = computed("CAST", known([1, 28], "INT64"))
    assert values(wide) == [1, 28]
    assert values(computed("CAST", known([1, 28]), kind="INT64")) == [1, 28]
    assert computed("CAST", known([1, 28]), kind="FLOAT32") is None


def test_what_is_not_known_stays_in_the_model() -> None:
    assert computed("CAST", unknown()) is None
    assert computed("PACK", known(1), unknown(shape=())) is None
    assert computed("CONCATENATION", known([1], "INT8"), known([2], "INT8")) is None
    assert computed("PACK", known(1), known(2.0, "FLOAT32")) is None
    assert computed("STRIDED_SLICE", known([1.0, 2.0], "FLOAT32"), known([0]), known([1]), known([1])) is None
    for name in ("PACK", "SHAPE", "CAST"):
        assert computed(name) is None
    for name in ("SHAPE", "CAST"):
        assert computed(name, known([1]), known([2])) is None
    assert computed("RESHAPE", known([1, 2, 3]), known([2])) is None
    assert computed("FILL", known([3]), known([1, 2])) is None
    assert computed("FILL", known([-3]), known(1)) is None
    assert computed("FILL", known([3]), known(1.0, "FLOAT32"), kind="FLOAT32") is None


def test_a_shape_in_another_shape() -> None:
    assert values(computed("RESHAPE", known([1, 2]), known([2, 1]))) == [[1], [2]]


def test_as_many_of_one_number_as_a_normalization_has_values() -> None:
    assert values(computed("FILL", known([3]), known(7))) == [7, 7, 7]
    assert values(computed("FILL", known([2]), known(-5, "INT8"), kind="INT8")) == [-5, -5]
    assert len(values(computed("FILL", known([4096]), known(1)))) == 4096
    assert computed("FILL", known([64, 65]), known(1)) is None


def test_an_input_that_is_left_out_is_none() -> None:
    before = model(call("PACK", (-1, 0), 1), tensors=(known(4), unknown()))
    assert values(with_constant_shapes(before).tensors[1]) == [4]
    nothing = model(call("SHAPE", (-1,), 1), tensors=(known(4), unknown()))
    assert with_constant_shapes(nothing) == nothing


def test_an_operator_of_two_outputs_or_none_stays_in_the_model() -> None:
    for outputs in ((), (1, 2), (1, -1)):
        one = OperatorCall("SHAPE", (0,), outputs, "", {})
        before = model(one, tensors=(known(4), unknown(), unknown()))
        assert with_constant_shapes(before) == before


def test_shapes_are_short() -> None:
    """64 numbers in all, so that a file cannot have us compute for long."""
    assert len(values(computed("CONCATENATION", known(range(60)), known(range(4))))) == 64
    assert computed("CONCATENATION", known(range(60)), known(range(5))) is None
    assert values(computed("SHAPE", known([1] * 64))) == [64]


def layer_of_zeros(**changed: Tensor) -> Tensor | None:
    """What a dense layer of 2 values makes, as a file holds it: the values at their zero point 3, the output at -5."""
    given = replace(known([[3, 3]], "INT8"), zero_points=(3,), scales=(0.1,))
    weights = replace(known([[1, 2], [3, 4], [5, 6]], "INT8"), zero_points=(0,), scales=(0.1,))
    made = replace(unknown("INT8", (1, 3)), zero_points=(-5,), scales=(1e-9,))
    tensors = tuple(({"given": given, "weights": weights, "bias": known([1, 2, 3]), "made": made} | changed).values())
    before = model(call("FULLY_CONNECTED", (0, 1, 2 if "bias" in changed else -1), 3), tensors=tensors)
    after = with_constant_shapes(before)
    return None if after.nodes else after.tensors[3]


def test_a_layer_of_zeros_makes_zeros() -> None:
    assert values(layer_of_zeros()) == [[-5, -5, -5]]


@pytest.mark.parametrize(
    "changed",
    [
        {"bias": known([1, 2, 3])},
        {"given": replace(known([[3, 2]], "INT8"), zero_points=(3,))},
        {"given": known([[3, 3]], "INT8")},
        {"given": replace(unknown("INT8", (1, 2)), zero_points=(3,))},
        {"given": replace(known([3, 3], "INT8"), zero_points=(3,))},
        {"weights": replace(known([[1, 2], [3, 4], [5, 6]], "INT8"), zero_points=(1,))},
        {"weights": known([[1, 2, 3], [4, 5, 6]], "INT8")},
        {"weights": unknown("INT8", (3, 2))},
        {"made": unknown("INT8", (1, 3))},
        {"made": replace(unknown("INT8", (1, 3)), zero_points=(128,))},
        {"made": replace(unknown("INT8", (3,)), zero_points=(0,))},
        {"made": replace(unknown("INT32", (1, 3)), zero_points=(0,))},
    ],
)
def test_another_layer_of_constants_stays_in_the_model(changed: dict[str, Tensor]) -> None:
    assert layer_of_zeros(**changed) is None


def test_a_layer_that_begins_at_zero_equals_the_reference(tmp_path: Path) -> None:
    """As an unrolled recurrent layer is converted."""
    built = ModelBuilder(1)
    zeros = built.constant(np.full((1, 8), 4, np.int8), 7.8e-9, 4)
    state = built.dense(zeros, 5, bias=False, activation="RELU", output=(7.8e-9, -9))
    step = built.add(built.dense(built.input((1, 6), 0.05, 3), 5), state, output=(0.05, 3))
    check(built.build(step), tmp_path)
