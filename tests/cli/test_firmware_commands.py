"""`edgedigits export` for each ecosystem, and `edgedigits firmware`: what they print, write and refuse."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import cv2
import pytest
from calling import call

from edgedigits.cli.commands import making
from edgedigits.cli.commands.firmware import ALL_CORES, firmware
from edgedigits.firmware_export.boards.cores import CORES, core
from edgedigits.firmware_export.earlier_export import LIST
from edgedigits.firmware_export.report.cores import missing_tool
from edgedigits.firmware_export.targets import TARGETS, target_files
from edgedigits.firmware_export.targets.export import export_target

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "core" / "pretrained" / "small"
NANO = ROOT / "tests" / "firmware_export" / "models" / "nano" / "model.int8.tflite"
LIBRARY_TARGETS = tuple(name for name, target in TARGETS.items() if target.layout)


def judge(model: Path, verdict: str) -> None:
    """Write another verdict into a model's card."""
    path = model.parent / "card.json"
    card = json.loads(path.read_text())
    path.write_text(json.dumps(card | {"verdict": verdict, "passed": verdict == "passed"}))


def trained_on(model: Path, spec: str) -> str:
    """Let a model's card name another data set."""
    path = model.parent / "card.json"
    card = json.loads(path.read_text())
    path.write_text(json.dumps(card | {"dataset": card["dataset"] | {"spec": spec}}))
    return spec


def need_tools(*names: str) -> None:
    for name in names:
        if lacking := missing_tool(core(name)):
            pytest.skip(lacking)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The built-in model with its card, in a folder of its own."""
    shutil.copytree(SMALL, tmp_path / "model", ignore=shutil.ignore_patterns("firmware.json"))
    return tmp_path / "model" / "model.int8.tflite"


@pytest.fixture
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that neither has MNIST nor can fetch it."""
    monkeypatch.delenv("EDGEDIGITS_DATA", raising=False)
    monkeypatch.setenv("EDGEDIGITS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The serial example that the command exported, as a process of this computer."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed (Debian: apt-get install gcc)")
    folder = tmp_path_factory.mktemp("board") / "c"
    call("export", "builtin", "--out", folder)
    sources = ("serial/read_digit.c", "serial/host_board.c", "serial/digits_serial.c", "digits.c")
    subprocess.run(["gcc", "-std=c99", "-O2", "-I.", "-Iserial", *sources, "-o", "board"], cwd=folder, check=True)
    return folder / "board"


@contextmanager
def plugged_in(board: Path) -> Iterator[str]:
    """The name of a pseudo-terminal at whose other end the board listens."""
    master, slave = os.openpty()
    tty.setraw(slave)
    process = subprocess.Popen([board], stdin=master, stdout=master)
    try:
        yield os.ttyname(slave)
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)


class TestHelp:
    @pytest.mark.parametrize("name", sorted(firmware.commands))
    def test_every_command_has_an_example_and_stands_in_the_readme(self, name: str):
        text = call("firmware", name, "--help").output
        assert re.search(rf"Examples?:\n\s+edgedigits firmware {name}", text)
        assert f"edgedigits firmware {name}" in (ROOT / "README.md").read_text(encoding="utf-8")

    @pytest.mark.parametrize("name", sorted(firmware.commands))
    def test_every_option_has_a_help_text(self, name: str):
        options = [option for option in firmware.commands[name].params if isinstance(option, click.Option)]
        assert options and all(option.help for option in options)

    @pytest.mark.parametrize("name", sorted(firmware.commands))
    def test_help_loads_neither_numpy_nor_matplotlib(self, name: str):
        code = (
            "import sys\nfrom edgedigits.cli.main import main\n"
            f"main(['firmware', {name!r}, '--help'], standalone_mode=False)\n"
            "assert not {'numpy', 'matplotlib', 'serial', 'tflite', 'jinja2'} & set(sys.modules)"
        )
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)

    def test_the_command_line_knows_the_targets_and_cores_that_there_are(self):
        (option,) = [option for option in making.export.params if option.name == "target"]
        assert list(option.type.choices) == list(TARGETS)
        assert ALL_CORES.split(",") == [known.name for known in CORES if known.name not in {"rv32e", "avr"}]


