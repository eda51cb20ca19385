"""Floats between int8 values become tables and int8 that moves, or are refused as the floats that they are."""

from __future__ import annotations

import numpy as np
import pytest
from model_builder import ModelBuilder
from test_library_operators import check

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.file import read_tflite
from edgedigits.firmware_export.graph.float_runs import THROUGH, with_tables
from edgedigits.firmware_export.operators.reader import read_graph


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("library")


def test_functions_are_one_table(tmp_path):
    builder = ModelBuilder()
    end = builder.dequantize(builder.input((1, 4, 4, 2), 0.05, -128))
    end = builder.quantize_floats(builder.of_floats("SQRT", builder.of_floats("ABS", end)), (0.01, -128))
    path = tmp_path / "model.tflite"
    path.write_bytes(builder.build(end))
    (node,) = with_tables(read_tflite(path)).nodes
    assert (node.name, node.inputs, node.outputs) == ("QUANTIZE", (0,), (end,))
    assert node.options == {THROUGH: ("ABS", "SQRT")}
    (lookup,) = read_graph(path).nodes
    assert lookup.outputs[[0, 1, 255]].tolist() == [-128, round(0.05**0.5 / 0.01) - 128, 127]


def test_elements_that_are_moved_between(folder):
    """As ``unstack`` is converted: each part has a scale of its own behind it."""
    builder = ModelBuilder(2)
    floats = builder.dequantize(builder.conv(builder.input((1, 3, 4, 2), 0.05, 3), 4))
    parts = [builder.tensor((1, 4, 4), dtype=np.float32) for _ in range(3)]
    builder.operator("UNPACK", 1, [floats], parts[0], "UnpackOptions", Num=3, Axis=1)
    builder.operators[-1].outputs = list(parts)
    first, last = (
        builder.quantize_floats(part, output) for part, output in zip(parts[::2], [(0.3, 9), (0.1, -20)], strict=True)
    )
    check(builder.build(builder.add(first, last)), folder)


def test_models_without_such_floats_are_left_alone(tmp_path):
    builder = ModelBuilder()
    end = builder.relu(builder.input((1, 4, 4, 2), 0.05, 3))
    path = tmp_path / "model.tflite"
    path.write_bytes(builder.build(builder.dequantize(end)))
    content = read_tflite(path)
    assert with_tables(content) is content


@pytest.mark.parametrize("kind", ["a sum of floats", "an output of floats", "an output of uint8"])
def test_other_floats_stay(kind, tmp_path):
    builder = ModelBuilder()
    source = builder.input((1, 4, 4, 2), 0.05, 3)
    floats = builder.of_floats("SQUARE", builder.dequantize(source))
    made = builder.quantize_floats(floats, (0.05, 3))
    ends = [made]
    if kind == "a sum of floats":
        total = builder.tensor((1, 4, 4, 2), dtype=np.float32)
        table = {"FusedActivationFunction": 0}
        ends = [
            builder.quantize_floats(builder.operator("ADD", 1, [floats, floats], total, "AddOptions", **table), (1, 0))
        ]
    elif kind == "an output of floats":
        ends = [floats]
    else:
        builder.tensors[made].dtype = np.uint8
    path = tmp_path / "model.tflite"
    path.write_bytes(builder.build(*ends))
    content = read_tflite(path)
    assert with_tables(content) is content
    with pytest.raises(EdgedigitsError, match=r"float|UINT8"):
        read_graph(path)


@pytest.mark.parametrize(("name", "scale"), [("SQRT", 0.05), ("EXP", 1e-30), ("SQUARE", 1e-30)])
def test_numbers_of_which_tflite_computes_nothing_are_refused(name, scale, tmp_path):
    builder = ModelBuilder()
    end = builder.of_floats(name, builder.dequantize(builder.input((1, 4, 4, 2), 0.05, 3)))
    path = tmp_path / "model.tflite"
    path.write_bytes(builder.build(builder.quantize_floats(end, (scale, 0))))
    with pytest.raises(EdgedigitsError, match=f"takes {name} of numbers of which TFLite computes nothing"):
        read_graph(path)


def test_elu_is_its_formula(tmp_path):
    """BUILTIN_REF of TFLite 2.14 has no ELU at all."""
    builder = ModelBuilder()
    end = builder.of_floats("ELU", builder.dequantize(builder.input((1, 4, 4, 2), 0.05, -28)))
    path = tmp_path / "model.tflite"
    path.write_bytes(builder.build(builder.quantize_floats(end, (0.05, -28))))
    (lookup,) = read_graph(path).nodes
    real = 0.05 * (np.arange(-128, 128) + 28)
    expected = np.round(np.where(real < 0, np.expm1(np.minimum(real, 0)), real) / 0.05) - 28
    assert lookup.outputs.tolist() == expected.tolist()
