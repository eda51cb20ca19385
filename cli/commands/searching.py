"""Search for settings and architectures, alone or as one worker of many."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgedigits.cli import options
from edgedigits.cli.output import epoch_figures, epochs, loading, say, show_json, show_table

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray

    from edgedigits.train import ProgressCallback

HEAD = ("trial", "validation %", "int8 bytes", "MACs", "network")


_AS_JSON = "edgedigits.search.json"


class _SearchCommand(click.Command):
    """Lets ``--list``, which is carried out while the options are read, know of a ``--json`` that follows it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_AS_JSON] = "--json" in args
        return super().parse_args(ctx, args)


def _list_presets(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from edgedigits.train.search.presets import PRESETS

    if ctx.meta.get(_AS_JSON):
        show_json([asdict(item) for item in PRESETS.values()])
        ctx.exit()
    show_table(
        ("--preset", "trials", "what"),
        [
            (item.name, f"{item.trials} (all)" if item.grid else f"{item.trials} or more", item.about)
            for item in PRESETS.values()
        ],
    )
    ctx.exit()


@click.command(cls=_SearchCommand, short_help="Search for accurate, small and fast networks.")
@click.option("--list", is_eager=True, is_flag=True, expose_value=False, callback=_list_presets, help="List presets.")
@click.option("--preset", required=True, help="What to search; --list tells.")
@options.dataset("A data set of `edgedigits datasets`.", "mnist")
@click.option("--trials", type=int, help="Of the whole study; more than it has are added.  [default: the preset's own]")
@click.option("--storage", metavar="URL", help="sqlite:///FILE or postgresql://USER@HOST/DB.  [default: OUT/study.db]")
@click.option("--study", help="Its name in the database.  [default: PRESET-DATASET]")
@click.option("--seed", default=0, show_default=True, help="Of the split, the first weights and the sampler.")
@options.device
@click.option("--resume", is_flag=True, help="Go on with the search in the output folder.")
@options.out
@options.force
@options.as_json
def search(out: Path, force: bool, resume: bool, as_json: bool, **settings: Any) -> None:
    """Search for the best of accuracy, int8 bytes and multiply-accumulates.

    Accuracy is that of the float network on validation digits; bytes and MACs are of its int8 model. Writes the front:
    a folder with model and card for each trial that no other one beats, and results.json, so that compare and choose
    take it. trials.csv has all trials.

    After a kill or Ctrl-C the same command with --resume goes on; the trial that ran is done again. For many machines,
    give the same command on each with a PostgreSQL database (its password in PGPASSWORD or ~/.pgpass): they share the
    trials, and those of a machine that dies are done by the others.

    \b
    Examples:
      edgedigits search --preset separable --trials 24 --out out/search
      edgedigits search --preset inf283 --out out/worker-1 \\
        --storage postgresql://ann@db.lan/studies
    """
    from edgedigits.train.search import SearchRequest, check_search

    request = SearchRequest(**settings)
    check_search(request, out, force=force, resume=resume)
    with loading("TensorFlow"):
        from edgedigits.train.search import search as run_search

    with _told() as (tell, steps):
        result = run_search(request, out, _to_int8, force=force, resume=resume, progress=tell, epochs=steps)
    if as_json:
        trials = [asdict(record) for record in result.trials]
        show_json({"storage": result.storage, "trials": trials, "front": [row.as_dict() for row in result.rows]})
        return
    complete = sum(record.state == "complete" for record in result.trials)
    say(f"{result.storage}  {complete} of {len(result.trials)} trials complete, front of {len(result.front)}")
    show_table(
        (*HEAD[:2], "test %", *HEAD[2:]),
        [
            (cells[0], cells[1], f"{row.accuracy.percent:.2f}" if row.accuracy else "-", *cells[2:])
            for cells, row in zip(_cells(result.front), result.rows, strict=True)
        ],
    )
    for record in result.trials:
        if record.state == "failed":
            say(f"trial {record.number} failed: {record.reason}")
    click.echo(f"models of the front, trials.csv and trials.png: {out}")


def _to_int8(path: Path, digits: NDArray[uint8]) -> bytes:
    from edgedigits.quantize import convert, load_keras, recipe_named

    return convert(load_keras(path), digits, recipe_named("int8"))


def _cells(front: Sequence[Any]) -> list[tuple[str, ...]]:
    """A line of the table for each trial of the front."""
    return [
        (str(t.number), f"{t.accuracy:.2f}", f"{t.int8_bytes:,}", f"{t.macs:,}", str(t.run.get("network", "")))
        for t in front
    ]


@contextmanager
def _told() -> Iterator[tuple[Callable[[Any], None], ProgressCallback | None]]:
    """On a terminal bars, and the front as a table after each trial; elsewhere a line for whatever happens.

    Yields:
        A function that takes a :class:`edgedigits.train.search.SearchProgress`, and one that takes a
        :class:`edgedigits.train.Progress` of the training that runs.
    """
    if not sys.stderr.isatty():
        with epochs() as steps:
            yield lambda now: click.echo(_line(now), err=True), steps
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        study = bars.add_task("trials", total=None)
        training = bars.add_task("", total=None, visible=False)

        def show(now: Any) -> None:
            bars.update(study, completed=now.complete + now.failed, total=now.total)
            bars.console.print(_line(now), markup=False, highlight=False)
            if now.finished and now.front:
                bars.console.print(_front_table(now.front))

        def show_step(progress: Any) -> None:
            done = (progress.epoch - 1) * progress.steps + progress.step
            name = f"epoch {progress.epoch}/{progress.epochs}, {epoch_figures(progress.metrics, brief=True)}"
            total = progress.epochs * progress.steps
            bars.update(training, description=name, completed=done, total=total, visible=True)

        yield show, show_step


def _front_table(front: Sequence[Any]) -> Any:
    from rich.table import Table

    table = Table(title="front", title_justify="left", box=None)
    for place, name in enumerate(HEAD):
        table.add_column(name, justify="left" if place in (0, len(HEAD) - 1) else "right")
    for cells in _cells(front):
        table.add_row(*cells)
    return table


def _line(now: Any) -> str:
    failed = f", {now.failed} failed" if now.failed else ""
    return (
        f"{now.news}; {now.complete} of {now.total} complete{failed}, {now.running} running, front of {len(now.front)}"
    )
