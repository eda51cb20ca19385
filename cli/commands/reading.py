"""Commands that read digits in photos and in labelled fields."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgedigits.cli import options
from edgedigits.cli.output import progress, say, show_json, show_table
from edgedigits.cli.reading_options import (
    ReadingModel,
    ReadingOptions,
    labelled,
    of_lines,
    of_pictures,
    opened_reader,
    reading_model,
)
from edgedigits.core.counting import counted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edgedigits.core.contract.finding import Told
    from edgedigits.edge import DigitReader, LineReader


@click.command(short_help="Find and read the digits in photos.")
@click.argument("words", metavar="[MODEL] IMAGE...", nargs=-1, required=True)
@reading_model
@click.option("--annotate", type=click.Path(path_type=Path), help="Folder for copies with the digits marked.")
@options.reject_below
@options.force
@options.as_json
@click.pass_context
@options.input_contract
@of_pictures
def predict(
    ctx: click.Context,
    words: tuple[str, ...],
    model: Path | None,
    annotate: Path | None,
    reject_below: float | None,
    force: bool,
    as_json: bool,
    told: Told,
    how: ReadingOptions,
) -> None:
    """Find and read the digits in photos.

    IMAGE is a picture, or a folder: then all pictures in it and in its folders. With --json one object a line and an
    image: image, text, digits (box, label, confidence), where there are none why. Why an image gave nothing is said on
    standard error, too. An image that cannot be read is reported, the others are read all the same, and the exit code
    is 1. MODEL is a .tflite file, the folder in which `quantize` made it, or the word
    builtin, which is the default; --model MODEL says the same. The built-in model and other line networks read each
    line as a whole; in JSON each line then has confidence and alternatives, too.

    \b
    Examples:
      edgedigits predict photo.jpg --annotate out/marked
      edgedigits predict out/int8/model.int8.tflite photo.jpg
      edgedigits predict mine/*
    """
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.core.files import refuse_inputs_inside, refuse_to_overwrite
    from edgedigits.edge.sources.picture_files import IMAGE_SUFFIXES

    if not all(words):
        raise click.UsageError("a word is empty, such as that of a variable without a value.")
    model, named = options.model_first(words, model, IMAGE_SUFFIXES, ReadingModel())
    if not named:
        raise click.UsageError("Missing argument 'IMAGE...'.")

    if annotate:
        refuse_to_overwrite(annotate, force, "--annotate")
        refuse_inputs_inside(named, annotate, "--annotate")
        for word in named:
            if annotate.resolve().is_relative_to(word.resolve()):
                raise EdgedigitsError(
                    f"{annotate} lies in {word}, whose pictures are read: the copies would be next time",
                    "choose another --annotate",
                )
    reader = opened_reader(model, reject_below, told, force, how)
    images, failed = _pictures(named)
    if annotate:
        refuse_inputs_inside([path for path, _ in images], annotate, "--annotate")
    names = _names(images)
    unread = 0
    for image, _ in images:
        try:
            _predict_one(reader, image, annotate / names[image] if annotate else None, as_json)
        except EdgedigitsError as error:
            unread += 1
            click.echo(f"Error: {error}", err=True)
    if unread and len(images) > 1:
        say(f"{unread:,} of {counted(len(images), 'picture')} not read", err=True)
    if failed or unread:
        ctx.exit(1)


def _pictures(named: Sequence[Path]) -> tuple[list[tuple[Path, Path]], int]:
    """The pictures that words name, a folder all below it, each with the name of its copy.

    How many folders had none is told, too: each is reported.
    """
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.edge.picture_lists import pictures_below

    found: list[tuple[Path, Path]] = []
    failed = 0
    for word in named:
        if not word.is_dir():
            found.append((word, Path(word.name)))
            continue
        try:
            below = pictures_below(word)
        except EdgedigitsError as error:
            failed += 1
            click.echo(f"Error: {error}", err=True)
            continue
        found += [(path, word.resolve().name / path.relative_to(word)) for path in below.paths]
        if below.left_out:
            say(f"{word}: left out, no picture by name or a link to a folder: {below.left_out}", err=True)
    return found, failed


def _names(images: Sequence[tuple[Path, Path]]) -> dict[Path, Path]:
    """Where each marked copy lies: as the picture in the folder that was named, numbered where several are the same."""
    names: dict[Path, Path] = {}
    taken: set[Path] = set()
    for image, name in dict.fromkeys(images):
        if image in names:
            continue
        numbers = count(2)
        free = name.with_suffix(".png")
        while free in taken:
            free = name.with_name(f"{name.stem}-{next(numbers)}.png")
        taken.add(free)
        names[image] = free
    return names


def _predict_one(reader: DigitReader | LineReader, path: Path, marked: Path | None, as_json: bool) -> None:
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.edge import annotate, load_image

    image = load_image(path)
    try:
        reading = reader.read(image)
    except EdgedigitsError as error:
        raise EdgedigitsError(f"{path}: {error.what}", error.remedy) from error
    if marked:
        save_png(marked, annotate(image, reading))
    if reading.why:
        click.echo(f"{path}: no digits: {reading.why}", err=True)
    if as_json:
        click.echo(json.dumps({"image": str(path), **reading.as_dict()}))
    else:
        click.echo(f"{path}\t{' '.join(reading.text.splitlines())}")


def save_png(path: Path, image: NDArray[np.uint8]) -> None:
    """Write a picture, uint8 BGR, as PNG, whole or not at all."""
    import cv2

    from edgedigits.core.files import write_bytes

    write_bytes(path, cv2.imencode(".png", image)[1].tobytes())


def save_jpeg(path: Path, image: NDArray[np.uint8]) -> None:
    """Write a picture, uint8 BGR, as JPEG, whole or not at all."""
    import cv2

    from edgedigits.core.files import write_bytes

    write_bytes(path, cv2.imencode(".jpg", image)[1].tobytes())


@click.command(short_help="Measure how many labelled fields are read exactly.")
@click.argument("model", type=ReadingModel())
@click.argument("folder", type=options.NamedPath())
@labelled
@options.reject_below
@click.option("--force", is_flag=True, help="Take a model whose card says that its proof failed.")
@options.as_json
@options.input_contract
@of_lines
def fields(
    model: Path,
    folder: Path,
    truth: Path | None,
    rows: slice,
    reject_below: float | None,
    force: bool,
    as_json: bool,
    told: Told,
    how: ReadingOptions,
) -> None:
    """Measure how many labelled fields in FOLDER (amounts, postal codes) are read exactly.

    A table says what stands on each picture: CSV with the columns image and text. The pictures lie in FOLDER, or in
    images in it. MODEL may be the word builtin. The character error rate counts digits missed, made up and taken for
    others, for each digit of the truth: more than 100 % where more are made up than stand there. Line breaks do not
    count.

    \b
    Example:
      edgedigits fields builtin cheques
      edgedigits fields builtin photos --truth tables/photos.csv
    """
    from edgedigits.core.lines.truth import read_truth, truth_of
    from edgedigits.core.machine.load import busy_words
    from edgedigits.edge import measure_fields

    reader = opened_reader(model, reject_below, told, force, how)
    table = truth_of(folder, truth)
    total = len(read_truth(table)[rows])
    with progress() as stage:
        result = measure_fields(reader, folder, table, rows=rows, progress=lambda done: stage("fields", done, total))
    if as_json:
        show_json(result.as_dict())
        return
    click.echo(f"{counted(result.fields, 'field')}, {counted(result.digits, 'digit')}")
    click.echo(f"fields read exactly {100 * result.exact:.1f} %")
    click.echo(
        f"digits right        {100 * result.digits_right:.1f} %, "
        f"character error rate {100 * result.character_error_rate:.1f} %"
    )
    say(
        f"fields with a rejected digit {100 * result.with_reject:.1f} %; "
        f"of the others read exactly {100 * result.exact_of_accepted:.1f} %"
    )
    say(f"wrong among the surest nine tenths of the fields {100 * result.error_at_tenth:.1f} %")
    busy = busy_words(result.load)
    say(f"{result.milliseconds:.1f} ms a field{f'; {busy} meanwhile' if busy else ''}\n")
    show_table(("digits", "fields", "exact"), [(r.length, r.fields, f"{r.exact:>6}") for r in result.by_length])
    worst = ", ".join(f"{a or 'none'} as {b or 'none'} ({n})" for a, b, n in result.confusions[:8])
    say(f"\nworst: {worst or 'none'}")
