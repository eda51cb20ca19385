"""The command that makes a station a service of the system."""

from __future__ import annotations

from pathlib import Path

import click

from edgedigits.cli import options
from edgedigits.cli.output import say


@click.command(short_help="Print or install the systemd unit of a station.")
@click.option(
    "--config",
    type=options.NamedPath(),
    default=Path("/etc/edgedigits/station.toml"),
    show_default=True,
    help="The station's configuration file.",
)
@click.option("--now", is_flag=True, help="Install it and start the station; as root.")
def install(config: Path, now: bool) -> None:
    """Make a station start with the system: a systemd unit with a user of its own and a watchdog.

    Without --now nothing is changed: the unit is printed, and on standard error what to do with it. With --now the user
    `edgedigits` is made, the unit written and the station started; where a step fails, everything is as it was before.

    \b
    Examples:
      edgedigits station install --config station.toml
      sudo /opt/edgedigits/bin/edgedigits station install --now
    """
    from edgedigits.edge.station.service.install import install_service, plan_service

    plan = plan_service(config)
    for note in plan.notes:
        say(f"Note: {note}", err=True)
    if now:
        install_service(plan)
        click.echo(plan.path)
        say("the station runs, and starts with the system; `journalctl -fu edgedigits-station` shows its log", err=True)
        return
    click.echo(plan.unit, nl=False)
    say(f"Nothing was changed. Write this to {plan.path}, then:", err=True)
    for command in plan.commands:
        click.echo(f"  {command}", err=True)
    say("Or all of it: the same command with --now, as root.", err=True)
