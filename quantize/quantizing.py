"""The whole of ``edgedigits quantize``: card, calibration, conversion, proof, files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from edgedigits.core.cards import Card, card_of, code_version, write_card
from edgedigits.core.datasets import Split, split_of, stratified_sample
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import refuse_to_overwrite, sha256_of, whole_folder, write_bytes, write_json
from edgedigits.core.runtime import runtime
from edgedigits.quantize.conversion import convert
from edgedigits.quantize.float_model import load_float_model
from edgedigits.quantize.proof import Progress, Proof, draw_flips, prove
from edgedigits.quantize.recipes import Recipe, recipe_named

CALIBRATION = 500
MAX_DROP = 0.5


@dataclass(frozen=True)
class QuantizeRequest:
    """What to quantize and how.

    Attributes:
        model: the ``.keras`` file.
        recipe: name of a recipe.
        calibration: digits in the representative dataset; None takes 500, or all training digits where there are fewer.
        max_drop: percentage points of accuracy that may be lost.
        dataset: spec of the data set to calibrate and prove on; None takes the one of the model's card.
        split: name of its split; None takes the card's.
        seed: of the draw of the representative dataset.
    """

    model: Path
    recipe: str = "int8"
    calibration: int | None = None
    max_drop: float = MAX_DROP
    dataset: str | None = None
    split: str | None = None
    seed: int = 0


@dataclass(frozen=True)
class QuantizeResult:
    """A quantized model, its proof and how it was made."""

    request: QuantizeRequest
    model: Path
    card: Card
    proof: Proof


def quantize(
    request: QuantizeRequest, out: Path, *, force: bool = False, progress: Progress | None = None
) -> QuantizeResult:
    """Quantize a float model and prove what that cost.

    Writes ``model.<recipe>.tflite``, ``card.json``, ``proof.json`` and ``flips.png`` into ``out``, all or none. A model
    that loses more than allowed is kept, its card saying ``passed: false``; look at ``result.proof.passed``.

    Args:
        request: what and how.
        out: folder to make.
        force: replace what lies in ``out``.
        progress: told about calibration, conversion and the proof.

    Raises:
        EdgedigitsError: bad model, card, data set or option; no room on the disk.
    """
    recipe = recipe_named(request.recipe)
    if not request.max_drop >= 0:
        raise EdgedigitsError(f"--max-drop is {request.max_drop}", "allow 0 percentage points or more")
    refuse_to_overwrite(out, force)
    if request.model.resolve().is_relative_to(out.resolve()):
        raise EdgedigitsError(f"{request.model} lies in {out}, which would be replaced", "choose another --out")
    float_card = card_of(request.model)
    model = load_float_model(request.model)
    split = split_of(float_card, request.dataset, request.split)
    calibration = min(CALIBRATION, len(split.train)) if request.calibration is None else request.calibration
    drawn = stratified_sample(split.train.labels, calibration, request.seed)
    if progress:
        progress("convert", 0, 1)
    converted = convert(model, split.train.images[drawn], recipe)
    if progress:
        progress("convert", 1, 1)
    with whole_folder(out, force) as work:
        path = work / f"model.{recipe.name}.tflite"
        write_bytes(path, converted)
        proof, before, after = prove(model, path, split.test, request.max_drop, progress)
        card = _card(request, recipe, calibration, path, float_card, split, proof, int(model.count_params()))
        write_card(work, card)
        write_json(work / "proof.json", proof.as_dict())
        write_bytes(work / "flips.png", draw_flips(proof, split.test, before, after))
    return QuantizeResult(request, out / path.name, card, proof)


def _card(
    request: QuantizeRequest,
    recipe: Recipe,
    calibration: int,
    path: Path,
    float_card: Card | None,
    split: Split,
    proof: Proof,
    parameters: int,
) -> Card:
    here = runtime()
    summary = proof.as_dict()
    summary["comparison"].pop("flipped")
    return Card(
        kind="tflite",
        file=path.name,
        sha256=sha256_of(path),
        bytes=path.stat().st_size,
        network=float_card.network if float_card else request.model.stem,
        parameters=parameters,
        dataset=split.describe(),
        seed=request.seed,
        settings={"recipe": recipe.name, "calibration": calibration, "max_drop": request.max_drop},
        measured={
            "float_accuracy": proof.comparison.before,
            "int8_accuracy": proof.comparison.after,
            "drop": proof.comparison.drop,
        },
        proof=summary,
        passed=proof.passed,
        parent={"file": request.model.name, "sha256": sha256_of(request.model)},
        software={"edgedigits": code_version(), "tensorflow": tf.__version__, here.name: here.version},
    )
