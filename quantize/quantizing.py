"""The whole of ``edgedigits quantize``: card, calibration, fine-tuning, conversion, proof, files."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgedigits.core.cards import Card, write_card
from edgedigits.core.contract.finding import NOTHING_TOLD, FoundContract, Told
from edgedigits.core.datasets.splits import most_folds
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import refuse_inputs_inside, refuse_to_replace_folder, whole_folder, write_bytes, write_json
from edgedigits.core.lessons import finished_lessons, open_lessons
from edgedigits.core.paths import StrPath
from edgedigits.core.statistics.outcome import CHANCE_MARGIN
from edgedigits.quantize.making import check_form, make
from edgedigits.quantize.proof.causes import likely_cause
from edgedigits.quantize.proof.proving import MIN_ACCURACY, Progress, Proof, draw_flips, float_probabilities, prove
from edgedigits.quantize.recipes import Recipe, recipe_named
from edgedigits.quantize.source import FloatSource, open_source
from edgedigits.quantize.tflite_card import tflite_card, write_tuning

MAX_DROP = 0.5
MOST_FOLDS = 5
"""Folds of the cross-validation that a result proposes, where there are digits enough."""


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
        seed: of the draw of the representative dataset and of fine-tuning.
        min_accuracy: percent of the test digits that the float network and the model have to read.
        told: what is known of the network's input beside its card.
        trust: run code that the file holds.
        lessons: folder of lessons that a recipe which trains learns from.
        epochs: of each phase of fine-tuning; None: the recipe's, or every pass of the lessons once.
        rate: highest learning rate of each phase; None: the recipe's.
        spoilt: share of their pictures that are spoilt; None: as for the float network, as its card tells.
    """

    model: StrPath
    recipe: str = "int8"
    calibration: int | None = None
    max_drop: float = MAX_DROP
    dataset: str | None = None
    split: str | None = None
    seed: int = 0
    min_accuracy: float = MIN_ACCURACY
    told: Told = NOTHING_TOLD
    trust: bool = False
    lessons: StrPath | None = None
    spoilt: float | None = None
    epochs: int | None = None
    rate: float | None = None

    def __post_init__(self) -> None:
        """Keep paths as :class:`pathlib.Path`, so that requests for one file are equal however it was named."""
        object.__setattr__(self, "model", Path(self.model))
        if self.lessons is not None:
            object.__setattr__(self, "lessons", Path(self.lessons))

    def checked_recipe(self) -> Recipe:
        """The recipe of that name.

        Raises:
            EdgedigitsError: there is none, or it trains nothing where there are lessons; a share that is none.
        """
        recipe = recipe_named(self.recipe)
        if self.spoilt is not None and (self.lessons is None or not 0 <= self.spoilt <= 1):
            raise EdgedigitsError(f"--spoilt is {self.spoilt}", "give 0 to 1, beside --lessons")
        if self.lessons is not None:
            open_lessons(self.lessons)
            if not recipe.trains:
                raise _trains_nothing(recipe, "learns from no lessons", "--lessons")
        for option, value in (("--epochs", self.epochs), ("--rate", self.rate)):
            if value is not None and not recipe.trains:
                raise _trains_nothing(recipe, f"has no {option.removeprefix('--')}", option)
            if value is not None and not 0 < value < math.inf:
                raise EdgedigitsError(f"{option} is {value}", "give more than 0")
        return recipe.with_budget(self.epochs, self.rate)


@dataclass(frozen=True)
class QuantizeResult:
    """A quantized model, its proof and how it was made.

    Attributes:
        request: that was carried out.
        model: path of the ``.tflite`` file; card, proof and flipped digits lie beside it.
        card: of the model.
        proof: what the recipe cost.
        pool: digits that a cross-validation of the network would test, one by one; 0 where it was trained on another
            data set.
        found: what the network in the file is fed and gives, and how that is known.
        folds: of such a cross-validation: as many as the rarest digit allows, at most :data:`MOST_FOLDS`; 0 where the
            digits cannot be cut into two.
    """

    request: QuantizeRequest
    model: Path
    card: Card
    proof: Proof
    found: FoundContract
    pool: int
    folds: int


