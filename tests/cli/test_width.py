"""What the commands print fits a terminal of 80 columns; only a path may be longer."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from measured_rows import baseline_rows, latency, network_rows, row, write_results

from edgedigits.cli.main import main

DOCUMENTED = Path(__file__).parents[2] / "docs" / "benchmark"
WIDTH = 80
COMMANDS = (
    ("models",),
    ("datasets",),
    ("baselines",),
    ("firmware", "cores"),
    ("search", "--list"),
    ("compare", "ROWS"),
    ("compare", "DOCUMENTED"),
    ("choose", "--max-flash", "42k", "--max-ram", "16k", "--max-latency", "5ms", "--min-accuracy", "99", "ROWS"),
    ("choose", "--max-flash", "40k", "--max-ram", "8k", "--max-latency", "5ms", "--min-accuracy", "99", "DOCUMENTED"),
    ("choose", "--core", "m4", "--max-flash", "12k", "--max-ram", "3k", "DOCUMENTED"),
    ("evaluate", "builtin", "--dataset", "samples"),
)


def printed(words: tuple[str, ...], folder: Path, width: int) -> str:
    results = write_results(folder, *network_rows(), *baseline_rows(), row("busy", latencies=(latency(9.0, load=0.5),)))
    places = {"ROWS": results.folder, "DOCUMENTED": DOCUMENTED}
    arguments = [str(places.get(word, word)) for word in words]
    found = CliRunner().invoke(main, arguments, env={"COLUMNS": str(width)})
    assert found.exit_code == 0, found.output
    return found.stdout


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_line_is_wider_than_the_terminal(words: tuple[str, ...], tmp_path: Path):
    lines = printed(words, tmp_path / "rows", WIDTH).splitlines()
    assert lines and [line for line in lines if len(line) > WIDTH and "/" not in line] == []


def test_what_there_was_no_room_for_is_said_and_a_wider_terminal_shows_it(tmp_path: Path):
    narrow = printed(("compare", "DOCUMENTED"), tmp_path / "rows", WIDTH)
    wide = printed(("compare", "DOCUMENTED"), tmp_path / "more", 250)
    said = " ".join(narrow.partition("no room for: ")[2].split())
    assert said.startswith("MACs, arena, instructions on m55, RAM on m55, flash on m55,") and "--json all" in said
    assert "no room for" not in wide and "70,832" in wide and "70,832" not in narrow
