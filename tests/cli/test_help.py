"""What ``--help`` prints fits a terminal of 80 columns, and its list of commands says each in one whole line."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from edgedigits.cli.main import main

WIDTH = 80


def commands(command: click.Command = main, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words that call each command and each group."""
    yield words
    if isinstance(command, click.Group):
        for name, one in command.commands.items():
            yield from commands(one, (*words, name))


def help_of(words: tuple[str, ...]) -> str:
    found = CliRunner().invoke(main, [*words, "--help"], env={"COLUMNS": str(WIDTH)}, terminal_width=WIDTH)
    assert found.exit_code == 0, found.output
    return found.stdout


@pytest.mark.parametrize("words", list(commands()), ids=lambda words: " ".join(words) or "edgedigits")
def test_no_line_is_wider_than_a_terminal(words: tuple[str, ...]):
    assert [line for line in help_of(words).splitlines() if len(line) > WIDTH] == []


@pytest.mark.parametrize("words", [(), ("firmware",)], ids=["edgedigits", "firmware"])
def test_each_command_is_listed_in_one_whole_line(words: tuple[str, ...]):
    group = main.commands[words[0]] if words else main
    assert isinstance(group, click.Group)
    lines = help_of(words).partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in lines] == sorted(group.commands)
    assert [line for line in lines if not line.endswith(".") or line.endswith("...")] == []