def _trains_nothing(recipe: Recipe, so: str, option: str) -> EdgedigitsError:
    return EdgedigitsError(
        f"the recipe {recipe.name} trains nothing, and {so}",
        f"leave out {option}, or take one that trains, such as qat-int8 or codebook-int8",
    )


def _spoilt(request: QuantizeRequest, source: FloatSource) -> float:
    if request.spoilt is not None:
        return request.spoilt
    return float(source.card.settings.get("spoilt", 0.0)) if source.card else 0.0


def quantize(
    request: QuantizeRequest, out: StrPath, *, force: bool = False, progress: Progress | None = None
) -> QuantizeResult:
    """Make a TFLite model of a float model by a recipe and prove what that cost.

    Writes ``model.<recipe>.tflite``, ``card.json``, ``proof.json``, ``flips.png`` and, where it was fine-tuned,
    ``tuning.csv`` into ``out``, all or none. A model that fails, or of which the test digits cannot tell, is kept, its
    card saying so; look at ``result.proof.verdict``.

    Args:
        request: what and how.
        out: folder to make.
        force: replace what lies in ``out``.
        progress: told about fine-tuning, conversion and the proof.

    Raises:
        EdgedigitsError: bad model, card, data set or option; no room on the disk.
    """
    out, given = Path(out), Path(request.model)
    recipe = request.checked_recipe()
    if not request.max_drop >= 0:
        raise EdgedigitsError(f"--max-drop is {request.max_drop}", "allow 0 percentage points or more")
    if not 0 <= request.min_accuracy <= 100:
        raise EdgedigitsError(f"--min-accuracy is {request.min_accuracy}", "ask for 0 to 100 percent")
    refuse_inputs_inside([given, *([Path(request.lessons)] if request.lessons else [])], out)
    refuse_to_replace_folder(out, force)
    source = open_source(given, request.dataset, request.split, request.told, request.trust)
    lessons = finished_lessons(request.lessons, source.split.train.sha256()) if request.lessons else None
    if lessons and request.epochs is None:
        recipe = recipe.with_budget(lessons.recipe.passes, None)
    model = source.load()
    calibration = source.calibration(request.calibration)
    made = make(
        model,
        recipe,
        source.split,
        request.seed,
        calibration,
        progress,
        source.contract,
        lessons,
        _spoilt(request, source),
    )
    test = source.split.test
    with whole_folder(out, force) as work:
        path = work / f"model.{recipe.name}.tflite"
        write_bytes(path, made.content)
        checked = check_form(path, recipe, made.contract)
        before = float_probabilities(model, test.images, progress, source.contract)
        float_bytes = 4 * int(model.count_params())
        proof, after = prove(
            before,
            float_bytes,
            path,
            checked.content,
            test,
            request.max_drop,
            progress,
            made.contract,
            request.min_accuracy,
        )
        proof = replace(proof, cause=_cause(proof, model, source))
        card = tflite_card(source, recipe, made, checked, path, proof, request.seed)
        write_card(work, card)
        write_tuning(work, made)
        write_json(work / "proof.json", proof.as_dict())
        write_bytes(work / "flips.png", draw_flips(proof, recipe.name, test, before, after))
    return QuantizeResult(request, out / path.name, card, proof, source.found, *_pool_and_folds(source, card))


def _cause(proof: Proof, model: Any, source: FloatSource) -> str:
    """Why the network reads too few digits, in words; empty where it reads enough or nothing explains it."""
    if proof.reads_enough:
        return ""
    if proof.comparison.before >= proof.min_accuracy and proof.comparison.before > proof.chance + CHANCE_MARGIN:
        return "the float network reads enough: quantization cost the rest"
    cause = likely_cause(model, source.contract, source.split.validation)
    return f"{cause.what} it reads {cause.accuracy:.1f} % of validation digits: {cause.remedy}" if cause else ""


def _pool_and_folds(source: FloatSource, card: Card) -> tuple[int, int]:
    if source.card is None or source.card.dataset.get("train_sha256") != card.dataset["train_sha256"]:
        return 0, 0
    labels = source.split.dataset.divisible.labels
    return len(labels), most_folds(labels, MOST_FOLDS)
