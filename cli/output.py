"""Results on the terminal: tables and JSON on standard output, progress on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

Stage = Callable[[str, int, int], None]


def show_json(value: Any) -> None:
    """Print a value as one indented JSON document."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def show_table(head: Sequence[str], rows: Sequence[Sequence[object]], *, left: int = 1) -> None:
    """Print aligned columns: the first ``left`` and the last one to the left, the others to the right."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    last = len(head) - 1
    for row in cells:
        parts = [
            cell.ljust(width) if column < left or column == last else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  ".join(parts).rstrip())


@contextmanager
def loading(what: str) -> Iterator[None]:
    """A spinner on a terminal while something loads that takes seconds; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(f"loading {what}"):
        yield


@contextmanager
def progress() -> Iterator[Stage]:
    """Bars on a terminal, a line at the end of each stage elsewhere.

    Yields:
        A function that takes the stage's name, how much is done and how much there is.
    """
    if not sys.stderr.isatty():
        yield _plain_stage()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def show(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], completed=done, total=total)

        yield show


def _plain_stage() -> Stage:
    def show(name: str, done: int, total: int) -> None:
        if done >= total:
            click.echo(f"{name}: {total} done", err=True)

    return show


@contextmanager
def epochs() -> Iterator[Any]:
    """A bar for each epoch on a terminal, a line an epoch elsewhere.

    Yields:
        A function that takes a :class:`edgedigits.train.Progress`.
    """
    with progress() as stage:

        def show(now: Any) -> None:
            figures = "  ".join(f"{name} {value:.4f}" for name, value in now.metrics.items())
            if sys.stderr.isatty():
                stage(f"epoch {now.epoch}/{now.epochs}", now.step, now.steps)
            elif now.step == now.steps:
                click.echo(f"epoch {now.epoch}/{now.epochs}  {figures}", err=True)

        yield show
