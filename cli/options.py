"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

BUILTIN = "builtin"


class Model(click.ParamType[Path]):
    """The path of a model, or the word ``builtin`` for the one that comes with the package."""

    name = "model"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> Path:
        """Turn the word into a path; whether there is a model is the reader's business."""
        if value != BUILTIN:
            return Path(value)
        from edgedigits.edge.bundled import bundled_model

        return bundled_model()


out = click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to make.")
force = click.option("--force", is_flag=True, help="Replace what lies in the output folder.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
reject_below = click.option(
    "--reject-below",
    type=click.FloatRange(0, 1),
    default=None,
    help="Show ? for digits of less confidence than this.  [default: the reader's own]",
)
