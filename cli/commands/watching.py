"""The command that reads digits from a camera and whatever else gives frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgedigits.cli import options
from edgedigits.cli.output import say
from edgedigits.cli.piping import plain_stdout
from edgedigits.cli.reading_options import ReadingOptions, of_pictures, opened_reader
from edgedigits.core.counting import counted

if TYPE_CHECKING:
    from edgedigits.core.contract.finding import Told
    from edgedigits.edge.loop.loop import LoopResult

EMPTY_TOLD = 10
"""Frames of a video or a folder without digits that are told of, one by one, for each reason."""


@click.command(short_help="Read digits from a camera, a video, pictures or a stream.")
@click.argument("word", metavar="[MODEL]", required=False, type=options.Model())
@click.option("--model", type=options.Model(), help="A .tflite model.  [default: builtin]")
@click.option(
    "--source",
    default="0",
    show_default=True,
    callback=lambda ctx, option, value: options.not_empty(value, option, ctx),
    help="Camera number, video, folder, address, or picamera.",
)
@click.option("--wait", is_flag=True, help="Wait for a camera or stream that is not there yet.")
@click.option("--window", is_flag=True, help="Show what is read in a window (needs edgedigits[desktop]).")
@click.option(
    "--record",
    type=click.Path(path_type=Path),
    help="Write what is read to a video: .avi, or .mp4, of which a kill leaves nothing.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Stop after so many frames.")
@options.reject_below
@options.force
@click.pass_context
@options.input_contract
@of_pictures
def camera(
    ctx: click.Context,
    word: Path | None,
    model: Path | None,
    source: str,
    wait: bool,
    window: bool,
    record: Path | None,
    limit: int | None,
    reject_below: float | None,
    force: bool,
    told: Told,
    how: ReadingOptions,
) -> None:
    """Read digits from a camera, a video, a folder of pictures or a stream.

    Prints one JSON object a line and a frame: time, frame, text, boxes, confidences, latencies (milliseconds). Of the
    first frames without digits standard error says why. Ends with the source, or on Ctrl-C, and then says on standard
    error how fast it was and how many frames had none. A picture of a folder that cannot be read, or lacks the
    --region, is named there, the others are read all the same, and the exit code is 1. MODEL is a .tflite file, the
    folder in which `quantize` made it, or the word builtin, which is the default; --model MODEL says the same. The
    built-in model of a camera reads digit by digit, which is faster, unless an option such as --form asks for whole
    lines.

    \b
    Examples:
      edgedigits camera --source 0 --record out/seen.avi
      edgedigits camera --source recording.mp4 | jq -r .text
      edgedigits camera --source rtsp://camera.lan/stream --wait
    """
    from contextlib import ExitStack

    from edgedigits.core.files import refuse_inputs_inside, refuse_to_replace
    from edgedigits.core.pretrained.bundled import bundled_line_model, bundled_model
    from edgedigits.edge import (
        EmptyFrames,
        JsonLines,
        Sink,
        VideoPreview,
        WindowPreview,
        open_source,
        run_loop,
        stop_on_signals,
    )

    if word and model:
        raise click.UsageError("the model is given twice: leave MODEL or --model out")
    frames = open_source(source)
    if wait and not frames.live:
        raise click.UsageError(f"--wait is for cameras and streams; {source} is a file")
    taken = word or model or bundled_model()
    if taken == bundled_model() and how.given():
        taken = bundled_line_model()
    reader = opened_reader(taken, reject_below, told, force, how)
    _log_with_times()
    with ExitStack() as stack:
        empty = EmptyFrames(lambda text: click.echo(text, err=True), 1 if frames.live else EMPTY_TOLD)
        sinks: list[Sink] = [JsonLines(plain_stdout()), empty]
        if record:
            if record.is_dir():
                refuse_to_replace(record, force, "--record")
            refuse_inputs_inside([source], record, "--record")
            sinks.append(stack.enter_context(VideoPreview(record, force=force)))
        if window:
            sinks.append(stack.enter_context(WindowPreview()))
        stop = stack.enter_context(stop_on_signals())
        result = run_loop(reader, frames, sinks, limit=limit, wait=wait, stop=stop)
    if words := empty.summary(result.frames):
        say(words, err=True)
    show_summary(result)
    if result.unreadable:
        ctx.exit(1)


def show_summary(result: LoopResult) -> None:
    """Say on standard error what a run of the loop came to."""
    from edgedigits.core.machine.load import busy_words

    busy = busy_words(result.load)
    stages = ", ".join(f"{name} {stage.p50:.1f}/{stage.p99:.1f} ms" for name, stage in result.stages.items())
    say(
        f"{counted(result.frames, 'frame')}, {result.fps:.1f} a second, {result.skipped} skipped, "
        + (f"{result.unreadable} not readable, " if result.unreadable else "")
        + f"source reopened {counted(result.reopened, 'time')}"
        + (f"; {stages} (p50/p99)" if stages else "")
        + (f"; {busy} meanwhile" if busy else ""),
        err=True,
    )


def _log_with_times() -> None:
    """Let each line that the loop logs on standard error begin with its time: a station runs for months."""
    import logging

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", datefmt="%Y-%m-%dT%H:%M:%S%z")
