"""Ctrl-C while a command works: it says what was kept and how to go on, and never only that it was aborted."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from edgedigits.cli.main import main

NOTHING = "Error: stopped: nothing was written; the same command starts again\n"
GOES_ON = "Error: stopped: what is finished stays in out; the same command goes on with --resume, and starts anew with"
WORDS = {
    **dict.fromkeys(("quantize builtin", "calibration builtin", "layer-error builtin", "export builtin"), NOTHING),
    **dict.fromkeys(("measure builtin", "evaluate builtin", "fields builtin x", "firmware report builtin"), NOTHING),
    **dict.fromkeys(("train", "benchmark builtin", "baseline knn", "search --preset nodes"), GOES_ON),
    "run": "Error: stopped: what its finished stages made stays in out; the same command with --force does all of it",
    "corruptions builtin": "Error: stopped: the models that were measured stay in out; the same command goes on",
    "predict x.png": "Error: stopped: what was printed so far was read; give it what is left",
}
WITHOUT_OUT = ("measure", "evaluate", "fields", "firmware", "predict")


def stop(monkeypatch: pytest.MonkeyPatch, line: str) -> str:
    """What a command says that is stopped while it works."""
    words = line.split()
    command = main.commands[words[0]]
    if words[0] == "firmware":
        command = command.commands[words[1]]  # type: ignore[attr-defined]

    def work(**_settings: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "callback", work)
    done = CliRunner().invoke(main, words if words[0] in WITHOUT_OUT else [*words, "--out", "out"])
    assert (done.exit_code, done.stdout) == (1, "")
    return done.stderr


@pytest.mark.parametrize("line", WORDS)
def test_it_says_what_was_kept_and_how_to_go_on(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "of it").touch()
    assert stop(monkeypatch, line).startswith(WORDS[line])


@pytest.mark.parametrize("line", ["train", "benchmark builtin", "corruptions builtin", "run"])
def test_where_nothing_was_made_yet_there_is_nothing_to_go_on_with(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert stop(monkeypatch, line) == NOTHING
    (tmp_path / "out").mkdir()
    assert stop(monkeypatch, line) == NOTHING


def test_stopped_while_the_command_line_is_read(monkeypatch: pytest.MonkeyPatch):
    def read(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "parse_args", read)
    done = CliRunner().invoke(main, ["models"])
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", NOTHING)


_MODULES = ("click", "edgedigits.cli.main", "edgedigits.cli.options", "edgedigits.cli.commands.watching")


@pytest.mark.parametrize("module", _MODULES)
def test_stopped_while_the_command_is_loaded(module: str):
    """As Ctrl-C in the first second: sent by the import of one of its modules."""
    script = (
        "import os, runpy, signal, sys\n"
        "class Stop:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {module!r}:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Stop())\n"
        "sys.argv = ['edgedigits', 'models']\n"
        "runpy.run_module('edgedigits', run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", NOTHING)


def test_the_installed_command_starts_where_stopping_is_covered():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["scripts"]["edgedigits"] == "edgedigits.__main__:main"
