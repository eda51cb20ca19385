"""Models of several inputs and outputs through export, report and the serial port, every type and every target."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from serial_board import wire
from several_networks import NETWORKS, both, typed
from slow_cases import slow_but

from edgedigits.cli.main import main
from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.operators.reader import read_graph
from edgedigits.firmware_export.proof.inputs import proof_inputs
from edgedigits.firmware_export.proof.reference import TensorReference
from edgedigits.firmware_export.proof.self_test import run_self_test
from edgedigits.firmware_export.proof.tensors import noise
from edgedigits.firmware_export.report.cores import missing_tool
from edgedigits.firmware_export.report.report import firmware_report
from edgedigits.firmware_export.serial.layers import verify_layers
from edgedigits.firmware_export.serial.verify import verify
from edgedigits.firmware_export.targets import TARGETS, target_files, write_target
from edgedigits.firmware_export.targets.export import export_target

MODELS = {**NETWORKS, "floats": typed, "bytes": lambda: typed("uint8"), "float_in": lambda: typed("float32", "float32")}
VERIFIED = ("both", "passed_through", "bytes")
"""The self-test of the others runs by default, and their boards among the longer proofs."""

LIBRARY_TARGETS = [name for name, target in TARGETS.items() if target.layout]


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return written(MODELS[request.param](), tmp_path)


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """Inputs ``tall`` and ``low``, outputs a map and five numbers."""
    return written(both(), tmp_path)


def written(model: bytes, folder: Path) -> Path:
    path = folder / "model.tflite"
    path.write_bytes(model)
    return path


def archive(folder: Path, **arrays: np.ndarray) -> Path:
    np.savez(folder / "own.npz", **arrays)
    return folder / "own.npz"


def built_board(folder: Path, *flags: str) -> Path:
    """The exported serial program as a process of this computer."""
    sources = ["serial/run_model.c", "serial/host_board.c", "serial/digits_serial.c", "digits.c"]
    strict = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fsanitize=address,undefined", "-I."]
    subprocess.run(["gcc", *strict, *flags, *sources, "-o", "board"], cwd=folder, check=True)
    return folder / "board"


class TestExport:
    def test_the_self_test_passes(self, model: Path, tmp_path: Path):
        write_target("c", export_target(model).files, tmp_path / "c")
        found = run_self_test(tmp_path / "c")
        assert found.result == "passed", found.said
        assert "4 inputs: every output equals" in found.said

    def test_a_wrong_output_is_named(self, pair: Path, tmp_path: Path):
        made = export_target(pair)
        write_target("c", made.files, tmp_path / "c")
        source = tmp_path / "c" / "digits.c"
        text = source.read_text()
        end = text.rindex("    return 0;")
        name = made.library.graph.outputs[1].name
        source.write_text(f"{text[:end]}    outputs->{name}[3] ^= 1;\n{text[end:]}")
        found = run_self_test(tmp_path / "c")
        assert found.result == "failed" and f"input 0, output {name} 3: " in found.said
        assert f"4 of {4 * (16 * 6 * 3 + 5)} outputs differ" in found.said

    @pytest.mark.parametrize("target", LIBRARY_TARGETS)
    def test_every_target_names_inputs_and_outputs(self, target: str, pair: Path):
        texts = target_files(target, export_target(pair).files)
        assert "const digits_inputs_t *inputs, const digits_outputs_t *outputs" in texts["README.md"]
        for path, text in texts.items():
            assert Path(path).name == "digits.c" or ("{{" not in text.replace("{{}", "") and "{%" not in text), path
            assert text.endswith("\n") and not text.endswith("\n\n"), path
            assert all(len(line) == len(line.rstrip()) for line in text.splitlines()), path

    @pytest.mark.parametrize(
        "compiler", slow_but(["gcc", "g++", "clang", "arm-none-eabi-gcc", "avr-gcc"], ["g++", "clang", "avr-gcc"])
    )
    @pytest.mark.parametrize("kind", ["both", "floats"])
    def test_no_compiler_warns(self, kind: str, compiler: str, tmp_path: Path):
        if shutil.which(compiler) is None:
            pytest.skip(f"{compiler} is not installed")
        write_target("c", export_target(written(MODELS[kind](), tmp_path)).files, tmp_path / "c")
        flags = ["-O2", "-pedantic", "-Wall", "-Wextra", "-Wshadow", "-Wcast-qual", "-Werror", "-DDIGITS_LAYERS"]
        flags += {
            "arm-none-eabi-gcc": ["-std=c99", "-mcpu=cortex-m4", "-mthumb"],
            "avr-gcc": ["-mmcu=atmega2560", "-std=gnu99", "-Wno-pedantic"],
            "g++": ["-std=c++17", "-x", "c++"],
        }.get(compiler, ["-std=c99"])
        library = [] if compiler == "g++" else ["digits.c"]
        subprocess.run(
            [compiler, *flags, "-I.", "-c", *library, "main.c", "serial/digits_serial.c"],
            cwd=tmp_path / "c",
            check=True,
        )

    def test_labels_are_refused(self, pair: Path, tmp_path: Path):
        (tmp_path / "x.txt").write_text("a\nb\n")
        with pytest.raises(EdgedigitsError, match="has 2 outputs; leave --labels out"):
            export_target(pair, labels=tmp_path / "x.txt")


class TestInputs:
    TALL, LOW = np.arange(5 * 132, dtype=np.uint32).reshape(5, 11, 6, 2), np.zeros((5, 5, 6, 2), np.int8)

    def test_an_archive_holds_an_array_for_each_by_its_name(self, pair: Path, tmp_path: Path):
        tall = self.TALL.astype(np.int8)
        made = export_target(pair, inputs=archive(tmp_path, low=self.LOW, tall=tall))
        given = [vector.given for vector in made.files.vectors]
        assert given == [one.tobytes() + other.tobytes() for one, other in zip(tall[:4], self.LOW, strict=False)]
        assert made.tested_on.startswith("inputs of own.npz; ")

    @pytest.mark.parametrize(
        ("arrays", "said"),
        [
            ({"tall": TALL.astype(np.int8)}, "holds no array low"),
            ({"tall": TALL.astype(np.int8), "low": LOW, "more": LOW}, "holds 3 arrays"),
            ({"tall": TALL.astype(np.int8), "low": LOW[:, :4]}, "holds int8 of shape (5, 4, 6, 2) as low"),
            ({"tall": TALL, "low": LOW}, "holds uint32 of shape (5, 11, 6, 2) as tall"),
            ({"tall": TALL.astype(np.int8), "low": LOW[:3]}, "holds arrays of 3 and of 5 inputs"),
            ({"tall": TALL[:0].astype(np.int8), "low": LOW[:0]}, "holds no input"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_other_arrays_are_refused_by_name(
        self, arrays: dict[str, np.ndarray], said: str, pair: Path, tmp_path: Path
    ):
        with pytest.raises(EdgedigitsError) as error:
            export_target(pair, inputs=archive(tmp_path, **arrays))
        assert said in str(error.value)
        assert "2 arrays: tall, int8 of shape (count, 11, 6, 2); low, int8 of shape (count, 5, 6, 2)" in str(
            error.value
        )

    def test_the_command_leaves_nothing_behind(self, pair: Path, tmp_path: Path):
        inputs = archive(tmp_path, tall=self.TALL.astype(np.int8))
        done = CliRunner().invoke(main, ["export", str(pair), "--inputs", str(inputs), "--out", str(tmp_path / "c")])
        assert done.exit_code == 1 and "holds no array low" in done.output
        assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("kind", ["floats", "bytes"])
def test_the_reference_gives_each_output_in_its_own_type(kind: str, tmp_path: Path):
    path = written(MODELS[kind](), tmp_path)
    graph = read_graph(path)
    made = TensorReference(path, graph).outputs(noise(graph, 3))
    kinds = [made.dtype[name] for name in made.dtype.names]
    assert [(one.base, one.shape) for one in kinds] == [(np.dtype(t), (4,)) for t in (np.int8, np.float32, np.uint8)]


class TestReport:
    @pytest.mark.slow
    def test_outputs_are_the_reference_kernels(self, model: Path):
        if lacking := missing_tool(core("m4")):
            pytest.skip(lacking)
        found = firmware_report(model, ["m4"], proof_inputs(model, 2))
        assert found.equal and found.costs[0].images == 2
        assert set(found.costs[0].differing_by_output.values()) <= {0}

    def test_what_differs_is_counted_for_each_output(self, pair: Path, monkeypatch: pytest.MonkeyPatch):
        if lacking := missing_tool(core("m4")):
            pytest.skip(lacking)
        steps = TensorReference.steps

        def changed(self: TensorReference, inputs: np.ndarray) -> np.ndarray:
            rows = steps(self, inputs)
            rows[1, -2:] ^= 1
            return rows

        monkeypatch.setattr(TensorReference, "steps", changed)
        (cost,) = firmware_report(pair, ["m4"], proof_inputs(pair, 2)).costs
        first, second = (tensor.name for tensor in read_graph(pair).outputs)
        assert (cost.differing_outputs, cost.differing_images) == (2, 1)
        assert cost.differing_by_output == {first: 0, second: 2}


class TestVerify:
    @pytest.mark.parametrize(
        "model",
        slow_but(MODELS, VERIFIED),
        indirect=True,
    )
    def test_a_board_is_compared_output_by_output_and_layer_by_layer(self, model: Path, tmp_path: Path):
        write_target("c", export_target(model).files, tmp_path / "c")
        inputs = proof_inputs(model, 3).values
        with wire(built_board(tmp_path / "c", "-DDIGITS_LAYERS")) as board:
            found = verify(board.port, model, inputs)
        with wire(tmp_path / "c" / "board") as board:
            layers = verify_layers(board.port, model, inputs[0])
        assert found.equal and found.outputs == 3 * found.board.output_bytes
        assert layers.equal and all(layer.compared for layer in layers.layers)

    def test_an_output_that_differs_is_named(self, pair: Path, tmp_path: Path):
        made = export_target(pair)
        write_target("c", made.files, tmp_path / "c")
        source = tmp_path / "c" / "digits.c"
        text = source.read_text()
        end = text.rindex("    return 0;")
        name = made.library.graph.outputs[1].name
        source.write_text(f"{text[:end]}    outputs->{name}[3] ^= 1;\n{text[end:]}")
        with wire(built_board(tmp_path / "c")) as board:
            done = CliRunner().invoke(main, ["firmware", "verify", str(pair), "--port", board.port, "--images", "2"])
        assert done.exit_code == 1
        assert f"{name}: 2 outputs differ" in " ".join(done.output.split()), done.output
