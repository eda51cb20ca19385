"""Inputs and outputs that are no int8: uint8 and float32, turned into int8 and back in C as TFLite's kernels do."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from model_builder import ModelBuilder
from serial_board import wire
from slow_cases import slow_but

from edgedigits.core.digit import quantize
from edgedigits.firmware_export import CompiledLibrary
from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.library.export import export_library
from edgedigits.firmware_export.operators.reader import read_graph
from edgedigits.firmware_export.proof.inputs import proof_inputs
from edgedigits.firmware_export.proof.reference import TensorReference
from edgedigits.firmware_export.proof.self_test import run_self_test
from edgedigits.firmware_export.proof.tensors import noise
from edgedigits.firmware_export.report.cores import missing_tool
from edgedigits.firmware_export.report.report import firmware_report
from edgedigits.firmware_export.serial.verify import verify
from edgedigits.firmware_export.targets import target_files, write_target
from edgedigits.firmware_export.targets.export import export_target

SCALE, ZERO = 0.0213, -17
ENDS = [("int8", "float32"), ("float32", "int8"), ("float32", "float32"), ("uint8", "uint8"), ("uint8", "float32")]
SHAPES = {"picture": ((1, 12, 12, 3), 5), "digit": ((1, 28, 28, 1), 10)}

ON_A_BOARD = {("digit", ENDS[2]), ("picture", ENDS[4])}
"""Of these the default tests have a report and a board; test_typed_cores.py runs all ends on every core."""


def typed(shape: tuple[int, ...], classes: int, source: str, result: str) -> bytes:
    """A model that is int8 inside, with these types of its input and output."""
    built = ModelBuilder(6)
    if source == "int8":
        given = built.input(shape, SCALE, ZERO)
    else:
        scale, zero = (0.0, 0) if source == "float32" else (SCALE, ZERO + 128)
        given = built.quantize(built.input(shape, scale, zero, np.dtype(source).type), (SCALE, ZERO))
    end = built.dense(built.conv(given, 4, stride=(2, 2), activation="RELU"), classes)
    made = built.tensors[end]
    if result == "float32":
        end = built.dequantize(end)
    elif result == "uint8":
        whole = built.tensor(made.shape, made.scales[0], made.zero_points[0] + 128, dtype=np.uint8)
        end = built.operator("QUANTIZE", 1, [end], whole)
    return built.build(end)


@pytest.fixture(params=[(shape, *ends) for shape in SHAPES for ends in ENDS], ids="-".join)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    shape, source, result = request.param
    path = tmp_path / "model.tflite"
    path.write_bytes(typed(*SHAPES[shape], source, result))
    return path


def picture(folder: Path, source: str, result: str) -> Path:
    path = folder / "model.tflite"
    path.write_bytes(typed(*SHAPES["picture"], source, result))
    return path


CONVERSION = re.compile(r"^void \w+_(?:input\w*_from|output\w*_to)_(?:float|uint8)\([^)]*\)", re.MULTILINE)


def signatures_told(path: Path) -> list[str]:
    """Those of the conversions in a model's README, after a look whether they are the header's, all of them."""
    files = export_target(path).files
    readme = target_files("c", files)["README.md"]
    told = re.findall(r"^\| `(void \w+(?:_from|_to)_(?:float|uint8)\(.*?\))`", readme, re.MULTILINE)
    assert told == CONVERSION.findall(files.header)
    return told


def test_the_readme_has_the_signatures_of_the_header(model: Path):
    assert all(", uint32_t count, " in signature for signature in signatures_told(model))
    source, result = (str(tensor.type).lower() for tensor in (*read_graph(model).inputs, *read_graph(model).outputs))
    assert len(signatures_told(model)) == (source != "int8") + (result != "int8")


def test_the_readme_has_those_of_several_inputs_and_outputs(tmp_path: Path):
    built = ModelBuilder(6)
    sources = [built.input((1, 4, 4, 2), 0.0, 0, np.float32), built.input((1, 4, 4, 2), SCALE, ZERO + 128, np.uint8)]
    both = built.add(*(built.quantize(source, (SCALE, ZERO)) for source in sources))
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(built.dequantize(both)))
    assert len(signatures_told(path)) == 3


def test_the_self_test_passes_in_the_models_own_types(model: Path, tmp_path: Path):
    write_target("c", export_target(model).files, tmp_path / "c")
    found = run_self_test(tmp_path / "c")
    assert found.result == "passed", found.said


def test_a_wrong_scale_at_the_output_fails_it(tmp_path: Path):
    write_target("c", export_target(picture(tmp_path, "int8", "float32")).files, tmp_path / "c")
    source = tmp_path / "c" / "digits.c"
    text = source.read_text()
    head, tail = text.split("void digits_output_to_float")
    source.write_text(head + "void digits_output_to_float" + tail.replace("F;", "F * 1.0000002F;", 1))
    found = run_self_test(tmp_path / "c")
    assert found.result == "failed" and "outputs differ" in found.said


@pytest.mark.parametrize(
    "model",
    [
        pytest.param((shape, *ends), marks=() if (shape, ends) in ON_A_BOARD else pytest.mark.slow)
        for shape in SHAPES
        for ends in ENDS
    ],
    indirect=True,
    ids="-".join,
)
def test_a_report_and_a_board_agree(model: Path, tmp_path: Path):
    if lacking := missing_tool(core("m4")):
        pytest.skip(lacking)
    inputs = proof_inputs(model, 2)
    assert firmware_report(model, ["m4"], inputs).equal
    write_target("c", export_target(model).files, tmp_path / "c")
    with wire(built_board(tmp_path / "c")) as board:
        assert verify(board.port, model, inputs.values).equal


@pytest.mark.parametrize("scale", [0.0213, 1 / 255, 0.5, 3e-7, 118.25])
@pytest.mark.parametrize("zero", [-128, -17, 0, 127])
def test_every_half_step_and_its_neighbours_are_quantized_as_tflite_does(scale: float, zero: int, tmp_path: Path):
    """Half-way cases go away from zero; the next float below one does not."""
    built = ModelBuilder(1)
    given = built.quantize(built.input((1, 4), 0.0, 0, np.float32), (scale, zero))
    (path := tmp_path / "model.tflite").write_bytes(built.build(built.dense(given, 3)))
    step = np.float32(scale)
    halves = ((np.arange(-300, 301) / np.float32(2)).astype(np.float32) * step).astype(np.float32)
    values = np.concatenate(
        [halves, np.nextafter(halves, np.float32(np.inf)), np.nextafter(halves, -np.float32(np.inf))]
    )
    made = np.empty(len(values), np.int8)
    with CompiledLibrary(export_library(path)) as library:
        library.functions.digits_input_from_float(
            ctypes.c_void_p(values.ctypes.data), ctypes.c_uint32(len(values)), ctypes.c_void_p(made.ctypes.data)
        )
    exact = (values / step).astype(np.float64)
    expected = np.clip(np.copysign(np.floor(np.abs(exact) + 0.5), exact) + zero, -128, 127)
    np.testing.assert_array_equal(made, expected)


def test_what_is_no_number_or_without_end_saturates(tmp_path: Path):
    values = np.array([np.inf, -np.inf, np.nan, 3e38, -3e38, 1e-45], np.float32)
    made = np.empty(len(values), np.int8)
    with CompiledLibrary(export_library(picture(tmp_path, "float32", "int8"))) as library:
        library.functions.digits_input_from_float(
            ctypes.c_void_p(values.ctypes.data), ctypes.c_uint32(len(values)), ctypes.c_void_p(made.ctypes.data)
        )
    assert made.tolist() == [127, -128, -128, 127, -128, ZERO]


def test_noise_of_floats_saturates_at_both_ends(tmp_path: Path):
    path = picture(tmp_path, "float32", "float32")
    values = noise(read_graph(path), 4)
    steps = quantize(values, SCALE, ZERO)
    assert (values.dtype, steps.min(), steps.max()) == (np.float32, -128, 127)
    assert ((values / np.float32(SCALE)) % 1 != 0).mean() > 0.9


@pytest.mark.parametrize("ends", ENDS, ids="-".join)
def test_the_reference_speaks_the_models_own_types(ends: tuple[str, str], tmp_path: Path):
    path = picture(tmp_path, *ends)
    graph = read_graph(path)
    assert (graph.input_tensor.type, graph.output_tensor.type) == tuple(kind.upper() for kind in ends)
    given = noise(graph, 3)
    made = TensorReference(path, graph).outputs(given)
    assert (given.dtype, made.dtype, made.shape) == (*map(np.dtype, ends), (3, 5))


def test_without_libm_and_without_floats_where_the_model_has_none(tmp_path: Path):
    text = export_library(picture(tmp_path, "float32", "float32")).text
    assert "math.h" not in text.source and "double" not in text.source
    assert "floating point only where it goes in or out" in text.header
    whole = export_library(picture(tmp_path, "uint8", "uint8")).text
    assert "float" not in whole.source and "no floating point" in whole.header


@pytest.mark.parametrize("compiler", slow_but(["gcc", "clang", "arm-none-eabi-gcc", "avr-gcc"], ["clang", "avr-gcc"]))
def test_no_compiler_warns(compiler: str, tmp_path: Path):
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    write_target("c", export_target(picture(tmp_path, "float32", "float32")).files, tmp_path / "c")
    flags = ["-std=c99", "-O2", "-pedantic", "-Wall", "-Wextra", "-Wshadow", "-Wdouble-promotion", "-Werror"]
    flags += {
        "arm-none-eabi-gcc": ["-mcpu=cortex-m4", "-mthumb"],
        "avr-gcc": ["-mmcu=atmega2560", "-std=gnu99", "-Wno-pedantic"],
    }.get(compiler, [])
    subprocess.run(
        [compiler, *flags, "-I.", "-c", "digits.c", "main.c", "serial/digits_serial.c"], cwd=tmp_path / "c", check=True
    )


def built_board(folder: Path) -> Path:
    """The exported serial program as a process of this computer."""
    example = "run_model" if (folder / "serial" / "run_model.c").is_file() else "read_digit"
    sources = [f"serial/{example}.c", "serial/host_board.c", "serial/digits_serial.c", "digits.c"]
    flags = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined", "-I."]
    subprocess.run(["gcc", *flags, *sources, "-o", "board"], cwd=folder, check=True)
    return folder / "board"
