"""Every block of commands and of Python in README.md, CONTRIBUTING.md and docs/ runs, in the order of the pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, SHELLS, Code, blocks, is_command
from tests.docs.rules import RULES, is_slow, rules_for
from tests.docs.walk import Walk

BLOCKS = [block for page in PAGES for block in blocks(page)]
RUN = [block for block in BLOCKS if block.is_python or block.is_commands]
SLOW = [block for block in RUN if block.is_commands and any(map(is_slow, block.commands))]
COMMANDS = {command: block.where for block in RUN if block.is_commands for command in block.commands}
HOW = """
Say in tests/docs/rules.py how this command is run, with one line of RULES (see the top of that file), such as

    as_shown(r"{pattern}"),
    shortened(r"({pattern})", r"\\1 --limit 2", "why it takes long"),
    only_checked(r"{pattern}", "needs a camera"),
"""


@pytest.fixture(scope="module")
def walk(tmp_path_factory) -> Walk:
    """One reader for all blocks; each block is run after those before it."""
    return Walk(tmp_path_factory.mktemp("reader"))


@pytest.fixture(scope="module")
def whole_walk(tmp_path_factory) -> Walk:
    """A reader who types what is slow, too."""
    return Walk(tmp_path_factory.mktemp("reader"), slow=True)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_one_rule_that_says_how_it_is_run(command):
    found = rules_for(command)
    several = "".join(f"\n    {rule.pattern}" for rule in found)
    assert len(found) == 1, f"{COMMANDS[command]}: `{command}` matches {len(found)} rules{several}" + HOW.format(
        pattern=command.replace(".", r"\.")
    )


def test_a_rule_that_no_command_needs_is_removed():
    assert [rule.pattern for rule in RULES if not any(rule in rules_for(command) for command in COMMANDS)] == []


def test_no_command_writes_where_one_before_it_wrote_unless_it_is_forced():
    """Whoever types the pages in order would be refused, or lose what an earlier page made."""
    written: dict[str, str] = {}
    for block in RUN:
        for command in block.commands if block.is_commands else ():
            for out in re.findall(r" --(?:out|annotate|record) (\S+)", command):
                if "--force" not in command:
                    assert out not in written, f"{block.where}: {out} is that of {written[out]}"
                written[out] = block.where


def test_no_command_writes_over_a_file_of_the_checkout():
    """Another version of OpenCV or of matplotlib gives other bytes, and the reader's clone would be changed."""
    writes = re.compile(r" (?:--(?:out|annotate|record|plot|card)[ =]|tests/samples/\w+\.py )(\S+)")
    inside = [
        f"{block.where}: {path}"
        for block in RUN
        if block.is_commands
        for path in writes.findall(block.text)
        if (ROOT / path).exists() and Path(path).parts[0] != "out"
    ]
    assert inside == [], "let it write into out/"


@pytest.mark.parametrize("block", RUN, ids=lambda block: f"{block.where}:{block.text.splitlines()[0]}")
def test_a_block_works_after_those_before_it(walk: Walk, block: Code):
    outcome = walk.outcome(block)
    if outcome.passed_over:
        pytest.skip(f"{block.where}: {outcome.passed_over}")
    assert outcome.worked, f"{block.where}\n{outcome.said}"


@pytest.mark.slow
@pytest.mark.parametrize("block", SLOW, ids=lambda block: f"{block.where}:{block.text.splitlines()[0]}")
def test_a_slow_block_works_after_those_before_it(whole_walk: Walk, block: Code):
    test_a_block_works_after_those_before_it(whole_walk, block)


@pytest.mark.slow
def test_the_readme_works_as_it_stands(tmp_path):
    """Nothing is shortened; for two hours."""
    walk = Walk(tmp_path, PAGES[:1], shortened=False)
    outcomes = [walk.outcome(block) for block in RUN if block.page == "README.md"]
    failed = [outcome.said for outcome in outcomes if not outcome.worked]
    assert not failed, "\n\n".join(failed)


def test_no_command_hides_in_a_block_that_is_not_run():
    hidden = [
        f"{block.where}: {line}"
        for block in BLOCKS
        if block not in RUN and block.language in SHELLS
        for line in block.text.splitlines()
        if is_command(line)
    ]
    assert hidden == [], "a block of commands begins with a command, and output stands in a block of its own"


def test_a_block_of_commands_has_nothing_else():
    strange = [
        f"{block.where}: {line}"
        for block in RUN
        if block.is_commands
        for line in block.commands
        if not is_command(line)
    ]
    assert strange == []
