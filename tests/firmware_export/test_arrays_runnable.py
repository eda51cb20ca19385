"""What ``--target arrays`` takes is what TensorFlow Lite Micro runs, and what it says of a model is so."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tflite
from click.testing import CliRunner
from model_builder import ModelBuilder
from tiny_models import tiny_models

from edgedigits.cli.main import main
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.file import OperatorVersion, read_tflite
from edgedigits.firmware_export import export_arrays, export_library, write_export
from edgedigits.firmware_export.arrays.resolver import CUSTOM_METHODS, METHODS
from edgedigits.firmware_export.arrays.runnable import living_bytes, method, needs, why_not

MICRO = """
import sys
import numpy as np
from tflite_micro import runtime
interpreter = runtime.Interpreter.from_file(sys.argv[1])
for place in range(int(sys.argv[2])):
    details = interpreter.get_input_details(place)
    interpreter.set_input(np.zeros(tuple(details["shape"]), details["dtype"]), place)
interpreter.invoke()
interpreter.print_allocations()
"""

TINY = [
    *("int8", "float32", "int8_float_doors", "uint8_doors", "int16x8", "wrong_shape", "quantize_odd"),
    *("dynamic", "float16"),
]
REFUSED = {"dynamic": "of float32 with weights of int8", "float16": "float16 weights"}


@pytest.fixture(scope="session", name="tiny_models")
def _tiny_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_models(tmp_path_factory)


def micro_runs(model: Path, inputs: int = 1) -> str | None:
    """What TensorFlow Lite Micro says of its memory; None where it refuses the model. Needs its Python package."""
    pytest.importorskip("tflite_micro", reason="pip install tflite-micro")
    command = [sys.executable, "-c", MICRO, str(model), str(inputs)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return done.stdout + done.stderr if done.returncode == 0 else None


def two_ends(built: ModelBuilder) -> list[int]:
    left, right = built.input((1, 6, 5, 2)), built.input((1, 6, 5, 2))
    total = built.add(left, right)
    return [built.relu(total), built.mean(total)]


def built_model(path: Path, build: Callable[[ModelBuilder], list[int]]) -> Path:
    built = ModelBuilder()
    path.write_bytes(built.build(*build(built)))
    return path


@pytest.mark.parametrize("name", TINY)
def test_it_takes_what_tensorflow_lite_micro_runs_and_nothing_else(name: str, tiny_models: dict[str, Path]) -> None:
    runs = micro_runs(tiny_models[name]) is not None
    assert runs == (name not in REFUSED)
    if runs:
        export_arrays(tiny_models[name])
    else:
        with pytest.raises(EdgedigitsError, match=REFUSED[name]):
            export_arrays(tiny_models[name])


@pytest.mark.parametrize("name", [name for name in TINY if name not in REFUSED])
def test_the_tensors_that_live_at_once_are_the_head_of_its_arena(name: str, tiny_models: dict[str, Path]) -> None:
    said = micro_runs(tiny_models[name])
    assert said is not None
    head, whole = (
        int(re.search(rf"Arena allocation {part} (\d+) bytes", said).group(1))  # type: ignore[union-attr]
        for part in ("head", "total")
    )
    living = export_arrays(tiny_models[name]).living_bytes
    assert head - 16 < living <= head < whole


def test_a_model_of_another_shape_and_other_classes_says_its_ends(tmp_path: Path) -> None:
    def network(built: ModelBuilder) -> list[int]:
        return [built.softmax(built.dense(built.conv(built.input((1, 12, 10, 3), 0.5, 7), 4), 3))]

    export = export_arrays(built_model(tmp_path / "m.tflite", network), name="wake")
    assert " * Input:  int8, shape (1, 12, 10, 3). real = (q - zero_point) * scale.\n" in export.header
    assert "#define WAKE_MODEL_INPUT_SCALE 0.5F\n#define WAKE_MODEL_INPUT_ZERO_POINT (7)\n" in export.header
    assert "#define WAKE_MODEL_OUTPUT_SHAPE { 1, 3 }\n" in export.header
    assert "handwritten" not in export.header and "labels" not in export.header + export.source


def test_every_input_and_output_has_a_number_where_there_are_several(tmp_path: Path) -> None:
    model = built_model(tmp_path / "m.tflite", two_ends)
    assert micro_runs(model, 2) is not None
    export = export_arrays(model)
    kinds = re.findall(r"typedef (\w+) digits_model_(\w+)_type;", export.header)
    assert kinds == [("int8_t", "input_0"), ("int8_t", "input_1"), ("int8_t", "output_0"), ("int8_t", "output_1")]
    assert "#define DIGITS_MODEL_OUTPUT_1_SHAPE { 1, 2 }\n" in export.header


@pytest.mark.parametrize("name", ["float32", "int16x8", "two"])
def test_its_c_compiles_without_a_warning(name: str, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    model = tiny_models.get(name) or built_model(tmp_path / "m.tflite", two_ends)
    paths = write_export(export_arrays(model), tmp_path / "c").files
    strict = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-c"]
    subprocess.run(["gcc", *strict, str(paths[1]), "-o", str(tmp_path / "m.o")], check=True)


def test_floats_are_fed_as_they_are(tiny_models: dict[str, Path]) -> None:
    header = export_arrays(tiny_models["float32"]).header
    assert "typedef float digits_model_input_type;" in header
    assert "Feed pixel / 255." in header
    assert "INPUT_SCALE" not in header
    assert "Parts of it are floats" in header


def test_a_line_network_is_taken_without_the_code_that_makes_a_text(tmp_path: Path) -> None:
    model = Path(__file__).parents[2] / "core" / "pretrained" / "line" / "model.int8.tflite"
    done = CliRunner().invoke(main, ["export", str(model), "--target", "arrays", "--out", str(tmp_path / "c")])
    assert done.exit_code == 0, done.output
    assert "register: AddConv2D" in done.output and "arena_used_bytes()" in done.output


@pytest.mark.parametrize("version", [0, 1, 2])
def test_an_old_version_of_the_schema_is_no_damage(version: int, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    model = tmp_path / "old.tflite"
    content = bytearray(tiny_models["int8"].read_bytes())
    table = tflite.Model.GetRootAs(bytes(content), 0)._tab
    struct.pack_into("<I", content, table.Pos + table.Offset(4), version)
    model.write_bytes(content)
    assert micro_runs(model) is not None
    export = export_arrays(model)
    assert bytes.fromhex("".join(re.findall(r"0x(\w\w)", export.source)))[:64] == bytes(content[:64])
    assert f"The file names version {version} of the schema" in " ".join(export.header.split())
    done = CliRunner().invoke(main, ["export", str(model), "--out", str(tmp_path / "c")])
    assert done.exit_code == 0, done.output


def test_the_list_has_the_resolvers_methods() -> None:
    """Counted in micro_mutable_op_resolver.h: 100 builtin operators and 18 custom ones."""
    assert (len(METHODS), len(CUSTOM_METHODS)) == (100, 18)
    assert METHODS.keys() <= set(vars(tflite.BuiltinOperator))
    samples = {
        "ADD": "AddAdd",
        "ADD_N": "AddAddN",
        "MAX_POOL_2D": "AddMaxPool2D",
        "PADV2": "AddPadV2",
        "REVERSE_V2": "AddReverseV2",
        "SPACE_TO_BATCH_ND": "AddSpaceToBatchNd",
        "UNIDIRECTIONAL_SEQUENCE_LSTM": "AddUnidirectionalSequenceLSTM",
    }
    assert {name: METHODS[name] for name in samples} == samples
    assert method(OperatorVersion("CUSTOM", 1, 1, "SignalPCAN")) == "AddPCAN"


def test_an_operator_that_it_lacks_is_named_and_its_own_name_is_escaped(tiny_models: dict[str, Path]) -> None:
    content = read_tflite(tiny_models["int8"])
    strange = OperatorVersion("CUSTOM", 1, 1, "\x1b[31m" + "x" * 500)
    what, remedy = why_not(replace(content, operators=(OperatorVersion("TOPK_V2", 1, 1), strange))) or ("", "")
    assert "CUSTOM '\\x1b[31mxxx" in what and "TOPK_V2" in what
    assert len(what) < 150
    assert "arrays" not in remedy


@pytest.mark.parametrize(
    ("others", "remedy"),
    [
        ((), "convert it with a fixed batch of 1, of which the converter makes no REDUCE_PROD"),
        (("SIN",), "convert it with a fixed batch of 1, of which the converter makes no REDUCE_PROD"),
        (("ONE_HOT",), "build the network without ONE_HOT, and with a fixed batch of 1, of which the converter"),
        (("SELECT_V2",), "build the network without SELECT_V2, and with a fixed batch of 1, of which the converter"),
    ],
)
def test_products_of_a_free_batch_are_told_as_such(others: tuple[str, ...], remedy: str, tmp_path: Path) -> None:
    def build(built: ModelBuilder) -> list[int]:
        image = built.input((1, 4))
        of_image = built.operator("SHAPE", 1, [image], built.tensor((2,), dtype=np.int32), "ShapeOptions", OutType=2)
        made = built.tensor((), dtype=np.int32)
        built.operator("REDUCE_PROD", 1, [of_image, built.integers(0)], made, "ReducerOptions", KeepDims=False)
        for name in others:
            image = built.other(name, image)
        return [built.relu(image)]

    found = why_not(read_tflite(built_model(tmp_path / "m.tflite", build))) or ("", "")
    assert found[1].startswith(remedy)


def test_a_product_of_values_is_no_sign_of_a_free_batch(tmp_path: Path) -> None:
    model = built_model(
        tmp_path / "m.tflite", lambda built: [built.reduce_max(built.input((1, 4)), name="REDUCE_PROD")]
    )
    assert why_not(read_tflite(model)) == (
        "has operators that TensorFlow Lite Micro lacks: REDUCE_PROD",
        "build the network without them",
    )


def test_variables_are_told_of(tiny_models: dict[str, Path]) -> None:
    content = read_tflite(tiny_models["int8"])
    told = needs(replace(content, operators=(OperatorVersion("VAR_HANDLE", 1, 2),)))
    assert "MicroResourceVariables" in told[0]


def test_a_tensor_lives_until_its_last_reader_has_run(tmp_path: Path) -> None:
    def skips(built: ModelBuilder) -> list[int]:
        given = built.input((1, 4, 4, 2))  # 32 bytes, and so is every value
        first = built.relu(given)
        return [built.add(first, built.relu(built.reshape(first, (1, 4, 4, 2))))]

    assert living_bytes(read_tflite(built_model(tmp_path / "m.tflite", skips))) == 96


@pytest.mark.parametrize("places", ["no input", "no output"])
def test_a_model_without_an_end_is_refused(places: str, tiny_models: dict[str, Path]) -> None:
    content = read_tflite(tiny_models["int8"])
    less = replace(content, input_places=()) if places == "no input" else replace(content, output_places=())
    assert why_not(less) is not None


def test_values_of_no_fixed_size_are_refused(tiny_models: dict[str, Path]) -> None:
    content = read_tflite(tiny_models["int8"])
    tensors = tuple(replace(one, shape=(0, *one.shape[1:])) for one in content.tensors)
    what, remedy = why_not(replace(content, tensors=tensors)) or ("", "")
    assert "no fixed size" in what and "batch of 1" in remedy


def test_int8_numbers_of_another_zero_point_reach_the_header(tmp_path: Path) -> None:
    model = built_model(tmp_path / "m.tflite", lambda built: [built.relu(built.input((1, 3), 0.25, -5))])
    assert export_arrays(model).inputs[0].quantization.zero_point == -5  # type: ignore[union-attr]
    assert np.float32(export_arrays(model).inputs[0].quantization.scale) == np.float32(0.25)  # type: ignore[union-attr]


def int16_of(name: str, folder: Path) -> Path:
    built = ModelBuilder(1, wide=True)
    start = built.input((1, 4, 4, 2))
    if name == "DEPTHWISE_CONV_2D":
        end = built.depthwise(start)
        bias = built.tensors[built.operators[0].inputs[2]]
        bias.data, bias.dtype = np.zeros(2, np.int32), np.int32
    else:
        end = built.hard_swish(start)
    path = folder / "m.tflite"
    path.write_bytes(built.build(end))
    return path


@pytest.mark.parametrize("name", ["HARD_SWISH", "DEPTHWISE_CONV_2D"])
def test_what_tensorflow_lite_micro_lacks_of_int16_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(EdgedigitsError, match=rf"{name} of int16, which TensorFlow Lite Micro"):
        export_arrays(int16_of(name, tmp_path))


def test_the_c_library_sends_nobody_there_with_it(tmp_path: Path) -> None:
    with pytest.raises(EdgedigitsError) as error:
        export_library(int16_of("HARD_SWISH", tmp_path))
    assert "works on int16" in str(error.value) and "arrays" not in str(error.value)


BUILT: dict[str, Callable[[ModelBuilder, int], int]] = {
    "GATHER": lambda built, x: built.gather(x, 1, (2, 0)),
    "REDUCE_MAX": lambda built, x: built.reduce_max(x, (1,)),
    "RESIZE_BILINEAR": lambda built, x: built.resize_bilinear(x, (8, 8)),
    "MIRROR_PAD": lambda built, x: built.pad_all(x, [(0, 0), (1, 1), (1, 1), (0, 0)], 0),
    "SPACE_TO_BATCH_ND": lambda built, x: built.space_to_batch(x, (2, 2), [(0, 0), (0, 0)]),
    "NEG": lambda built, x: built.other("NEG", x),
    "LOG": lambda built, x: built.other("LOG", x, 2),
    "RSQRT": lambda built, x: built.other("RSQRT", x, 2),
    "ABS": lambda built, x: built.other("ABS", x, 2),
    "TRANSPOSE_CONV": lambda built, x: built.transpose_conv(x, 3, (3, 3)),
    "CONCATENATION of 10": lambda built, x: built.concat([x] * 10),
    "CONCATENATION of 11": lambda built, x: built.concat([x] * 11),
}
LACKED = {"NEG": ("int8", "int16"), "LOG": ("int8", "int16"), "CONCATENATION of 11": ("int8", "int16")}
LACKED |= dict.fromkeys(("GATHER", "REDUCE_MAX", "RESIZE_BILINEAR", "MIRROR_PAD", "SPACE_TO_BATCH_ND"), ("int16",))


@pytest.mark.parametrize("kind", ["int8", "int16"])
@pytest.mark.parametrize("name", BUILT)
def test_each_type_of_an_operator_is_taken_or_refused_as_it_is_run(name: str, kind: str, tmp_path: Path) -> None:
    built = ModelBuilder(1, wide=kind == "int16")
    end = BUILT[name](built, built.input((1, 4, 4, 2), 0.05, -128))
    path = tmp_path / "m.tflite"
    path.write_bytes(built.build(end))
    lacked = kind in LACKED.get(name, ())
    reason = why_not(read_tflite(path))
    assert bool(reason) == lacked
    assert not lacked or name.split(maxsplit=1)[0] in reason[0]  # type: ignore[index]
    assert (micro_runs(path) is None) == lacked


def test_places_of_64_bits_are_refused_with_the_way_to_32(tmp_path: Path) -> None:
    built = ModelBuilder()
    start = built.input((1, 4, 4, 2))
    axis = built.integers(3)
    places = built.tensor((1, 4, 4), dtype=np.int64)
    built.operator("ARG_MAX", 1, [start, axis], places, "ArgMaxOptions", OutputType=4)
    path = tmp_path / "m.tflite"
    path.write_bytes(built.build(places))
    with pytest.raises(EdgedigitsError, match="makes places of int64 by ARG_MAX") as error:
        export_arrays(path)
    assert error.value.remedy == "give tf.argmax or tf.argmin output_type=tf.int32"
    built.tensors[places].dtype, built.operators[0].options["OutputType"] = np.int32, 2
    path.write_bytes(built.build(places))
    assert export_arrays(path).resolver_calls == ("AddArgMax",)
    assert micro_runs(path) is not None
