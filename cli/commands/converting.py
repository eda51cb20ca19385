"""The command that reads float models from elsewhere."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgedigits.cli import options
from edgedigits.cli.output import loading, say, show_json, show_table, tell_contract

if TYPE_CHECKING:
    from edgedigits.core.contract.finding import Told
    from edgedigits.quantize.foreign import ConvertedModel


@click.command(short_help="Read a float model from elsewhere and write model.keras.")
@click.argument("model", type=options.FloatModel())
@options.trust
@options.out
@options.force
@options.as_json
@options.input_contract
def convert(model: Path, trust: bool, out: Path, force: bool, as_json: bool, told: Told) -> None:
    """Read MODEL, a float model of Keras 2 or 3 (.keras, .h5) or a SavedModel folder, and say what was understood.

    Writes model.keras, which every command takes, and card.json. A model of Keras 3 is rebuilt layer by layer, and its
    outputs on random input are held against those of Keras 3.

    \b
    Examples:
      edgedigits convert model.h5 --out out/converted
      edgedigits convert saved_model --out out/converted
    """
    from edgedigits.core.files import refuse_inputs_inside, refuse_to_replace_folder
    from edgedigits.core.model_files.keras_file import check_keras_file

    refuse_inputs_inside([model], out)
    refuse_to_replace_folder(out, force)
    check_keras_file(model)
    with loading("TensorFlow"):
        from edgedigits.quantize.foreign import convert_file
    made = convert_file(model, out, trust=trust, told=told, force=force)
    if as_json:
        show_json(
            {"model": str(made.model), "layers": [list(layer) for layer in made.layers], "card": asdict(made.card)}
        )
    else:
        _show(model, made)
    tell_contract(model, made.found)


def _show(path: Path, made: ConvertedModel) -> None:
    opened = made.opened
    by = f" of Keras {opened.keras_version}" if opened.keras_version else ""
    say(f"{path}: {opened.container}{by}, {made.card.parameters:,} parameters")
    show_table(("layer", "name"), made.layers)
    gives = made.found.contract.output
    say(f"takes (batch, {', '.join(map(str, made.found.contract.shape))}), gives ten {gives}")
    if opened.difference is not None:
        say(
            "rebuilt in Keras 2 layer by layer: on random input its outputs differ from those of Keras 3 by at most "
            f"{opened.difference:.1e} of the greatest"
        )
    say(f"written to {made.model}; what it was trained on is not known: give --dataset where it is not MNIST")
