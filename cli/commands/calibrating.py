"""The command that finds out how far a line network's confidence can be trusted."""

from __future__ import annotations

from pathlib import Path

import click

from edgedigits.cli import options
from edgedigits.cli.output import progress, say, show_json, show_table
from edgedigits.cli.reading_options import ReadingModel, ReadingOptions, labelled, of_lines, opened_line_reader

_SHOWN = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)
"""Shares of rejected fields that are told."""


@click.command(short_help="Fit a line network's confidence, and when to reject a line.")
@click.argument("model", type=ReadingModel())
@click.argument("folder", metavar="FIELDS", type=options.NamedPath())
@labelled
@click.option(
    "--target-error", type=float, default=0.5, show_default=True, help="Percent of accepted lines that may be wrong."
)
@options.force
@options.as_json
@of_lines
def calibrate(
    model: Path,
    folder: Path,
    truth: Path | None,
    rows: slice,
    target_error: float,
    force: bool,
    as_json: bool,
    how: ReadingOptions,
) -> None:
    """Fit the confidence of the line network MODEL on labelled FIELDS that it has not learned from.

    Every second field fits the temperature, so that confidences are what share is right; the others choose the
    threshold: lines of less confidence are rejected, so that of the accepted ones, with 95 % certainty, no more than
    --target-error percent are wrong. The card beside MODEL keeps both, and every reader by it follows them; rejects.png
    there shows what each threshold does. Where the fields cannot prove any, the exit code is 3 and every line is
    rejected until a larger --target-error or more fields do.

    \b
    Example:
      edgedigits calibrate out/line8 codes/images --target-error 1
    """
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.core.lines.confidence import error_at
    from edgedigits.core.lines.truth import read_truth, truth_of
    from edgedigits.core.pretrained.bundled import bundled_line_model
    from edgedigits.edge.calibrating import calibrate as fit

    if model == bundled_line_model():
        raise EdgedigitsError(
            "the built-in model belongs to the installation, and its card would be changed",
            f"copy its folder and name the copy: {model.parent}",
        )
    reader = opened_line_reader(model, None, force, how)
    table = truth_of(folder, truth)
    total = len(read_truth(table)[rows])
    with progress() as stage:
        found = fit(reader, folder, table, target_error, rows=rows, progress=lambda done: stage("fields", done, total))
    if as_json:
        show_json(found.as_dict())
    else:
        say(f"temperature {found.temperature:.2f}, fitted on {found.fields[0]:,} fields")
        say(f"on {found.fields[1]:,} others: {found.threshold.explanation}")
        show_table(
            ("rejected %", "wrong % of accepted", ""),
            [(f"{100 * share:.0f}", f"{100 * error_at(found.curve, share):.2f}", "") for share in _SHOWN],
            left=0,
        )
        say(f"kept in {model.parent / 'card.json'}; the curve: {model.parent / 'rejects.png'}")
    if found.threshold.value is None:
        click.get_current_context().exit(3)
