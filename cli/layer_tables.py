"""What a board says of its layers, for people and scripts."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from edgedigits.cli.output import say, show_json, show_table

if TYPE_CHECKING:
    from edgedigits.firmware_export.serial.layers import LayerVerification


def show_layers(ctx: click.Context, found: LayerVerification, as_json: bool) -> None:
    """Show how the layers compare, and exit with 1 where one differs."""
    if as_json:
        show_json({"equal": found.equal, **asdict(found)})
    else:
        show_table(
            ("layer", "what", "rows", "differ", "cycles"),
            [
                (
                    str(place),
                    layer.title,
                    f"{layer.rows:,}",
                    f"{layer.differing_rows:,}" if layer.compared else "-",
                    "-" if layer.cycles is None else f"{layer.cycles:,}",
                )
                for place, layer in enumerate(found.layers)
            ],
            left=2,
        )
        _say_what_follows(found)
    if not found.equal:
        click.echo(f"Error: {_error(found)}", err=True)
        ctx.exit(1)


def _say_what_follows(found: LayerVerification) -> None:
    if found.equal:
        say("every layer is as TFLite's reference kernels compute it; what still differs is done before or behind them")
    if all(layer.cycles is None for layer in found.layers):
        say("this core has no counter of cycles that the program knows")
    if found.repeated:
        click.echo(f"requests that were sent again: {found.repeated:,}")


def _error(found: LayerVerification) -> str:
    place = found.first or 0
    what = f"the first layer that differs is {place}, {found.layers[place].title}"
    one = found.difference
    if one is None:
        return f"{what}; asked again it was right, so that the board's memory is not to be trusted"
    where = f"row {one.row}, column {one.column}, channel {one.channel}"
    if one.column < 0:
        where = f"row {one.row}, in the padding beside it"
    return f"{what}: {one.found} instead of {one.expected} in {where} ({one.differing:,} values of this row differ)"
