"""Commands that read a station's journal: as a table, as data sets, on the terminal."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from edgedigits.cli import options
from edgedigits.cli.output import say, show_json, show_table
from edgedigits.core.counting import counted

_folder = click.argument("folder", type=options.NamedPath())


@click.group(short_help="Export and show what a sorting station kept.")
def journal() -> None:
    """Export and show what a sorting station kept: its pieces, and what people keyed.

    FOLDER is the journal's folder, as [journal] in the station's file names it, or a file that was set aside. The
    station may run meanwhile.

    \b
    Examples:
      edgedigits journal show journal
      edgedigits journal export journal --out out/pieces.csv
      edgedigits journal labelled journal --out out/labelled
    """


@journal.command(short_help="Write all pieces as CSV or Parquet.")
@_folder
@click.option("--out", required=True, type=click.Path(path_type=Path), help="FILE.csv or FILE.parquet to write.")
@click.option("--force", is_flag=True, help="Replace FILE where it exists.")
@options.as_json
def export(folder: Path, out: Path, force: bool, as_json: bool) -> None:
    """Write all pieces of a journal with their labels as one table, CSV or Parquet by the end of its name.

    Rows are in the order in which results became final; pieces that wait for a person come last, without a sequence.
    Times are UTC. `label` is what a person keyed, empty where nobody could read it; `live` says whether that became
    the piece's result. Parquet needs pip install "edgedigits[parquet]".

    \b
    Examples:
      edgedigits journal export journal --out out/pieces.csv
      edgedigits journal export journal --out out/pieces.parquet
    """
    from edgedigits.edge.station.journal.exporting import export_journal

    done = export_journal(folder, out, force=force)
    if as_json:
        show_json(asdict(done) | {"out": str(done.out)})
        return
    click.echo(done.out)
    say(f"{counted(done.pieces, 'piece')}, {done.labelled:,} labelled")


@journal.command(short_help="Write labelled pieces as a data set.")
@_folder
@options.out
@click.option(
    "--as",
    "kind",
    type=options.SuggestingChoice(["lines", "folder"]),
    default="lines",
    show_default=True,
    help="Whole codes, or single digits where their boxes are known.",
)
@options.force
@options.as_json
def labelled(folder: Path, out: Path, kind: str, force: bool, as_json: bool) -> None:
    """Write the pieces that people labelled as a data set to train on.

    As lines: images/ and truth.csv (image,text), as `edgedigits fields` and --dataset lines:FOLDER take them. As
    folder: DIR/<digit>/*.png for --dataset folder:DIR, of the pieces of which each digit's box is known. Pieces that
    nobody could read, or whose pictures are not kept, are left out and counted.

    \b
    Examples:
      edgedigits journal labelled journal --out out/labelled
      edgedigits journal labelled journal --as folder --out out/digits
    """
    from edgedigits.edge.station.journal.labelled import export_labelled

    done = export_labelled(folder, out, "folder" if kind == "folder" else "lines", force=force)
    if as_json:
        show_json(asdict(done) | {"folder": str(done.folder)})
        return
    click.echo(done.folder)
    say(f"{counted(done.pieces, 'piece')}, {counted(done.pictures, 'picture')}")
    for why, number in done.left_out.items():
        say(f"left out {counted(number, 'piece')}: {why}", err=True)


@journal.command(short_help="Show the last results.")
@_folder
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Results to show.")
@options.as_json
def show(folder: Path, limit: int, as_json: bool) -> None:
    """Show the last results of a journal, the newest first. Times are UTC.

    \b
    Example:
      edgedigits journal show journal --limit 5
    """
    from edgedigits.edge.station.journal.read_only import last_results
    from edgedigits.edge.station.results import moment

    results = last_results(folder, limit)
    if as_json:
        show_json([result.as_dict() for result in results])
        return
    if not results:
        say(f"no results in {folder} yet")
        return
    rows = [
        (moment(one.decided), one.outcome, one.code, one.bin, f"{one.confidence:.3f}", one.person, one.why)
        for one in results
    ]
    show_table(("decided", "outcome", "code", "bin", "confidence", "person", "why"), rows, left=4, optional=(5, 3))
