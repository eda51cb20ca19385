"""16x8 models through export, self-test, report, the emulated cores and the serial port; what of them is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from host_library import export_bytes, random_inputs
from model_builder import ModelBuilder
from reference import reference_outputs
from serial_board import wire
from test_any_model import built_board
from test_verify_layers import board as board_with_layers
from test_wide_library import network

from edgedigits.cli.main import main
from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.boards.measure import measure
from edgedigits.firmware_export.operators.reader import read_graph
from edgedigits.firmware_export.operators.wide import softmax
from edgedigits.firmware_export.proof.compiled import CompiledLibrary
from edgedigits.firmware_export.proof.inputs import proof_inputs
from edgedigits.firmware_export.proof.self_test import run_self_test
from edgedigits.firmware_export.proof.tensors import noise
from edgedigits.firmware_export.report.cores import missing_tool
from edgedigits.firmware_export.report.report import firmware_report
from edgedigits.firmware_export.serial.layers import verify_layers
from edgedigits.firmware_export.serial.verify import verify
from edgedigits.firmware_export.targets import TARGETS, target_files, write_target
from edgedigits.firmware_export.targets.export import export_target

CORES = ("m0", "m4", "m55", "rv32")
LIBRARY_TARGETS = [name for name, target in TARGETS.items() if target.layout]


def classifier() -> bytes:
    built = ModelBuilder(3, wide=True)
    return built.build(network(built, built.input((1, 9, 8, 3), 0.02)))


def with_float_ends() -> bytes:
    built = ModelBuilder(4, wide=True)
    built.inputs.append(built.tensor((1, 9, 8, 3), dtype=np.float32))
    start = built.operator("QUANTIZE", 1, [built.inputs[0]], built.tensor((1, 9, 8, 3), 1e-4))
    return built.build(built.dequantize(network(built, start)))


MODELS: dict[str, Callable[[], bytes]] = {"int16": classifier, "float32": with_float_ends}


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return written(MODELS[request.param](), tmp_path)


def written(model: bytes, folder: Path) -> Path:
    path = folder / "model.tflite"
    path.write_bytes(model)
    return path


class TestExport:
    def test_the_self_test_passes(self, model: Path, tmp_path: Path):
        made = export_target(model)
        write_target("c", made.files, tmp_path / "c")
        found = run_self_test(tmp_path / "c")
        assert found.result == "passed", found.said
        assert "4 inputs: every output equals" in found.said

    def test_its_functions_take_and_give_int16(self, tmp_path: Path):
        header = export_target(written(classifier(), tmp_path)).library.header
        assert "int digits_run(int8_t *arena, const int16_t *input, int16_t *output);" in header
        assert (
            f"#define DIGITS_INPUT_BYTES {2 * 9 * 8 * 3}\n" in header and "#define DIGITS_OUTPUT_BYTES 20\n" in header
        )

    def test_labels_and_the_range_of_a_picture_give_their_functions(self, tmp_path: Path):
        path = written(classifier(), tmp_path)
        (tmp_path / "x.txt").write_text("".join(f"class {letter}\n" for letter in "abcdefghij"))
        words = ["--labels", tmp_path / "x.txt", "--input-range", "-1..1", "--out", tmp_path / "c"]
        done = CliRunner().invoke(main, ["export", str(path), *map(str, words)])
        assert done.exit_code == 0, done.output
        with CompiledLibrary(export_bytes(classifier(), tmp_path, labels=tuple("abcdefghij"))) as library:
            given = noise(library.export.graph, 6)
            scores = library.run(given)
            assert scores.dtype == np.int16
            np.testing.assert_array_equal(library.top1(scores), scores.argmax(axis=1))
            best = scores.max(axis=1).astype(np.int64)
            np.testing.assert_array_equal(library.confidence(scores), (best * 1000 + 16384) // 32768)

    def test_inputs_of_a_file_are_int16(self, tmp_path: Path):
        path = written(classifier(), tmp_path)
        given = np.arange(5 * 9 * 8 * 3, dtype=np.int16).reshape(5, 9, 8, 3) * 31
        np.savez(tmp_path / "own.npz", given)
        made = export_target(path, inputs=tmp_path / "own.npz")
        assert [vector.given for vector in made.files.vectors] == [one.tobytes() for one in given[:4]]
        np.savez(tmp_path / "other.npz", given.astype(np.int8))
        with pytest.raises(EdgedigitsError, match=r"int16 of shape \(count, 9, 8, 3\)"):
            export_target(path, inputs=tmp_path / "other.npz")

    @pytest.mark.parametrize("target", LIBRARY_TARGETS)
    def test_no_target_calls_it_an_int8_network(self, target: str, tmp_path: Path):
        texts = target_files(target, export_target(written(classifier(), tmp_path)).files)
        assert not [path for path, text in texts.items() if "int8 neural network" in text or "int8 outputs" in text]

    def test_tables_of_softmax_are_those_of_the_formula(self, tmp_path: Path):
        source = export_bytes(classifier(), tmp_path).source
        for name, table in (("exponentials16", softmax.EXPONENTIALS), ("reciprocals16", softmax.RECIPROCALS)):
            text = source.split(f"{name}[] = {{")[1].split("}")[0]
            assert [int(number) for number in text.replace("\n", " ").split(",") if number.strip()] == table.tolist()


class TestCores:
    @pytest.mark.parametrize("name", [*CORES, "avr"])
    def test_every_core_answers_as_the_reference_kernels(self, name: str, tmp_path: Path):
        known = core(name)
        if lacking := missing_tool(known):
            pytest.skip(lacking)
        built = ModelBuilder(3, wide=True)
        model = built.build(network(built, built.input((1, 6, 5, 2), 0.02)))
        library = export_bytes(model, tmp_path)
        given = random_inputs(library, 5)
        expected = np.array(reference_outputs(model, given)).reshape(len(given), -1)
        measured = measure(library.text, known, given, size_flags=(), timeout=120, kind=np.int16)
        np.testing.assert_array_equal(measured.outputs, expected)

    def test_a_report_compares_int16(self, model: Path):
        if lacking := missing_tool(core("m4")):
            pytest.skip(lacking)
        found = firmware_report(model, ["m4"], proof_inputs(model, 3))
        assert found.equal and found.costs[0].images == 3


class TestVerify:
    def test_a_board_is_compared_output_by_output(self, model: Path, tmp_path: Path):
        write_target("c", export_target(model).files, tmp_path / "c")
        with wire(built_board(tmp_path / "c")) as board:
            found = verify(board.port, model, proof_inputs(model, 3).values)
        assert found.equal and found.outputs == 3 * 10

    def test_a_board_with_other_arithmetic_is_not_equal(self, tmp_path: Path):
        path = written(classifier(), tmp_path)
        write_target("c", export_target(path).files, tmp_path / "c")
        source = tmp_path / "c" / "digits.c"
        text = source.read_text()
        end = text.rindex("    return 0;")
        source.write_text(f"{text[:end]}    output[7] ^= 512;\n{text[end:]}")
        with wire(built_board(tmp_path / "c")) as board:
            found = verify(board.port, path, proof_inputs(path, 2).values)
        assert (found.differing_outputs, found.first_difference.output) == (2, 7)
        assert abs(found.first_difference.expected - found.first_difference.found) == 512

    def test_layers_are_compared_number_by_number(self, model: Path, tmp_path: Path):
        if shutil.which("gcc") is None:
            pytest.skip("gcc is not installed (Debian: apt-get install gcc)")
        write_target("c", export_target(model).files, tmp_path / "c")
        source = tmp_path / "c" / "digits.c"
        text = source.read_text()
        with wire(board_with_layers(tmp_path / "c")) as board:
            assert verify_layers(board.port, model, proof_inputs(model, 1).values[0]).equal
        source.write_text(text.replace("*to++ = clamp16(best,", "*to++ = 3 + clamp16(best,"))
        with wire(board_with_layers(tmp_path / "c")) as board:
            found = verify_layers(board.port, model, proof_inputs(model, 1).values[0])
        assert found.difference is not None
        assert found.difference.found - found.difference.expected == 3
        assert "MAX_POOL_2D" in found.layers[found.first or 0].title


def refusal(model: bytes, folder: Path) -> str:
    with pytest.raises(EdgedigitsError) as error:
        read_graph(written(model, folder))
    return str(error.value)


class TestRefusals:
    def test_an_operator_of_int8_alone_is_named(self, tmp_path: Path):
        built = ModelBuilder(1, wide=True)
        said = refusal(built.build(built.hard_swish(built.input((1, 4, 4, 2)))), tmp_path)
        assert "HARD_SWISH" in said and "works on int16" in said and "convert the model for full int8" in said

    def test_both_types_in_one_layer(self, tmp_path: Path):
        built = ModelBuilder(1, wide=True)
        end = built.conv(built.input((1, 4, 4, 2)), 3)
        built.tensors[end].dtype = np.int8
        assert "both int8 and int16" in refusal(built.build(end), tmp_path)

    @pytest.mark.parametrize("place", [0, 1])
    def test_a_zero_point(self, place: int, tmp_path: Path):
        built = ModelBuilder(1, wide=True)
        end = built.conv(built.input((1, 4, 4, 2)), 3)
        built.tensors[place and end].zero_points = (1,)
        assert "zero point other than 0" in refusal(built.build(end), tmp_path)

    def test_biases_beyond_what_tflite_sums(self, tmp_path: Path):
        built = ModelBuilder(1, wide=True)
        end = built.conv(built.input((1, 4, 4, 2)), 3)
        for tensor in built.tensors:
            if tensor.data is not None and tensor.data.dtype == np.int64:
                tensor.data = np.full(3, -(1 << 63), np.int64)
        assert "beyond 47 bits" in refusal(built.build(end), tmp_path)

    def test_sums_without_a_bias_that_leave_32_bits(self, tmp_path: Path):
        built = ModelBuilder(1, wide=True)
        end = built.dense(built.input((1, 600)), 3, bias=False)
        built.tensors[1].data = np.full((3, 600), 127, np.int8)
        assert "sums beyond 32 bits" in refusal(built.build(end), tmp_path)

    def test_a_depthwise_convolution_of_an_int32_bias(self, tmp_path: Path):
        """TFLite and TensorFlow Lite Micro refuse it, too."""
        built = ModelBuilder(1, wide=True)
        end = built.depthwise(built.input((1, 4, 4, 2)))
        for tensor in built.tensors:
            if tensor.data is not None and tensor.data.dtype == np.int64:
                tensor.data, tensor.dtype = tensor.data.astype(np.int32), np.int32
        assert "has INT32 as its input 2 where INT64 is expected" in refusal(built.build(end), tmp_path)

    @pytest.mark.parametrize("scale", [1 / 256, 1 / 32767])
    def test_a_softmax_of_another_scale(self, scale: float, tmp_path: Path):
        built = ModelBuilder(1, wide=True)
        end = built.softmax(built.input((1, 7)))
        built.tensors[end].scales = (scale,)
        assert "another output than scale 1/32768" in refusal(built.build(end), tmp_path)

    def test_uint8_ends_of_int16(self, tmp_path: Path):
        built = ModelBuilder(1, wide=True)
        start = built.input((1, 4, 4, 2), 0.02, 128, np.uint8)
        inside = built.tensor((1, 4, 4, 2), 0.02)
        end = built.conv(built.operator("QUANTIZE", 1, [start], inside), 3)
        assert "uint8" in refusal(built.build(end), tmp_path)
