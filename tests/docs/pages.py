"""The pages that users read, taken apart: blocks of commands, of Python, of anything else, code within sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
SHELLS = {"", "sh", "bash", "shell", "console"}
_PROGRAM = re.compile(
    r"(?:\w+=\S* )*(?:\S*/)?"  # variables, and where the program lies
    r"(?:edgedigits|make|python3?(?:\.\d+)?|pip3?|pytest|pipx|uv|cc|gcc|clang|\S+-gcc|qemu-\S+|cmake|kill|sudo|apt|apt-get"
    r"|git|docker|export|source|\.|cd|cp|mv|rm|mkdir|ssh|scp|rsync|curl|wget|tar|openssl|printf|sh|bash|west|idf\.py|pio|arduino\S*)"
    r"(?: |$)"
)


@dataclass(frozen=True)
class Code:
    """Code that a page shows.

    Attributes:
        page: path below the checkout.
        line: of the page, counted from one, where the text begins.
        language: after the fence; nothing for an indented block and within a sentence.
        text: as it is shown.
    """

    page: str
    line: int
    language: str
    text: str

    @property
    def where(self) -> str:
        """For messages."""
        return f"{self.page}:{self.line}"

    @property
    def is_python(self) -> bool:
        """A block of Python, fenced or not."""
        shown = self.language == "" and re.match(r"(from \S+ )?import \S", self.text) is not None
        return self.language == "python" or shown

    @property
    def is_commands(self) -> bool:
        """A block that a shell takes."""
        return self.language in SHELLS and is_command(self.text)

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands of a block: comments left out, continued lines joined."""
        whole = re.sub(r"\\\n\s*", "", self.text)
        lines = (re.sub(r"(^|\s+)#( .*)?$", "", line).strip() for line in whole.splitlines())
        return tuple(line for line in lines if line)


def is_command(text: str) -> bool:
    """Whether a text begins like a command."""
    return _PROGRAM.match(text) is not None


def blocks(page: Path) -> tuple[Code, ...]:
    """Fenced and indented blocks of a page, in order."""
    return tuple(
        Code(_name(page), token.map[0] + (2 if token.type == "fence" else 1), token.info.strip(), token.content)
        for token in _parsed(page)
        if token.type in {"fence", "code_block"} and token.map
    )


def sentences(page: Path) -> tuple[Code, ...]:
    """Code within the sentences and tables of a page, in order."""
    return tuple(
        Code(_name(page), token.map[0] + 1, "", child.content)
        for token in _parsed(page)
        if token.type == "inline" and token.map
        for child in token.children or ()
        if child.type == "code_inline"
    )


def _parsed(page: Path) -> list:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()
