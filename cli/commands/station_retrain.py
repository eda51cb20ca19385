"""Commands that close the circle: keys, retraining on a workstation, and going back on a station."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgedigits.cli import options
from edgedigits.cli.output import epochs, loading, progress, say, show_json
from edgedigits.cli.reading_options import ReadingModel

if TYPE_CHECKING:
    from edgedigits.train.training_request import Device

NOT_PROVED = 3
"""Exit code where the new model is proved neither better nor equal."""


@click.command(short_help="Make the keys that updates are signed with.")
@options.out
@options.as_json
def keys(out: Path, as_json: bool) -> None:
    """Make a pair of keys for updates: station.key stays here, station.pub is copied to the stations.

    Who has station.key decides what your stations read with: it is written for its owner alone (mode 600); keep a copy
    where nobody else gets it. An existing key is never replaced.

    \b
    Example:
      edgedigits station keys --out out/keys
    """
    from edgedigits.edge.station.updates.keys import make_keys

    made = make_keys(out)
    if as_json:
        show_json({"private": str(made.private), "public": str(made.public)})
        return
    click.echo(made.private)
    click.echo(made.public)
    say(f"copy {made.public.name} to the stations and name it in their configuration: [updates] public_key")


@click.command(short_help="Train on from review queues, prove, and sign an update.")
@click.argument("queues", metavar="QUEUE...", nargs=-1, required=True, type=options.NamedPath())
@click.option(
    "--model", "running", type=ReadingModel(), default="builtin", show_default=True, help="What the stations run."
)
@click.option("--from", "start", type=click.Path(path_type=Path), help="Its floats.  [default: found by MODEL's card]")
@click.option("--key", required=True, type=options.NamedPath(), help="station.key, of `edgedigits station keys`.")
@click.option("--form", "forms", multiple=True, metavar="REGEX", help="Of a code, several.  [default: \\d{5}]")
@click.option("--codes", type=options.NamedPath(), help="File of the valid codes, as the stations have it.")
@click.option("--threshold", type=click.FloatRange(0, 1), help="Confidence to accept from.  [default: 0.97]")
@click.option("--held-out", default=25.0, show_default=True, help="Percent of each queue that is proved on.")
@click.option("--composed", default=4000, show_default=True, help="Composed lines to prove on that nothing is lost.")
@click.option("--epochs", "passes", type=int, help="Epochs of the training.  [default: 12]")
@click.option("--rate", type=float, help="Highest learning rate.  [default: 0.001]")
@click.option("--seed", default=0, show_default=True, help="Of all that is drawn.")
@options.device
@options.out
@options.force
@options.as_json
@click.pass_context
def retrain(
    ctx: click.Context,
    queues: tuple[Path, ...],
    running: Path,
    start: Path | None,
    key: Path,
    forms: tuple[str, ...],
    codes: Path | None,
    threshold: float | None,
    held_out: float,
    composed: int,
    passes: int | None,
    rate: float | None,
    seed: int,
    device: Device,
    out: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Learn from what stations could not read: train on, quantize, prove against the model that runs, sign an update.

    QUEUE are folders that `edgedigits journal labelled` made, of one or many stations. A part of each is held out, in
    runs of pieces that came one after the other; the rest is learned from, mixed with composed lines of other hands.
    Of what came out and what it started from a mean of the weights is taken that forgets little. The new int8 network
    and the one that runs then read the held-out pieces as a station reads them.

    The update is written where the new network reads more of them and McNemar's test finds p below 0.05 (better), or
    reads as many at least (equal); where of the composed lines no more than two points may be lost, by a 95 % interval;
    and where it does not accept more wrong codes. Else the exit code is 3. report.txt and report.json tell all of it.

    \b
    Examples:
      edgedigits station retrain out/labelled --key out/keys/station.key \\
        --out out/retrained
      edgedigits station retrain out/berlin out/paris --model out/retrained/int8 \\
        --key out/keys/station.key --out out/again
    """
    from edgedigits.cli.retraining import Retraining, check_retraining, float_of
    from edgedigits.cli.retraining import retrain as train_on
    from edgedigits.edge.station.calibration.threshold import UNCALIBRATED
    from edgedigits.edge.station.configuration.settings import ReadingSettings

    default = ReadingSettings()
    request = Retraining(
        queues,
        running,
        start or float_of(running),
        key,
        ReadingSettings(forms=forms or default.forms, codes=str(codes.resolve()) if codes else ""),
        UNCALIBRATED if threshold is None else threshold,
        held_out,
        composed,
        passes,
        rate,
        seed,
        device,
    )
    check_retraining(request, out, force)
    with loading("TensorFlow"):
        import edgedigits.quantize.lines.quantizing
        import edgedigits.train.lines.training  # noqa: F401
    with epochs() as tell, progress() as stage:
        done = train_on(request, out, force=force, stage=stage, training=tell)
    if as_json:
        show_json(done.as_dict())
    else:
        for words in done.words():
            say(words)
    if done.refusal:
        ctx.exit(NOT_PROVED)


@click.command(short_help="Go back to the model that ran before the last update.")
@options.station_config
@options.as_json
def rollback(config: Path, as_json: bool) -> None:
    """Go back to the model that ran before the last update; the one that is taken back is never taken again.

    A station that runs follows within seconds.

    \b
    Example:
      edgedigits station rollback --config station.toml
    """
    from edgedigits.edge.station.updates.events import short
    from edgedigits.edge.station.updates.opening import open_models

    store = open_models(config)
    left = store.state.current
    now = store.rollback()
    if as_json:
        show_json({"model": store.state.current, "path": str(now), "taken_back": left})
        return
    say(f"back from model {short(left)} to {short(store.state.current)}: {now}")
