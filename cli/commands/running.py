"""``edgedigits run``: the whole path in one command, with one report."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgedigits.cli import options
from edgedigits.cli.judging import MIN_ACCURACY, Asked, failure_of_library, failures_of_model
from edgedigits.cli.output import epochs, loading, progress, say, show_json, show_note, show_table, warn
from edgedigits.cli.proving import digits_that_tell, doubt
from edgedigits.cli.quantities import PERCENT

if TYPE_CHECKING:
    from edgedigits.cli.report import Report
    from edgedigits.edge import Misreading
    from edgedigits.edge.loop.loop import FrameReading
    from edgedigits.train import TrainingRequest
    from edgedigits.train.training_request import Device

FALLBACK = "optdigits"
FRAMES = 240
MISREADINGS_SHOWN = 2
"""Of each sheet in what is printed; all of them stand in the report."""


@click.command(short_help="Train, quantize, prove, export C, and write one report.")
@click.option("--model", "network", default="small", show_default=True, help="A network of `edgedigits models`.")
@options.dataset("A data set of `edgedigits datasets`.", "mnist")
@click.option("--epochs", "passes", type=int, help="Passes over the training digits.  [default: the network's own]")
@click.option("--seed", default=0, show_default=True, help="Of everything that is drawn.")
@click.option(
    "--min-accuracy",
    type=PERCENT,
    default=MIN_ACCURACY,
    show_default=True,
    help="Percent of the test digits that float and int8 must read, or the run has failed.",
)
@options.device
@options.out
@options.force
@options.as_json
@click.pass_context
def run(
    ctx: click.Context,
    network: str,
    dataset: str,
    passes: int | None,
    seed: int,
    device: Device,
    min_accuracy: float,
    out: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Train, quantize, prove, read a recording, export C, and write one report.

    Makes float/, int8/, recording/, c/ (the C library, compiled and self-tested where there is a C compiler), arrays/
    (the model's bytes for TFLite Micro) and report.html in the output folder; what a stage made stays where a later one
    fails. Exits with 1 where the model reads too few digits or no frame of the recording, loses too much to int8, or
    the C library fails its self-test: the report then says why, the model's card and the C files that it failed.

    A network whose recipe distorts digits lightly sees some of them spoilt as well (`rough`), so that it reads what is
    noisy, blurred or covered, too. Where MNIST can be neither found nor fetched it says so and takes the 1,797 digits
    that scikit-learn carries.

    \b
    Example:
      edgedigits run --out out/run
    """
    from edgedigits.cli.report import Report, write_report
    from edgedigits.core.statistics.outcome import CANNOT_TELL
    from edgedigits.train import TrainingRequest, check_training
    from edgedigits.train.training_request import resolve

    began = time.perf_counter()
    request = TrainingRequest(network, dataset, epochs=passes, seed=seed, device=device)
    if resolve(request).augmentation == "light":
        request = replace(request, augmentation="rough")
    check_training(request, out, force=force)
    for name in ("report.html", "report.json"):
        (out / name).unlink(missing_ok=True)  # of an earlier run: what stands there shall belong together
    dataset, warning = _available(dataset)
    seconds: dict[str, float] = {}
    trained = _timed(seconds, "train", lambda: _train(replace(request, dataset=dataset, epochs=passes), out / "float"))
    proved = _timed(seconds, "quantize and prove", lambda: _quantize(trained.model, out / "int8", min_accuracy))
    seen = _timed(seconds, "read a recording", lambda: _read_recording(proved, seed, out / "recording"))
    asked = Asked(network, dataset, seed, out, min_accuracy)
    failures = failures_of_model(asked, trained, proved, seen.wrong, seen.frames)
    if failures:
        proved = _marked(proved)
    exported = _timed(seconds, "export", lambda: _export(proved.model, out))
    failures += failure_of_library(exported.test, out / "c")
    seconds["everything"] = time.perf_counter() - began
    report = Report(warning, failures, trained, proved, exported, seen, seconds)
    write_report(report, out)
    if as_json:
        show_json(report.summary(out))
    else:
        _say(report, out)
    if proved.proof.verdict == CANNOT_TELL:
        warn(f"{doubt(proved.proof, 'int8')}; {digits_that_tell(proved.proof)}")
    for failure in failures:
        click.secho(f"Error: {failure.what}; {failure.remedy}", fg="red", err=True)
    if failures:
        ctx.exit(1)


def _available(dataset: str) -> tuple[str, str]:
    """The data set that can be had, and a warning where it is not the one asked for."""
    from edgedigits.core.datasets import MnistUnavailable, load_dataset

    warning = ""
    try:
        load_dataset(dataset)
    except MnistUnavailable as error:
        dataset = FALLBACK
        warning = f"{error}. Falling back to scikit-learn's 1,797 digits: the figures below are NOT those of MNIST."
        warn(warning)
    return dataset, warning


def _timed(seconds: dict[str, float], name: str, work: Any) -> Any:
    click.echo(f"{name} ...", err=True)
    start = time.perf_counter()
    result = work()
    seconds[name] = time.perf_counter() - start
    return result


def _train(request: TrainingRequest, out: Path) -> Any:
    from edgedigits.core.errors import EdgedigitsError

    with loading("TensorFlow"):
        from edgedigits.train import TrainingInterrupted, train

    try:
        with epochs() as tell:
            return train(request, out, force=True, progress=tell, advise=show_note)
    except TrainingInterrupted as error:
        what = f"--model {request.network} --dataset {request.dataset} --seed {request.seed}"
        command = f"edgedigits train {what} --out {out} --resume"
        more = f" --epochs {request.epochs}" if request.epochs else ""
        remedy = f"`{command}{more}` goes on with the training alone; `edgedigits run --force` does all of it anew"
        raise EdgedigitsError(error.what, remedy) from error


