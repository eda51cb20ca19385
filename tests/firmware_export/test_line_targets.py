"""A line network in the files of each ecosystem: its self-test, its serial program, and a board that is verified."""

from __future__ import annotations

import re
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from host_library import checked_run
from line_networks import write_line_model
from serial_board import wire
from test_targets import STRICT, needs
from test_verify import BOARDS, build_board

from edgedigits.cli.main import main
from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export import run_self_test
from edgedigits.firmware_export.proof.lines import drawn_lines
from edgedigits.firmware_export.serial.protocol import FrameError, reading_of
from edgedigits.firmware_export.serial.verify import verify
from edgedigits.firmware_export.targets import TARGETS, LibraryFiles, target_files, write_target
from edgedigits.firmware_export.targets.export import export_target

LIBRARY_TARGETS = [name for name, target in TARGETS.items() if target.layout]
HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_line_model(tmp_path_factory.mktemp("line") / "model")


@pytest.fixture(scope="session")
def files(model: Path) -> LibraryFiles:
    return export_target(model).files


@pytest.mark.parametrize("target", LIBRARY_TARGETS)
def test_files_of_every_ecosystem_speak_of_lines_alone(target, files):
    texts = target_files(target, files)
    assert files.header in texts.values() and files.source in texts.values()
    for path, text in texts.items():
        if text != files.source:
            assert "{%" not in text and "{{" not in text.replace("{{}", ""), path
        assert text.endswith("\n") and not text.endswith("\n\n"), path
        assert all(line == line.rstrip() for line in text.splitlines()), path
        assert not re.search(r"digits_(top1|confidence|label|input_from_grey)", text), path
    readme = texts["README.md"]
    for fact in ("digits_read_line", "3072 bytes", "528 bytes", "48 steps", "at most 96 columns", "-2 where `size`"):
        assert fact in readme
    assert "\n\n## Ask a board" in readme
    assert len(readme.splitlines()) < 90, "more than a page"


class TestSelfTest:
    def test_it_compares_outputs_and_texts(self, files, tmp_path):
        needs("gcc", package="Debian: apt-get install gcc")
        write_target("c", files, tmp_path / "c")
        found = run_self_test(tmp_path / "c")
        assert (found.result, found.said) == (
            "passed",
            "4 lines: every output equals TFLite's reference kernels, every text is what they say",
        )

    def test_it_names_what_differs(self, files, tmp_path):
        needs("gcc", package="Debian: apt-get install gcc")
        first, second, *_ = files.vectors
        wrong = replace(first, output=(*first.output[:527], first.output[527] ^ 1))
        write_target("c", replace(files, vectors=(wrong, replace(second, text=second.text[:-1]))), tmp_path / "c")
        found = run_self_test(tmp_path / "c")
        assert found.result == "failed"
        assert found.said.splitlines() == [
            f"line 0, output 527: {first.output[527]} instead of {wrong.output[527]}",
            f"line 1 is read as {second.text}",
            "2 of 1058 outputs and texts differ",
        ]

    @pytest.mark.parametrize("flags", [(), ("-DDIGITS_NO_STDIO",)])
    def test_it_compiles_without_a_warning(self, flags, files, tmp_path):
        needs("gcc", package="Debian: apt-get install gcc")
        write_target("c", files, tmp_path / "c")
        checked_run("gcc", "-std=c99", *STRICT, *flags, "main.c", "digits.c", "-o", "selftest", cwd=tmp_path / "c")
        sources = ("serial/digits_serial.c", "serial/read_digit.c", "serial/host_board.c", "digits.c")
        checked_run("gcc", "-std=c99", *STRICT, "-I.", *sources, "-o", "board", cwd=tmp_path / "c")

    def test_texts_that_are_none_are_a_bug(self, files):
        with pytest.raises(ValueError, match="vectors"):
            replace(files, vectors=(replace(files.vectors[0], text='"; DROP'),))


