"""A reader who types what the pages show, from the first line of the first page on."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.docs.pages import PAGES, ROOT, Code, blocks
from tests.docs.rules import rules_for

SECONDS = 600
LEFT_OUT = (".git", ".venv", "out", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", "benchmarks.json")


@dataclass(frozen=True)
class Outcome:
    """How a block ended: what was typed and printed, or why it was passed over."""

    said: str
    worked: bool
    passed_over: str = ""


class Walk:
    """Runs the blocks of pages in order, each once, in a copy of the checkout.

    A command that was typed before is not typed again, nor with ``--force``.

    Args:
        folder: an empty one.
        pages: those that are read.
        shortened: whether what takes long is shortened as its rule says, or runs as it stands, for hours.
        slow: whether what its rule calls slow runs, too.
    """

    def __init__(
        self, folder: Path, pages: Sequence[Path] = PAGES, *, shortened: bool = True, slow: bool = False
    ) -> None:
        self._shortened = shortened
        self._slow = slow or not shortened
        self._place = folder / "checkout"
        shutil.copytree(ROOT, self._place, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
        self._home = folder / "home"
        self._home.mkdir()
        self._todo = [block for page in pages for block in blocks(page) if block.is_python or block.is_commands]
        self._typed: set[str] = set()
        self._outcomes: dict[Code, Outcome] = {}

    def outcome(self, block: Code) -> Outcome:
        """How a block ended; what stands before it is run first."""
        while block not in self._outcomes:
            following = self._todo.pop(0)
            self._outcomes[following] = self._python(following) if following.is_python else self._commands(following)
        return self._outcomes[block]

    def _python(self, block: Code) -> Outcome:
        return self._run([sys.executable, "-c", block.text], block.text)

    def _commands(self, block: Code) -> Outcome:
        lines, port = [], _free_port()
        for command in block.commands:
            (rule,) = rules_for(command)
            runs = rule.command(command) if self._shortened or rule.runs is None else command
            if command.removesuffix(" --force") in self._typed or runs is None or (rule.slow and not self._slow):
                continue
            if lacking := [program for program in rule.programs if shutil.which(program) is None]:
                return Outcome("", True, f"{', '.join(lacking)} not installed")
            if rule.data and not (Path(os.environ.get("EDGEDIGITS_DATA", "-")) / rule.data).is_dir():
                return Outcome("", True, f"no {rule.data}/ in $EDGEDIGITS_DATA")
            runs = runs.replace("{port}", str(port))
            right = " || ".join(f"[ $code = {code} ]" for code in rule.codes)
            if runs.endswith("&") or runs.startswith("cd "):
                lines.append(runs)
            else:
                lines.append(f"{{ {runs}; }} || {{ code=$?; {right} || exit $code; }}")
                self._typed.add(command)
        if not lines:
            return Outcome("", True)
        script = "\n".join(("trap 'kill $(jobs -p) 2>/dev/null' EXIT", "set -v", *lines, "exit 0"))
        return self._run(["bash", "-c", script], script)

    def _run(self, command: list[str], shown: str) -> Outcome:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "EDGEDIGITS_C"))
        }
        programs = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        with (self._home / "output").open("w+") as output:
            done = subprocess.run(
                command,
                cwd=self._place,
                env={**environment, "PATH": programs, "HOME": str(self._home), "COLUMNS": "200"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=SECONDS if self._shortened else None,
                check=False,
            )
            output.seek(0)
            said = output.read()
        return Outcome(f"{shown}\n---\n{said}\nexit code {done.returncode}", done.returncode == 0)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
