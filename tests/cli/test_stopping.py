"""Ctrl-C while a command works: it says what was kept and how to go on, and never only that it was aborted."""

from __future__ import annotations

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