class TestBoard:
    def test_every_output_and_every_text_is_compared(self, model, files, tmp_path):
        with wire(build_board(files, tmp_path / "c")) as port:
            found = verify(port.port, model, drawn_lines(5, 96))
        assert found.equal
        assert (found.images, found.outputs, found.differing_outputs, found.wrong_labels) == (5, 5 * 528, 0, 0)
        assert found.repeated == 0

    def test_a_board_that_reads_otherwise_is_found(self, model, files, tmp_path):
        broken = re.sub(r"(best != before) && best != DIGITS_BLANK", r"\1", files.source)
        assert broken != files.source
        with wire(build_board(replace(files, source=broken), tmp_path / "c")) as port, pytest.raises(EdgedigitsError):
            verify(port.port, model, drawn_lines(2, 96), timeout=1)
        other = files.source.replace("(char)('0' + best)", "(char)('9' - best)")
        with wire(build_board(replace(files, source=other), tmp_path / "d")) as port:
            found = verify(port.port, model, drawn_lines(2, 96))
        assert not found.equal
        assert (found.differing_outputs, found.wrong_labels) == (0, 2)

    def test_an_emulated_m4_is_verified_by_the_command(self, model, files, tmp_path):
        needs("arm-none-eabi-gcc", "qemu-system-arm", package="Debian: gcc-arm-none-eabi qemu-system-arm")
        write_target("c", files, tmp_path)
        machine = BOARDS["m4"]
        command = (
            "arm-none-eabi-gcc",
            *machine.flags,
            "-mthumb",
            "-std=c99",
            "-O2",
            "-I.",
            f"-DBOARD_UART={machine.uart:#x}U",
        )
        sources = ("digits.c", "serial/digits_serial.c", "serial/read_digit.c", "serial/mps2_board.c")
        linked = ("-nostartfiles", "-T", str(HERE / "cortex_m.ld"), "-Wl,--defsym=code=0")
        linked += (f"-Wl,--defsym=ram={machine.ram:#x}", "-o", "board.elf")
        checked_run(*command, *sources, str(HERE / "cortex_m_startup.c"), *linked, cwd=tmp_path)
        with socket.socket() as free:
            free.bind(("localhost", 0))
            port = free.getsockname()[1]
        qemu = ("qemu-system-arm", "-machine", machine.name, "-display", "none", "-monitor", "none")
        qemu += ("-serial", f"tcp:localhost:{port},server", "-kernel", str(tmp_path / "board.elf"))
        with subprocess.Popen(qemu, stderr=subprocess.DEVNULL) as emulator:
            try:
                done = _verified(model, port)
            finally:
                emulator.kill()
        assert done.exit_code == 0, done.output
        assert "2 images (2 lines drawn by code), 1,056 outputs, 0 differ" in done.output


def _verified(model: Path, port: int):
    words = ["firmware", "verify", str(model), "--port", f"socket://localhost:{port}", "--images", "2"]
    for _ in range(50):
        done = CliRunner().invoke(main, words)
        if "cannot open the port" not in done.output:
            break
    return done


class TestAnswers:
    HEAD = b"\x00\x00\x03\x00\x10\x27\x00\x00deadbeef"

    def test_the_text_stands_behind_the_outputs(self):
        found = reading_of(self.HEAD + b"\x80\xff123", size=2, line=True)
        assert (found.text, found.confidence, found.outputs, found.microseconds) == ("123", 3, (-128, -1), 10_000)

    @pytest.mark.parametrize("rest", [b"\x80", b"\x80\xff12", b"\x80\xff1234", b"\x80\xff12x"])
    def test_another_length_or_text_is_refused(self, rest):
        with pytest.raises(FrameError):
            reading_of(self.HEAD + rest, size=2, line=True)


class TestCommand:
    def test_export_writes_the_library_at_a_width(self, model, tmp_path):
        words = ["export", str(model), "--width", "192", "--out", str(tmp_path / "c")]
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, done.output
        assert "#define DIGITS_STRIP_COLUMNS 192\n" in (tmp_path / "c" / "digits.h").read_text()

    def test_other_widths_are_refused(self, model, tmp_path):
        done = CliRunner().invoke(main, ["export", str(model), "--width", "100", "--out", str(tmp_path / "c")])
        assert done.exit_code == 2
        assert "'96', '192', '288'" in done.output
