"""Half-way between a network and what became of it: what is new is learned, and less is forgotten.

The mean of the weights of a network and of its fine-tuned form often reads what is new nearly as well as the latter and
all else as well as the former (M. Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgedigits.core.cards import card_of, write_card
from edgedigits.core.files import sha256_of, write_with
from edgedigits.core.keras.line_networks import line_logits, load_line_network
from edgedigits.core.lines.decoding import greedy
from edgedigits.core.lines.judging import metrics_by_origin
from edgedigits.core.lines.labelled import COMPOSED, TEST_LINES, VALIDATION_LINES, Lines, load_lines
from edgedigits.core.paths import StrPath
from edgedigits.core.stages import StageCallback, untold
from edgedigits.train.artifacts import MODEL
from edgedigits.train.lines.data import compose_lines

SHARES = (0.25, 0.5, 0.75, 1.0)
"""Of the fine-tuned weights that are tried; the rest are those of the start."""

FORGOTTEN = 0.5
"""Percentage points of composed lines, of MNIST's validation digits, that may be lost."""


@dataclass(frozen=True)
class Blend:
    """What a share of the fine-tuned weights reads.

    Attributes:
        share: of them; 0 are those of the start.
        composed: percent of composed lines that are read right.
        fields: the same of the validating fields, which were not learned from; 0 where there are none.
    """

    share: float
    composed: float
    fields: float


def blend(
    start: StrPath, trained: StrPath, composed: int, seed: int = 0, progress: StageCallback = untold
) -> tuple[Blend, ...]:
    """Put the best blend in the place of a fine-tuned network; its card says so and is measured anew.

    Args:
        start: the ``model.keras`` that the training started from.
        trained: the folder that it wrote, with the lines that it chose by.
        composed: how many lines are composed to see what is forgotten.
        seed: of them.
        progress: told of the shares that were tried.

    Returns:
        What each share reads, that of the start first; the one that was taken is the last.

    Raises:
        EdgedigitsError: one of the two cannot be loaded, MNIST is missing, or the disk refuses.
    """
    folder = Path(trained)
    network, tuned = load_line_network(start), load_line_network(folder / MODEL)
    before, after = network.get_weights(), tuned.get_weights()
    fields = load_lines(folder / VALIDATION_LINES)
    fields = fields.at([place for place, origin in enumerate(fields.origins) if origin != COMPOSED])
    lines = compose_lines(composed, seed, "validation")
    tried = []
    for number, share in enumerate((0.0, *SHARES), start=1):
        tuned.set_weights(_mean(before, after, share))
        tried.append(Blend(share, _right(tuned, lines), _right(tuned, fields)))
        progress("blends", number, 1 + len(SHARES))
    taken = chosen(tried)
    if taken.share < 1:
        tuned.set_weights(_mean(before, after, taken.share))
        _write(tuned, folder, taken)
    return (*tried, taken)


def chosen(tried: Sequence[Blend]) -> Blend:
    """Of the blends that forget little the one that reads most fields, of equal ones the nearest to the start.

    Where all forget much, the one that forgets least.

    Args:
        tried: the start first, then the others, the nearest first.
    """
    start, *others = tried
    kept = [one for one in others if one.composed >= start.composed - FORGOTTEN]
    if not kept:
        return max(others, key=lambda one: one.composed)
    return max(kept, key=lambda one: one.fields)


def _mean(before: list[Any], after: list[Any], share: float) -> list[Any]:
    return [(1 - share) * one + share * other for one, other in zip(before, after, strict=True)]


def _read(network: Any, lines: Lines) -> list[str]:
    return [greedy(logits) for logits in line_logits(network, lines.strips)]


def _right(network: Any, lines: Lines) -> float:
    if not len(lines):
        return 0.0
    right = sum(text == truth for text, truth in zip(_read(network, lines), lines.texts, strict=True))
    return 100 * right / len(lines)


def _write(network: Any, folder: Path, taken: Blend) -> None:
    """The network and its card, measured on the test lines."""
    card = card_of(folder / MODEL)
    assert card is not None
    test = load_lines(folder / TEST_LINES)
    metrics = metrics_by_origin(test, _read(network, test))
    write_with(folder / MODEL, lambda path: network.save(path, save_format="keras"))
    measured = {
        "test_exact": {origin: round(found.exact, 4) for origin, found in metrics.items()},
        "test_character_error_rate": round(metrics["all"].character_error_rate, 4),
    }
    write_card(
        folder,
        replace(
            card,
            sha256=sha256_of(folder / MODEL),
            bytes=(folder / MODEL).stat().st_size,
            settings={**card.settings, "share_of_fine_tuned_weights": taken.share},
            measured={**card.measured, **measured},
        ),
    )
