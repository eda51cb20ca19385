"""The command that makes the hash of a station's password."""

from __future__ import annotations

import sys

import click


@click.command(short_help="Make the hash of a password for the page.")
def password() -> None:
    """Ask for a password and print its hash, for the table `page` of the configuration.

    The password itself is written nowhere. Where standard input is no terminal, its first line is the password.

    \b
    Example:
      edgedigits station password
    """
    from edgedigits.edge.station.page.access.password import hash_password

    if sys.stdin.isatty():
        wanted = click.prompt("Password", hide_input=True, confirmation_prompt="Once more", err=True)
    else:
        wanted = sys.stdin.readline().rstrip("\r\n")
    click.echo(f'password = "{hash_password(wanted)}"')
