"""Models that read neither digits nor lines, through export, report and the serial port: any shape, any outputs."""

from __future__ import annotations

import shutil
import subprocess
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from model_builder import ModelBuilder
from numpy.typing import NDArray
from serial_board import wire
from slow_cases import slow_but

from edgedigits.cli.main import main
from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.labels import read_labels
from edgedigits.firmware_export.library.export import export_library
from edgedigits.firmware_export.operators.reader import read_graph
from edgedigits.firmware_export.proof.inputs import proof_inputs
from edgedigits.firmware_export.proof.reference import TensorReference
from edgedigits.firmware_export.proof.self_test import run_self_test
from edgedigits.firmware_export.proof.tensors import noise, npz_inputs
from edgedigits.firmware_export.report.cores import missing_tool
from edgedigits.firmware_export.report.report import firmware_report
from edgedigits.firmware_export.serial.verify import verify
from edgedigits.firmware_export.targets import TARGETS, target_files, write_target
from edgedigits.firmware_export.targets.export import TargetExport, export_target

FIRST_NOISE = [117, 29, 89, 27, -27, 55]
"""Of ``random.Random(14)``, Python 3.11."""

LIBRARY_TARGETS = [name for name, target in TARGETS.items() if target.layout]


def picture(classes: int = 2, side: int = 12, channels: int = 3) -> bytes:
    built = ModelBuilder(3)
    maps = built.conv(built.input((1, side, side, channels)), 4, stride=(2, 2), activation="RELU")
    return built.build(built.softmax(built.dense(maps, classes)))


def coder() -> bytes:
    """A vector to a vector, without classes."""
    built = ModelBuilder(4)
    return built.build(built.dense(built.dense(built.input((1, 40), 0.09, 5), 8, activation="RELU"), 40))


def maps() -> bytes:
    """A picture to a picture."""
    built = ModelBuilder(5)
    return built.build(built.conv(built.input((1, 9, 7, 2)), 3))


def ten_classes_of_colour() -> bytes:
    """As many classes as there are digits, of pictures in which nobody reads any."""
    return picture(10, 32, 3)


MODELS = {"picture": picture, "coder": coder, "maps": maps, "colour": ten_classes_of_colour}


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "model.tflite"
    path.write_bytes(MODELS[request.param]())
    return path


def written(model: bytes, folder: Path) -> Path:
    path = folder / "model.tflite"
    path.write_bytes(model)
    return path


def exported(model: bytes, folder: Path, **options: Path) -> TargetExport:
    return export_target(written(model, folder), **options)


class TestExport:
    def test_the_self_test_passes_on_noise_and_says_so(self, model: Path, tmp_path: Path):
        made = export_target(model)
        write_target("c", made.files, tmp_path / "c")
        found = run_self_test(tmp_path / "c")
        assert found.result == "passed", found.said
        assert "4 inputs: every output equals" in found.said
        assert made.tested_on.startswith("noise, seed 14; outputs by the reference kernels of tflite-runtime")

    def test_inputs_of_a_file_are_the_vectors(self, tmp_path: Path):
        given = np.arange(5 * 12 * 12 * 3, dtype=np.uint32).reshape(5, 12, 12, 3).astype(np.int8)
        np.savez(tmp_path / "own.npz", given)
        made = exported(picture(), tmp_path, inputs=tmp_path / "own.npz")
        assert [vector.given for vector in made.files.vectors] == [one.tobytes() for one in given[:4]]
        assert made.tested_on.startswith("inputs of own.npz; ")

    @pytest.mark.parametrize("target", LIBRARY_TARGETS)
    def test_no_target_speaks_of_digits(self, target: str, tmp_path: Path):
        texts = target_files(target, exported(coder(), tmp_path).files)
        assert any("run_model" in path or "RunModel" in path for path in texts)
        for path, text in texts.items():
            if Path(path).name == "digits.c":
                continue
            plain = text.replace("edgedigits", "").replace("digits_", "").replace("DIGITS_", "").replace("digits.", "")
            assert "digit " not in plain and "Digit" not in plain and "handwritten" not in plain, path
            assert "{{" not in text.replace("{{}", "") and "{%" not in text, path
            assert text.endswith("\n") and not text.endswith("\n\n"), path
            assert all(len(line) == len(line.rstrip()) for line in text.splitlines()), path
        assert "digits_top1" not in texts["README.md"]

    def test_a_readme_names_the_labels(self, tmp_path: Path):
        (tmp_path / "labels.txt").write_text("no person\nperson\n\n")
        made = exported(picture(), tmp_path, labels=tmp_path / "labels.txt")
        text = target_files("c", made.files)["README.md"]
        assert "| labels | no person, person |" in text and "digits_top1" in text
        assert made.library.labels == ("no person", "person")

    def test_large_inputs_give_fewer_vectors(self, tmp_path: Path):
        assert len(exported(picture(2, 120, 3), tmp_path).files.vectors) == 1

    def test_inputs_that_no_frame_holds_leave_the_serial_example_compiling(self, tmp_path: Path):
        made = exported(picture(2, 160, 3), tmp_path)
        assert not made.files.serial_fits
        assert "76800 bytes" in (text := target_files("c", made.files))["README.md"]
        assert "firmware verify --port" not in text["README.md"]

    def test_a_shape_that_cannot_be_is_refused_within_a_second(self, tmp_path: Path):
        built = ModelBuilder(1)
        path = written(built.build(built.conv(built.input((2, 96, 96, 3)), 8)), tmp_path)
        start = time.perf_counter()
        with pytest.raises(EdgedigitsError, match="batch"):
            export_target(path)
        assert time.perf_counter() - start < 1


