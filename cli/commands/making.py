"""Commands of the workstation: data sets, train, export."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgedigits.core.contract.finding import Told

from edgedigits.cli import options
from edgedigits.cli.commands.baselines import train_with_folds
from edgedigits.cli.judging import steps_taken, warn_of_guessing
from edgedigits.cli.listings import ExportCommand, TrainingCommand
from edgedigits.cli.output import epochs, loading, say, show_json, show_note, show_table
from edgedigits.core.counting import counted
from edgedigits.firmware_export.targets.contract import ExportRequest
from edgedigits.firmware_export.targets.registry import TARGETS


@click.command(short_help="List the data sets and the rules that divide them.")
@click.option(
    "--data", type=click.Path(path_type=Path), help="Remember this folder: with MNIST in mnist/, or that mnist."
)
@options.as_json
def datasets(data: Path | None, as_json: bool) -> None:
    """List the data sets, the rules that divide them, and where MNIST was found.

    MNIST is looked for in the folder mnist of $EDGEDIGITS_DATA, of the folder that was remembered, and of the user's
    cache, where it is kept when it was fetched.

    \b
    Examples:
      edgedigits datasets
      edgedigits datasets --data ~/digits
    """
    from edgedigits.core.datasets import FOLDS_ABOUT, KINDS, SPLITS
    from edgedigits.core.datasets.mnist import COMMAND, can_fetch, find_mnist, remember_data_folder

    if data:
        folder, file = remember_data_folder(data)
        say(f"{folder} is remembered in {file}", err=True)
    place = find_mnist()
    if as_json:
        splits = {name: asdict(rule) for name, rule in SPLITS.items()}
        mnist = {"folder": str(place.folder / "mnist"), "from": place.origin} if place else None
        told = ("spec", "about", "digits", "paths")
        kinds = [{name: getattr(kind, name) for name in told} for kind in KINDS.values()]
        show_json({"datasets": kinds, "splits": splits, "mnist": mnist})
        return
    show_table(
        ("--dataset", "digits", "what"),
        [(kind.spec, f"{kind.digits:,}" if kind.digits else "-", kind.about) for kind in KINDS.values()],
    )
    click.echo()
    rules = [(name, rule.about) for name, rule in SPLITS.items()]
    show_table(("--split", "what"), [*rules, ("fold-I-of-N", FOLDS_ABOUT)])
    absent = "it is fetched when needed" if can_fetch() else f"`{COMMAND}` names a folder that has it"
    where = f"lies in {place.folder / 'mnist'} ({place.origin})" if place else f"is not here: {absent}"
    click.echo()
    say(f"MNIST {where}")
    say(
        "Digits on their side, mirrored or dark on bright stop a command, which names what mends them: --orientation, "
        "--invert. Pictures of folder:DIR that cannot be taken are named, too, or left out: --skip-bad"
    )
    say("Digits of your own: `edgedigits evaluate builtin --dataset folder:DIR` reads them before anything is trained")


@click.command(cls=TrainingCommand, short_help="Train a network, or go on from trained weights.")
@click.option("--model", "network", help="One of the networks below.  [default: small, or that of --from]")
@click.option("--preset", help="Train what ships under one of the names below, from --lessons.")
@click.option("--from", "start", type=options.FloatModel(), help="Fine-tune this model.keras, or a pretrained model.")
@options.dataset("A data set of `edgedigits datasets`.", "mnist")
@click.option("--split", default="default", show_default=True, help="A split of `edgedigits datasets`.")
@click.option("--epochs", type=int, help="Passes over the training digits.  [default: as many as are needed]")
@click.option("--batch-size", type=int, help="Digits a step.  [default: the network's own]")
@click.option("--rate", type=float, help="Learning rate.  [default: the network's own]")
@click.option("--augment", help="One of the augmentations below.  [default: the network's own]")
@click.option("--lessons", type=click.Path(path_type=Path), help="Learn from what `edgedigits teach` wrote there.")
@click.option(
    "--spoilt", type=click.FloatRange(0, 1), help="Share of spoilt pictures in lessons.  [default: the network's own]"
)
@click.option(
    "--seed",
    default=0,
    show_default=True,
    help="Of the split, the weights, the order and the distortion; with --lessons the split is theirs.",
)
@options.device
@click.option("--weights", type=click.Path(path_type=Path), help="ImageNet weights, for fakebank-resnet50.")
@click.option("--tensorboard", is_flag=True, help="Write logs for TensorBoard too.")
@click.option("--folds", type=int, help="Cross-validate: train once for each of so many folds.")
@click.option("--resume", is_flag=True, help="Go on with a run that was interrupted.")
@options.out
@options.force
@options.as_json
def train(
    network: str | None,
    preset: str | None,
    start: Path | None,
    folds: int | None,
    out: Path,
    force: bool,
    resume: bool,
    as_json: bool,
    augment: str | None,
    **settings: Any,
) -> None:
    """Train a network; keep the weights of the epoch with the best validation accuracy.

    Writes model.keras, card.json, history.csv and the curves and confusion matrix as PNG. After a kill the same
    command with --resume goes on; nothing is lost but the epoch that was running. With --folds every digit of the pool
    is tested once by a network that has not seen it; each fold is such a training in a folder of its own. Few digits
    are passed over as often as a training needs.

    With --from the training starts from the weights of a model, at a lower rate and for fewer steps: the way to go
    where digits of your own are few. `edgedigits evaluate builtin --dataset folder:DIR` tells first whether there is a
    need.

    A line network (line, line-small) reads a whole number at once. Its --dataset is `lines`, which are composed of
    MNIST's digits, or lines:FOLDER, which adds the fields of FOLDER: truth.csv (image,text) and its pictures. Even rows
    of it are learned from, odd ones judge.

    \b
    Examples:
      edgedigits train --model small --dataset mnist --out out/float
      edgedigits train --from builtin --dataset folder:mine --out out/mine
      edgedigits train --preset micro --lessons out/lessons --out out/micro
      edgedigits train --model nf264-cnn2 --folds 5 --out out/folds
      edgedigits train --model line --dataset lines:cheques --out out/line
    """
    from edgedigits.cli.line_networks import names_line_network, train_line_network
    from edgedigits.train import TrainingRequest, check_training
    from edgedigits.train.starting import open_start

    if preset:
        network = _network_of(preset, network, start, settings["lessons"])
    if names_line_network(network, None if network else start):
        train_line_network(click.get_current_context(), network, start, out, force, resume, as_json)
        return
    network = network or (open_start(start).card.network if start else "small")
    request = TrainingRequest(network, augmentation=augment, start=start, **settings)
    check_training(request, out, in_folds=folds is not None, force=force, resume=resume)
    with loading("TensorFlow"):
        from edgedigits.train import train as train_network

    if folds is not None:
        train_with_folds(request, folds, out, force=force, resume=resume, as_json=as_json)
        return
    with epochs() as tell:
        result = train_network(request, out, force=force, resume=resume, progress=tell, advise=show_note)
    warn_of_guessing(
        result.metrics.accuracy, result.metrics.count, f"{network} after {counted(steps_taken(result), 'step')}"
    )
    if as_json:
        show_json({"model": str(result.model), "card": asdict(result.card)})
        return
    best, passes = result.history[result.best_epoch - 1], counted(len(result.history), "epoch")
    click.echo(f"{result.model}  {result.card.parameters:,} parameters, {result.card.bytes:,} bytes")
    say(
        f"best of {passes}: {best.epoch}, validation accuracy {best.val_accuracy:.2f} %, "
        f"test accuracy {result.metrics.accuracy:.2f} % of {result.metrics.count:,} digits"
    )
    if start:
        before = result.card.measured["start_test_accuracy"]
        say(f"started from {start}, which reads {before:.2f} % of these test digits")


def _network_of(preset: str, network: str | None, start: Path | None, lessons: Path | None) -> str:
    """Name of the network that a preset trains."""
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.train.presets import preset_named

    found = preset_named(preset)
    if network or start:
        raise click.UsageError("--preset names a network, and so does --model or --from: leave one of them out")
    if lessons is None:
        raise EdgedigitsError(
            f"the preset {preset} learns from lessons",
            "write some by `edgedigits teach TEACHER... --out LESSONS`, and give --lessons LESSONS",
        )
    return found.network


@click.command(cls=ExportCommand, short_help="Write an int8 model as C, for one of several ecosystems.")
@click.argument("model", type=options.Model())
@click.option(
    "--target",
    type=options.SuggestingChoice(list(TARGETS)),
    default="c",
    show_default=True,
    help="For which ecosystem.",
)
@click.option("--name", default="digits", show_default=True, help="Prefix of files and symbols; a C identifier.")
@click.option("--allow-failed", is_flag=True, help="Export a model whose card says that its proof failed.")
@options.strip_width
@options.labels
@options.inputs
@options.weights
@options.memories
@options.out
@options.force
@options.as_json
@options.input_contract
def export(
    model: Path,
    target: str,
    name: str,
    allow_failed: bool,
    width: int | None,
    labels: Path | None,
    inputs: Path | None,
    weights: str,
    memories: tuple[str, ...],
    out: Path,
    force: bool,
    as_json: bool,
    told: Told,
) -> None:
    """Write MODEL.tflite as C.

    All targets but arrays are a C99 library that needs nothing, with an example that reads a digit, with a line network
    a line, and with any other model runs it, over the serial port, as the ecosystem wants its files.

    A model of which the proof cannot tell is exported with a warning, here and in the C files; one that failed needs
    --allow-failed or --force.

    \b
    Examples:
      edgedigits export out/int8/model.int8.tflite --out out/c
      edgedigits export out/int8 --target arduino --out out/arduino
      edgedigits export out/int8 --target arrays --out out/arrays
      edgedigits export out/line --width 96 --out out/line-c
      edgedigits export person.tflite --labels person.txt --out out/person
      edgedigits export out/int8 --memory dtcm=2K --memory sram=8K --out out/stm32
    """
    from edgedigits.cli.proving import warn_of_verdict

    wanted = ExportRequest(model, name, allow_failed or force, told, width, labels, inputs, weights, memories)
    written = TARGETS[target].write(wanted, out, force)
    warn_of_verdict(written.facts["verdict"])
    if as_json:
        paths = {name: [str(path) for path in paths] for name, paths in asdict(written.placed).items()}
        show_json({"target": target, **paths, **written.facts})
        return
    for path in written.placed.files:
        click.echo(f"{path}  {path.stat().st_size:,} bytes")
    if removed := written.placed.removed:
        say(f"removed of the earlier export: {_below(removed, out)}")
    if stayed := written.placed.stayed:
        say(f"of an earlier export, not removed as it may be changed by hand: {_below(stayed, out)}")
    say(written.words)


def _below(paths: Sequence[Path], folder: Path) -> str:
    return ", ".join(path.relative_to(folder).as_posix() for path in paths)