class TestExport:
    @pytest.mark.parametrize("target", LIBRARY_TARGETS)
    def test_writes_the_files_of_the_target(self, target: str, tmp_path: Path):
        out = tmp_path / "out"
        said = json.loads(call("export", "builtin", "--target", target, "--out", out, "--json").stdout)
        expected = target_files(target, export_target(SMALL / "model.int8.tflite").files)
        written = {path.relative_to(out).as_posix(): path.read_text() for path in out.rglob("*") if path.is_file()}
        assert list(json.loads(written.pop(LIST))["exported"]) == sorted(expected)
        assert written == expected
        assert {Path(name).relative_to(out).as_posix() for name in said["files"]} == set(expected)
        assert said["target"] == target
        assert set(said["arena_bytes"]) == {"plain", "dsp", "helium", "avr"}

    def test_c_is_the_default_and_its_program_finds_itself_right(self, tmp_path: Path):
        if shutil.which("gcc") is None:
            pytest.skip("gcc is not installed (Debian: apt-get install gcc)")
        text = call("export", "builtin", "--name", "seven", "--out", tmp_path / "c").stdout
        assert "seven.c" in text and "arena bytes by kernels: " in text
        subprocess.run(["gcc", "-std=c99", "main.c", "seven.c", "-o", "main"], cwd=tmp_path / "c", check=True)
        done = subprocess.run([tmp_path / "c" / "main"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout

    def test_the_program_notices_a_changed_weight(self, tmp_path: Path):
        if shutil.which("gcc") is None:
            pytest.skip("gcc is not installed (Debian: apt-get install gcc)")
        call("export", "builtin", "--out", tmp_path)
        source = (tmp_path / "digits.c").read_text()
        changed = re.sub(
            r"(digits_bias_0\[\][^{]*\{\s*BIAS\()(-?\d+), (-?\d+)", r"\g<1>\g<2> + 9999, \g<3> + 9999", source
        )
        assert changed != source
        (tmp_path / "digits.c").write_text(changed)
        subprocess.run(["gcc", "-std=c99", "main.c", "digits.c", "-o", "main"], cwd=tmp_path, check=True)
        assert subprocess.run([tmp_path / "main"], capture_output=True, check=False).returncode != 0

    def test_force_replaces_its_own_files_and_leaves_the_others(self, tmp_path: Path):
        call("export", "builtin", "--out", tmp_path)
        (tmp_path / "mine.txt").write_text("keep me")
        before = (tmp_path / "digits.c").read_bytes()
        (tmp_path / "digits.c").write_text("old")
        assert "--force" in call("export", "builtin", "--out", tmp_path, code=1).stderr
        call("export", "builtin", "--out", tmp_path, "--force")
        assert (tmp_path / "digits.c").read_bytes() == before
        assert (tmp_path / "mine.txt").read_text() == "keep me"

    def test_force_names_what_it_removes_of_another_export_and_what_it_leaves(self, tmp_path: Path):
        call("export", "builtin", "--name", "foo", "--out", tmp_path)
        (tmp_path / "main.c").write_text("changed by hand")
        said = " ".join(call("export", "builtin", "--target", "arduino", "--out", tmp_path, "--force").stdout.split())
        assert "removed of the earlier export: CMakeLists.txt, foo.c, foo.h, foo_vectors.h, serial/board.h" in said
        assert "of an earlier export, not removed as it may be changed by hand: main.c self-test:" in said
        assert not (tmp_path / "foo.c").exists()
        again = ("--target", "arduino", "--name", "bar", "--out", tmp_path, "--force", "--json")
        found = json.loads(call("export", "builtin", *again).stdout)
        removed = {Path(path).relative_to(tmp_path).as_posix() for path in found["removed"]}
        assert removed == {f"src/digits{end}" for end in (".c", ".h", "_serial.c", "_serial.h")}
        assert found["stayed"] == []

    def test_an_unknown_target_is_wrong_usage(self, tmp_path: Path):
        assert "'arduino'" in call("export", "builtin", "--target", "mbed", "--out", tmp_path, code=2).stderr

    @pytest.mark.parametrize("target", ["c", "arrays"])
    def test_a_name_that_is_no_c_identifier_writes_nothing(self, target: str, tmp_path: Path):
        result = call("export", "builtin", "--target", target, "--name", "7up", "--out", tmp_path / "o", code=1)
        assert "cannot name C symbols" in result.stderr
        assert not (tmp_path / "o").exists()

    @pytest.mark.parametrize("target", ["c", "arrays"])
    def test_a_model_whose_proof_failed_needs_a_word(self, target: str, model: Path, tmp_path: Path):
        card = json.loads((model.parent / "card.json").read_text())
        (model.parent / "card.json").write_text(json.dumps(card | {"passed": False, "verdict": "failed"}))
        given = ("export", model, "--target", target, "--out", tmp_path / "o")
        assert "add --force to take it all the same" in " ".join(call(*given, code=1).stderr.split())
        call(*given, "--allow-failed")
        call(*given, "--force")

    @pytest.mark.parametrize("target", ["c", "arrays"])
    def test_a_model_whose_proof_cannot_tell_is_written_with_a_warning(
        self, target: str, model: Path, tmp_path: Path, no_data
    ):
        judge(model, "cannot tell")
        result = call("export", model, "--target", target, "--out", tmp_path / "o", "--json")
        assert "WARNING: the proof of this model cannot tell whether" in result.stderr
        said = json.loads(result.stdout)
        assert said["verdict"] == "cannot tell"
        for name in said["files"]:
            if name.endswith((f"{'digits_model' if target == 'arrays' else 'digits'}.h", "digits_model.c")):
                assert "cannot tell whether quantization" in Path(name).read_text().split("*/")[0].replace("\n * ", " ")

    def test_its_c_compiles_without_a_warning_and_answers_as_tflite_does(self, model: Path, tmp_path: Path):
        if not shutil.which("gcc"):
            pytest.skip("no gcc here")
        judge(model, "cannot tell")
        call("export", model, "--out", tmp_path / "c")
        flags = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-O2")
        subprocess.run(["gcc", *flags, "main.c", "digits.c", "-o", "selftest"], cwd=tmp_path / "c", check=True)
        subprocess.run([tmp_path / "c" / "selftest"], check=True, capture_output=True)

    def test_a_model_that_passed_or_has_no_card_is_written_without_a_word(self, model: Path, tmp_path: Path):
        judge(model, "passed")
        result = call("export", model, "--out", tmp_path / "a", "--json")
        assert (json.loads(result.stdout)["verdict"], result.stderr) == ("passed", "")
        (model.parent / "card.json").unlink()
        result = call("export", model, "--out", tmp_path / "b", "--json")
        assert (json.loads(result.stdout)["verdict"], result.stderr) == ("", "")


class TestCores:
    def test_lists_every_core_with_its_packages(self):
        listed = json.loads(call("firmware", "cores", "--json").stdout)
        assert [item["core"] for item in listed] == [known.name for known in CORES]
        text = call("firmware", "cores").stdout
        assert all(known.title in text and known.emulator_package in text for known in CORES)

    def test_tells_what_is_not_installed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        assert not any(item["installed"] for item in json.loads(call("firmware", "cores", "--json").stdout))


class TestReport:
    def test_prints_tables_writes_the_figures_beside_the_model_and_draws(self, model: Path, tmp_path: Path, no_data):
        need_tools("m0", "m4")
        plot = tmp_path / "memory.png"
        result = call("firmware", "report", model, "--core", "m0,m4", "--images", 2, "--plot", plot)
        assert "WARNING: MNIST was not found" in result.stderr
        for piece in (
            "code and tables",
            "outputs that differ",
            "arena plain",
            "arena dsp",
            "instructions per MAC of each",
        ):
            assert piece in result.stdout
        figures = json.loads((model.parent / "firmware.json").read_text())
        assert f"{figures['costs'][1]['instructions']:,.0f}" in result.stdout
        assert figures["recipe"]["image_source"] == "digits drawn by code"
        assert cv2.imread(str(plot)).size > 0

    def test_runs_the_test_digits_that_the_card_names(self, model: Path, data_folder: Path):
        need_tools("m4")
        result = call("firmware", "report", model, "--core", "m4", "--images", 2, "--json")
        assert json.loads(result.stdout)["recipe"]["image_source"] == "the first 2 test digits of mnist"
        assert "WARNING" not in result.stderr

    def test_of_the_builtin_model_figures_are_written_only_where_asked(self, tmp_path: Path, no_data):
        need_tools("m4")
        before = sorted(SMALL.iterdir())
        given = ("firmware", "report", "builtin", "--core", "m4", "--images", 1)
        call(*given)
        call(*given, "--card", tmp_path / "figures.json")
        assert sorted(SMALL.iterdir()) == before
        assert json.loads((tmp_path / "figures.json").read_text())["file"] == "model.int8.tflite"

    def test_without_any_tool_it_names_the_packages_and_fails(
        self, model: Path, tmp_path: Path, no_data, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
        result = call("firmware", "report", model, "--core", "m4,rv32", "--images", 1, code=1)
        assert "Error: m4: arm-none-eabi-gcc is not installed" in result.stderr
        assert "picolibc-riscv64-unknown-elf" in result.stderr
        assert not (model.parent / "firmware.json").exists()

    def test_a_model_larger_than_the_memory_is_an_error_that_says_by_how_much(self, model: Path, no_data):
        need_tools("avr")
        result = call("firmware", "report", model, "--core", "avr", "--images", 1, code=1)
        assert re.search(r"Error: avr: .*needs [\d,]+ bytes more flash .*than the [\d,]+ there are", result.stderr)
        assert "avr:" not in result.stdout, "it is told once"

    def test_tools_that_are_missing_are_told_once(
        self, model: Path, tmp_path: Path, no_data, monkeypatch: pytest.MonkeyPatch
    ):
        need_tools("m0")
        compiler, emulator = (Path(str(shutil.which(name))) for name in ("arm-none-eabi-gcc", "qemu-system-arm"))
        for tool in (emulator, *compiler.parent.glob("arm-none-eabi-*")):
            (tmp_path / tool.name).symlink_to(tool)
        monkeypatch.setenv("PATH", str(tmp_path))
        result = call("firmware", "report", model, "--core", "m0,rv32", "--images", 1)
        assert " ".join(result.stdout.split()).count("rv32: not measured: riscv64-unknown-elf-gcc is not inst") == 1
        assert "rv32" not in result.stderr

    def test_words_fit_what_was_counted(self, tmp_path: Path, no_data):
        need_tools("m0", "avr")
        given = ("firmware", "report", NANO, "--images", 1, "--card", tmp_path / "figures.json", "--force", "--core")
        cycles = call(*given, "avr").stdout
        assert "cycles for one inference" in cycles and "instructions" not in cycles
        both = call(*given, "m0,avr").stdout
        assert "and instructions for one inference" in both and "and cycles for one inference" in both
        of_avr, of_m0 = both.partition("and cycles for one inference")[2], both.partition("and cycles")[0]
        assert (
            re.search(r"^avr +avr ", of_avr, re.MULTILINE)
            and "instructions per MAC of each layer\nlayer     m0" in both
        )
        assert re.search(r"^m0 +plain ", of_m0, re.MULTILINE)

    def test_a_second_model_in_a_folder_leaves_the_figures_of_the_first(self, model: Path, no_data):
        need_tools("m0")
        (model.parent / "firmware.json").write_text('{"file": "other.tflite"}')
        result = call("firmware", "report", model, "--core", "m0", "--images", 1)
        written = model.with_name("model.int8.firmware.json")
        assert str(written) in result.stdout and json.loads(written.read_text())["file"] == model.name
        assert (model.parent / "firmware.json").read_text() == '{"file": "other.tflite"}'

    def test_what_is_no_report_is_not_replaced(self, model: Path):
        (model.parent / "firmware.json").write_text("mine")
        result = call("firmware", "report", model, "--core", "m4", code=1)
        assert "is not about model.int8.tflite; name another file with --card" in result.stderr

    def test_an_unknown_core_lists_the_known_ones(self, model: Path, no_data):
        assert "choose one of m0" in call("firmware", "report", model, "--core", "m99", "--images", 1, code=1).stderr

    def test_no_image_is_wrong_usage(self):
        call("firmware", "report", "builtin", "--images", 0, code=2)

    @pytest.mark.parametrize(("verdict", "says"), [("failed", "failed"), ("cannot tell", "cannot tell whether")])
    def test_a_model_that_did_not_pass_is_measured_with_a_warning(
        self, verdict: str, says: str, model: Path, no_data, monkeypatch: pytest.MonkeyPatch
    ):
        judge(model, verdict)
        monkeypatch.setenv("PATH", "")  # what it would cost is not asked here, so no tool is needed
        given = ("firmware", "report", model, "--core", "m0", "--images", 1, "--json")
        if verdict == "failed":
            assert "add --force to take it all the same" in " ".join(call(*given, code=1).stderr.split())
            given += ("--force",)
        result = call(*given, code=1)
        assert f"WARNING: the proof of this model {says}" in result.stderr
        assert json.loads(result.stdout)["verdict"] == verdict

    def test_digits_that_moved_away_name_the_card_and_the_option_that_finds_them(
        self, model: Path, no_data, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("PATH", "")
        gone = trained_on(model, "folder:gone")
        given = ("firmware", "report", model, "--core", "m0", "--images", 3, "--json")
        said = call(*given, code=1)
        told = (
            f"WARNING: no folder gone: the card of model.int8.tflite names the data set {gone}; say where it lies now: "
        )
        assert f"{told}--dataset folder:PATH. Taking digits drawn by code instead" in said.stderr
        assert json.loads(said.stdout)["recipe"]["image_source"] == "digits drawn by code"
        said = call(*given, "--dataset", "samples", code=1)
        assert "drawn by code" not in said.stderr
        assert json.loads(said.stdout)["recipe"]["image_source"] == "the first 3 digits of samples"

    def test_digits_that_are_asked_for_and_not_there_are_no_others(self, model: Path, no_data):
        said = call("firmware", "report", model, "--images", 3, "--dataset", "folder:elsewhere", code=1)
        assert said.stderr == "Error: no folder elsewhere; check the path\n"
        assert not said.stdout


class TestVerify:
    def test_digits_of_another_data_set(self, board: Path, model: Path, no_data):
        trained_on(model, "folder:gone")
        given = ("firmware", "verify", model, "--images", 2, "--port")
        with plugged_in(board) as port:
            assert "names the data set folder:gone; say where it lies now: --dataset" in call(*given, port).stderr
        with plugged_in(board) as port:
            text = call(*given, port, "--dataset", "samples").stdout
        assert "2 images (the first 2 digits of samples), 20 outputs, 0 differ" in text

    def test_a_board_that_is_right(self, board: Path, no_data):
        with plugged_in(board) as port:
            text = call("firmware", "verify", "builtin", "--port", port, "--images", 5).stdout
        assert "5 images (digits drawn by code), 50 outputs, 0 differ" in text
        assert "ms from sending to answer" in text

    def test_json_has_every_figure(self, board: Path, no_data):
        with plugged_in(board) as port:
            said = json.loads(call("firmware", "verify", "builtin", "--port", port, "--images", 3, "--json").stdout)
        assert (said["equal"], said["images"], said["differing_outputs"]) == (True, 3, 0)
        assert said["recipe"]["port"] == port

    def test_a_model_whose_proof_cannot_tell_is_compared_with_a_warning(self, board: Path, model: Path, no_data):
        judge(model, "cannot tell")
        with plugged_in(board) as port:
            result = call("firmware", "verify", model, "--port", port, "--images", 1, "--json")
        assert "WARNING: the proof of this model cannot tell whether" in result.stderr
        said = json.loads(result.stdout)
        assert (said["verdict"], said["equal"]) == ("cannot tell", True)

    def test_a_board_that_computes_wrongly_fails(self, board: Path, tmp_path: Path, no_data):
        folder = tmp_path / "c"
        shutil.copytree(board.parent, folder)
        source = (folder / "digits.c").read_text()
        (folder / "digits.c").write_text(source.replace("int digits_run(", "int digits_run_right(", 1) + WRONG_RUN)
        sources = ("serial/read_digit.c", "serial/host_board.c", "serial/digits_serial.c", "digits.c")
        subprocess.run(["gcc", "-std=c99", "-I.", "-Iserial", *sources, "-o", "board"], cwd=folder, check=True)
        with plugged_in(folder / "board") as port:
            result = call("firmware", "verify", "builtin", "--port", port, "--images", 2, code=1)
        assert "Error: the board's outputs are not those of TFLite's reference kernels" in result.stderr
        assert re.search(r"20 outputs, 2 differ\nfirst: image 0, output 4: -?\d+, not -?\d+", result.stdout)

    def test_a_board_with_another_model_is_refused(self, board: Path, tmp_path: Path, no_data):
        data = bytearray((SMALL / "model.int8.tflite").read_bytes()) + b"\0"
        (tmp_path / "other.tflite").write_bytes(data)
        with plugged_in(board) as port:
            result = call("firmware", "verify", tmp_path / "other.tflite", "--port", port, "--images", 1, code=1)
        assert "flash an export of this model" in result.stderr

    def test_a_port_that_is_not_there(self, tmp_path: Path, no_data):
        result = call("firmware", "verify", "builtin", "--port", tmp_path / "ttyNONE", "--images", 1, code=1)
        assert result.stderr.count("Error: ") == 1


WRONG_RUN = """
int digits_run_right(int8_t *arena, const int8_t *input, int8_t *output);
int digits_run(int8_t *arena, const int8_t *input, int8_t *output)
{
    int done = digits_run_right(arena, input, output);
    output[4] ^= 1;
    return done;
}
"""
