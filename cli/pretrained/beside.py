"""Trainings of other seeds beside a pretrained model: whether they are of the same recipes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from edgedigits.core.errors import EdgedigitsError, EdgedigitsWarning
from edgedigits.core.pretrained.figures import figures_of

if TYPE_CHECKING:
    from edgedigits.core.cards import Card
    from edgedigits.core.pretrained.candidates import Candidate, Candidates
    from edgedigits.core.pretrained.catalogue import PretrainedModel

_NO_RECIPE = {"seed", "version", "trained_on", "tuned_on", "devices", "max_drop", "lessons.digits"}
"""What cards say of a training that may differ: seeds and digits that these draw, places, versions, a proof's limit."""

_OF_DATA = ("spec", "split", "train", "validation", "test_sha256")


def check_beside(model: PretrainedModel, beside: Sequence[PretrainedModel]) -> None:
    """Raise where a folder holds no other training of the same network with the same recipes.

    Raises:
        EdgedigitsError: it does not; or two have the same seed.
    """
    seeds = {model.float_card().seed: model}
    for other in beside:
        _check_recipe(model, other)
        seed = other.float_card().seed
        if same := seeds.get(seed):
            raise EdgedigitsError(
                f"{other.folder} was trained with seed {seed}, as {same.folder} was",
                f"train it anew with another seed (`edgedigits train --seed {_free(seeds)}`, and all else as before), "
                "quantize that, or leave it out",
            )
        seeds[seed] = other


def _check_recipe(model: PretrainedModel, other: PretrainedModel) -> None:
    wanted, found = recipe_of(model), recipe_of(other)
    for name in wanted | found:
        if (told := found.get(name)) != (own := wanted.get(name)):
            raise EdgedigitsError(
                f"{other.folder} is no other seed of {model.folder}: its {name} is {told}, not {own}",
                f"make it as {model.folder} was made, with another --seed alone (the cards there say how), or leave "
                "it out",
            )


def recipe_of(model: PretrainedModel) -> dict[str, Any]:
    """What both cards say of how a model was made, but for seeds, places and versions, each value by its name."""
    floats, int8 = model.float_card(), model.int8_card()
    return {
        "network": floats.network,
        **dict(_flat(_data(floats), "data set")),
        "start": floats.parent.get("sha256"),
        **dict(_flat(floats.settings, "training")),
        **dict(_flat(int8.settings, "quantization")),
    }


def _data(card: Card) -> dict[str, Any]:
    return {name: card.dataset.get(name) for name in _OF_DATA}


def _flat(content: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Each value of nested JSON, but for what is no recipe."""
    parts = name.split(".")
    if parts[-1] in _NO_RECIPE or ".".join(parts[-2:]) in _NO_RECIPE:
        return
    if isinstance(content, dict):
        for key, value in content.items():
            yield from _flat(value, f"{name}.{key}")
    else:
        yield name, content


def _free(seeds: dict[int, PretrainedModel]) -> int:
    return next(seed for seed in range(len(seeds) + 1) if seed not in seeds)


def kept_beside(card: Card) -> tuple[Candidate, ...]:
    """Those beside the model that its card keeps, where they were measured beside this very file.

    None of figures that this version does not know: they are measured anew.
    """
    try:
        figures = figures_of(card)
    except EdgedigitsError:
        return ()
    known = figures.candidates if figures else None
    return known.beside if known and known.shipped.int8_sha256 == card.sha256 else ()


def warn_of_better(model: PretrainedModel, candidates: Candidates) -> None:
    """Warn where another candidate reads more validation digits and distortions of them than the model.

    Warns:
        EdgedigitsWarning: one does.
    """
    if better := candidates.better:
        own = candidates.shipped
        warnings.warn(
            EdgedigitsWarning(
                f"{model.name} is not the best of its {candidates.count} candidates: it reads "
                f"{own.augmented_accuracy:.3f} % of the validation digits and their distortions, that of seed "
                f"{better.seed} {better.augmented_accuracy:.3f} %",
                "take that one's files in place of its own and measure again with --beside: validation digits choose, "
                "test digits only report",
            ),
            stacklevel=2,
        )
