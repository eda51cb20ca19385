"""What the classes of a model are called, as a file of the user's names them."""

from __future__ import annotations

import re
from pathlib import Path

from edgedigits.core.counting import counted
from edgedigits.core.errors import EdgedigitsError

LABEL = re.compile(r"[ -~]{1,64}")
"""Printable ASCII: what every compiler takes within a string, once quotes are escaped."""

MOST_LABELS = 4096
_LARGEST_FILE = MOST_LABELS * 80


def read_labels(path: Path) -> tuple[str, ...]:
    """The names of a text file, one a line; empty lines at its end count nothing.

    Raises:
        EdgedigitsError: the file cannot be read, is no such list, or names two classes alike.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise EdgedigitsError(f"cannot read {path} ({error.strerror})", "check the path of --labels") from error
    if len(data) > _LARGEST_FILE:
        raise EdgedigitsError(f"{path} is too large for a list of labels", "give a text file with one name a line")
    labels = tuple(line.strip() for line in data.decode("latin-1").rstrip().splitlines())
    wrong = next((number for number, label in enumerate(labels, start=1) if not LABEL.fullmatch(label)), 0)
    if wrong or not labels:
        where = f"line {wrong} of {path}" if wrong else str(path)
        raise EdgedigitsError(f"{where} is no label", "give one name of 1 to 64 printable ASCII characters a line")
    twice = next((label for label in labels if labels.count(label) > 1), "") if len(set(labels)) < len(labels) else ""
    if twice:
        raise EdgedigitsError(f"{path} names two classes {twice!r}", "give every class a name of its own")
    return labels


def check_labels(labels: tuple[str, ...], outputs: int, path: Path | None = None) -> None:
    """Make sure that there are as many labels as outputs.

    Raises:
        EdgedigitsError: there are more or fewer.
    """
    if labels and len(labels) != outputs:
        raise EdgedigitsError(
            f"{path or 'the list of labels'} names {counted(len(labels), 'class', 'classes')}, "
            f"the model has {counted(outputs, 'output')}",
            "name every output once, in their order",
        )
