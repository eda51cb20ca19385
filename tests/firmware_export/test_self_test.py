"""The self-test of an exported library on this computer: it passes, fails, or says why it was not run."""

from __future__ import annotations

import re
import shutil
import stat
from pathlib import Path

import pytest
from hand_made import hand_made_library

from edgedigits.firmware_export import run_self_test, write_target
from edgedigits.firmware_export.proof.compiler import find_compiler
from edgedigits.firmware_export.proof.self_test import NO_COMPILER


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_target("c", hand_made_library(), tmp_path / "c")
    return tmp_path / "c"


@pytest.fixture
def compiler() -> str:
    found = find_compiler()
    if not found:
        pytest.skip("no C compiler (Debian: apt-get install gcc)")
    return shutil.which(found[0])


def test_it_passes_and_leaves_the_folder_as_it_was(folder, compiler):
    before = sorted(path.relative_to(folder) for path in folder.rglob("*"))
    found = run_self_test(folder)
    assert (found.result, found.flags) == ("passed", "-std=c99 -O2")
    assert re.search(r"\d+ images: every output equals TFLite's reference kernels", found.said)
    assert re.search(r"\d+\.\d+", found.compiler), "the compiler tells its version"
    assert sorted(path.relative_to(folder) for path in folder.rglob("*")) == before


def test_an_output_that_differs_fails(folder, compiler):
    vectors = folder / "digits_vectors.h"
    text = vectors.read_text()
    start = text.index("vector_outputs")
    wrong = re.sub(r"(\{\s*)(-?\d+)", lambda m: f"{m[1]}{int(m[2]) ^ 1}", text[start:], count=1)
    vectors.write_text(text[:start] + wrong)
    found = run_self_test(folder)
    assert found.result == "failed"
    assert "outputs differ" in found.said


def test_a_library_that_does_not_compile_fails(folder, compiler):
    (folder / "digits.c").write_text("int broken(void) { return }\n")
    found = run_self_test(folder)
    assert found.result == "failed"
    assert found.said.startswith("the compiler refuses it: ")
    assert "digits.c" in found.said


def test_without_a_compiler_it_is_not_run(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    found = run_self_test(folder)
    assert (found.result, found.compiler, found.said) == ("not run", "", NO_COMPILER)


def test_the_compiler_that_cc_names_is_taken(folder, compiler, tmp_path, monkeypatch):
    mine = tmp_path / "mine"
    mine.write_text(f'#!/bin/sh\necho "mine 1.0"\nexec {compiler} "$@"\n')
    mine.chmod(mine.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("CC", f"{mine} -g0")
    assert run_self_test(folder).compiler == "mine 1.0"
    monkeypatch.setenv("CC", "no-such-compiler")
    assert run_self_test(folder).result == "passed"


def test_a_program_for_another_machine_is_compiled_but_not_run(folder, compiler, tmp_path, monkeypatch):
    cross = tmp_path / "cross"
    cross.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "cross 1.0" && exit\n'
        'for last; do :; done\nprintf "\\177ELF" > "$last"; chmod +x "$last"\n'
    )
    cross.chmod(cross.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("CC", str(cross))
    found = run_self_test(folder)
    assert found.result == "not run"
    assert "compiled, but cannot be run here (Exec format error)" in found.said
