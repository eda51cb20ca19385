"""What a benchmark measures: one float model and the recipes to make of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.contract.finding import NOTHING_TOLD, Told
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.paths import StrPath
from edgedigits.core.resumable import Resumable
from edgedigits.quantize.recipes import RECIPES, recipe_named
from edgedigits.results.folder import holds

KIND = "benchmark"
BENCHMARK = Resumable(KIND, lambda out: holds(out, KIND))
ALL, POST_TRAINING = "all", "post-training"


@dataclass(frozen=True)
class BenchmarkRequest:
    """What to measure.

    Attributes:
        model: the ``.keras`` file.
        recipes: names, in the order of the table.
        dataset: spec of the data set to calibrate, tune and measure on; None takes the one of the model's card.
        split: name of its split; None takes the card's.
        seed: of the representative dataset and of fine-tuning.
        calibration: digits in the representative dataset; None takes the default of ``edgedigits quantize``.
        told: what is known of the network's input beside its card.
        trust: run code that the file holds.
    """

    model: StrPath
    recipes: tuple[str, ...] = tuple(RECIPES)
    dataset: str | None = None
    split: str | None = None
    seed: int = 0
    calibration: int | None = None
    told: Told = NOTHING_TOLD
    trust: bool = False

    def __post_init__(self) -> None:
        """Keep the path as a :class:`pathlib.Path`, so that requests for one file are equal however it was named."""
        object.__setattr__(self, "model", Path(self.model))


def check_folder(out: StrPath, *, force: bool, resume: bool) -> None:
    """Raise where a benchmark cannot begin or go on in ``out``.

    Raises:
        EdgedigitsError: ``out`` is not empty and ``force`` not set, or holds nothing to go on with.
    """
    BENCHMARK.check_folder(Path(out), force=force, resume=resume)


def chosen_recipes(words: str) -> tuple[str, ...]:
    """Names of recipes from ``all``, ``post-training`` (those that train nothing) or names with commas between.

    Raises:
        EdgedigitsError: no recipe has this name, or none is named.
    """
    if words == ALL:
        return tuple(RECIPES)
    if words == POST_TRAINING:
        return tuple(name for name, recipe in RECIPES.items() if not recipe.trains)
    names = tuple(dict.fromkeys(word.strip() for word in words.split(",") if word.strip()))
    if not names:
        raise EdgedigitsError("no recipe is named", f"name some with commas between, or {ALL} or {POST_TRAINING}")
    return tuple(recipe_named(name).name for name in names)
