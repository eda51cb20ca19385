"""Commands over measured models: one table of several folders, and the best row for a device."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgedigits.cli import options
from edgedigits.cli.fitting import fit_table, terminal_width
from edgedigits.cli.output import say, show_json, show_table
from edgedigits.cli.quantities import CLOCK, DURATION, PERCENT, SIZE
from edgedigits.core.counting import counted

if TYPE_CHECKING:
    from edgedigits.results.choosing.choice import Better, Choice, LimitVerdict
    from edgedigits.results.choosing.limits import Measure
    from edgedigits.results.folder import Results
    from edgedigits.results.table import Entry, Table
    from edgedigits.results.tables.columns import Column

MAY_GO_FIRST, MAY_GO = ("MACs", "arena", "parameters"), ("gzip", "on the front of", "from")
"""Columns that a narrow terminal leaves out: before and after those of cores, whose last one goes first."""

_folders = click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path))


_results = click.argument("named", metavar="DIR|MODEL...", nargs=-1, required=True)


def _found(word: str) -> list[Results]:
    """What a word of the command line names: a folder of results, or one of pretrained models, or one by its name."""
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.core.pretrained.catalogue import Pretrained, PretrainedModel, nearest
    from edgedigits.results import read_results
    from edgedigits.results.folder import HEADER
    from edgedigits.results.from_cards import pretrained_results

    folder = Path(word)
    if known := options.pretrained().get(word):
        return [pretrained_results(known)]
    if not (folder / HEADER).is_file():
        if models := Pretrained(folder).models:
            return [pretrained_results(model) for model in models.values()]
        if (model := PretrainedModel(folder.resolve().name, folder)).is_there:
            return [pretrained_results(model)]
    if not folder.exists() and (near := nearest(word, tuple(options.pretrained().models))):
        raise EdgedigitsError(
            f"{word} is neither a folder of results nor a pretrained model",
            f"{near}or name a folder that benchmark, baseline, search, measure or compare has written",
        )
    return [read_results(folder)]


def _read(found: Sequence[Results], task: str | None, *, count: bool) -> Table:
    """The table of some folders, or of their rows of one task; what is missing in them is said on standard error.

    Args:
        found: the folders; of one that is named twice the first.
        task: of the rows; None for all.
        count: whether the bytes of parameters are counted where a row lacks them and its model lies there.
    """
    from edgedigits.cli.parameter_costs import with_parameter_bytes
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.results.table import gather

    once: dict[Path, Results] = {}
    for one in found:
        once.setdefault(one.folder.resolve(), one)
    table = gather([with_parameter_bytes(one) if count else one for one in once.values()], task or "")
    for warning in table.warnings:
        say(f"Warning: {warning}", err=True)
    for place in table.missing:
        say(f"Warning: {place} is not there: the command that makes it has not finished", err=True)
    if not table.entries:
        named = ", ".join(str(one.folder) for one in once.values())
        what = f"no row {f'of the task {task} ' if task else ''}is finished"
        raise EdgedigitsError(f"{named}: {what}", "run the command that makes them to its end, then again")
    return table


@click.command(short_help="Put the rows of several folders into one table.")
@_results
@options.task
@click.option("--out", type=click.Path(path_type=Path), help="Folder to make of tables, page and picture.")
@options.force
@options.as_json
def compare(named: tuple[str, ...], task: str | None, out: Path | None, force: bool, as_json: bool) -> None:
    """Put the rows of several folders of results into one table and one front.

    DIR is what benchmark, baseline, search, measure or compare wrote. MODEL is a pretrained one by its name, the folder
    of one whose card `edgedigits models --measure` filled, or a folder of several: its row says what its card keeps.
    With --out it writes results.md, results.csv, rows.json, index.html with interactive plots, front.png, and the rows
    themselves, so that compare and choose read the folder. A firmware.json beside a model adds its flash, RAM and
    instructions; bytes of parameters are counted of every int8 model that lies there, and stand beside those that
    others have published. What measure wrote on another machine stands behind the row of the same file. Rows of line
    networks say how many lines are read exactly, and are in no table with rows of digits: --task takes one kind.

    \b
    Examples:
      edgedigits compare out/bench-small out/bench-nano --out out/all
      edgedigits compare nano micro out/bench-small
    """
    from edgedigits.results.tables.formats import rows_json

    table = _read([one for word in named for one in _found(word)], task, count=True)
    if out:
        from edgedigits.results.comparing import write_comparison

        write_comparison(table, out, force=force)
    if as_json:
        show_json(rows_json(table))
        return
    show_rows(table)
    if out:
        click.echo(f"\n{out / 'index.html'}")


def show_rows(table: Table) -> None:
    """Print the columns of a table that fit a terminal, what failed, and which digits the accuracy is on."""
    from edgedigits.core.machine.load import is_busy
    from edgedigits.results.front import answer_latency
    from edgedigits.results.tables.columns import BUSY_MARK, brief_columns, one_line
    from edgedigits.results.tables.int8_speed import slower_int8
    from edgedigits.results.tables.remarks import BUSY_TEXT, alike_words, machine_lines

    _show_brief(brief_columns(table), brief_columns(table, stacked=True))
    for entry in table.entries:
        if entry.row.failure:
            failure = one_line(entry.row.failure)
            say(f"\n{entry.label} {'' if entry.row.not_made else 'failed: '}{failure}")
    if table.digits:
        say(f"\n{table.measure} on {table.digits.digits}, {table.digits.count:,} {table.task}s")
    others = [entry.label for entry in table.entries if entry.row.accuracy and not table.on_the_digits(entry)]
    if others:
        say(f"* on other test {table.task}s, not compared: {', '.join(others)}")
    if any(latency and is_busy(latency.load) for latency in (answer_latency(entry.row) for entry in table.entries)):
        say(f"{BUSY_MARK}: {BUSY_TEXT}")
    for line in machine_lines(table):
        say(line)
    if words := alike_words(table):
        say(words)
    for about, why in slower_int8(table):
        say(f"int8 slower than float32 on {about}: {why}")


def _show_brief(wide: Sequence[Column], narrow: Sequence[Column]) -> None:
    """A row in a line where the terminal has room for that, else in two with as many columns as it has room for."""
    width = terminal_width()
    for columns in (wide, narrow):
        places = {column.title: place for place, column in enumerate(columns)}
        cores = [column.title for column in reversed(columns) if column.core]
        optional = [places[title] for title in (*MAY_GO_FIRST, *cores, *MAY_GO) if title in places]
        rows = [[column.cells[place].lines[0] for column in columns] for place in range(len(columns[0].cells))]
        head = [column.title for column in columns]
        left = sum(column.is_text for column in columns[:-1])
        if columns is narrow or max(map(len, fit_table(head, rows, 10_000, left=left).lines)) <= width:
            show_table(head, rows, left=left, optional=optional)
            return


@click.command(short_help="Choose the most accurate model that a device can take.")
@_folders
@click.option("--max-flash", "flash", type=SIZE, help="Bytes of flash, such as 32k.")
@click.option("--max-ram", "ram", type=SIZE, help="Bytes of RAM, such as 8k.")
@click.option("--max-latency", "latency", type=DURATION, help="Time of one inference, such as 5ms.")
@click.option("--max-parameters", "parameters", type=SIZE, help="Bytes of parameters in the exported C, such as 4k.")
@click.option("--min-accuracy", "accuracy", type=PERCENT, help="Percent of the validation digits, such as 99.")
@click.option("--core", default="", help="Take the firmware figures of this core, such as m4.")
@click.option("--mhz", type=CLOCK, help="Clock of the core; --max-latency with --core needs it.")
@click.option("--machine", default="", help="Take the latencies of this machine: a part of its name or folder.")
@options.task
@options.as_json
def choose(folders: tuple[Path, ...], task: str | None, as_json: bool, **limits: Any) -> None:
    """Choose the most accurate row that a device can take, and say which limits bind.

    Accuracy is that on validation digits, as test digits only report; the answer tells both. A row that was only
    measured has none there: it is chosen where no other one fits, by size and latency. Of line networks it is the share
    of lines that are read exactly; --task takes rows of one kind where the folders hold both.
    k and K are 1,024 bytes, kB is 1,000. Without --core the model file counts as flash, TFLite's arena as RAM, and the
    latency is that of the machine that measured it; an emulated one counts only where --machine names it. With --core
    they come from the firmware.json beside each model, which `edgedigits firmware report MODEL` writes. Parameters are
    those of the exported C of full int8 models, with --core and without. Exits with 1
    and names the nearest miss where nothing fits.

    \b
    Examples:
      edgedigits choose --max-flash 32k --max-ram 8k \\
        --max-latency 5ms --min-accuracy 99 out/all
      edgedigits choose --core m4 --mhz 80 --max-flash 64k \\
        --max-latency 30ms out/bench-small out/bench-nano
    """
    from edgedigits.results.choosing.choosing import choose as choose_row
    from edgedigits.results.choosing.limits import Limits

    if limits["core"]:
        from edgedigits.firmware_export.boards.cores import core

        core(limits["core"])
    from edgedigits.results import read_results

    table = _read([read_results(folder) for folder in folders], task, count=limits["parameters"] is not None)
    choice = choose_row(table, Limits(**limits))
    if as_json:
        show_json(choice.as_dict())
    else:
        _show_choice(choice)


def _show_choice(choice: Choice) -> None:
    from edgedigits.results.choosing.choosing import alike_text
    from edgedigits.results.choosing.refusing import reasons_text

    say(_in_a_line(choice, choice.chosen))
    model = choice.chosen.place / choice.chosen.row.file
    if choice.chosen.row.file and model.is_file():
        click.echo(model)
    if choice.verdicts:
        click.echo()
        show_table(
            ("limit", "of", "given", "here", "left", "missed by", "binds"),
            [_limit_line(verdict) for verdict in choice.verdicts],
            left=2,
            optional=(1,),
        )
    for verdict in choice.verdicts:
        if verdict.better:
            say(f"{verdict.measure.option}: {_without(verdict.measure, verdict.better)}")
    meet = "meets" if choice.candidates == 1 else "meet"
    say(f"\n{choice.fitting} of {counted(choice.candidates, 'row')} {meet} all limits")
    if choice.alike:
        say(f"cannot be told apart from it: {alike_text(choice)}")
    if choice.runner_up:
        say(f"next: {_in_a_line(choice, choice.runner_up)}")
    if choice.set_aside:
        say(f"not candidates: {reasons_text(choice.set_aside)}")
    for note in choice.notes:
        say(f"note: {note}")


def _limit_line(verdict: LimitVerdict) -> tuple[str, ...]:
    measure = verdict.measure
    return (
        *(measure.option, measure.label, measure.text(verdict.limit), measure.text(verdict.value)),
        *(measure.difference(verdict.slack), str(verdict.missed_by), "yes" if verdict.better else "no"),
    )


def _without(measure: Measure, better: Better) -> str:
    accuracy = better.entry.row.validation
    reads = f", {accuracy.percent:.2f} %" if accuracy else ""
    return f"{measure.difference(better.more)} more would allow {better.entry.label}{reads}"


def _in_a_line(choice: Choice, entry: Entry) -> str:
    from edgedigits.core.machine.load import busy_words
    from edgedigits.results.front import answer_latency

    figures = choice.figures_of(entry)
    latency = answer_latency(entry.row)
    busy = busy_words(latency.load) if latency else ""
    measured = [
        f"{measure.label} {measure.text(value)}{f' ({busy} meanwhile)' if busy and measure.label == 'latency' else ''}"
        for measure, value in figures
    ]
    if entry.row.accuracy:
        low, high = entry.row.accuracy.interval
        read = f"{entry.row.accuracy.percent:.2f} % ({low:.2f} to {high:.2f})"
        known = entry.row.validation is not None
        measured.insert(known, f"test accuracy {read}" if known else f"{read} of {entry.row.accuracy.digits}")
    return f"{entry.label}: {', '.join(measured)}"
