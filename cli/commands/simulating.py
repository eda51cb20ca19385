"""The commands that compose what is to be read: lines of digits as pictures, and mail on a belt as a video."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from edgedigits.cli import options
from edgedigits.cli.output import progress, say, show_json
from edgedigits.core.counting import counted

_part = click.option(
    "--part",
    type=options.SuggestingChoice(["train", "validation", "test"]),
    default="test",
    show_default=True,
    help="Of MNIST, whose digits are written.",
)


@click.group(short_help="Write composed lines of handwriting, or mail on a belt.", invoke_without_command=True)
@click.option("--count", "lines", default=100, show_default=True, help="Pictures with digits.")
@click.option("--nothing", default=0, show_default=True, help="Pictures without a digit, in a folder of their own.")
@click.option("--seed", default=0, show_default=True, help="Of all that is drawn.")
@_part
@options.out_of_a_group
@options.force
@options.as_json
@click.pass_context
def simulate(ctx: click.Context, /, out: Path | None, force: bool, as_json: bool, **settings: Any) -> None:
    """Write composed lines of handwriting as pictures: what line networks learn from, to look at or to try readers on.

    Writes images/ and truth.csv (image,text), as `edgedigits fields` and --dataset lines:FOLDER take them; with
    --nothing also nothing/, on whose pictures no digit stands. The lines are written of MNIST's test digits, so take
    --part train for those that shall be learned from. `edgedigits simulate station` writes mail on a belt instead.

    \b
    Example:
      edgedigits simulate --count 200 --nothing 20 --out out/simulated
    """
    if ctx.invoked_subcommand:
        _refuse_own_options(ctx)
        return
    if out is None:
        raise click.MissingParameter(ctx=ctx, param=next(one for one in ctx.command.params if one.name == "out"))
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


def _refuse_own_options(ctx: click.Context) -> None:
    """What stands before the word of a command would say nothing to it."""
    for option in ctx.command.params:
        if option.name and ctx.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
            word = ctx.invoked_subcommand
            raise click.UsageError(f"Write {option.opts[0]} after the word {word}.", ctx)


@simulate.command(short_help="Write a video of mail on a belt with its truth.")
@click.option("--level", default="ordinary", show_default=True, help="easy, ordinary, hard or extreme.")
@click.option("--pieces", default=100, show_default=True, help="On the belt.")
@click.option("--seed", default=0, show_default=True, help="Of all that is drawn.")
@_part
@click.option("--hand", default="any", show_default=True, help="Of the writers: any, slanted or unusual.")
@click.option("--form", default="5", show_default=True, help="Digits of a code: 5, 4, 5+4, or several as in 4,5.")
@click.option("--codes", type=options.NamedPath(), help="File of the only codes that occur, one a line.")
@click.option("--frames", type=int, help="In which a piece is wholly in view.  [default: the level's]")
@options.out
@options.force
@options.as_json
def station(
    level: str,
    pieces: int,
    seed: int,
    part: str,
    hand: str,
    form: str,
    codes: Path | None,
    frames: int | None,
    out: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Write a video of mail pieces on a belt, as the camera of a sorting station sees them, with their truth.

    Envelopes, cards and parcels with printed addresses, stamps, windows and a handwritten code, at a level of
    difficulty. Writes mail.avi, mail.json (each piece's code, frames and place) and pieces/, the code fields as
    --dataset lines:FOLDER takes them. The codes are written with MNIST's test digits, so take --part train for what
    shall be learned from.

    \b
    Examples:
      edgedigits simulate station --pieces 20 --out out/mail
      edgedigits simulate station --level hard --hand slanted --out out/hard
    """
    from edgedigits.core.datasets import load_dataset, split_dataset
    from edgedigits.core.files import refuse_inputs_inside
    from edgedigits.core.lines.code_file import read_code_list
    from edgedigits.edge.recordings.mail.belt import BeltPlan
    from edgedigits.edge.recordings.mail.simulating import simulate_station

    if codes:
        refuse_inputs_inside([codes], out)
    plan = BeltPlan(level, seed, pieces, hand, form, tuple(sorted(read_code_list(codes))) if codes else (), frames)
    digits = getattr(split_dataset(load_dataset("mnist"), "default"), part)
    with progress() as stage:
        made = simulate_station(out, (digits.images, digits.labels), f"mnist {part}", plan, force=force, progress=stage)
    if as_json:
        show_json({"folder": str(made.folder)} | made.summary())
        return
    click.echo(made.folder / "mail.avi")
    found = made.summary()
    passed = f"{counted(found['pieces'], 'piece')} in {counted(found['frames'], 'frame')}"
    say(f"{passed}, truth in {made.folder / 'mail.json'}")
    if found["without_code"]:
        say(f"{counted(found['without_code'], 'piece')} without a code")
