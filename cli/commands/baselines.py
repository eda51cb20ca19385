"""Commands of the reports' systems: list, measure, cross-validate, lay beside what was reported."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgedigits.cli import options
from edgedigits.cli.output import epoch_teller, epochs, loading, progress, say, show_json, show_note, show_table

if TYPE_CHECKING:
    from edgedigits.results import Row
    from edgedigits.train import Baseline, CrossValidation, FoldScore, TrainingRequest
    from edgedigits.train.baselines.reported import Measured


@click.command(short_help="List the systems of the reports, and what they reported.")
@options.as_json
def baselines(as_json: bool) -> None:
    """List the systems that five student reports describe, and what they reported.

    \b
    Example:
      edgedigits baselines
    """
    from edgedigits.train.baselines.catalogue import BASELINES
    from edgedigits.train.baselines.reported import no_figure

    if as_json:
        show_json([asdict(entry) for entry in BASELINES.values()])
        return
    rows: list[tuple[str, ...]] = []
    for entry in BASELINES.values():
        figures = [(figure.percent, figure.how) for figure in entry.reported] or [("-", no_figure(entry))]
        rows += [(entry.name, entry.split, *figure) for figure in figures]
    show_table(("name", "split", "reported %", "how"), rows, left=2)


@click.command(short_help="Fit and measure one system of the reports.")
@click.argument("name")
@options.dataset("A data set of `edgedigits datasets`.", "mnist")
@click.option("--split", help="How to divide it.  [default: as the report did]")
@click.option("--folds", type=int, help="Cross-validate over so many folds instead.")
@click.option("--seed", default=0, show_default=True, help="Of the split and of what is drawn while fitting.")
@click.option("--epochs", "epoch_count", type=int, help="Of a network.  [default: its own]")
@click.option("--trained", type=click.Path(path_type=Path), help="Take this folder of `train` instead of training.")
@click.option("--resume", is_flag=True, help="Go on with a run that was interrupted.")
@options.out
@options.force
@options.as_json
def baseline(
    name: str,
    dataset: str,
    split: str | None,
    folds: int | None,
    seed: int,
    epoch_count: int | None,
    trained: Path | None,
    resume: bool,
    out: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Fit and measure the system NAME of the reports: a classical one, or a network of the zoo.

    Settings are chosen on validation digits; what was chosen is measured on the test digits of the report's split and
    on the data set's own. Writes a folder of results as `benchmark` does, with the model, every setting that was tried
    and a plot of them. With --folds, every digit of the pool is tested once instead; finished folds are kept, so that
    the same command with --resume goes on after a kill.

    \b
    Examples:
      edgedigits baseline knn --out out/knn
      edgedigits baseline nf264-cnn1 --trained out/float --out out/nf264-cnn1
      edgedigits baseline random-forest --folds 5 --out out/forest-folds
    """
    from edgedigits.train import BaselineRequest
    from edgedigits.train.baselines.baseline_request import check, check_folder
    from edgedigits.train.folds import check_folder as check_folder_of_folds

    request = BaselineRequest(name, dataset, split, seed, epoch_count)
    entry = check(request)
    if folds is not None and trained:
        raise click.UsageError("--trained is one training, --folds makes a training a fold: leave one of them out")
    if folds is not None:
        check_folder_of_folds(out, force, resume)
    else:
        check_folder(out, force=force, resume=resume)
    with loading("scikit-learn"):
        from edgedigits.train import baseline_folds, run_baseline

    with _telling(entry) as tell:
        if folds is not None:
            found = baseline_folds(request, folds, out, force=force, resume=resume, told_fold=show_fold, **tell)
        else:
            row = run_baseline(request, out, trained=trained, force=force, resume=resume, **tell)
    if folds is not None:
        show_folds(found, out, as_json)
    elif as_json:
        show_json(row.as_dict())
    else:
        _show_row(entry, row, out)


@contextmanager
def _telling(entry: Baseline) -> Iterator[dict[str, Any]]:
    """Who is told of progress: of the epochs of a network, of the stages of all."""
    with progress() as stage:
        yield {"told": stage, **({"progress": epoch_teller(stage)} if entry.maker == "network" else {})}


