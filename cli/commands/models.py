"""The command that lists models and networks, and measures the pretrained ones."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgedigits.cli import options
from edgedigits.cli.output import loading, progress, say, show_json, show_table

if TYPE_CHECKING:
    from edgedigits.core.pretrained.catalogue import Pretrained, PretrainedModel
    from edgedigits.train.lines.catalogue import LineNetwork
    from edgedigits.train.networks.catalogue import Network


@click.command(short_help="List pretrained models, and networks to train.")
@click.argument("names", metavar="[MODEL]...", nargs=-1)
@click.option("--verify", is_flag=True, help="Measure every figure again, and compare it with the model's card.")
@click.option("--measure", is_flag=True, help="Measure every figure, and keep it in the model's card.")
@click.option(
    "--beside",
    multiple=True,
    type=click.Path(path_type=Path),
    help="With --measure: folder of the same training with another seed; repeatable.",
)
@options.as_json
def models(names: tuple[str, ...], verify: bool, measure: bool, beside: tuple[Path, ...], as_json: bool) -> None:
    """List the pretrained digit models with what they cost and read, and the networks that can be trained.

    A pretrained model is named wherever a model is asked for: `edgedigits export pico --out out/c`. A file or folder
    that is called like one is ./pico. Where MODELs are named, every figure of their cards is shown.

    With --verify both files of each MODEL, or of all pretrained ones, are checked by their SHA-256, and the models read
    MNIST's test digits, as they are, corrupted in fifteen ways and in the form of USPS's, and scikit-learn's: minutes
    each. The exit code is 1 where a figure is not that of the card, or where a model reads fewer digits of other forms
    than one of its name has to. Percentages have to be equal where the same runtime computes them; where
    another one does, and those of floats, they may differ by 0.02.

    --measure is for those who make models. MODEL is a folder then: with model.keras and its card as `edgedigits train`
    writes them, and int8/ as `edgedigits quantize` does. Each --beside is such a folder, of the same network and
    recipes and of another seed: the card then says, too, what all of them read of validation digits, of these with nine
    distortions of each, and of test digits, and mean and spread of those beside MODEL. The one that reads most with
    distortions is to ship. Without --beside those are kept that the card has of the same file.

    \b
    Examples:
      edgedigits models
      edgedigits models pico nano --verify
      edgedigits models out/mine --measure
      edgedigits models out/mine --measure --beside out/seed-1 --beside out/seed-2
    """
    if verify and measure:
        raise click.UsageError("--verify compares with the card, --measure replaces what it says: give one.")
    if measure and not names:
        raise click.UsageError("--measure needs MODEL: the folder of one.")
    if beside and (not measure or len(names) != 1):
        raise click.UsageError("--beside goes with --measure and one MODEL.")
    pretrained = options.pretrained()
    chosen = [_named(name, pretrained) for name in names] or list(pretrained.models.values())
    if measure:
        _measure(chosen, names, pretrained, beside, as_json)
    elif verify:
        _verify(chosen, as_json)
    else:
        _list(chosen, as_json, with_networks=not names)


def _named(name: str, pretrained: Pretrained) -> PretrainedModel:
    """The model of a name, or of a folder."""
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.core.pretrained.catalogue import model_at, nearest

    if known := pretrained.get(name):
        return known
    if Path(name).is_dir():
        return model_at(Path(name))
    names = tuple(pretrained.models)
    listed = f"choose one of {', '.join(names)}, as `edgedigits models` lists them" if names else "none comes along"
    raise EdgedigitsError(
        f"no pretrained model is called {name!r}", f"{nearest(name, names)}{listed}; or give the folder of one"
    )


def _list(chosen: list[PretrainedModel], as_json: bool, with_networks: bool) -> None:
    from edgedigits.cli.pretrained.showing import listed, show_figures, show_models
    from edgedigits.core.cards import LINE_TASK
    from edgedigits.core.pretrained.figures import figures_of
    from edgedigits.results.row import DIGIT_TASK
    from edgedigits.train.lines.catalogue import LINE_NETWORKS
    from edgedigits.train.networks.catalogue import NETWORKS

    known: list[Network | LineNetwork] = [*NETWORKS.values(), *LINE_NETWORKS.values()] if with_networks else []
    if as_json:
        tasks = dict.fromkeys(LINE_NETWORKS, LINE_TASK)
        networks = [{"task": tasks.get(network.name, DIGIT_TASK), **asdict(network)} for network in known]
        show_json({"pretrained": [listed(model) for model in chosen], "networks": networks})
        return
    if chosen:
        say("pretrained")
        show_models(chosen)
    if not with_networks:
        for model in chosen:
            if figures := figures_of(model.int8_card()):
                say("")
                show_figures(model, figures)
    if chosen and known:
        say("\nto be trained: `edgedigits train --model NAME`")
    if known:
        show_table(
            ("name", "parameters", "int8 bytes, about", "epochs", "source"),
            [
                (item.name, f"{item.parameters:,}", f"{item.int8_bytes:,}", item.recipe.epochs, item.source)
                for item in known
            ],
        )


def _verify(chosen: list[PretrainedModel], as_json: bool) -> None:
    from edgedigits.cli.pretrained.showing import show_verification
    from edgedigits.cli.pretrained.verifying import kept_figures
    from edgedigits.core.errors import EdgedigitsError

    if not chosen:
        raise EdgedigitsError("no pretrained model comes with this version", "give the folder of one")
    for model in chosen:
        kept_figures(model)
    with loading("TensorFlow"):
        from edgedigits.cli.pretrained.measuring import reporting_digits
        from edgedigits.cli.pretrained.verifying import verified
    digits, found = reporting_digits(), []
    for model in chosen:
        with progress() as tell:
            found.append(verified(model, digits, tell))
        if not as_json:
            show_verification(found[-1])
    if as_json:
        show_json([{"same": not one.differing, **asdict(one)} for one in found])
    if below := [f"{one.name}: {low.told}" for one in found for low in one.below]:
        raise EdgedigitsError(
            f"below the floor of digits of other forms: {'; '.join(below)}",
            "if it came with the package, install edgedigits again; one of your own does not ship as it is: train it "
            "otherwise, or give its folder a name that is none of the package's",
        )
    if differing := [f"{one.name} ({len(one.differing)})" for one in found if one.differing]:
        raise EdgedigitsError(
            f"figures are not those of the card: {', '.join(differing)}",
            "a file that differs was changed: install edgedigits again, or measure a model of your own again "
            "(`edgedigits models FOLDER --measure`); where it is other figures that differ, please report it",
        )


def _measure(
    chosen: list[PretrainedModel],
    names: tuple[str, ...],
    pretrained: Pretrained,
    beside: tuple[Path, ...],
    as_json: bool,
) -> None:
    from edgedigits.cli.pretrained.beside import check_beside, warn_of_better
    from edgedigits.cli.pretrained.showing import listed, show_figures
    from edgedigits.core.cards import write_card
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.core.pretrained.catalogue import model_at
    from edgedigits.core.pretrained.figures import with_figures

    for name in names:
        if model := pretrained.get(name):
            raise EdgedigitsError(
                f"the pretrained model {name} belongs to the installation, and its card would be changed",
                f"copy its folder and name the copy: {model.folder}",
            )
    with loading("TensorFlow"):
        from edgedigits.cli.pretrained.measuring import checked_cards, measured, reporting_digits
    others = [model_at(folder) for folder in beside]
    for model in (*chosen, *others):
        checked_cards(model)
    check_beside(chosen[0], others)
    digits = reporting_digits()
    for model in chosen:
        with progress() as tell:
            figures = measured(model, digits, tell, others)
        card = write_card(model.int8_folder, with_figures(model.int8_card(), figures))
        if not as_json:
            show_figures(model, figures)
            say(f"kept in {card}")
        if figures.candidates:
            warn_of_better(model, figures.candidates)
    if as_json:
        show_json([listed(model) for model in chosen])
