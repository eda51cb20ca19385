"""What was read right of labelled lines, by where they come from; and the lines that a network is judged on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from edgedigits.core.cards import Card
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.labelled import (
    COMPOSED,
    TEST_LINES,
    Lines,
    learned_and_judged,
    load_fields,
    load_lines,
    strips_of,
)
from edgedigits.core.lines.naming import LINES, folders_of
from edgedigits.core.statistics.edits import differences
from edgedigits.core.statistics.line_metrics import LineMetrics, line_metrics

ALL = "all"


def metrics_by_origin(lines: Lines, read: Sequence[str]) -> dict[str, LineMetrics]:
    """What was read right of lines, of ``all`` and by where they come from."""
    found = {ALL: line_metrics(lines.texts, read)}
    for origin in dict.fromkeys(lines.origins):
        places = [place for place, one in enumerate(lines.origins) if one == origin]
        found[origin] = line_metrics([lines.texts[place] for place in places], [read[place] for place in places])
    return found


def confusions(lines: Lines, read: Sequence[str]) -> tuple[tuple[str, str, int], ...]:
    """Digits that were read wrongly, as (truth, reading, count), the most frequent first.

    An empty truth stands for a digit that was made up, an empty reading for one that was missed.
    """
    pairs = zip(lines.texts, read, strict=True)
    found = Counter(pair for truth, text in pairs for pair in differences(truth, text))
    return tuple((truth, text, count) for (truth, text), count in found.most_common())


def own_test_lines(model: Path, card: Card) -> Lines:
    """The test lines that a training left beside its network, and quantization beside the model that it made.

    Raises:
        EdgedigitsError: they are missing, or not those that the card names.
    """
    path = model.parent / TEST_LINES
    lines = load_lines(path)
    if lines.sha256() != card.dataset.get("test_sha256"):
        raise EdgedigitsError(
            f"{path} holds other lines than the card of {model.name} names",
            "copy the file from where the network was trained, or train it again",
        )
    return lines


def lines_to_judge(model: Path, card: Card, dataset: str | None = None) -> Lines:
    """The lines that a line network is measured on.

    Args:
        model: of the file.
        card: of the model.
        dataset: ``lines`` for the composed ones of its own test lines, ``lines:FOLDER[,FOLDER]`` for the odd rows of
            folders of fields, as the even ones may have been learned from, or those of the part ``test``; None for its
            own test lines.

    Raises:
        EdgedigitsError: a name of digits, or lines that are missing or damaged.
    """
    if dataset is None or dataset == LINES:
        own = own_test_lines(model, card)
        return own if dataset is None else own.of(COMPOSED)
    found = Lines((), (), ())
    for folder in folders_of(dataset):
        found += strips_of(learned_and_judged(load_fields(folder))[1], str(folder))
    if not len(found):
        raise EdgedigitsError(
            f"{dataset} has no odd rows, counted from 0, and only those judge: even ones are learned from",
            "give folders with two fields at least, or with some of the part test",
        )
    return found
