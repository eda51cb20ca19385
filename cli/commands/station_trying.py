"""The commands that try a station before it is left alone: demo, check, calibrate."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgedigits.cli import options
from edgedigits.cli.output import progress, say, show_json, show_table

if TYPE_CHECKING:
    from edgedigits.edge.station.calibration.threshold import ChosenThreshold, StationCalibration

_COLOURS = {True: "red", False: "yellow"}


@click.command(short_help="Try camera, model, disk, page and broker.")
@options.station_config
@options.as_json
@click.pass_context
def check(ctx: click.Context, config: Path, as_json: bool) -> None:
    """Try all that a configuration file names, and say what to do where something is amiss. Exits with 1 then.

    \b
    Example:
      edgedigits station check --config station.toml
    """
    from edgedigits.edge.station.checking import try_station
    from edgedigits.edge.station.configuration.settings_file import read_settings

    found = []
    for one in try_station(read_settings(config), config.absolute().parent):
        found.append(one)
        if not as_json:
            word = "failed" if one.failed else "look" if one.remedy else "ok"
            click.echo(
                click.style(f"{word:<7}", fg=_COLOURS[one.failed] if one.remedy else "green") + f"{one.name}: ",
                nl=False,
            )
            say(one.words + (f"; {one.remedy}" if one.remedy else ""))
    if as_json:
        show_json([asdict(one) for one in found])
    if any(one.failed for one in found):
        ctx.exit(1)


@click.command(short_help="Find the threshold that keeps errors below the target.")
@click.argument("recordings", metavar="[RECORDING]...", nargs=-1, type=options.NamedPath())
@options.station_config
@click.option("--audited", is_flag=True, help="By the accepted pieces in its journal that people checked.")
@click.option(
    "--codes", "written", type=options.NamedPath(), help="Text: a line a piece in order, empty without a code."
)
@options.as_json
@click.pass_context
def calibrate(
    ctx: click.Context,
    recordings: tuple[Path, ...],
    config: Path,
    audited: bool,
    written: Path | None,
    as_json: bool,
) -> None:
    """Read recordings of mail whose codes are known, and keep the lowest confidence that is sure enough.

    Of the codes that are accepted from then on, no more than target_error percent are wrong, with 95 % certainty, on
    mail like this. RECORDING is a video that `edgedigits simulate station` wrote, which lies beside its truth, or one
    of your own belt (`edgedigits camera --record`) with --codes. The journal's folder keeps what was found, and
    rejects.png there shows what each threshold does. Where the pieces prove none, the exit code is 3: what others
    proved before stands, if these do not refute it; else the station accepts nothing until there are more.

    With --audited the station's own journal proves the threshold that it runs with: by the accepted pieces that
    `audit_percent` in [pieces] drew at random and people checked. The station may run meanwhile, and follows within a
    second. Where nothing is proved, all stays as it is.

    \b
    Examples:
      edgedigits station calibrate out/mail/mail.avi
      edgedigits station calibrate belt.avi --codes belt.txt
      edgedigits station calibrate --audited --config station.toml
    """
    if audited == bool(recordings):
        raise click.UsageError("give recordings, or --audited without any")
    if audited:
        _by_audit(ctx, config, as_json)
        return
    from edgedigits.core.counting import counted
    from edgedigits.core.lines.confidence import error_at
    from edgedigits.edge.station.calibration.recorded import calibrate_station
    from edgedigits.edge.station.configuration.settings_file import read_settings

    settings, folder = read_settings(config), config.absolute().parent
    with progress() as stage:
        found = calibrate_station(
            settings, folder, recordings, written, lambda done, total: stage("frames", done, total)
        )
    if as_json:
        show_json(asdict(found.calibration))
    else:
        say(f"on {counted(found.calibration.pieces, 'piece')}: {found.threshold.explained('piece')}")
        rows = [
            (f"{100 * share:.0f}", f"{100 * error_at(found.curve, share):.2f}", "")
            for share in (0, 0.05, 0.1, 0.2, 0.3)
        ]
        show_table(("rejected %", "wrong % of accepted", ""), rows, left=0)
        if found.unexpected:
            several = counted(len(found.unexpected), "piece has a code", "pieces have codes")
            say(f"{several} that the station does not expect, such as {found.unexpected[0]}: never right")
        if found.standing is None:
            say(f"kept in {folder / settings.journal.folder}")
        if found.holds is not None:
            say(_what_holds(found.holds, found.standing))
    if found.threshold.value is None:
        ctx.exit(3)


def _what_holds(holds: ChosenThreshold, standing: StationCalibration | None) -> str:
    """By which threshold a station goes after a calibration."""
    before = "; what was proved before stands" if standing is not None else ""
    remedy = f"; {holds.remedy}" if holds.remedy else ""
    return f"from now on the station {holds.effect}: {holds.words}{before}{remedy}"


def _by_audit(ctx: click.Context, config: Path, as_json: bool) -> None:
    from edgedigits.core.counting import counted
    from edgedigits.edge.station.calibration.audited import keep_proof, prove_by_audit
    from edgedigits.edge.station.configuration.settings_file import read_settings

    settings = read_settings(config)
    folder = config.absolute().parent / settings.journal.folder
    found = prove_by_audit(folder, settings.reading.target_error)
    keep_proof(folder, found)
    if as_json:
        show_json(asdict(found))
    else:
        say(f"threshold {found.threshold:g}: {found.explanation}")
        if found.passed_over:
            say(f"{counted(found.passed_over, 'piece')} passed over unchecked, which count as wrong")
        if found.waiting:
            say(f"{counted(found.waiting, 'more piece')} drawn, to be checked on the page")
        if found.others:
            say(f"{counted(found.others, 'piece')} of another threshold, network or kind of code left out")
    if found.proof.value is None:
        ctx.exit(3)
    say(f"kept in {folder}", err=as_json)


@click.command(short_help="Show a station at work, without camera or broker.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("out/station"), show_default=True, help="Its folder."
)
@click.option(
    "--level",
    type=options.SuggestingChoice(["easy", "ordinary", "hard", "extreme"]),
    default="ordinary",
    show_default=True,
    help="Of the simulated mail.",
)
@click.option("--pieces", type=click.IntRange(min=1), help="Mail pieces after which it ends.  [default: on Ctrl-C]")
@click.option("--seed", default=0, show_default=True, help="Of the simulated mail.")
@click.option("--open/--no-open", "browser", default=True, show_default=True, help="Open the page in a browser.")
def demo(out: Path, level: str, pieces: int | None, seed: int, browser: bool) -> None:
    """Run a station on simulated mail: its page opens, pieces are read or rejected, and what is rejected can be keyed.

    A rejected piece waits ten seconds for somebody to key it under `Review` on the page. The configuration, the journal
    and the pictures are left in the folder --out: `edgedigits station --config` goes on with them.

    \b
    Example:
      edgedigits station demo
    """
    from edgedigits.cli.commands.station import run_station
    from edgedigits.edge.station.demonstrating import write_demo

    config = write_demo(out, level, pieces, seed)
    say(f"The station's configuration: {config}; what it keeps: {out / 'journal'}", err=True)
    run_station(config, browser=browser)
    say(f"`edgedigits journal show {out / 'journal'}` shows what it read", err=True)