class TestInputs:
    def test_noise_is_the_same_bytes_everywhere(self, tmp_path: Path):
        given = noise(read_graph(written(picture(), tmp_path)), 3)
        assert (given.dtype, given.shape) == (np.int8, (3, 12, 12, 3))
        assert given.ravel()[:6].tolist() == FIRST_NOISE
        assert len(np.unique(given)) > 240

    def test_only_so_many_are_taken(self, tmp_path: Path):
        given = np.random.default_rng(0).integers(-128, 128, (9, 40), np.int8)
        np.savez_compressed(tmp_path / "x.npz", anything=given)
        found = proof_inputs(written(coder(), tmp_path), 7, inputs=tmp_path / "x.npz")
        assert np.array_equal(found.values, given[:7])
        assert found.source == "the first 7 inputs of x.npz"

    @pytest.mark.parametrize(
        ("arrays", "said"),
        [
            ({"x": np.zeros((3, 41), np.int8)}, "holds int8 of shape (3, 41)"),
            ({"x": np.zeros(40, np.int8)}, "holds int8 of shape (40,)"),
            ({"x": np.zeros((3, 40), np.uint8)}, "holds uint8 of shape"),
            ({"x": np.zeros((3, 40), np.float64)}, "holds float64 of shape"),
            ({"x": np.zeros((0, 40), np.int8)}, "holds no input"),
            ({"x": np.zeros((3, 40), np.int8), "y": np.zeros(3)}, "holds 2 arrays"),
            ({"x": np.array([None, 1])}, "holds object"),
        ],
        ids=str,
    )
    def test_another_shape_or_type_is_refused_by_name(
        self, arrays: dict[str, NDArray[np.generic]], said: str, tmp_path: Path
    ):
        np.savez(tmp_path / "x.npz", **arrays)
        with pytest.raises(EdgedigitsError) as error:
            exported(coder(), tmp_path, inputs=tmp_path / "x.npz")
        assert said in str(error.value)
        assert "int8 of shape (count, 40)" in str(error.value)

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"\x93NUMPY\x01\x00"])
    def test_a_damaged_archive_is_refused(self, content: bytes, tmp_path: Path):
        (tmp_path / "x.npz").write_bytes(content)
        with pytest.raises(EdgedigitsError, match=r"x\.npz is no NumPy archive, or damaged"):
            exported(coder(), tmp_path, inputs=tmp_path / "x.npz")

    def test_an_array_that_unpacks_to_gigabytes_is_refused_before(self, tmp_path: Path):
        head = np.lib.format.magic(1, 0)
        text = b"{'descr': '|i1', 'fortran_order': False, 'shape': (100000000, 40), }"
        text += b" " * (-(len(text) + 11) % 64) + b"\n"
        with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
            archive.writestr("x.npy", head + len(text).to_bytes(2, "little") + text)
        with pytest.raises(EdgedigitsError, match="unpacks to more"):
            npz_inputs(tmp_path / "x.npz", read_graph(written(coder(), tmp_path)), 4)

    def test_a_digit_model_takes_no_inputs(self, tmp_path: Path):
        built = ModelBuilder(1)
        digit = built.build(built.softmax(built.dense(built.input((1, 28, 28, 1)), 10)))
        np.savez(tmp_path / "x.npz", np.zeros((1, 28, 28, 1), np.int8))
        with pytest.raises(EdgedigitsError, match="reads digits"):
            exported(digit, tmp_path, inputs=tmp_path / "x.npz")


class TestLabels:
    def test_one_for_each_output(self, tmp_path: Path):
        (tmp_path / "x.txt").write_text("a\nb\nc\n")
        with pytest.raises(EdgedigitsError, match=r"names 3 classes, the model has 2 outputs"):
            exported(picture(), tmp_path, labels=tmp_path / "x.txt")

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "is no label"),
            (b"a\n\nb\n", "line 2 of"),
            (b"a\xc3\xa4\nb\n", "line 1 of"),
            (b"x" * 65, "line 1 of"),
            (b"a\nb\na\n", "two classes 'a'"),
            (b"\x00\x01", "line 1 of"),
            (b"x" * 1_000_000, "too large"),
        ],
    )
    def test_what_is_no_list_of_names_is_refused(self, content: bytes, said: str, tmp_path: Path):
        (tmp_path / "x.txt").write_bytes(content)
        with pytest.raises(EdgedigitsError, match=said):
            read_labels(tmp_path / "x.txt")

    def test_digits_may_have_other_names(self, tmp_path: Path):
        built = ModelBuilder(1)
        path = written(built.build(built.softmax(built.dense(built.input((1, 28, 28, 1)), 10))), tmp_path)
        made = export_library(path, labels=tuple("abcdefghij"))
        assert made.kind == "digit" and made.labels[3] == "d"


