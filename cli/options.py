"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

out = click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to make.")
force = click.option("--force", is_flag=True, help="Replace what lies in the output folder.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
reject_below = click.option(
    "--reject-below",
    type=click.FloatRange(0, 1),
    default=None,
    help="Show ? for digits of less confidence than this.  [default: the reader's own]",
)