def _quantize(model: Path, out: Path, min_accuracy: float) -> Any:
    from edgedigits.quantize import QuantizeRequest, quantize

    with progress() as stage:
        return quantize(QuantizeRequest(model, min_accuracy=min_accuracy), out, force=True, progress=stage)


def _marked(proved: Any) -> Any:
    """The model with a card that says that it failed, so that whoever takes it is told so."""
    from edgedigits.core.cards import write_card
    from edgedigits.core.statistics.outcome import FAILED

    card = replace(proved.card, verdict=FAILED, passed=False)
    write_card(proved.model.parent, card)
    return replace(proved, card=card)


def _export(model: Path, out: Path) -> Any:
    """Write the C library, compile and test it where that can be done, and the arrays for TFLite Micro beside it."""
    from edgedigits.cli.report import Exported
    from edgedigits.firmware_export import export_arrays, run_self_test, write_export, write_target
    from edgedigits.firmware_export.targets.export import export_target

    library = export_target(model, allow_failed=True)
    write_target("c", library.files, out / "c", force=True)
    for ending in ("c", "h"):
        (out / "c" / f"digits_model.{ending}").unlink(missing_ok=True)  # arrays lay there once
    arrays = export_arrays(model, allow_failed=True)
    write_export(arrays, out / "arrays", force=True)
    return Exported(library.library, run_self_test(out / "c"), arrays)


def _read_recording(proved: Any, seed: int, out: Path) -> Any:
    """Compose a recording from test digits, read it with the int8 model, keep one marked frame as a picture."""
    from edgedigits.cli.commands.reading import save_jpeg
    from edgedigits.cli.report import Seen
    from edgedigits.core.datasets import split_of
    from edgedigits.edge import (
        DigitReader,
        JsonLines,
        VideoFile,
        VideoPreview,
        WrongFrames,
        compose_recording,
        run_loop,
    )

    test = split_of(proved.card).test
    out.mkdir(exist_ok=True)
    with progress() as stage:
        recording = compose_recording(
            test.images,
            test.labels,
            out / "digits.avi",
            seed=seed,
            frames=FRAMES,
            force=True,
            progress=lambda done: stage("compose", done, FRAMES),
        )
    wrong = WrongFrames(recording)
    with (
        (out / "read.jsonl").open("w") as lines,
        VideoPreview(out / "read.avi", force=True) as preview,
        progress() as stage,
    ):
        sinks = (JsonLines(lines), wrong, preview, Counted(lambda done: stage("read", done, FRAMES)))
        result = run_loop(DigitReader(proved.model), VideoFile(recording.path), sinks)
    picture = _first_frame(out / "read.avi", out / "read.png")
    (out / "wrong.jpg").unlink(missing_ok=True)  # of an earlier run
    if wrong.found:
        save_jpeg(out / "wrong.jpg", wrong.sheet())
    return Seen(recording, wrong.found, result, picture)


class Counted:
    """A sink that tells how many frames were read."""

    def __init__(self, tell: Callable[[int], object]) -> None:
        self._tell = tell
        self._frames = 0

    def take(self, _frame_reading: FrameReading) -> bool:
        """Count a frame."""
        self._frames += 1
        self._tell(self._frames)
        return True


def _first_frame(video: Path, picture: Path) -> Path:
    from edgedigits.cli.commands.reading import save_png
    from edgedigits.edge import VideoFile

    with VideoFile(video) as frames:
        taken = frames.read()
    if taken is None:
        raise RuntimeError(f"{video} was written without a frame")
    save_png(picture, taken)
    return picture


def _say(report: Report, out: Path) -> None:
    from edgedigits.core.machine.load import busy_words

    summary = report.summary(out)
    busy = busy_words(summary["load"])
    say(f"\n{summary['network']}: {summary['parameters']:,} parameters, trained on {summary['dataset']}")
    say(
        f"accuracy: float {summary['float_accuracy']:.2f} %, int8 {summary['int8_accuracy']:.2f} % "
        f"(drop {summary['drop']:+.2f} points); {summary['int8_bytes']:,} bytes"
    )
    say(
        f"recording: {summary['frames_exact']} of {summary['frames']} frames read exactly, "
        f"{summary['fps']:.0f} a second{f' while {busy}' if busy else ''}"
    )
    _say_sheets(report)
    say(f"C library: {out / 'c'}, {report.exported.words}; arrays for TFLite Micro: {out / 'arrays'}")
    say("seconds: " + ", ".join(f"{name} {spent:.0f}" for name, spent in summary["seconds"].items()))
    say(f"report: {out / 'report.html'}")


def _say_sheets(report: Report) -> None:
    """What each sheet of the recording shows, and what was read instead where it was not read exactly."""
    from edgedigits.cli.report import in_a_line

    rows = [
        (
            f"{sheet.first}-{sheet.last}",
            in_a_line(sheet.truth),
            f"{sheet.exact} of {sheet.frames}",
            misread_words(sheet.misreadings),
        )
        for sheet in report.seen.sheets
    ]
    show_table(("frames", "shown", "exactly", "else read as"), rows, left=2)


def misread_words(misreadings: tuple[Misreading, ...]) -> str:
    """The most frequent misreadings of a sheet with the frames of each, and how many frames the others have."""
    from edgedigits.cli.report import in_a_line

    told = [f"{in_a_line(one.read)} ({one.frames})" for one in misreadings[:MISREADINGS_SHOWN]]
    rest = sum(one.frames for one in misreadings[MISREADINGS_SHOWN:])
    return ", ".join([*told, f"others ({rest})"] if rest else told)
