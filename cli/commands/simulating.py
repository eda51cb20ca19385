"""The command that composes lines of digits as pictures."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from edgedigits.cli import options
from edgedigits.cli.output import progress, say, show_json
from edgedigits.core.counting import counted


@click.command(short_help="Write composed lines of handwriting as pictures.")
@click.option("--count", "lines", default=100, show_default=True, help="Pictures with digits.")
@click.option("--nothing", default=0, show_default=True, help="Pictures without a digit, in a folder of their own.")
@click.option("--seed", default=0, show_default=True, help="Of all that is drawn.")
@click.option(
    "--part",
    type=options.SuggestingChoice(["train", "validation", "test"]),
    default="test",
    show_default=True,
    help="Of MNIST, whose digits are written.",
)
@options.out
@options.force
@options.as_json
def simulate(out: Path, force: bool, as_json: bool, **settings: Any) -> None:
    """Write composed lines of handwriting as pictures: what line networks learn from, to look at or to try readers on.

    Writes images/ and truth.csv (image,text), as `edgedigits fields` and --dataset lines:FOLDER take them; with
    --nothing also nothing/, on whose pictures no digit stands. The lines are written of MNIST's test digits, so take
    --part train for those that shall be learned from.

    \b
    Example:
      edgedigits simulate --count 200 --nothing 20 --out out/simulated
    """
    from edgedigits.train.lines.simulating import simulate as write

    with progress() as stage:
        made = write(out, force=force, progress=stage, **settings)
    if as_json:
        show_json(asdict(made) | {"folder": str(made.folder)})
        return
    click.echo(made.folder / "truth.csv")
    say(f"{counted(made.lines, 'line')}, {counted(made.digits, 'digit')}, pictures in {made.folder / 'images'}")
    if made.nothing:
        say(f"{counted(made.nothing, 'picture')} without a digit in {made.folder / 'nothing'}")