class TestCommand:
    def test_labels_and_inputs_of_files(self, tmp_path: Path):
        (tmp_path / "x.txt").write_text("nobody\nsomebody\n")
        np.savez(tmp_path / "seen.npz", np.zeros((2, 12, 12, 3), np.int8))
        words = ["--labels", tmp_path / "x.txt", "--inputs", tmp_path / "seen.npz", "--out", tmp_path / "c"]
        done = CliRunner().invoke(main, ["export", str(written(picture(), tmp_path)), *map(str, words)])
        assert done.exit_code == 0, done.output
        assert "self-test: inputs of seen.npz; outputs by the reference kernels of" in " ".join(done.output.split())
        assert '"nobody", "somebody"' in (tmp_path / "c" / "digits.c").read_text()

    def test_a_file_of_another_shape_leaves_nothing_behind(self, tmp_path: Path):
        np.savez(tmp_path / "seen.npz", np.zeros((2, 12, 12, 1), np.int8))
        words = ["--inputs", tmp_path / "seen.npz", "--out", tmp_path / "c"]
        done = CliRunner().invoke(main, ["export", str(written(picture(), tmp_path)), *map(str, words)])
        assert done.exit_code == 1
        assert "holds int8 of shape (2, 12, 12, 1); the model takes one array" in done.output
        assert not (tmp_path / "c").exists()


class TestReport:
    @pytest.mark.parametrize("model", slow_but(MODELS, ["coder", "maps"]), indirect=True)
    def test_every_core_answers_as_the_reference_kernels(self, model: Path):
        if lacking := missing_tool(core("m4")):
            pytest.skip(lacking)
        found = firmware_report(model, ["m4"], proof_inputs(model, 3))
        assert found.equal and found.costs[0].images == 3
        assert found.recipe.image_source.startswith("3 inputs of noise, seed 14; outputs by the reference kernels of")


def test_what_the_runtime_refuses_is_computed_by_the_formulas_and_said(tmp_path: Path):
    """A convolution without a bias: TFLite Micro runs it, TFLite 2.14 does not."""
    built = ModelBuilder(2)
    path = written(built.build(built.conv(built.input((1, 6, 6, 2)), 3, bias=False)), tmp_path)
    graph = read_graph(path)
    reference = TensorReference(path, graph)
    assert "refuses it" in reference.kernels
    assert reference.steps(noise(graph, 2)).shape == (2, 6 * 6 * 3)


class TestVerify:
    @pytest.mark.parametrize("model", slow_but(MODELS, ["coder", "maps"]), indirect=True)
    def test_a_board_is_compared_output_by_output(self, model: Path, tmp_path: Path):
        write_target("c", export_target(model).files, tmp_path / "c")
        with wire(built_board(tmp_path / "c")) as board:
            found = verify(board.port, model, proof_inputs(model, 3).values)
        assert found.equal and found.outputs == 3 * found.board.output_bytes

    def test_a_board_with_other_arithmetic_is_not_equal(self, tmp_path: Path):
        path = written(maps(), tmp_path)
        write_target("c", export_target(path).files, tmp_path / "c")
        source = tmp_path / "c" / "digits.c"
        text = source.read_text()
        end = text.rindex("    return 0;")
        source.write_text(f"{text[:end]}    output[7] ^= 1;\n{text[end:]}")
        with wire(built_board(tmp_path / "c")) as board:
            found = verify(board.port, path, proof_inputs(path, 2).values)
        assert not found.equal
        assert (found.differing_outputs, found.first_difference.output) == (2, 7)

    def test_labels_are_compared_where_there_are_some(self, tmp_path: Path):
        (tmp_path / "x.txt").write_text("a\nb\nc\n")
        path = written(picture(3), tmp_path)
        write_target("c", export_target(path, labels=tmp_path / "x.txt").files, tmp_path / "c")
        source = tmp_path / "c" / "digits.c"
        text = source.read_text()
        source.write_text(text.replace("    return best;", "    return (best + 1) % 3;"))
        with wire(built_board(tmp_path / "c")) as board:
            found = verify(board.port, path, proof_inputs(path, 20).values)
        assert found.differing_outputs == 0 and found.wrong_labels > 0

    def test_what_no_frame_holds_is_refused_before_the_port_is_opened(self, tmp_path: Path):
        path = written(picture(2, 160, 3), tmp_path)
        with pytest.raises(EdgedigitsError, match=r"76,800 bytes, more than the 65,535 of a frame"):
            verify("/dev/no-such-port", path, proof_inputs(path, 1).values)


def built_board(folder: Path) -> Path:
    """The exported serial program as a process of this computer."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed (Debian: apt-get install gcc)")
    sources = ["serial/run_model.c", "serial/host_board.c", "serial/digits_serial.c", "digits.c"]
    flags = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined", "-I."]
    subprocess.run(["gcc", *flags, *sources, "-o", "board"], cwd=folder, check=True)
    return folder / "board"
