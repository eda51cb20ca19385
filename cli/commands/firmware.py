"""Commands of the firmware: what a model costs on each core, and whether a board answers as Python does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgedigits.cli import options
from edgedigits.cli.board_answers import show_layers, show_verification
from edgedigits.cli.core_tables import fail_where_needed, show_report
from edgedigits.cli.output import progress, show_json, show_table, warn
from edgedigits.cli.proving import warn_of_verdict

if TYPE_CHECKING:
    from edgedigits.core.contract.finding import Told
    from edgedigits.firmware_export.proof.inputs import ProofInputs
    from edgedigits.firmware_export.report.report import FirmwareReport

ALL_CORES = "m0,m3,m4,m7,m33,m55,rv32"
_COUNT = click.IntRange(min=1)
_images = click.option(
    "--images", "count", type=_COUNT, default=20, show_default=True, help="Test digits, lines or inputs to run."
)
_dataset = options.dataset("Data set to take them of.  [default: the model's own]")


@click.group(short_help="Measure a model on emulated cores, verify it on a board.")
def firmware() -> None:
    """Measure an exported model on emulated cores, and prove it on a board.

    \b
    Examples:
      edgedigits firmware cores
      edgedigits firmware report out/int8/model.int8.tflite --core m0,m4
      edgedigits firmware verify out/int8/model.int8.tflite --port /dev/ttyACM0
    """


@firmware.command(short_help="List the cores that a model can be measured on.")
@options.as_json
def cores(as_json: bool) -> None:
    """List the cores that a model can be measured on, and what each needs installed.

    \b
    Example:
      edgedigits firmware cores
    """
    from edgedigits.firmware_export.boards.cores import CORES
    from edgedigits.firmware_export.report.cores import missing_tool

    known = [
        {
            "core": core.name,
            "title": core.title,
            "board": core.board,
            "flash": core.memory.code.size,
            "ram": core.memory.ram.size,
            "counts": core.unit,
            "packages": f"{core.compiler_package} {core.emulator_package}",
            "installed": not missing_tool(core),
        }
        for core in CORES
    ]
    if as_json:
        show_json(known)
        return
    show_table(
        ("--core", "what", "emulated board", "flash", "RAM", "counts", "installed", "Debian packages"),
        [
            (
                *(item["core"], item["title"], item["board"], f"{item['flash']:,}", f"{item['ram']:,}"),
                *(item["counts"], "yes" if item["installed"] else "no", item["packages"]),
            )
            for item in known
        ],
        left=3,
        optional=(2, 5),
    )


@firmware.command(short_help="Measure what a model takes on each core, under emulation.")
@click.argument("model", type=options.Model())
@click.option("--core", "core_list", default=ALL_CORES, show_default=True, help="Of `edgedigits firmware cores`.")
@_images
@_dataset
@options.inputs
@options.strip_width
@options.weights_inside
@click.option("--name", default="digits", show_default=True, help="Prefix of the C names; a C identifier.")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw the arena over the layers to this PNG file.")
@click.option("--card", type=click.Path(path_type=Path), help="Write the figures here.  [default: beside MODEL]")
@click.option("--force", is_flag=True, help="Replace what --plot and --card name; take a model that failed.")
@options.as_json
@click.pass_context
@options.input_contract
def report(
    ctx: click.Context,
    model: Path,
    core_list: str,
    count: int,
    dataset: str | None,
    inputs: Path | None,
    width: int | None,
    weights: str,
    name: str,
    plot: Path | None,
    card: Path | None,
    force: bool,
    as_json: bool,
    told: Told,
) -> None:
    """Build MODEL for each core, run it under emulation, and print what it takes.

    Flash, RAM, instructions (cycles where the emulator knows them) for one inference, the same for each layer, and how
    many outputs differ from TFLite's reference kernels, of a line network also how many texts. Writes all figures to
    firmware.json beside MODEL, or where that is about another model of the folder to NAME.firmware.json, in place of
    those of an earlier report (for a model of the package only with --card). Exits with 1 where an output differs, a
    firmware cannot be built or run, or no core has its tools installed.

    \b
    Examples:
      edgedigits firmware report out/int8/model.int8.tflite
      edgedigits firmware report out/int8 --core m0,m4 --plot memory.png
    """
    path = _figures_path(model, card, plot, force, (dataset, inputs))
    images = _proof_inputs(model, count, dataset, width, inputs, told)
    found = _measured(model, core_list, images, name=name, allow_failed=force, told=told, width=width, weights=weights)
    written = _write(found, path, plot)
    warn_of_verdict(found.verdict)
    show_report(found, written, as_json)
    fail_where_needed(ctx, found)


def _figures_path(
    model: Path, card: Path | None, plot: Path | None, force: bool, read: tuple[str | None, Path | None]
) -> Path | None:
    """Where the figures go; raises where what the command writes would replace something, or what it reads."""
    from edgedigits.core.cards import CARD_NAME
    from edgedigits.core.datasets import check_dataset
    from edgedigits.core.files import refuse_inputs_inside, refuse_to_replace
    from edgedigits.core.pretrained.bundled import word_of
    from edgedigits.firmware_export.report.report import report_path

    dataset, inputs = read
    files = [model, model.with_name(CARD_NAME)]
    files += [*(check_dataset(dataset)[1] if dataset else []), *([inputs] if inputs else [])]
    for option, named in (("--plot", plot), ("--card", card)):
        if named:
            refuse_to_replace(named, force, option)
            refuse_inputs_inside(files, named, option)
    return card or (None if word_of(model, options.pretrained()) else report_path(model))


def _measured(model: Path, core_list: str, images: ProofInputs, **options: Any) -> FirmwareReport:
    from edgedigits.firmware_export.report.report import firmware_report

    names = list(dict.fromkeys(word.strip() for word in core_list.split(",") if word.strip()))
    with progress() as stage:
        stage("build and run", 0, len(names))
        return firmware_report(
            model, names, images, **options, progress=lambda done: stage("build and run", done, len(names))
        )


def _write(found: FirmwareReport, path: Path | None, plot: Path | None) -> list[Path]:
    """Write what was asked for; the files that were written."""
    from edgedigits.firmware_export.report.report import write_report

    if plot:
        from edgedigits.firmware_export.report.plot import memory_png

        variants = dict.fromkeys(cost.variant for cost in found.costs) or found.arena_bytes
        memory_png(found.library.plan, tuple(variants), plot)
    figures = write_report(found, path) if path and found.costs else None
    return [file for file in (figures, plot) if file]


def _proof_inputs(
    model: Path, count: int, dataset: str | None, width: int | None, inputs: Path | None, told: Told
) -> ProofInputs:
    from edgedigits.firmware_export.proof.inputs import proof_inputs

    images = proof_inputs(model, count, dataset, width, inputs, told)
    if images.warning:
        warn(images.warning)
    return images


@firmware.command(short_help="Compare what a board answers with TFLite.")
@click.argument("model", type=options.Model())
@click.option("--port", required=True, help="Serial port, such as /dev/ttyACM0 or COM3.")
@_images
@_dataset
@options.inputs
@options.strip_width
@click.option("--baud", type=_COUNT, default=115200, show_default=True, help="Bits per second.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    help="Seconds to wait for the answer to one digit.",
)
@click.option("--layers", is_flag=True, help="Compare each layer for one input; see below.")
@click.option("--force", is_flag=True, help="Take a model whose card says that its proof failed.")
@options.as_json
@click.pass_context
@options.input_contract
def verify(
    ctx: click.Context,
    model: Path,
    port: str,
    count: int,
    dataset: str | None,
    inputs: Path | None,
    width: int | None,
    baud: int,
    timeout: float,
    layers: bool,
    force: bool,
    as_json: bool,
    told: Told,
) -> None:
    """Send test digits, lines or inputs to a board that runs the exported example, and compare every output.

    Exits with 1 where one differs from TFLite's reference kernels.

    With --layers the first of them goes through the network alone: each row of each layer is compared, the first layer
    that differs is named, and what each took is told where the core counts cycles. All files of the program on the
    board have to be compiled with DIGITS_LAYERS defined, or with the library's name in place of DIGITS.

    \b
    Examples:
      edgedigits firmware verify out/int8/model.int8.tflite --port /dev/ttyACM0
      edgedigits firmware verify out/int8 --port /dev/ttyACM0 --layers
    """
    from dataclasses import asdict

    from edgedigits.core.machine.load import LoadWatch
    from edgedigits.firmware_export.proof.verdict import proof_verdict
    from edgedigits.firmware_export.serial.layers import verify_layers
    from edgedigits.firmware_export.serial.verify import verify as verify_board

    verdict = proof_verdict(model, allow_failed=force)
    warn_of_verdict(verdict)
    images = _proof_inputs(model, count, dataset, width, inputs, told)
    if layers:
        show_layers(
            ctx,
            verify_layers(port, model, images.values[0], baud=baud, timeout=timeout, told=told, width=width),
            as_json,
        )
        return
    total = len(images.values)
    watch = LoadWatch()
    with progress() as stage:
        found = verify_board(
            port,
            model,
            images.values,
            baud=baud,
            timeout=timeout,
            told=told,
            width=width,
            progress=lambda done: stage("send", done, total),
        )
    load = watch.share()
    if as_json:
        facts = {"verdict": verdict, "image_source": images.source, "load": load}
        show_json({"equal": found.equal, **facts, **asdict(found)})
    else:
        show_verification(found, images.source, load)
    if not found.equal:
        click.echo(
            "Error: the board's outputs are not those of TFLite's reference kernels; export the model with this "
            "version, build and flash it again, and if they still differ this is a defect: please report it",
            err=True,
        )
        ctx.exit(1)
