"""The commands of a sorting station."""

from __future__ import annotations

from pathlib import Path

import click

from edgedigits.cli import options
from edgedigits.cli.commands.station_page import password
from edgedigits.cli.commands.station_retrain import keys, retrain, rollback
from edgedigits.cli.commands.station_service import install
from edgedigits.cli.commands.station_trying import calibrate, check, demo
from edgedigits.cli.output import say
from edgedigits.core.counting import counted
from edgedigits.core.errors import EdgedigitsError


@click.group(short_help="Read codes on mail all day, and say when not sure.", invoke_without_command=True)
@options.station_config
@click.option("--limit", type=click.IntRange(min=1), help="Stop after so many frames.")
@click.pass_context
def station(ctx: click.Context, config: Path, limit: int | None) -> None:
    """Run the sorting station that a configuration file describes.

    Every mail piece that passes the camera has one result, accepted or rejected: it is written to the journal, then
    told to those that the configuration names, and shown on a web page. Ends on Ctrl-C, or with a video that it reads.

    \b
    Examples:
      edgedigits station demo
      edgedigits station init --config station.toml
      edgedigits station check --config station.toml
      edgedigits station --config station.toml
    """
    if ctx.invoked_subcommand:
        return
    run_station(config, limit)


def run_station(config: Path, limit: int | None = None, *, browser: bool = False) -> None:
    """Run a station to its end and say what it did; with ``browser`` its page is opened."""
    from edgedigits.edge import stop_on_signals
    from edgedigits.edge.station.configuration.settings_file import read_settings
    from edgedigits.edge.station.running import Station
    from edgedigits.edge.station.service.logs import log_to
    from edgedigits.edge.station.service.notify import ready, stopping

    settings = read_settings(config)
    log_to()
    with stop_on_signals() as stop, Station(settings, config.absolute().parent) as opened:
        if opened.page:
            say(f"The page: {opened.page.url} (Ctrl-C ends the station)", err=True)
            if browser:
                import webbrowser

                webbrowser.open(opened.page.url)
        ready()
        shift = opened.run(stop, limit=limit)
        stopping()
    counts = {**dict(sorted(shift.outcomes.items())), "waiting to be keyed": shift.held, "not written": shift.unwritten}
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    say(
        f"{counted(shift.pieces, 'piece')}{f' ({told})' if told else ''} in {shift.frames:,} of "
        f"{counted(shift.given, 'frame')}, {shift.skipped:,} skipped, "
        f"camera reopened {counted(shift.reopened, 'time')}",
        err=True,
    )
    if shift.unwritten:
        raise EdgedigitsError(
            f"{counted(shift.unwritten, 'result')} found no room in the journal and went with the program",
            "free some disk space",
        )


@station.command(short_help="Write a commented configuration file.")
@options.station_config
@options.force
def init(config: Path, force: bool) -> None:
    """Write a configuration file with every setting, its default, and what it is.

    \b
    Example:
      edgedigits station init --config station.toml
    """
    from edgedigits.core.files import refuse_to_replace, write_text
    from edgedigits.edge.station.configuration.settings import JournalSettings
    from edgedigits.edge.station.configuration.settings_file import commented

    refuse_to_replace(config, force, "--config")
    write_text(config, commented())
    click.echo(config)
    say(f"As it stands, its journal comes into {config.absolute().parent / JournalSettings().folder}", err=True)
    say("Say in it where the camera is and what codes look like; then `edgedigits station check` tries all of it.")


for command in (demo, check, calibrate, install, password, keys, retrain, rollback):
    station.add_command(command)
