"""Write down what trained networks say of distorted digits, for smaller ones to learn from."""

from __future__ import annotations

from pathlib import Path

import click

from edgedigits.cli import options
from edgedigits.cli.output import loading, progress, say, show_json


@click.command(short_help="Write lessons for a small network to learn from.")
@click.argument("teachers", type=options.FloatModel(), nargs=-1, required=True, metavar="TEACHER...")
@options.dataset("The data set whose training digits are shown.", "mnist")
@click.option("--split", default="default", show_default=True, help="A split of `edgedigits datasets`.")
@click.option("--passes", type=click.IntRange(1), default=40, show_default=True, help="Over all training digits.")
@click.option("--augment", default="light", show_default=True, help="An augmentation of `edgedigits train`.")
@click.option(
    "--blended",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Share of the pictures that are two digits laid over each other.",
)
@click.option("--seed", default=0, show_default=True, help="Of the split and the distortions.")
@click.option("--resume", is_flag=True, help="Go on with lessons that were interrupted.")
@options.out
@options.force
@options.as_json
def teach(
    teachers: tuple[Path, ...],
    dataset: str,
    split: str,
    passes: int,
    augment: str,
    blended: float,
    seed: int,
    resume: bool,
    out: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Ask float networks what they see in distorted training digits, and write pictures and answers to a folder.

    `edgedigits train --lessons FOLDER` learns from them in place of labels (distillation): a pass in each epoch, from
    the first again after the last. What it spoils of them keeps the answer to the whole picture, so that the network
    becomes robust (--spoilt there, and in `edgedigits quantize --lessons`).

    \b
    Examples:
      edgedigits teach out/teacher-0 out/teacher-1 --passes 60 --out out/lessons
      edgedigits train --model micro --lessons out/lessons --out out/taught
    """
    from edgedigits.core.lessons import TEACHING

    TEACHING.check_folder(out, force=force, resume=resume)
    with loading("TensorFlow"):
        from edgedigits.train.teaching.teaching import TeachingRequest
        from edgedigits.train.teaching.teaching import teach as ask

    request = TeachingRequest(teachers, dataset, split, passes, augment, blended, seed)
    with progress() as tell:
        lessons = ask(request, out, resume=resume, progress=lambda done, of: tell("passes", done, of))
    if as_json:
        show_json({"lessons": str(lessons.path), **lessons.recipe.as_dict()})
        return
    say(f"{out}: {passes} passes, what {len(teachers)} networks say of them; `edgedigits train --lessons {out}` learns")
