"""A cross-validation quantized fold by fold: the verdict on a recipe where no single test set is large enough."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from edgedigits.core.cards import card_of
from edgedigits.core.datasets import split_of
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import refuse_inputs_inside, refuse_to_replace_folder, whole_folder, write_json
from edgedigits.core.paths import StrPath
from edgedigits.core.statistics.metrics import Comparison, pool
from edgedigits.quantize.preflight import fold_models
from edgedigits.quantize.proof.proving import Judged, Progress
from edgedigits.quantize.quantizing import QuantizeRequest, QuantizeResult, quantize

ABOUT = (
    "every digit counts once, read by the float network that has not seen it and by the model made of that; the folds' "
    "training digits overlap, so that the interval is approximate"
)


@dataclass(frozen=True)
class FoldsProof(Judged):
    """What a recipe costs a network over all folds of a cross-validation.

    Attributes:
        request: that was carried out; its model is the folder of the folds.
        folder: that was written.
        folds: the models of the folds with their proofs.
        comparison: over the digits of all folds.
        max_drop: percentage points that were allowed.
        min_accuracy: percent that the networks and the models have to read.
        chance: percent that somebody reads who always says the most frequent digit.
    """

    request: QuantizeRequest
    folder: Path
    folds: tuple[QuantizeResult, ...]
    comparison: Comparison
    max_drop: float
    min_accuracy: float
    chance: float

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON takes it."""
        folds = [
            {"fold": place, "file": f"{fold.model.parent.name}/{fold.model.name}", **_figures(fold.proof.comparison)}
            for place, fold in enumerate(self.folds, start=1)
        ]
        return {
            "about": ABOUT,
            "recipe": self.request.recipe,
            "comparison": _figures(self.comparison),
            "folds": folds,
            "max_drop": self.max_drop,
            "min_accuracy": self.min_accuracy,
            **self.judgement(),
        }


def _figures(comparison: Comparison) -> dict[str, Any]:
    return {name: value for name, value in asdict(comparison).items() if name != "flipped"}


def quantize_folds(
    request: QuantizeRequest, out: StrPath, *, force: bool = False, progress: Progress | None = None
) -> FoldsProof:
    """Carry a recipe out on the network of every fold and judge it over the digits of all folds.

    Writes what :func:`edgedigits.quantize.quantize` writes into a folder a fold, and ``proof.json`` over all of them,
    all or none. The verdict is on the recipe and the network as it is trained, not on one model: each fold's card has
    its own.

    Args:
        request: what and how; its model is a folder that ``edgedigits train --folds`` has filled.
        out: folder to make.
        force: replace what lies in ``out``.
        progress: told about each fold's conversion and proof.

    Raises:
        EdgedigitsError: folds that are missing or no folds; a split given, or a data set that is not the one that the
            folds are of, as each fold is proved on its own digits; and as :func:`edgedigits.quantize.quantize`.
    """
    out, given = Path(out), Path(request.model)
    models = fold_models(given)
    _refuse_other_digits(models[0], request)
    refuse_inputs_inside([given], out)
    refuse_to_replace_folder(out, force)
    found = []
    with whole_folder(out, force) as work:
        for model in models:
            name = model.parent.name
            result = quantize(replace(request, model=model), work / name, progress=_of_fold(name, progress))
            found.append(replace(result, model=out / name / result.model.name))
        compared = pool([result.proof.comparison for result in found])
        chance = max(result.proof.chance for result in found)
        proof = FoldsProof(request, out, tuple(found), compared, request.max_drop, request.min_accuracy, chance)
        write_json(work / "proof.json", proof.as_dict())
    return proof


def _refuse_other_digits(model: Path, request: QuantizeRequest) -> None:
    """Raise where a fold would not be proved on its own digits, wherever they lie now."""
    what = "every fold is proved on its own digits"
    if request.split is not None:
        raise EdgedigitsError(what, "leave --split out")
    if request.dataset is None:
        return
    card = card_of(model)
    if card and split_of(card, request.dataset).name != card.dataset["split"]:
        raise EdgedigitsError(
            f"{what}, and {request.dataset} is not {card.dataset['spec']}, which it was cut from",
            "leave --dataset out, or name the place where those digits lie now",
        )


def _of_fold(name: str, progress: Progress | None) -> Progress | None:
    if progress is None:
        return None

    def tell(stage: str, done: int, total: int, note: str = "", /) -> None:
        progress(f"{name}: {stage}", done, total, note)

    return tell
