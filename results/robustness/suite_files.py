"""A corruption suite as files: Markdown and a picture beside its JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgedigits.core.files import write_bytes, write_text
from edgedigits.results.robustness.heat_map import heat_map_png
from edgedigits.results.robustness.suite import SUITE, CorruptionSuite
from edgedigits.results.robustness.words import VIEWS, best_places, heads_of, number_text, suite_title
from edgedigits.results.tables.formats import plain_markdown


def write_suite(out: Path, suite: CorruptionSuite) -> tuple[Path, ...]:
    """Write ``corruptions.md`` and ``corruptions.png`` beside ``corruptions.json``.

    Returns:
        The paths of the three files.

    Raises:
        EdgedigitsError: the disk refuses.
    """
    text, picture = suite_markdown(suite), heat_map_png(suite)
    paths = tuple(out / name for name in (SUITE, "corruptions.md", "corruptions.png"))
    write_text(paths[1], text)
    write_bytes(paths[2], picture)
    return paths


def suite_markdown(suite: CorruptionSuite) -> str:
    """A table for digits fed as they are and one for digits normalised anew: a row a model, a column a kind."""
    recipe = suite.recipe
    lines = [f"# {suite_title(suite)}", ""]
    for anew, about in VIEWS.items():
        lines += [f"## {about[:1].upper()}{about[1:]}", "", *_table(suite, anew), ""]
    remarks = ["The mean weighs every kind the same and leaves the clean digits out."]
    remarks += ["The best of each column is bold."] if len(suite.models) > 1 else []
    version = plain_markdown(recipe.edgedigits)
    remarks += [f"Kinds of corruption: `core/corruptions` of edgedigits {version}, seed {recipe.seed}."]
    remarks += [f"Digits: sha256 `{recipe.digits_sha256}`."]
    lines += [" ".join(remarks), ""]
    lines += [
        f"- {plain_markdown(one.label)}: {plain_markdown(one.file)}, sha256 `{one.sha256}`" for one in suite.models
    ]
    return "\n".join(lines) + "\n"


def _table(suite: CorruptionSuite, anew: bool) -> list[str]:
    heads = heads_of(suite)
    rows = [one.percents(anew=anew) for one in suite.models]
    best = best_places(rows)
    lines = [_line(["model", *heads]), "|" + "|".join([" --- ", *(" ---: " for _ in heads)]) + "|"]
    for place, (model, row) in enumerate(zip(suite.models, rows, strict=True)):
        cells = [
            f"**{number_text(value)}**" if (place, column) in best else number_text(value)
            for column, value in enumerate(row)
        ]
        lines.append(_line([plain_markdown(model.label), *cells]))
    return lines


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
