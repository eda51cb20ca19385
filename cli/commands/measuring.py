"""The command that measures models on the machine where they shall run."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgedigits.cli import options
from edgedigits.cli.output import progress, say, show_json, show_table

if TYPE_CHECKING:
    from edgedigits.results import Latency, Row
    from edgedigits.results.measuring import Measurement


class Threads(click.ParamType[tuple[int, ...]]):
    """Numbers of threads with commas between: ``1,2,4``."""

    name = "a,b,c"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Turn the text into numbers, each once and the smallest first."""
        if isinstance(value, tuple):
            return value
        words = [word.strip() for word in value.split(",")]
        if not all(word.isdecimal() and 0 < int(word) <= 64 for word in words):
            self.fail(f"{value!r} is not of the form 1,2,4 with numbers from 1 to 64", param, ctx)
        return tuple(sorted({int(word) for word in words}))


@click.command(short_help="Measure models on this machine, such as a Raspberry Pi.")
@click.argument("models", metavar="MODEL...", nargs=-1, required=True, type=options.Model())
@options.dataset("Digits to read: a data set of `edgedigits datasets`.", "samples")
@click.option("--split", help="Read the test part of this split.  [default: the set's test digits, or all]")
@click.option("--threads", type=Threads(), default=(), help="Numbers of threads.  [default: 1 to 4, as cores go]")
@click.option(
    "--runtime",
    "runtimes",
    multiple=True,
    help="tflite-runtime, ai-edge-litert or tensorflow; may be repeated.  [default: all but tensorflow]",
)
@click.option("--emulated", is_flag=True, help="Say that this machine is emulated, where it cannot be found out.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of results to make, for compare and choose.")
@options.force
@options.as_json
@click.pass_context
def measure(
    ctx: click.Context,
    models: tuple[Path, ...],
    dataset: str,
    split: str | None,
    threads: tuple[int, ...],
    runtimes: tuple[str, ...],
    emulated: bool,
    out: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Measure models on this machine, such as a Raspberry Pi: time, accuracy, agreement of the runtimes.

    Each MODEL.tflite (or the word builtin) runs on every TFLite runtime that is installed, with the delegate that the
    runtime takes and without, on one thread and more. Without --dataset it reads the 500 digits that ship, which were
    drawn by code to see that a device computes right. Temperature and throttling are read before and after. With --out
    it writes a folder that compare and choose take on any machine: rows of the same file stand side by side there.
    Exits with 1 where no model could be measured.

    \b
    Examples:
      edgedigits measure builtin
      edgedigits measure out/int8/model.int8.tflite --threads 1,4 --out out/pi
    """
    from edgedigits.core.datasets import check_dataset
    from edgedigits.core.files import refuse_inputs_inside, refuse_to_replace_folder
    from edgedigits.results.measuring import MeasureRequest, write_measurement
    from edgedigits.results.measuring import measure as measure_models

    if out:
        refuse_inputs_inside([*models, *check_dataset(dataset)[1]], out)
        refuse_to_replace_folder(out, force)
    request = MeasureRequest(models, dataset, split, threads, runtimes, emulated)
    with progress() as stage:
        found = measure_models(request, stage)
    if out:
        write_measurement(found, out, force=force)
    if as_json:
        show_json(
            {"machine": asdict(found.machine), "software": found.software, "rows": [r.as_dict() for r in found.rows]}
        )
    else:
        _show(found)
        if out:
            click.echo(f"\n{out}")
    if all(row.failure for row in found.rows):
        ctx.exit(1)


def _show(found: Measurement) -> None:
    from edgedigits.results.tables.remarks import machine_text

    say(machine_text(found.machine))
    for row in found.rows:
        click.echo()
        say(f"{row.name}: {row.bytes:,} bytes, sha256 {row.sha256[:12]}...")
        if row.failure:
            say(f"failed: {row.failure}")
            continue
        _show_row(row)


def _show_row(row: Row) -> None:
    from edgedigits.core.machine.load import is_busy

    assert row.accuracy is not None
    runs = {(run["runtime"], run["delegate"]): run for run in row.checks["runs"]}
    timed = [one for one in row.latencies if one.median_us is not None]
    busy = any(is_busy(one.load) for one in timed)
    head = ("runtime", "delegate", "threads", "µs", "p95 µs", "right", "equal", *(["busy"] * busy), "")
    first = {(one.runtime, one.delegate): one.threads for one in reversed(timed)}  # digits are read once by each
    lines = [
        (
            *_latency_line(one, runs[one.runtime, one.delegate], one.threads == first[one.runtime, one.delegate], busy),
            "",
        )
        for one in timed
    ]
    show_table(head, lines, left=2, optional=(head.index("p95 µs"),))
    say(f"of {row.accuracy.count:,} digits ({row.accuracy.digits}); equal: all outputs as in the first line")
    if len(timed) > len(first):
        say("-: digits are read once with each runtime and delegate")
    if busy:
        say("busy: other programs took so much of the cores while that was timed")
    say(_condition_text(row.checks["before"], row.checks["after"]))
    for note in row.notes:
        say(f"note: {note}")


def _latency_line(one: Latency, run: dict[str, Any], first: bool, busy: bool) -> tuple[object, ...]:
    """A latency; what its run read where it is the first of that; what others took meanwhile where that is a column."""
    from edgedigits.core.machine.load import busy_share
    from edgedigits.results.tables.columns import microseconds

    assert one.median_us is not None and one.p95_us is not None
    read = (f"{run['right']:,}", f"{run['same_outputs']:,}") if first else ("-", "-")
    times = (microseconds(one.median_us), microseconds(one.p95_us))
    return one.runtime, one.delegate, one.threads, *times, *read, *([busy_share(one.load)] * busy)


def _condition_text(before: dict[str, Any], after: dict[str, Any]) -> str:
    """What the machine told of itself before and after, in a line."""
    from edgedigits.results.measuring import Condition

    then, now = Condition(**before), Condition(**after)
    parts = []
    if then.warmest is not None and now.warmest is not None:
        parts.append(f"{then.warmest:.1f} °C before, {now.warmest:.1f} °C after")
    if now.megahertz:
        governors = ", ".join(dict.fromkeys(now.governors.values())) or "unknown governor"
        parts.append(f"{max(now.megahertz.values()):,.0f} MHz ({governors})")
    if now.throttled is not None:
        parts.append(", ".join(now.held_back_since(then)) or "not throttled")
    return "; ".join(parts) or "this machine tells no temperature and no frequency"
