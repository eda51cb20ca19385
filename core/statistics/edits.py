"""How a reading differs from the truth: the fewest insertions, deletions and substitutions between two texts."""

from __future__ import annotations

from collections.abc import Iterator


def edits(truth: str, text: str) -> Iterator[tuple[int | None, int | None]]:
    """The fewest edits between two texts, from the end to the start, as places in the truth and in the reading.

    None in place of the first marks a made-up character, in place of the second a missed one; both are given where one
    was taken for another. Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals", 1966.
    """
    table = [list(range(len(text) + 1))]
    for row, wanted in enumerate(truth, 1):
        line = [row]
        for column, given in enumerate(text, 1):
            above = table[row - 1]
            line.append(min(above[column - 1] + (wanted != given), above[column] + 1, line[column - 1] + 1))
        table.append(line)
    row, column = len(truth), len(text)
    while row or column:
        here = table[row][column]
        if row and column and here == table[row - 1][column - 1] + (truth[row - 1] != text[column - 1]):
            row, column = row - 1, column - 1
            if truth[row] != text[column]:
                yield row, column
        elif row and here == table[row - 1][column] + 1:
            row -= 1
            yield row, None
        else:
            column -= 1
            yield None, column


def differences(truth: str, text: str) -> Iterator[tuple[str, str]]:
    """The fewest edits as (truth, reading) pairs; an empty side marks a digit that was missed or made up."""
    for row, column in edits(truth, text):
        yield "" if row is None else truth[row], "" if column is None else text[column]


def edit_distance(truth: str, text: str) -> int:
    """How many the fewest edits between two texts are: 0 of equal ones."""
    return 0 if truth == text else sum(1 for _ in edits(truth, text))
