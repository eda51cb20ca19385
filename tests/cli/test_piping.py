"""A reader of the output that goes away, as `head` does, changes no exit code and is no error."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTED = ROOT / "docs" / "benchmark"


def unread(*words: object) -> tuple[int, str]:
    """Exit code and standard error of a command whose output nobody reads."""
    command = [sys.executable, "-m", "edgedigits", *map(str, words)]
    strict = os.environ | {"PYTHONIOENCODING": "utf-8:strict"}  # as most locales have it
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=strict) as running:
        assert running.stdout and running.stderr
        running.stdout.close()
        errors = running.stderr.read()
    return running.returncode, errors


@pytest.mark.parametrize(
    "words",
    [
        ("models",),
        ("--help",),
        ("compare", "--help"),
        ("compare", DOCUMENTED),
        ("compare", DOCUMENTED, "--json"),
        ("choose", "--max-flash", "40k", DOCUMENTED),
        ("baselines", "--json"),
        ("predict", "builtin", ROOT / "docs" / "sample.jpg"),
        ("camera", "--source", ROOT / "docs"),
    ],
    ids=lambda words: " ".join(map(str, words)),
)
def test_is_no_error(words: tuple[object, ...]):
    code, errors = unread(*words)
    assert code == 0 and "Traceback" not in errors and "Broken" not in errors, errors
    if words[0] != "camera":
        assert errors == ""


@pytest.mark.parametrize(("encoding", "printed"), [("utf-8", b"\xff \xc3\xa9"), ("latin-1", b"\\udcff \xe9")])
def test_names_that_the_terminal_cannot_show_are_printed_all_the_same(encoding: str, printed: bytes, tmp_path: Path):
    picture = tmp_path / os.fsdecode(b"\xff \xc3\xa9.jpg")
    shutil.copyfile(ROOT / "docs" / "sample.jpg", picture)
    command = [sys.executable, "-m", "edgedigits", "predict", picture]
    done = subprocess.run(
        command, capture_output=True, env=os.environ | {"PYTHONIOENCODING": f"{encoding}:strict"}, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == bytes(tmp_path) + b"/" + printed + b".jpg\t0123456789 31415926 5807\n"


def test_keeps_the_exit_code_that_tells_of_a_failure(tmp_path: Path):
    damaged = tmp_path / "model.tflite"
    damaged.write_bytes((ROOT / "core" / "pretrained" / "small" / "model.int8.tflite").read_bytes()[:4000])
    assert unread("measure", damaged, "--threads", "1")[0] == 1


def test_does_not_keep_a_command_from_writing_its_files(tmp_path: Path):
    assert unread("compare", DOCUMENTED, "--out", tmp_path / "out")[0] == 0
    assert (tmp_path / "out" / "results.md").is_file()