def _show_row(entry: Baseline, row: Row, out: Path) -> None:
    from edgedigits.core.machine.load import busy_words
    from edgedigits.results.tables.columns import microseconds
    from edgedigits.train.baselines.reported import why_ours_differ

    say(f"{entry.name}: {entry.about}")
    if chosen := row.settings.get("chosen"):
        words = ", ".join(f"{key} {value}" for key, value in chosen.items())
        say(f"chosen: {words} (validation accuracy {row.settings['validation accuracy']:.2f} %)")
    for accuracy in (row.split_accuracy, row.accuracy):
        if accuracy:
            say(f"accuracy {accuracy.percent:.2f} % of {accuracy.count:,} digits ({accuracy.digits})")
    for figure in entry.reported:
        say(f"reported {figure.percent} % ({figure.how})")
    say(f"{row.bytes:,} bytes, {row.gzip_bytes:,} after gzip; fitted in {row.seconds:.1f} s")
    for latency in row.latencies:
        assert latency.median_us is not None
        busy, median = busy_words(latency.load), microseconds(latency.median_us)
        say(
            f"{median} µs a digit in calls of {latency.batch:,} ({latency.runtime}, one thread)"
            f"{f'; {busy} meanwhile' if busy else ''}"
        )
    for note in row.notes:
        say(f"note: {note}")
    say(f"why ours may differ: {why_ours_differ(entry, row.settings.get('data'))}\nwritten to {out}")


def show_fold(score: FoldScore, folds: int) -> None:
    """Tell of a finished fold on standard error."""
    say(
        f"fold {score.fold} of {folds}: {score.percent:.2f} % of {score.count:,} digits, {score.seconds:.1f} s",
        err=True,
    )


def show_folds(found: CrossValidation, out: Path, as_json: bool) -> None:
    """Print a finished cross-validation."""
    from edgedigits.train.folds import INTERVAL, SUMMARY

    if as_json:
        show_json(asdict(found))
        return
    show_table(
        ("fold", "accuracy %", "digits", "validation %", "seconds", "chosen"),
        [
            (
                score.fold,
                f"{score.percent:.2f}",
                f"{score.count:,}",
                f"{score.validation_percent:.2f}",
                f"{score.seconds:.1f}",
                ", ".join(f"{key} {value}" for key, value in score.settings.items()),
            )
            for score in found.scores
        ],
    )
    say(f"mean {found.mean:.2f} %, standard deviation {found.deviation:.2f}, {found.low:.2f} to {found.high:.2f}")
    say(f"{INTERVAL}\nwritten to {out / SUMMARY}")


def train_with_folds(
    request: TrainingRequest, folds: int, out: Path, *, force: bool, resume: bool, as_json: bool
) -> None:
    """What ``edgedigits train --folds`` does."""
    from edgedigits.train import train_folds

    with epochs() as tell:
        found = train_folds(
            request, folds, out, force=force, resume=resume, progress=tell, told=show_fold, advise=show_note
        )
    show_folds(found, out, as_json)


@click.command(short_help="Compare what the reports say with what was measured.")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DIR...")
@click.option("--out", type=click.Path(path_type=Path), help="File to write the table into, as Markdown.")
@click.option("--force", is_flag=True, help="Replace the file.")
@options.as_json
def reported(folders: tuple[Path, ...], out: Path | None, force: bool, as_json: bool) -> None:
    """Lay what the reports say beside what was measured, and say why the two differ.

    DIR... are folders that `edgedigits baseline` made, with or without --folds.

    \b
    Examples:
      edgedigits reported out/knn out/forest-folds
      edgedigits reported out/knn out/forest-folds --out reported.md
    """
    from edgedigits.core.files import refuse_to_replace, write_text
    from edgedigits.train.baselines.reported import gather_measured, reported_json, reported_markdown

    if out:
        refuse_to_replace(out, force, "--out")
    measured = gather_measured(folders)
    if out:
        write_text(out, reported_markdown(measured))
    if as_json:
        show_json(reported_json(measured))
        return
    if out is None:
        _show_measured(measured)
    else:
        click.echo(out)


def _show_measured(measured: tuple[Measured, ...]) -> None:
    """A line of figures for each system, and below what each of them is and why they differ."""
    from edgedigits.train.baselines.reported import folds_cell, no_figure, why

    lines = []
    for one in measured:
        row, folds = one.row, one.folds
        given = "; ".join(figure.percent for figure in one.entry.reported) or "-"
        parts = (row and row.split_accuracy, row and row.accuracy)
        crossed = f"{folds.mean:.2f}" if folds else "-"
        lines.append((one.entry.name, given, *(f"{part.percent:.2f}" if part else "-" for part in parts), crossed, ""))
    head = ("system", "reported %", "its split's test part %", "own test digits %", "cross-validated %", "")
    show_table(head, lines, left=2)
    for one in measured:
        said = [f"reported {figure.percent} %: {figure.how}" for figure in one.entry.reported]
        said = said or [no_figure(one.entry)]
        parts = (one.row and one.row.split_accuracy, one.row and one.row.accuracy)
        read = [f"{part.percent:.2f} % of {part.count:,} digits ({part.digits})" for part in parts if part]
        over_folds = [f"cross-validated: {folds_cell(one.folds)}"] if one.folds else []
        click.echo(f"\n{one.entry.name}")
        for sentence in (*said, *(["measured: " + "; ".join(read)] if read else []), *over_folds, why(one)):
            say(f"  {sentence}")
