"""Tables and sentences as wide as the terminal: wrapped, with fewer columns, or a row a block; nothing is cut."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

NO_TERMINAL = 80
"""Columns where nobody says how many there are, as in a pipe."""

_LEAST = 40  # columns; below them nothing can be laid out
_LEAST_TEXT = 12  # columns of a text that may be wrapped
_GAP = "  "
_COMMAND = re.compile(r"`[^`]+`")
_KEPT = "\ue000"  # stands for a blank at which no line is broken; of no text, as it is of Unicode's private part
_SHELL_WORD = re.compile(r"""(?:[^\s'"]|'[^']*'|"[^"]*")+""")


@dataclass(frozen=True)
class FittedTable:
    """A table that fits.

    Attributes:
        lines: to print.
        left_out: heads of the columns that there was no room for.
    """

    lines: tuple[str, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Column:
    cells: tuple[str, ...]  # the first one is the head
    is_text: bool
    rank: int  # 0: always shown; of the others the highest goes first

    @property
    def natural(self) -> int:
        return max(len(line) for cell in self.cells for line in cell.split("\n"))

    @property
    def least(self) -> int:
        """How narrow it can be: a number stays in one line, its head and a text may be wrapped between words."""
        wrapped = self.cells if self.is_text else self.cells[:1]
        words = max((len(piece) for cell in wrapped for piece in _pieces(cell)), default=0)
        if self.is_text:
            return max(words, min(self.natural, _LEAST_TEXT))
        return max(words, *(len(line) for cell in self.cells[1:] for line in cell.split("\n")), 0)


def terminal_width() -> int:
    """Columns of the terminal, as $COLUMNS or the terminal itself says; :data:`NO_TERMINAL` where neither does."""
    return max(_LEAST, shutil.get_terminal_size((NO_TERMINAL, 24)).columns)


def wrapped(text: str, width: int, indent: str = "  ") -> str:
    """Sentences in lines of at most so many columns, all but the first one of each indented; no word is broken.

    Nor is a command in backticks: it is to be copied, and stands in one line, however long.
    """
    fill = textwrap.TextWrapper(width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False).fill
    lines = (_COMMAND.sub(lambda found: found[0].replace(" ", _KEPT), line) for line in text.split("\n"))
    return "\n".join(line if len(line) <= width else fill(line) for line in lines).replace(_KEPT, " ")


def continued(command: str, width: int, indent: str = "    ") -> str:
    """A command of a shell in indented lines of at most so many columns, each but the last with a backslash.

    It is broken between its words, so that the lines can be copied; a single word may be longer.
    """
    lines: list[str] = []
    for word in _SHELL_WORD.findall(command):
        room = width - len(" \\")
        if lines and len(lines[-1]) + 1 + len(word) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(f"{indent}{'  ' if lines else ''}{word}")
    if len(lines) > 1 and len(lines[-2]) + 1 + len(lines[-1].strip()) <= width:
        last = lines.pop()
        lines[-1] += f" {last.strip()}"
    return " \\\n".join(lines)


def fit_table(
    head: Sequence[object],
    rows: Sequence[Sequence[object]],
    width: int,
    *,
    left: int = 1,
    optional: Sequence[int] = (),
) -> FittedTable:
    """Lay a table out in at most so many columns of text.

    Heads are wrapped first, then texts; then the optional columns are left out one by one; where that does not do
    either, each row becomes a block of lines.

    Args:
        head: of each column.
        rows: a cell for each column; a line break in a cell is kept.
        width: of the terminal.
        left: columns that are texts; the last one is always one. Texts stand to the left, all others to the right.
        optional: places of the columns that may be left out, the first one first.
    """
    ranks = {place: len(optional) - order for order, place in enumerate(optional)}
    last = len(head) - 1
    columns = [
        _Column(tuple(str(row[place]) for row in (head, *rows)), place < left or place == last, ranks.get(place, 0))
        for place in range(len(head))
    ]
    left_out: list[str] = []
    while sum(column.least for column in columns) + len(_GAP) * (len(columns) - 1) > width:
        going = max(columns, key=lambda column: column.rank)
        if not going.rank:
            return FittedTable(tuple(_blocks(columns, width)), tuple(left_out))
        columns.remove(going)
        left_out.append(going.cells[0].replace("\n", " "))
    return FittedTable(tuple(_lines(columns, _widths(columns, width))), tuple(left_out))


def _widths(columns: Sequence[_Column], width: int) -> list[int]:
    """As wide as each column is by itself, less what does not fit: of heads over numbers first, then of texts."""
    widths = [column.natural for column in columns]
    room = width - len(_GAP) * (len(columns) - 1)
    for texts in (False, True):
        while sum(widths) > room:
            shrinking = [
                place
                for place, column in enumerate(columns)
                if column.is_text == texts and widths[place] > column.least
            ]
            if not shrinking:
                break
            widths[max(shrinking, key=lambda place: widths[place])] -= 1
    return widths


def _lines(columns: Sequence[_Column], widths: Sequence[int]) -> list[str]:
    lines = []
    for number in range(len(columns[0].cells)):
        cells = [_cell(column.cells[number], width) for column, width in zip(columns, widths, strict=True)]
        height = max(map(len, cells))
        for line in range(height):
            parts = []
            for column, width, cell in zip(columns, widths, cells, strict=True):
                place = line - (height - len(cell)) if number == 0 else line  # heads stand on their columns
                text = cell[place] if 0 <= place < len(cell) else ""
                parts.append(text.ljust(width) if column.is_text else text.rjust(width))
            lines.append(_GAP.join(parts).rstrip())
    return lines


def _blocks(columns: Sequence[_Column], width: int) -> list[str]:
    """Each row as a block: its first texts, then every figure with its head."""
    texts = next((place for place, column in enumerate(columns) if not column.is_text), 1)
    lines: list[str] = []
    for number in range(1, len(columns[0].cells)):
        title = _GAP.join(" ".join(column.cells[number].split()) for column in columns[:texts]).strip()
        told = [f"{column.cells[0]} {column.cells[number]}" for column in columns[texts:] if column.cells[number]]
        figures = "; ".join(" ".join(one.split()) for one in told)
        lines += [*wrapped(title, width).split("\n"), *wrapped(f"  {figures}", width).split("\n")]
    return lines


def _cell(text: str, width: int) -> list[str]:
    lines: list[str] = []
    for line in text.split("\n"):
        if len(line) <= width:
            lines.append(line)
            continue
        long = max(map(len, line.split())) > width  # such a word is broken at a hyphen where it has one
        lines += textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=long)
    return lines


def _pieces(text: str) -> list[str]:
    """What a line is not broken within: words, and the parts of a word with hyphens, as textwrap takes them apart."""
    return [piece for piece in re.split(r"\s+", text) for piece in textwrap.wrap(piece, 1, break_long_words=False)]
