"""Mutants that no test can notice: what is said of them is true of the modules, and CONTRIBUTING tells it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "mutants"))

from explained import EXPLAINED, TASTE, reason_of  # noqa: E402
from run_mutants import TESTS  # noqa: E402

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def tables() -> dict[str, list[list[str]]]:
    """The tables of the page by the name of their first column: their rows without the head."""
    found: dict[str, list[list[str]]] = {}
    for table in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE):
        head, _, *rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in table.splitlines()]
        found[head[0]] = rows
    return found


def test_every_line_that_is_explained_stands_in_its_module() -> None:
    for where in EXPLAINED.values():
        for module, changes in where.items():
            text = " ".join((ROOT / module).read_text(encoding="utf-8").split())
            for line, change in changes:
                assert line in text, f"{module} has no {line!r} any more"
                assert line != change
                assert reason_of(module, line, change)


def test_one_number_of_a_line_of_taste_may_be_another_and_nothing_else() -> None:
    for module, lines in TASTE.items():
        text = " ".join((ROOT / module).read_text(encoding="utf-8").split())
        assert all(line in text for line in lines)
    line = TASTE["quantize/proof/proving.py"][2]
    for old, new in (("0.45", "1.45"), ("(4, 17)", "( -1, 17)")):
        assert reason_of("quantize/proof/proving.py", line, line.replace(old, new))
    assert not reason_of("quantize/proof/proving.py", line, line.replace("title", "name"))
    assert not reason_of("core/digit.py", line, line.replace("0.45", "1.45"))


def test_the_page_names_every_module_that_is_mutated() -> None:
    rows = tables()["module"]
    assert [name.strip("`") for name, *_ in rows] == list(TESTS)
    for name, *counts in rows:
        if counts != ["-"] * 4:
            mutants, *parts = map(int, counts)
            assert mutants == sum(parts), name


def test_all_modules_of_graph_and_planning_are_mutated() -> None:
    for folder in ("graph", "planning"):
        for module in (ROOT / "firmware_export" / folder).glob("*.py"):
            if module.name != "__init__.py":
                assert str(module.relative_to(ROOT)) in TESTS


@pytest.mark.parametrize("module", TESTS)
def test_a_module_that_is_mutated_and_its_tests_are_there(module: str) -> None:
    assert (ROOT / module).is_file()
    for word in TESTS[module].split():
        if word.startswith("tests/"):
            assert (ROOT / word.partition("::")[0]).is_file()
