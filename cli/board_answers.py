"""What a board answers over its serial port, for people and scripts."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from edgedigits.cli.output import say, show_json, show_table
from edgedigits.core.counting import counted

if TYPE_CHECKING:
    from edgedigits.firmware_export.serial.layers import LayerVerification
    from edgedigits.firmware_export.serial.verify import Verification


def show_verification(found: Verification, source: str, load: float | None) -> None:
    """Say how a board's outputs compare, and how long one takes."""
    from edgedigits.core.machine.load import busy_words

    board = found.board
    say(f"board: library {board.version}, arena {board.arena_bytes:,} bytes, model {board.sha256[:12]}...")
    compared = f"{counted(found.images, 'image')} ({source}), {counted(found.outputs, 'output')}"
    say(f"{compared}, {found.differing_outputs:,} differ")
    if found.first_difference:
        first = found.first_difference
        output = f"{first.name} {first.output}" if first.name else first.output
        say(f"first: image {first.image}, output {output}: {first.found}, not {first.expected}")
    for name, count in found.differing_by_output.items():
        say(f"{name}: {counted(count, 'output')} differ")
    if found.wrong_labels:
        click.echo(f"labels or texts that are not the best of their outputs: {found.wrong_labels:,}")
    if found.repeated:
        click.echo(f"requests that were sent again: {found.repeated:,}")
    clock = found.median_microseconds
    inference = "" if clock is None else f"{clock:,.0f} µs for the model by the board's clock, "
    busy = f"; {busy_words(load)} meanwhile" if busy_words(load) else ""
    say(f"median: {inference}{found.median_seconds * 1000:,.0f} ms from sending to answer{busy}")


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
        say(
            "every layer is as TFLite's reference kernels compute it, the last ones too; where outputs "
            "of `firmware verify` differ all the same, it is by what is done before or behind the network"
        )
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
    differ = f"{counted(one.differing, 'value')} of this row {'differs' if one.differing == 1 else 'differ'}"
    return f"{what}: {one.found} instead of {one.expected} in {where} ({differ})"
