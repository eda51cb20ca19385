"""The command that carries out one recipe and proves what it cost."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgedigits.cli import options
from edgedigits.cli.judging import MIN_ACCURACY
from edgedigits.cli.listings import QuantizeCommand
from edgedigits.cli.output import loading, progress, say, show_json, show_table
from edgedigits.cli.proving import EXIT_CODES, interval, tell_of_accuracy, tell_of_doubt, tell_of_failure

if TYPE_CHECKING:
    from edgedigits.core.contract.finding import Told
    from edgedigits.quantize import FoldsProof, QuantizeResult
    from edgedigits.quantize.proof.proving import Judged


@click.command(cls=QuantizeCommand, short_help="Quantize a network, and prove what that cost.")
@click.argument("model", type=options.FloatModelOrFolds())
@click.option("--recipe", help="One of those below.  [default: int8, or the preset's]")
@click.option("--preset", help="Quantize as what ships under that name, by --lessons.")
@click.option("--lessons", type=click.Path(path_type=Path), help="Fine-tune by what `edgedigits teach` wrote there.")
@click.option(
    "--spoilt", type=click.FloatRange(0, 1), help="Share of spoilt pictures in lessons.  [default: the network's own]"
)
@click.option("--epochs", type=click.IntRange(1), help="Of each phase of fine-tuning.  [default: the recipe's]")
@click.option("--rate", type=float, help="Highest learning rate of fine-tuning.  [default: the recipe's]")
@click.option("--calibration", type=int, help="Digits in the representative dataset.  [default: 500, or all if fewer]")
@click.option("--max-drop", default=0.5, show_default=True, help="Percentage points of accuracy that may be lost.")
@options.dataset("Calibrate and prove on this one.  [default: the model's own]")
@click.option("--split", help="How to divide it.  [default: as the model's card says]")
@click.option(
    "--min-accuracy",
    type=click.FloatRange(0, 100),
    default=MIN_ACCURACY,
    show_default=True,
    help="Percent of the test digits that floats and model have to read.",
)
@options.trust
@options.out
@options.force
@options.as_json
@click.pass_context
@options.input_contract
def quantize(
    ctx: click.Context,
    model: Path,
    recipe: str | None,
    preset: str | None,
    lessons: Path | None,
    spoilt: float | None,
    epochs: int | None,
    rate: float | None,
    calibration: int | None,
    max_drop: float,
    dataset: str | None,
    split: str | None,
    min_accuracy: float,
    trust: bool,
    out: Path,
    force: bool,
    as_json: bool,
    told: Told,
) -> None:
    """Quantize MODEL.keras, or each network of a folder of `train --folds`, and prove what that cost.

    Writes model.RECIPE.tflite, card.json, proof.json and flips.png. The verdict follows the 95 % interval of the drop:
    passed (exit code 0) where all of it lies below --max-drop, failed (1) where all of it lies above, else the test
    digits cannot tell (3). It fails, too, where floats or model read less than --min-accuracy, or hardly more than
    somebody who guesses. The model is always kept, its card saying which. Over folds there is one verdict on the
    recipe, by the digits of all folds.

    \b
    Examples:
      edgedigits quantize out/float/model.keras --out out/int8
      edgedigits quantize out/float/model.keras --recipe qat-int8 --out out/qat
      edgedigits quantize out/nano/model.keras --preset nano \\
        --lessons out/lessons --out out/nano-int8
      edgedigits quantize out/folds --out out/folds-int8
    """
    from edgedigits.cli.line_networks import names_line_network, quantize_line_network
    from edgedigits.core.files import refuse_inputs_inside, refuse_to_replace_folder
    from edgedigits.core.model_files.packing import is_saved_model
    from edgedigits.quantize import check_source, fold_models, recipe_named

    recipe, epochs, rate = _as_preset(preset, recipe, epochs, rate, lessons)
    recipe_named(recipe)
    if names_line_network(None, model):
        ctx.exit(quantize_line_network(ctx, model, calibration, max_drop, out, force, as_json))
    refuse_inputs_inside([model], out)
    refuse_to_replace_folder(out, force)
    over_folds = model.is_dir() and not is_saved_model(model)
    for network in fold_models(model) if over_folds else (model,):
        check_source(network, dataset, split, out)
    with loading("TensorFlow"):
        from edgedigits.quantize import QuantizeRequest, quantize_folds
        from edgedigits.quantize import quantize as quantize_model

    request = QuantizeRequest(
        model,
        recipe,
        calibration,
        max_drop,
        dataset,
        split,
        min_accuracy=min_accuracy,
        told=told,
        trust=trust,
        lessons=lessons,
        spoilt=spoilt,
        epochs=epochs,
        rate=rate,
    )
    if over_folds:
        with progress() as stage:
            proof = quantize_folds(request, out, force=force, progress=stage)
        _show_folds(proof, as_json)
        ctx.exit(_tell_of_verdict(proof, recipe))
    with progress() as stage:
        result = quantize_model(request, out, force=force, progress=stage)
    if as_json:
        show_json({"model": str(result.model), **result.proof.judgement(), "card": asdict(result.card)})
    else:
        _show_proof(result)
    ctx.exit(_tell_of_verdict(result.proof, recipe, result))


def _as_preset(
    name: str | None, recipe: str | None, epochs: int | None, rate: float | None, lessons: Path | None
) -> tuple[str, int | None, float | None]:
    """Recipe, epochs and rate: as given, else of the preset of that name."""
    if name is None:
        return recipe or "int8", epochs, rate
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.train.presets import preset_named

    preset = preset_named(name)
    if lessons is None:
        raise EdgedigitsError(
            f"{name} is fine-tuned by what teachers say",
            "give --lessons, a folder that `edgedigits teach` has made",
        )
    return recipe or preset.recipe, epochs or preset.epochs, rate or preset.rate


def _tell_of_verdict(judged: Judged, recipe: str, result: QuantizeResult | None = None) -> int:
    """Say on standard error what is to be said of a verdict, and give the exit code."""
    from edgedigits.core.statistics.outcome import CANNOT_TELL, FAILED

    if not judged.reads_enough:
        tell_of_accuracy(judged, recipe, result.proof.cause if result else "")
    elif judged.verdict == FAILED:
        tell_of_failure(judged, recipe)
    elif judged.verdict == CANNOT_TELL:
        tell_of_doubt(judged, recipe, result)
    return EXIT_CODES[judged.verdict]


def _show_folds(proof: FoldsProof, as_json: bool) -> None:
    if as_json:
        show_json({"folder": str(proof.folder), **proof.as_dict()})
        return
    rows = [(place, fold.proof.comparison) for place, fold in enumerate(proof.folds, start=1)]
    show_table(
        ("fold", "float %", f"{proof.request.recipe} %", "only float right", "only it right", "digits", ""),
        [
            (str(name), f"{one.before:.2f}", f"{one.after:.2f}", one.lost, one.won, f"{one.count:,}", "")
            for name, one in [*rows, ("all", proof.comparison)]
        ],
    )
    _show_drop(proof)
    say(f"{proof.as_dict()['about']}\nwritten to {proof.folder}")
    say(
        "It is the recipe that this judges. The model to take is one that was trained without --folds and quantized by "
        "the same recipe; on the fewer test digits of its own its proof may not tell, and it keeps saying so"
    )


def _show_drop(judged: Judged) -> None:
    found = judged.comparison
    say(
        f"{interval(judged)}, McNemar p = {found.p_value:.3g}, "
        f"agreement {found.agreement:.2f} % of {found.count:,} digits"
    )
    if judged.reads_enough:
        say(f"verdict: {judged.verdict}, as {judged.max_drop:g} points may be lost")
    else:
        say(f"verdict: {judged.verdict}, as too few digits are read")


def _show_proof(result: QuantizeResult) -> None:
    from edgedigits.core.contract.finding import CARD

    proof = result.proof
    found = proof.comparison
    if result.found.how != CARD:
        say(f"input: {result.found}")
    say(f"{result.model}  {proof.tflite_bytes:,} bytes, {size_words(proof.ratio)} than its parameters in float32")
    show_table(
        ("", "float", result.request.recipe),
        [("accuracy %", f"{found.before:.2f}", f"{found.after:.2f}"), ("right only here", found.lost, found.won)],
    )
    _show_drop(proof)
    operators = ", ".join(f"{item.name} v{item.version} x{item.count}" for item in proof.operators)
    say(f"operators: {operators}")
    show_table(("runtime", "runs", "why"), [(v.runtime, "yes" if v.runs else "no", v.reason) for v in proof.verdicts])
    say(f"proved on {proof.runtime}, {proof.threads} thread; flipped digits: {result.model.parent / 'flips.png'}")


def size_words(ratio: float) -> str:
    """How a file compares: so many times smaller, or larger where the ratio lies below one."""
    return f"{ratio:.2f} times smaller" if ratio >= 1 else f"{1 / ratio:.2f} times larger"
