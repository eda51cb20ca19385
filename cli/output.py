"""Results on the terminal: tables and JSON on standard output, progress on standard error."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from edgedigits.cli.fitting import continued, fit_table, terminal_width, wrapped

if TYPE_CHECKING:
    from pathlib import Path

    from edgedigits.core.contract.finding import FoundContract
    from edgedigits.core.stages import StageCallback

BEAT_SECONDS = 30.0
"""Seconds of silence after which work that goes on says so, where there is no terminal with bars."""


def show_json(value: Any) -> None:
    """Print a value as one indented JSON document."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def show_table(
    head: Sequence[str], rows: Sequence[Sequence[object]], *, left: int = 1, optional: Sequence[int] = ()
) -> None:
    """Print aligned columns that fit the terminal, as :func:`edgedigits.cli.fitting.fit_table` lays them out.

    Args:
        head: of each column.
        rows: a cell for each column.
        left: columns that are texts, as the last one always is.
        optional: places of the columns that may be left out where there is no room, the first one first.
    """
    fitted = fit_table(head, rows, terminal_width(), left=left, optional=optional)
    click.echo("\n".join(fitted.lines))
    if fitted.left_out:
        say(f"no room for: {', '.join(fitted.left_out)} (a wider terminal shows them, --json all figures)")


def say(text: str, *, err: bool = False, **style: Any) -> None:
    """Print a sentence in lines that fit the terminal, in a style of :func:`click.style` if any."""
    lines = wrapped(text, terminal_width())
    click.echo(click.style(lines, **style) if style else lines, err=err)


def say_command(command: str, *, err: bool = False) -> None:
    """Print a command to copy in lines of its own that fit the terminal."""
    click.echo(continued(command, terminal_width()), err=err)


def warn(text: str) -> None:
    """A warning that is seen among other lines, in lines that fit the terminal."""
    say(f"\nWARNING: {text}\n", err=True, fg="yellow", bold=True)


def tell_contract(model: Path, found: FoundContract) -> None:
    """Say on standard error what a model is fed, where that had to be found out or nothing reads well."""
    from edgedigits.core.contract.finding import ASSUMED

    if found.how == ASSUMED:
        warn(f"input of {model}: {found}; tell it with --input-range and --polarity")
    elif found.tried:
        show_note(f"input of {model}: {found}")


def show_note(text: str) -> None:
    """Something to know beside the result, on standard error."""
    say(f"note: {text}", err=True)


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
def progress() -> Iterator[StageCallback]:
    """Bars on a terminal; elsewhere a line at the end of each stage, and one every half a minute in between.

    Yields:
        A function that takes the stage's name, how much is done, how much there is, and what is known by now.
    """
    if sys.stderr.isatty():
        with _bars() as show:
            yield show
        return
    lines = PlainStages(lambda line: say(line, err=True))
    with lines.beating(BEAT_SECONDS):
        yield lines.tell


@contextmanager
def _bars() -> Iterator[StageCallback]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Time(TimeRemainingColumn):
        """What is left of a stage; of one that is over, or cannot be divided, what it took."""

        def render(self, task: Task) -> Text:
            divided = not task.finished and task.total != 1
            return super().render(task) if divided else TimeElapsedColumn().render(task)

    text = (TextColumn("{task.description}", markup=False), TextColumn("{task.fields[note]}", markup=False))
    columns = (text[0], BarColumn(None), MofNCompleteColumn(), Time(), text[1])
    with Progress(*columns, console=Console(stderr=True), expand=True) as bars:
        tasks: dict[str, Any] = {}

        def show(name: str, done: int, total: int, note: str = "", /) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total, note="")
            known: dict[str, Any] = {"note": note} if note else {}
            bars.update(tasks[name], completed=done, total=total, **known)

        yield show


@dataclass(frozen=True)
class _Open:
    """A stage that goes on: how much of it is done, what is known by now, and since when."""

    done: int
    total: int
    note: str
    since: float


class PlainStages:
    """Tells of stages in lines: one at the end of each, and one a beat while all is quiet."""

    def __init__(self, write: Callable[[str], object], clock: Callable[[], float] = time.monotonic) -> None:
        self._write, self._clock = write, clock
        self._lock = threading.Lock()  # guards what follows: the beat comes from a thread of its own
        self._open: dict[str, _Open] = {}
        self._last = ""
        self._quiet_since = clock()

    def tell(self, name: str, done: int, total: int, note: str = "", /) -> None:
        """Take note of a stage; write a line where it has ended."""
        with self._lock:
            since = self._open.pop(name, _Open(0, 0, "", self._clock())).since
            if done < total:
                self._open[name] = _Open(done, total, note, since)  # at the end: the latest one is told of
                return
            self._line(f"{name}: {note or f'{total:,} done'}")
            self._last = name

    def beat(self, every: float) -> None:
        """Write where the work is, unless something was written within the last ``every`` seconds."""
        with self._lock:
            now = self._clock()
            if now - self._quiet_since < every:
                return
            if self._open:
                name, stage = list(self._open.items())[-1]
                count = f"{stage.done:,} of {stage.total:,}, " if stage.total > 1 else ""
                self._line(f"{name}: {count}{_spent(now - stage.since)} so far{_after(stage.note)}")
            elif self._last:
                self._line(f"{self._last} is done; the work goes on")

    @contextmanager
    def beating(self, every: float) -> Iterator[None]:
        """Beat from a thread of its own meanwhile."""
        over = threading.Event()

        def run() -> None:
            while not over.wait(every / 2):
                self.beat(every)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _line(self, text: str) -> None:
        self._write(text)
        self._quiet_since = self._clock()


def _after(note: str) -> str:
    return f", {note}" if note else ""


def _spent(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@contextmanager
def epochs() -> Iterator[Any]:
    """A bar for each epoch on a terminal, a line an epoch elsewhere, both with the validation accuracy.

    Yields:
        A function that takes a :class:`edgedigits.train.Progress`.
    """
    with progress() as stage:
        yield epoch_teller(stage)


def epoch_teller(stage: StageCallback) -> Callable[[Any], None]:
    """What tells ``stage`` of each :class:`edgedigits.train.Progress`."""

    def show(now: Any) -> None:
        if now.step == 0:
            click.echo(f"training on {now.devices}", err=True)
            return
        # The last step is followed by the validation, which has no steps of its own.
        over = now.step == now.steps and "val_accuracy" in now.metrics
        done = now.step if over else min(now.step, now.steps - 1)
        figures = epoch_figures(now.metrics, brief=over and sys.stderr.isatty())
        stage(f"epoch {now.epoch}/{now.epochs}", done, now.steps, figures)

    return show


def epoch_figures(metrics: Any, *, brief: bool = False) -> str:
    """Loss and accuracies of an epoch in words, the validation's where it is over; brief ones leave the loss out."""
    names = {"loss": "loss {:.4f}", "accuracy": "accuracy {:.2%}", "val_accuracy": "validation accuracy {:.2%}"}
    words = (
        form.format(metrics[name]) for name, form in names.items() if name in metrics and not (brief and name == "loss")
    )
    return ", ".join(words).replace("%", " %")
