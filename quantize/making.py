"""A recipe carried out: fine-tuning where it has some, then conversion."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgedigits.core.contract.contract import OUR_CONTRACT, InputContract
from edgedigits.core.datasets import Split, stratified_sample
from edgedigits.core.keras.function_model import refuse_function
from edgedigits.quantize.checks import Checked, check_form
from edgedigits.quantize.conversion import convert
from edgedigits.quantize.recipes import Recipe

if TYPE_CHECKING:
    from edgedigits.core.lessons import Lessons
    from edgedigits.core.stages import StageCallback
    from edgedigits.quantize.tuning.tuning import TunedEpoch

__all__ = ["Checked", "MadeModel", "check_form", "make"]


@dataclass(frozen=True)
class MadeModel:
    """A model made by a recipe, not yet checked.

    Attributes:
        content: bytes of the ``.tflite`` file.
        seconds: that fine-tuning took; 0 without.
        history: of fine-tuning, an entry an epoch; empty without.
        settings: the recipe in full with its budget, calibration and seed, as JSON takes it.
        contract: of the model; not that of the float network where fine-tuning has taken rescaling layers away.
    """

    content: bytes
    seconds: float
    history: tuple[TunedEpoch, ...]
    settings: dict[str, Any]
    contract: InputContract


def make(
    model: Any,
    recipe: Recipe,
    split: Split,
    seed: int = 0,
    calibration: int = 500,
    progress: StageCallback | None = None,
    contract: InputContract = OUR_CONTRACT,
    lessons: Lessons | None = None,
    spoilt: float = 0.0,
) -> MadeModel:
    """Make a TFLite model of a float network.

    Args:
        model: tf_keras model that maps what its contract says to (batch, 10) probabilities; it stays as it is.
        recipe: how.
        split: its training digits calibrate and tune, its validation digits choose the epoch; its test digits are not
            looked at.
        seed: of the representative dataset and of fine-tuning.
        calibration: digits in the representative dataset.
        progress: told about tuning and conversion: the stage, how much is done and how much there is.
        contract: of the network.
        lessons: that fine-tuning learns from; None: from the training digits and what the network says of them.
        spoilt: share of the lessons' pictures that are spoilt.

    Raises:
        EdgedigitsError: the recipe cannot be carried out with this network; the message names the layer.
    """
    drawn = stratified_sample(split.train.labels, calibration, seed)
    history: tuple[TunedEpoch, ...] = ()
    settings = recipe.as_dict() | {"calibration": calibration, "seed": seed}
    began = time.monotonic()
    if recipe.tuning:
        refuse_function(model, recipe.name)
        from edgedigits.quantize.tuning.device import tuning_device
        from edgedigits.quantize.tuning.tuning import tune  # tensorflow-model-optimization takes a second to load

        settings["tuned_on"] = tuning_device()
        if lessons:
            settings |= {"lessons": lessons.recipe.as_dict(), "spoilt": spoilt}
        if progress:
            progress("fine-tune", 1, 1, f"on {settings['tuned_on']}")
        tuned = tune(model, recipe.tuning, split, seed, progress, contract, lessons, spoilt)
        model, history, contract = tuned.model, tuned.history, tuned.contract
    seconds = time.monotonic() - began if recipe.tuning else 0.0
    if progress:
        progress("convert", 0, 1)
    content = convert(model, split.train.images[drawn], recipe, contract)
    if progress:
        progress("convert", 1, 1)
    return MadeModel(content, seconds, history, settings, contract)
