"""Inputs and outputs that cannot be: each is refused by name, with something to do about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from model_builder import ModelBuilder
from model_file import file_bytes
from several_networks import typed

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.c_source.names import LONGEST_MEMBER, member_names
from edgedigits.firmware_export.library.export import export_library
from edgedigits.firmware_export.operators.reader import read_graph

Build = Callable[[ModelBuilder], bytes]


def same_input_twice(built: ModelBuilder) -> bytes:
    source = built.input((1, 6), 0.05, 3)
    built.inputs.append(source)
    return built.build(built.dense(source, 3))


def one_value_by_two_ways(built: ModelBuilder) -> bytes:
    source = built.quantize(built.input((1, 6), 0.0, 0, np.float32), (0.05, 3))
    built.inputs.append(source)
    return built.build(built.dense(source, 3))


def made_and_given(built: ModelBuilder) -> bytes:
    middle = built.dense(built.input((1, 6), 0.05, 3), 4)
    built.inputs.append(middle)
    return built.build(built.dense(middle, 3))


def constant_output(built: ModelBuilder) -> bytes:
    return built.build(built.dense(built.input((1, 6), 0.05, 3), 3), built.constant(np.ones((1, 4), np.int8), 0.1, 0))


def constant_of_floats(built: ModelBuilder) -> bytes:
    return built.build(
        built.dense(built.input((1, 6), 0.05, 3), 3),
        built.dequantize(built.constant(np.ones((1, 4), np.int8), 0.1, 0)),
    )


def constant_input(built: ModelBuilder) -> bytes:
    built.inputs.append(built.constant(np.ones((1, 6), np.int8), 0.1, 0))
    return built.build(built.dense(built.input((1, 6), 0.05, 3), 3))


def unread_floats(built: ModelBuilder) -> bytes:
    built.input((1, 4), 0.0, 0, np.float32)
    return built.build(built.dense(built.input((1, 6), 0.05, 3), 3))


def floats_passed_through(built: ModelBuilder) -> bytes:
    floats = built.input((1, 6), 0.0, 0, np.float32)
    return built.build(built.dense(built.quantize(floats, (0.05, 3)), 3), floats)


def bytes_passed_through(built: ModelBuilder) -> bytes:
    given = built.input((1, 6), 0.05, 131, np.uint8)
    return built.build(built.dense(built.quantize(given, (0.05, 3)), 3), given)


def floats_read_on(built: ModelBuilder) -> bytes:
    made = built.dequantize(built.dense(built.input((1, 6), 0.05, 3), 3))
    return built.build(made, built.dense(built.quantize(made, (0.1, 0)), 2))


def nothing_makes_it(built: ModelBuilder) -> bytes:
    return built.build(built.dense(built.input((1, 6), 0.05, 3), 3), built.tensor((1, 5), 0.1, 0))


def no_input_is_read(built: ModelBuilder) -> bytes:
    built.input((1, 6), 0.05, 3)
    loose = built.tensor((1, 6), 0.05, 3)
    return built.build(built.dense(loose, 3), built.dense(loose, 2))


def no_output(built: ModelBuilder) -> bytes:
    built.dense(built.input((1, 6), 0.05, 3), 3)
    return built.build()


def many_outputs(built: ModelBuilder) -> bytes:
    return built.build(*[built.dense(built.input((1, 6), 0.05, 3), 3)] * 33)


def another_batch(built: ModelBuilder) -> bytes:
    built.input((2, 6), 0.05, 3)
    return built.build(built.dense(built.input((1, 6), 0.05, 3), 3))


def wide_integers(built: ModelBuilder) -> bytes:
    built.input((1, 6), 0.0, 0, np.int32)
    return built.build(built.dense(built.input((1, 6), 0.05, 3), 3))


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (same_input_twice, "two inputs of .* are one value, .*; build the network with an input layer of its own"),
        (one_value_by_two_ways, "two inputs of .* are one value"),
        (made_and_given, "makes a value that is already there"),
        (constant_output, "has a constant as its output tensor_4; leave it out of the network's outputs"),
        (constant_of_floats, "has a constant as its output tensor_5; leave it out"),
        (constant_input, "has a constant as its input tensor_0"),
        (
            unread_floats,
            "tensor_0, that is float32 and that no operator reads; leave that input out of the network$",
        ),
        (floats_passed_through, "has a float32 input as its output tensor_0; leave it out"),
        (bytes_passed_through, "has a uint8 input as its output tensor_0; leave it out"),
        (floats_read_on, "is only partly quantized"),
        (nothing_makes_it, "makes no output tensor_4"),
        (no_input_is_read, "reads a value that no operator before it makes"),
        (no_output, "has no outputs where 1 to 32 are expected"),
        (many_outputs, "has 33 outputs where 1 to 32 are expected"),
        (another_batch, "its batch is not 1"),
        (wide_integers, "has INT32 as its input tensor_0 where int8 is expected"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_refused_by_name(build: Build, said: str, tmp_path: Path):
    (tmp_path / "model.tflite").write_bytes(build(ModelBuilder(1)))
    with pytest.raises(EdgedigitsError, match=said):
        read_graph(tmp_path / "model.tflite")


class TestNames:
    @pytest.mark.parametrize(
        ("texts", "names"),
        [
            (["serving_default_image:0", "serving_default_Sensor Values:0"], ("image", "sensor_values")),
            (["StatefulPartitionedCall:0", "StatefulPartitionedCall:1"], ("output_0", "output_1")),
            (["a", "A", "a"], ("a", "a_1", "a_2")),
            (["output_1", ""], ("output_1", "output_1_1")),
            (["int", "7", "über", "*/", "_"], ("output_0", "output_1", "ber", "output_3", "output_4")),
        ],
    )
    def test_what_a_model_calls_them_becomes_names_in_c(self, texts: list[str], names: tuple[str, ...]):
        assert member_names(texts, "output") == names

    def test_a_signature_names_them(self, tmp_path: Path):
        built = ModelBuilder(1)
        source, other = built.input((1, 6), 0.05, 3), built.input((1, 6), 0.05, 3)
        total = built.add(source, other)
        signature = {"Right": other, "left-hand": source}, {"sum": total, "again": total}
        path = tmp_path / "model.tflite"
        path.write_bytes(file_bytes(built.tensors, built.operators, built.inputs, [total, total], signature))
        graph = read_graph(path)
        assert [tensor.name for tensor in graph.inputs] == ["left_hand", "right"]
        assert [tensor.name for tensor in graph.outputs] == ["sum", "again"]

    def test_they_are_short(self):
        assert member_names(["long_" * 90], "input") == ("long_long_long_long_long",)
        assert len("long_long_long_long_long") == LONGEST_MEMBER

    def test_text_of_the_model_stays_outside(self, tmp_path: Path):
        built = ModelBuilder(1)
        source, other = built.input((1, 6), 0.05, 3), built.input((1, 6), 0.05, 3)
        built.tensors[source].name = b'x */ #include "/etc/passwd" \xc3\xa4'
        path = tmp_path / "model.tflite"
        path.write_bytes(built.build(built.add(source, other)))
        text = export_library(path).text
        assert "const int8_t *x_include_etc_passwd;" in text.header
        assert "/etc" not in text.header + text.source

    def test_a_name_that_is_too_long_beside_the_librarys_is_refused(self, tmp_path: Path):
        built = ModelBuilder(1)
        source, other = built.input((1, 6), 0.05, 3), built.input((1, 6), 0.05, 3)
        built.tensors[source].name = b"a" * 24
        path = tmp_path / "model.tflite"
        path.write_bytes(built.build(built.add(source, other)))
        with pytest.raises(EdgedigitsError, match="use a name of at most 21 characters"):
            export_library(path, name="b" * 22)
        assert export_library(path, name="b" * 21).text.inputs == ("a" * 24, "tensor_1")


def test_a_file_of_crossed_indices_is_refused_or_exported_and_never_crashes(tmp_path: Path):
    dice = np.random.default_rng(7)
    content = bytearray(typed())
    path = tmp_path / "model.tflite"
    for _ in range(300):
        damaged = bytearray(content)
        for _ in range(int(dice.integers(1, 4))):
            damaged[int(dice.integers(0, len(damaged)))] = int(dice.integers(0, 12))
        path.write_bytes(damaged)
        try:
            read_graph(path)
        except EdgedigitsError as error:
            assert str(path) in str(error) or "operator" in str(error)
