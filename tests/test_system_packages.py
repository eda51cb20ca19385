"""What `make test` and `make firmware-bench` install with apt-get: nothing unasked.

The script runs with a PATH of its own, in which apt-get is a stand-in that writes down how it was called.
"""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "tests" / "system_packages.sh"
APT_GET = """#!/bin/sh
echo "$*" >>"$CALLED"
[ "$1" = install ] || exit 0
[ -z "${BROKEN:-}" ] || exit 100
for program in $INSTALLS; do : >"$BIN/$program" && /bin/chmod +x "$BIN/$program"; done
"""
EVERYTHING = (
    *("gcc", "g++", "clang", "arm-none-eabi-gcc", "qemu-system-arm", "riscv64-unknown-elf-gcc", "qemu-system-riscv32"),
    *("avr-gcc", "simavr", "cmake", "arduino-builder", "chromium", "chromedriver", "strace", "mosquitto"),
    *("systemd-analyze", "pg_lsclusters"),
)


class Machine:
    """A PATH with some programs, and what apt-get was asked for."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self._calls = folder / "calls"
        self.programs(**{"apt-get": APT_GET, "id": "#!/bin/sh\necho 0\n"})
        self.programs(**dict.fromkeys(("mkdir", "tee"), "#!/bin/sh\n"))
        (self.bin / "env").symlink_to(shutil.which("env") or "/usr/bin/env")

    def programs(self, **scripts: str) -> None:
        for name, text in scripts.items():
            (self.bin / name).write_text(text)
            (self.bin / name).chmod(0o755)

    def have(self, *names: str) -> None:
        self.programs(**dict.fromkeys(names, "#!/bin/sh\n"))

    def environment(self, **more: str) -> dict[str, str]:
        installs = " ".join(EVERYTHING)
        return {"PATH": str(self.bin), "BIN": str(self.bin), "CALLED": str(self._calls), "INSTALLS": installs, **more}

    def run(self, *arguments: str, code: int = 0, **environment: str) -> str:
        """Run the script without a terminal, as in a pipe."""
        done = subprocess.run(
            ["/bin/sh", str(SCRIPT), *arguments],
            env=self.environment(**environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def at_a_terminal(self, answer: str, *arguments: str) -> str:
        """Run the script at a terminal and type the answer when it asks."""
        terminal, other_end = pty.openpty()
        with subprocess.Popen(
            ["/bin/sh", str(SCRIPT), *arguments],
            env=self.environment(),
            stdin=other_end,
            stdout=other_end,
            stderr=other_end,
            start_new_session=True,
        ) as process:
            os.close(other_end)
            said, answered = b"", False
            while select.select([terminal], [], [], 60)[0]:
                try:
                    said += os.read(terminal, 4096)
                except OSError:  # the other end is closed: the script has ended
                    break
                if not answered and b"[y/N]" in said:
                    os.write(terminal, f"{answer}\n".encode())
                    answered = True
            assert process.wait(60) == 0
        os.close(terminal)
        assert answered
        return said.decode()

    @property
    def called(self) -> list[str]:
        return self._calls.read_text().splitlines() if self._calls.is_file() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("setting", [{}, {"SYSTEM": "no"}, {"CI": "true", "SYSTEM": "no"}, {"CI": "false"}])
def test_without_a_terminal_nothing_is_installed_and_what_will_be_left_out_is_said(machine, setting):
    machine.have("gcc", "g++")
    said = machine.run("tests", **setting)
    assert machine.called == []
    assert "arm-none-eabi-gcc: C for Cortex-M" in said
    assert "pg_lsclusters: a search spread over a PostgreSQL database" in said
    assert "sudo apt-get install --no-install-recommends clang gcc-arm-none-eabi libnewlib-arm-none-eabi" in said
    assert "  gcc:" not in said


@pytest.mark.parametrize("setting", [{"SYSTEM": "yes"}, {"CI": "true"}, {"CI": "1"}])
def test_asked_for_or_in_ci_what_is_missing_is_installed(machine, setting):
    machine.have(*(set(EVERYTHING) - {"cmake", "chromedriver"}))
    said = machine.run("tests", **setting)
    assert machine.called[0].startswith("update")
    assert machine.called[1].startswith("install -y") and machine.called[1].endswith("cmake chromium-driver")
    assert len(machine.called) == 2
    assert "cmake: the exported CMake projects" in said
    assert "still missing" not in said


def test_at_a_terminal_it_asks_and_no_is_the_answer_that_needs_no_letter(machine):
    said = machine.at_a_terminal("", "tests")
    assert machine.called == []
    assert "Going on without" in said


def test_at_a_terminal_yes_installs(machine):
    machine.have(*(set(EVERYTHING) - {"simavr"}))
    machine.at_a_terminal("y", "tests")
    assert machine.called[1].endswith(" simavr")


def test_sanitizers_of_clang_are_installed_after_clang(machine):
    machine.have(*(set(EVERYTHING) - {"clang"}))
    without = '#!/bin/sh\n[ "$1" != -dumpversion ] || { echo 14.0.6; exit 0; }\nexit 1\n'
    machine.programs(**{"apt-get": APT_GET + "/bin/cp $BIN/../clang $BIN/clang\n"})
    (machine.bin.parent / "clang").write_text(without)
    (machine.bin.parent / "clang").chmod(0o755)
    said = machine.run("tests", SYSTEM="yes")
    assert [call.split()[-1] for call in machine.called if call.startswith("install")] == [
        "clang",
        "libclang-rt-14-dev",
    ]
    assert "libclang-rt-14-dev: the exported C under the sanitizers of clang" in said


def test_emulated_cores_need_neither_browser_nor_database(machine):
    said = machine.run("firmware", "make firmware-bench: words")
    assert said.startswith("make firmware-bench: words\n")
    assert "qemu-system-arm" in said
    assert "chromium" not in said and "postgresql" not in said


def test_where_nothing_is_missing_only_the_words_are_printed(machine):
    machine.have(*EVERYTHING)
    assert machine.run("tests", "words") == "words\n"
    assert machine.called == []


def test_apt_get_that_fails_is_a_warning_and_the_tests_go_on(machine):
    said = machine.run("tests", SYSTEM="yes", BROKEN="1")
    assert "Warning: apt-get failed" in said
    assert "Going on without" in said


def test_without_root_or_sudo_nothing_is_tried(machine):
    machine.programs(id="#!/bin/sh\necho 1000\n")
    assert "Going on without" in machine.run("tests", SYSTEM="yes")
    assert machine.called == []


def test_another_word_is_refused(machine):
    assert "say SYSTEM=yes" in machine.run("tests", code=2, SYSTEM="maybe")


@pytest.mark.parametrize("target", ["test", "test-all", "firmware-bench"])
def test_make_says_how_long_it_takes_and_looks_for_programs_before_anything_is_installed(target, tmp_path):
    plan = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", target, f"VENV={tmp_path / 'venv'}", "SYSTEM=no"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert plan[0].startswith("sh tests/system_packages.sh")
    assert f"make {target}:" in plan[0] and ("minutes" in plan[0] or "hour" in plan[0])
    assert "-m venv" in plan[1]
