"""``edgedigits run``: the whole path in one command, with one report."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgedigits.cli import options
from edgedigits.cli.output import epochs, loading, progress, show_json
from edgedigits.cli.proving import digits_that_tell, loss, warn

if TYPE_CHECKING:
    from edgedigits.edge.station import Sight

FALLBACK = "optdigits"
FALLBACK_EPOCHS = 60  # as many steps as a few epochs of MNIST: the set is 38 times smaller
FRAMES = 240


@click.command()
@click.option("--model", "network", default="small", show_default=True, help="A network of `edgedigits models`.")
@click.option("--dataset", default="mnist", show_default=True, help="A data set of `edgedigits datasets`.")
@click.option("--epochs", "passes", type=int, help="Passes over the training digits.  [default: the network's own]")
@click.option("--seed", default=0, show_default=True, help="Of everything that is drawn.")
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
    out: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Train, quantize, prove, export C, read a recording, and write one report.

    Makes float/, int8/, c/, recording/ and report.html in the output folder; what a stage made stays where a later
    one fails. Where MNIST can be neither found nor fetched it says so and takes the 1,797 digits that scikit-learn
    carries.

    \b
    Example:
      edgedigits run --out out/run
    """
    from edgedigits.cli.report import Report, write_report
    from edgedigits.core.outcome import CANNOT_TELL, FAILED
    from edgedigits.train import TrainingRequest, check_training

    began = time.perf_counter()
    check_training(TrainingRequest(network, dataset, epochs=passes, seed=seed), out, force=force)
    for name in ("report.html", "report.json"):
        (out / name).unlink(missing_ok=True)  # of an earlier run: what stands there shall belong together
    dataset, passes, warning = _available(dataset, passes)
    seconds: dict[str, float] = {}
    trained = _timed(seconds, "train", lambda: _train(network, dataset, passes, seed, out / "float"))
    proved = _timed(seconds, "quantize and prove", lambda: _quantize(trained.model, out / "int8"))
    exported = _timed(seconds, "export", lambda: _export(proved.model, out / "c"))
    seen = _timed(seconds, "read a recording", lambda: _read_recording(proved, seed, out / "recording"))
    seconds["everything"] = time.perf_counter() - began
    report = Report(warning, trained, proved, exported, seen, seconds)
    write_report(report, out)
    if as_json:
        show_json(report.summary(out))
    else:
        _say(report, out)
    if proved.proof.verdict == CANNOT_TELL:
        warn(f"cannot tell: {loss(proved.proof, 'int8')}; {digits_that_tell(proved.proof)}")
    if proved.proof.verdict == FAILED:
        click.echo("Error: int8 loses more than allowed; see the report, train longer, or quantize by hand", err=True)
        ctx.exit(1)


def _available(dataset: str, passes: int | None) -> tuple[str, int | None, str]:
    """The data set that can be had, its epochs, and a warning where it is not the one asked for."""
    from edgedigits.core.datasets import MnistUnavailable, load_dataset

    warning = ""
    try:
        load_dataset(dataset)
    except MnistUnavailable as error:
        dataset = FALLBACK
        warning = f"{error}. Falling back to scikit-learn's 1,797 digits: the figures below are NOT those of MNIST."
        click.secho(f"\nWARNING: {warning}\n", fg="yellow", bold=True, err=True)
    if dataset == FALLBACK and passes is None:
        passes = FALLBACK_EPOCHS
    return dataset, passes, warning


def _timed(seconds: dict[str, float], name: str, work: Any) -> Any:
    click.echo(f"{name} ...", err=True)
    start = time.perf_counter()
    result = work()
    seconds[name] = time.perf_counter() - start
    return result


def _train(network: str, dataset: str, passes: int | None, seed: int, out: Path) -> Any:
    from edgedigits.core.errors import EdgedigitsError

    with loading("TensorFlow"):
        from edgedigits.train import TrainingInterrupted, TrainingRequest, train

    request = TrainingRequest(network, dataset, epochs=passes, seed=seed)
    try:
        with epochs() as tell:
            return train(request, out, force=True, progress=tell)
    except TrainingInterrupted as error:
        command = f"edgedigits train --model {network} --dataset {dataset} --seed {seed} --out {out} --resume"
        more = f" --epochs {passes}" if passes else ""
        raise EdgedigitsError(error.what, f"`{command}{more}` goes on with the training") from error


def _quantize(model: Path, out: Path) -> Any:
    from edgedigits.quantize import QuantizeRequest, quantize

    with progress() as stage:
        return quantize(QuantizeRequest(model), out, force=True, progress=stage)


def _export(model: Path, out: Path) -> Any:
    from edgedigits.firmware_export import export_arrays, write_export

    result = export_arrays(model, allow_failed=True)
    write_export(result, out, force=True)
    return result


def _read_recording(proved: Any, seed: int, out: Path) -> Any:
    """Compose a recording from test digits, read it with the int8 model, keep one marked frame as a picture."""
    from edgedigits.cli.report import Seen
    from edgedigits.core.datasets import split_of
    from edgedigits.edge import (
        DigitReader,
        JsonLines,
        Transcript,
        VideoFile,
        VideoPreview,
        compose_recording,
        run_station,
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
    transcript = Transcript()
    with (
        (out / "read.jsonl").open("w") as lines,
        VideoPreview(out / "read.avi", force=True) as preview,
        progress() as stage,
    ):
        sinks = (JsonLines(lines), transcript, preview, Counted(lambda done: stage("read", done, FRAMES)))
        result = run_station(DigitReader(proved.model), VideoFile(recording.path), sinks)
    picture = _first_frame(out / "read.avi", out / "read.png")
    return Seen(recording, recording.exact(transcript.texts), result, picture)


class Counted:
    """A sink that tells how many frames were read."""

    def __init__(self, tell: Callable[[int], object]) -> None:
        self._tell = tell
        self._frames = 0

    def take(self, _sight: Sight) -> bool:
        """Count a frame."""
        self._frames += 1
        self._tell(self._frames)
        return True


def _first_frame(video: Path, picture: Path) -> Path:
    from edgedigits.cli.reading import save_png
    from edgedigits.edge import VideoFile

    with VideoFile(video) as frames:
        taken = frames.read()
    if taken is None:
        raise RuntimeError(f"{video} was written without a frame")
    save_png(picture, taken)
    return picture


def _say(report: Any, out: Path) -> None:
    from edgedigits.core.load import busy_words

    summary = report.summary(out)
    busy = busy_words(summary["load"])
    click.echo(f"\n{summary['network']}: {summary['parameters']:,} parameters, trained on {summary['dataset']}")
    click.echo(
        f"accuracy: float {summary['float_accuracy']:.2f} %, int8 {summary['int8_accuracy']:.2f} % "
        f"(drop {summary['drop']:+.2f} points); {summary['int8_bytes']:,} bytes"
    )
    click.echo(
        f"recording: {summary['frames_exact']} of {summary['frames']} frames read exactly, "
        f"{summary['fps']:.0f} a second{f' while {busy}' if busy else ''}"
    )
    click.echo("seconds: " + ", ".join(f"{name} {spent:.0f}" for name, spent in summary["seconds"].items()))
    click.echo(f"report: {out / 'report.html'}")
