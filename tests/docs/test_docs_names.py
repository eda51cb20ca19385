"""What pages say in passing, and what the command says of itself: its words exist, and all of them are documented."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator

import click
import pytest

from edgedigits.cli.main import main
from edgedigits.core.errors import EdgedigitsError
from tests.docs.pages import PAGES, ROOT, blocks, is_command, sentences
from tests.docs.rules import rules_for

TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
IN_SENTENCES = {code.text: code.where for page in PAGES for code in sentences(page) if is_command(code.text)}
NOT_RUN = {
    command: block.where
    for page in PAGES
    for block in blocks(page)
    if block.is_commands
    for command in block.commands
    if any(rule.runs is None for rule in rules_for(command))
}


def leaves(group: click.Group = main, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, by the words that call it."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, (*above, name))
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield (*above, name), command


def check(command: str) -> None:
    """Assert that the programs, options, targets and files that a command names exist."""
    words = [word for word in shlex.split(command, comments=True) if word not in {"&", "sudo"}]
    program = words[0].rsplit("/", 1)[-1]
    if program == "edgedigits":
        check_edgedigits(words[1:])
    elif program == "make":
        subprocess.run(["make", "--dry-run", *words[1:], "SYSTEM=no"], cwd=ROOT, check=True, capture_output=True)
    elif program.startswith("python") and words[1].endswith(".py"):
        check_script(words[1], words[2:])
    elif program.startswith("pip"):
        for extra in re.findall(r"\[(.*?)\]", command):
            assert set(extra.split(",")) <= extras(), f"{command}: no such extra"
    elif program == "pytest":
        assert all((ROOT / word).exists() for word in words[1:] if word.startswith("tests/")), command


def called_itself(group: click.Group, words: list[str]) -> bool:
    """Whether words are for a group that is a command as well, not for one of its commands."""
    return group.invoke_without_command and bool(words) and words[0].startswith("-")


def check_edgedigits(words: list[str]) -> None:
    """Have click read the words as the command does, without running it."""
    context, command = click.Context(main, info_name="edgedigits"), main
    words = ["8" if re.fullmatch("[A-Z]", word) else word for word in words]
    while isinstance(command, click.Group) and not called_itself(command, words):
        if not words or words[0].startswith("-"):
            assert not words or words[0] in {"--help", "-h", "--version"}, words
            return
        name, command, words = command.resolve_command(context, words)
        assert command is not None
        context = click.Context(command, info_name=name, parent=context)
        if not words:  # the bare name of a command within a sentence
            return
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    named = {word.partition("=")[0] for word in words if re.match("--?[a-z]", word)} - {"--help", "-h"}
    assert named <= known, f"no such option: {', '.join(sorted(named - known))}"
    if any(word.isupper() and word.isalpha() for word in words) or "--help" in words:
        return  # NAME, DIR: no real value
    with contextlib.suppress(EdgedigitsError, click.MissingParameter):  # a model is made before; sentences are short
        command.make_context(name or "", list(words), parent=context.parent)


@functools.cache
def help_of(path: str, *of: str) -> str:
    """What a script of the checkout says of itself, or of one of its commands."""
    words = [sys.executable, path, *of, "--help"]
    said = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "--help" in said, f"{path} does not answer --help"
    return said


def check_script(path: str, words: list[str]) -> None:
    """Assert that a script of the checkout is there and has the options."""
    said = help_of(path)
    if words and not words[0].startswith("-") and re.search(rf"^  {re.escape(words[0])} ", said, re.MULTILINE):
        said = help_of(path, words[0])
    for word in words:
        assert not word.startswith("--") or word in said, f"{path} has no {word}"


def extras() -> set[str]:
    return set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])


@pytest.mark.parametrize("command", IN_SENTENCES)
def test_a_command_within_a_sentence_exists(command):
    check(command)


@pytest.mark.parametrize("command", NOT_RUN)
def test_a_command_that_is_not_run_exists(command):
    check(command)


def test_a_command_finds_its_folder_free_when_the_pages_are_typed_in_order():
    """What fails in a folder that has content, ``make run`` and all that is not run by the tests included."""
    made: dict[str, str] = {}
    for block in (block for page in PAGES for block in blocks(page) if block.is_commands):
        for command in block.commands:
            for typed in carried_out(command):
                if (found := re.search(r" --out (\S+)", typed)) and made.setdefault(found[1], command) != command:
                    assert re.search(r" --(force|resume)\b", typed), f"{block.where}: {command}: {made[found[1]]}"


def carried_out(command: str) -> list[str]:
    """The commands that a command comes to: what ``make run`` calls, else the command itself."""
    if not command.startswith("make run"):
        return [command]
    words = [*shlex.split(command, comments=True), "--dry-run"]
    return subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()


@pytest.mark.parametrize(
    ("words", "command"), list(leaves()), ids=lambda value: " ".join(value) if type(value) is tuple else ""
)
def test_every_command_is_documented_and_has_an_example_that_exists(words, command):
    assert re.search(rf"edgedigits {' '.join(words)}\b", TEXT), f"no page shows `edgedigits {' '.join(words)}`"
    shown = re.sub(r"\\\n\s*", "", (command.help or "").partition("Example")[2])  # lines that go on
    examples = re.findall(r"^\s+(edgedigits .*)$", shown, re.MULTILINE)
    assert any(example.split()[1 : 1 + len(words)] == list(words) for example in examples), "no example in its help"
    for example in examples:
        check(example.partition(" | ")[0])


def test_every_recipe_is_documented():
    from edgedigits.quantize.recipes import RECIPES

    assert [name for name in RECIPES if f"`{name}`" not in TEXT] == []


def test_every_network_is_documented():
    from edgedigits.train.networks.catalogue import NETWORKS

    assert [name for name in NETWORKS if f"`{name}`" not in TEXT] == []


def test_every_baseline_is_documented():
    from edgedigits.train.baselines.catalogue import BASELINES

    assert [name for name in BASELINES if f"`{name}`" not in TEXT] == []


def test_every_data_set_and_split_is_documented():
    from edgedigits.core.datasets import KINDS, SPLITS

    assert [name for name in KINDS if not re.search(rf"`{name}[:`]|--dataset {name}\b", TEXT)] == []
    assert [name for name in SPLITS if name != "default" and not re.search(rf"--split {name}\b|`{name}`", TEXT)] == []


def test_every_target_is_documented():
    from edgedigits.firmware_export.targets import TARGETS

    assert [name for name in TARGETS if f"`{name}`" not in TEXT] == []


def test_every_core_is_documented():
    from edgedigits.firmware_export.boards.cores import CORES

    assert [core.name for core in CORES if f"`{core.name}`" not in TEXT] == []


def test_the_readme_shows_what_choose_says_of_the_rows_of_this_repository():
    """The block below the command is its output, on a terminal of 80 columns."""
    shown = (ROOT / "README.md").read_text(encoding="utf-8")
    command = next(
        line.strip()
        for line in shown.splitlines()
        if line.strip().startswith("edgedigits choose --max-flash") and line.endswith("docs/benchmark")
    )
    done = subprocess.run(
        (sys.executable, "-c", "from edgedigits.cli.main import main; main()", *shlex.split(command)[1:]),
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=True,
    )
    block = shown.partition(command)[2].partition("\n    ")[2].partition("\nWith ")[0]
    wanted = [line.strip() for line in ("    " + block).splitlines() if line.strip()]
    assert wanted == [line.strip() for line in done.stdout.splitlines() if line.strip()]
