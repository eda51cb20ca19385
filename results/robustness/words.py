"""What the table and the picture of a corruption suite share: heads, numbers, and which are the best."""

from __future__ import annotations

from collections.abc import Sequence

from edgedigits.results.robustness.suite import CorruptionSuite

VIEWS = {False: "fed as they are", True: "normalised anew, as a reader of pictures feeds them"}
"""How spoilt digits are fed, by whether they are normalised anew."""


def suite_title(suite: CorruptionSuite) -> str:
    """What a suite shows."""
    recipe = suite.recipe
    return f"Percent of {recipe.count:,} digits of {recipe.dataset} read wrongly, by kind of corruption"


def heads_of(suite: CorruptionSuite) -> tuple[str, ...]:
    """Heads of the columns of figures: clean digits, the kinds, their mean."""
    return "clean", *suite.recipe.kinds, "mean"


def number_text(percent: float) -> str:
    """A percentage in four characters or less, 100 aside."""
    return f"{percent:.2f}" if percent < 9.995 else f"{percent:.1f}"


def best_places(rows: Sequence[Sequence[float]]) -> set[tuple[int, int]]:
    """Row and column of the least figure of each column, of all of them where several are; none of a single row."""
    if len(rows) < 2:
        return set()
    least = [min(column) for column in zip(*rows, strict=True)]
    return {(place, at) for place, row in enumerate(rows) for at, value in enumerate(row) if value == least[at]}
